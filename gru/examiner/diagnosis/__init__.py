"""What is likely wrong with a formula, and where: recognised and described by its numbers.

It changes no verdict, and writes no sentence.
"""
