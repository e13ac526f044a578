"""`recsys fetch`: downloads a MovieLens release."""

import argparse
from pathlib import Path
from typing import Any

from recsys.command import arguments, terminal
from recsys.command.terminal import answer, tell
from recsys.readers.fetch import fetch, known_releases


def add_fetch(commands: Any) -> None:
    """Add the options of the command."""
    fetcher = commands.add_parser(
        "fetch",
        help="download a MovieLens release",
        description="Download a MovieLens release and check it.",
        epilog="example: recsys fetch ml-100k --to data",
    )
    fetcher.set_defaults(action=fetch_release)
    fetcher.add_argument("release", help=", ".join(known_releases()))
    fetcher.add_argument("--to", type=Path, help="folder to write to; default: the user's cache")
    fetcher.add_argument(
        "--accept-unverified",
        action="store_true",
        help="accept a release without a known hash, and print its hash",
    )
    fetcher.add_argument(
        "--deadline",
        type=arguments.positive,
        default=3600,
        metavar="SECONDS",
        help="time limit of the download; default: %(default)s",
    )


def fetch_release(options: argparse.Namespace) -> None:
    """Download a MovieLens release, and print where it is."""
    fetched = fetch(
        options.release,
        to=options.to,
        accept_unverified=options.accept_unverified,
        deadline=options.deadline,
        progress=terminal.shows_progress(),
    )
    if fetched.note:
        tell(fetched.note)
    if not fetched.verified and fetched.sha256:
        tell(f"there is no known hash to check the zip against; its sha256 is {fetched.sha256}")
    answer(f"{options.release} is in {fetched.folder}")
