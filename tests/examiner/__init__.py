"""Tests of what judges, by planted mistakes and right cells."""
