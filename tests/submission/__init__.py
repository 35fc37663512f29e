"""Tests of what runs code that is not trusted."""
