"""The checkers that users would otherwise take, on the same GRU and the same problems; see `run.py`."""
