"""`python -m gru`: the command `gru`, which imports nothing from the folder in which it is started."""

import sys

if not sys.flags.safe_path:
    # Python has put the current folder in front of all others. It may be a stranger's, with a click.py in it.
    del sys.path[0]

from gru.cli import main

main(prog_name="gru")
