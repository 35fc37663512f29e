"""Tests of the layers: each equation, the cell and the sequence."""
