"""What runs in the worker, beside a submission: its file loaded, its cells called, and the protocol on the pipe.

Standard library and NumPy only: the worker runs `program`, which sees of the whole package these modules and the
adapters alone. They import each other by relative names. Nothing here judges, or knows a right answer.
"""
