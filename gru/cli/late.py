"""Commands whose modules are imported only when they are called: `gru --help` waits for none of them."""

from importlib import import_module
from typing import Any

import click


class LateCommand(click.Command):
    """The command of this name in `module`, known until it is called by its name and one line of help."""

    def __init__(self, name: str, module: str, help: str) -> None:
        super().__init__(name, short_help=help)
        self._module = module

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of the command itself, which click then invokes in place of this one."""
        command: click.Command = getattr(import_module(self._module), str(self.name))
        return command.make_context(info_name, args, parent, **extra)
