"""Tests of what a class needs."""
