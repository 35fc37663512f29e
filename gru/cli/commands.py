"""The command `gru`: its commands by name. Each is loaded when it is called, and `gru --help` loads none of them."""

import io
import sys

import click

from gru import __version__
from gru.cli.guard import GuardedGroup
from gru.cli.late import LateCommand


@click.group(cls=GuardedGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gru")
def main() -> None:
    """Prove the derivatives of a hand-written GRU cell right, or name the first equation that is wrong.

    \b
    Examples:
      gru check my_gru.py
      gru explain 10
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # The stream was closed by who started this.
            setattr(sys, name, io.StringIO())
        # A formula, or a file's name, may hold what the terminal's encoding does not.
        getattr(getattr(sys, name), "reconfigure", lambda **_: None)(errors="backslashreplace")


main.add_command(
    LateCommand("check", "gru.cli.check", "Examine each FILE: is every derivative right, and if not, which is not?")
)
main.add_command(LateCommand("explain", "gru.cli.explain", "Explain an equation, a mistake in one, or a form."))
main.add_command(LateCommand("train", "gru.cli.train", "Train a network of cells to subtract binary numbers."))
main.add_command(LateCommand("audit", "gru.cli.audit", "Try a teacher's own tests: which wrong cells do they pass?"))
main.add_command(LateCommand("grade", "gru.cli.grade", "Grade the submissions of a class into a gradebook."))
main.add_command(LateCommand("adapt", "gru.cli.adapt", "Write the adapter of a file in another API."))
main.add_command(LateCommand("export", "gru.cli.export", "Write a gradebook for the system that a school uses."))
main.add_command(LateCommand("playground", "gru.cli.playground", "Make the page that examines in a browser."))
main.add_command(LateCommand("predict", "gru.cli.train", "Subtract by a network that `gru train` has saved."))
