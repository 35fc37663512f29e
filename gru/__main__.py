"""`python -m gru`: the command `gru`."""

from gru.cli import main

main(prog_name="gru")
