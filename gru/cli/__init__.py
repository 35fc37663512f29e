"""The command line: `gru check`, `explain`, `grade`, `audit`, `export`, `train`, `predict`. It judges nothing."""

from gru.cli.commands import main

__all__ = ["main"]
