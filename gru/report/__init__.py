"""How outcomes become messages and documents: pure functions from data to text, and one that prints.

Nothing here measures or decides a verdict.
"""
