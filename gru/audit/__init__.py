"""What a teacher's own tests let through: they are run on cells that are known to be wrong, and on right ones.

The tests are run as they are, by their own means, and unconfined. It judges no submission, and prints nothing.
"""
