"""Cells that keep values to themselves: what is hidden is explained, or worked out, from what is shown.

It runs nothing, and reads no source.
"""
