"""What runs in the worker, beside a submission: its file loaded, its cells called, and the protocol on the pipe.

Standard library and NumPy only: the worker runs `serving`, which loads the others by their paths, and never sees the
package. Nothing here judges, or knows a right answer.
"""
