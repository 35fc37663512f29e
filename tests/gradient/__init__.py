"""The gradient check of any function."""
