"""The start of the `recsys` command: it says what to install if a package is missing."""

import sys
from importlib.util import find_spec

from recsys import EXTRA
from recsys.command import terminal
from recsys.extras import install


def main() -> int:
    """Run the command, and return its exit code: 2 if a package of the extra is missing."""
    terminal.open_streams()
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        terminal.complain(f"recsys needs {', '.join(missing)}: {install('recsys')}")
        return 2
    try:
        from recsys.command.cli import run
    except KeyboardInterrupt:  # the import takes long enough to be interrupted
        terminal.tell("interrupted")
        return 130
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
