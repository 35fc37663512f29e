"""What a teacher's own tests let through: cells that are known to be wrong, and known to be right, put to them.

The tests are run as they are, by their own means, and unconfined. It judges no submission, and prints nothing.
"""
