"""The `recsys` command: prints answers on standard output, and one line about bad input."""

from collections.abc import Sequence
from shlex import join

from recsys.command import arguments, parsers, terminal
from recsys.command.terminal import OutputError, tell
from recsys.readers.fetch import FetchError

INTERRUPTED = 130
CLOSED_PIPE = 141  # what a shell reports for a program that SIGPIPE ended


def run(typed: Sequence[str]) -> int:
    """Run the command, and return its exit code.

    The code is 0 after success. It is 2 if the input is bad or the answer cannot be written; one
    line on standard error says why. It is 130 after an interrupt, and 141 if the reader of the
    output stopped.
    """
    try:
        try:
            options = parsers.parser().parse_args(typed or ["--help"])
            options.command = join(["recsys", *typed])
            options.action(options)
        except SystemExit:  # --help and --version print answers too
            terminal.flush()
            raise
        terminal.flush()
    except KeyboardInterrupt:
        tell("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # `recsys clusters | head -1` is not an error
        return CLOSED_PIPE
    except (ValueError, LookupError, OSError, FetchError, OutputError) as error:
        tell(f"error: {_reason(error)}")
        return arguments.BAD_INPUT
    finally:
        terminal.settle()
    return 0


def _reason(error: Exception) -> str:
    # str() of a KeyError is the repr of its message.
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return text.strip() or type(error).__name__
