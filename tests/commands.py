"""The command `gru` as a user calls it, in this process."""

from click.testing import CliRunner, Result

from gru.cli import main


def gru(*arguments: object, is_to_fail: bool = False) -> Result:
    """What `gru` with these arguments prints, and how it ends: with an exit status, never with an exception.

    Args:
        *arguments: Those of the command line.
        is_to_fail: Whether it is `gru` itself that fails: a traceback of its own is shown then alone.
    """
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert is_to_fail or "Traceback" not in result.stderr, result.stderr
    return result
