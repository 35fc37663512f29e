"""How one problem is judged: the right answers and their limits, what a submission showed, and a finding on each check.

It knows nothing of other problems, and names no mistake.
"""
