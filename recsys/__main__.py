"""Where the `recsys` command starts: says what to install if the extra is missing."""

import sys
from importlib.util import find_spec

EXTRA = ("pandas", "matplotlib", "jinja2", "pooch", "tqdm")


def main() -> int:
    """Run the command line; 2 where packages of the extra are missing."""
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        print(
            f'recsys needs {", ".join(missing)}: pip install "kmeans-core[recsys]"',
            file=sys.stderr,
        )
        return 2
    from recsys.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
