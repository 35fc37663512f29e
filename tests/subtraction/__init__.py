"""Tests of the chapter's test case."""
