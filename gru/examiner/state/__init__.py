"""The check `state`: whether a backward pass depends on its arguments alone.

Each module puts a problem to a submission in another way. None judges an equation.
"""
