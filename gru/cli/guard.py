"""What every command of `gru` is run within: no traceback for too little memory, no exit status 1 for a fault of ours.

Exit status 1 says that a submission is wrong, and Python's own for an exception is 1 too.
"""

import os
import re
import sys
import traceback
from contextlib import suppress
from typing import Any

import click

OWN_FAILURE = 70
"""EX_SOFTWARE of sysexits.h."""

INTERRUPTED = 130
"""What a shell makes of an interruption: 128 and the number of the signal."""

LITTLE = 2**30
"""Bytes of address space below which there is only room for one thread of BLAS, each of which takes its own part."""

LEAST = 448 * 2**20
"""Bytes of address space with which every command comes to its end: with less, OpenBLAS may end the process by itself,
with exit status 1. `gru check`, which takes most, was seen to take 395 MiB, and to end so at 352 MiB."""


class GuardedGroup(click.Group):
    """A group of commands; whatever goes wrong in one is told, and has the exit status of a failure of ours."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command that is named. Exits with 70 where `gru` itself, or the machine, fails."""
        _make_do()
        try:
            return super().invoke(context)
        except click.MissingParameter as error:
            raise click.MissingParameter(_wanted(error), error.ctx, error.param) from None
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except (KeyboardInterrupt, click.Abort):
            _tell("gru: interrupted")
            sys.exit(INTERRUPTED)
        except MemoryError as error:
            _tell(f"gru: there is too little memory: {error or 'it has run out'}; this is no verdict")
        except Exception:
            _tell("gru: failed; this is a mistake of gru, not a verdict", traceback.format_exc().rstrip())
        sys.exit(OWN_FAILURE)


def _tell(*lines: str) -> None:
    """Say it, where there is somebody to be told: what cannot be said changes no exit status."""
    with suppress(OSError):
        for line in lines:
            click.echo(line, err=True)


def _wanted(missing: click.MissingParameter) -> str:
    """What a parameter that is missing is for, and how a whole command looks: the first example of its help."""
    command = missing.ctx.command if missing.ctx else None
    example = re.search(r"Examples?:\n(.*)", (command.help or "") if command else "")
    purpose = getattr(missing.param, "help", None) or ""
    return f"{purpose} For example: {example[1].strip()}".strip() if example else purpose


def _make_do() -> None:
    """Get along with the address space that there is; exit where it is too little."""
    try:
        import resource
    except ImportError:
        return
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if allowed == resource.RLIM_INFINITY or allowed >= LITTLE:
        return
    if allowed < LEAST:
        found = f"{allowed // 2**20} MiB of address space (ulimit -v)"
        click.echo(f"gru: {found} are too little; at least {LEAST // 2**20} are needed. This is no verdict", err=True)
        sys.exit(OWN_FAILURE)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
