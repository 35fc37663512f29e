"""Tests of what measures derivatives."""
