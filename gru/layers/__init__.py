"""What is verified: one folder a layer, the same file names in each."""
