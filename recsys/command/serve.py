"""`recsys serve`: a page that rates films, for a model that is too large for a file."""

import argparse
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from recsys.command import arguments
from recsys.command.terminal import answer, flush, tell
from recsys.extras import install
from recsys.serve.hosts import LOOPBACK_NAMES

# What the extra [serve] installs.
PACKAGES = ("flask", "waitress")


def add_serve(commands: Any) -> None:
    """Add the options of the command."""
    server = commands.add_parser(
        "serve",
        help="start a local page that rates films, for a fitted recommender",
        description="Start a local page that rates films, for a fitted recommender.",
        epilog="example: recsys serve --model model.npz",
    )
    server.set_defaults(action=serve)
    server.add_argument(
        "--model",
        type=Path,
        required=True,
        metavar="FILE",
        help="recommender that `recsys fit` wrote",
    )
    server.add_argument(
        "--host",
        default="127.0.0.1",
        help="host to listen on; the default, %(default)s, is reached from this machine alone",
    )
    server.add_argument(
        "--port",
        type=arguments.port,
        default=8000,
        help="port to listen on, or 0 for a free one; default: %(default)s",
    )


def serve(options: argparse.Namespace) -> None:
    """Answer until an interrupt."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ValueError(f"recsys serve needs {' and '.join(missing)}: {install('serve')}")
    from recsys.recommenders.base import Recommender
    from recsys.serve.app import app_for
    from recsys.serve.server import address_of, listen, server_for

    with listen(options.host, options.port) as listening:
        server = server_for(app_for(Recommender.load(options.model), options.host), listening)
        if options.host.lower() not in LOOPBACK_NAMES:
            tell(f"all who can reach {options.host} can use this server")
        tell("Ctrl-C ends the server")
        answer(address_of(listening))
        flush()
        try:
            server.run()
        finally:
            server.close()
