"""The chapter's test case: a network of cells learns to subtract binary numbers.

Data, network, training, plots. Nothing here prints, and nothing imports a command line.
"""
