"""Tests of the layers beside the chapter's GRU, and of layers as such."""
