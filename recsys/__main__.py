"""Where the `recsys` command starts: says what to install if the extra is missing."""

import io
import sys
from importlib.util import find_spec

EXTRA = ("pandas", "matplotlib", "jinja2", "pooch", "tqdm")


def main() -> int:
    """Run the command line and return its exit code; 2 where packages of the extra are missing."""
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        print(
            f'recsys needs {", ".join(missing)}: pip install "kmeans-core[recsys]"',
            file=sys.stderr,
        )
        return 2
    for stream in (sys.stdout, sys.stderr):
        # A title in letters that the terminal cannot show is no reason to stop.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        from recsys.cli import run
    except KeyboardInterrupt:  # importing takes long enough to be interrupted
        print("recsys: interrupted", file=sys.stderr)
        return 130
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
