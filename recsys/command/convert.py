"""`recsys convert`: writes ratings of any form as a folder of Parquet or CSV files."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.command.inputs import add_data_options, read_ratings
from recsys.command.terminal import answer, tell
from recsys.words import counted

if TYPE_CHECKING:
    from recsys.data.scale import RatingScale

# As `recsys.data.saved_ratings.SAVED_FORMS`, which takes long to import.
FORMS = ("parquet", "csv")


def add_convert(commands: Any) -> None:
    """Add the options of the command."""
    converter = commands.add_parser(
        "convert",
        help="write ratings of any form as Parquet or CSV",
        description="Write ratings of any form as Parquet or CSV. Parquet keeps everything, "
        "and it is read fastest.",
        epilog="example: recsys convert --data ml-25m --out ml-25m-parquet",
    )
    converter.set_defaults(action=convert)
    add_data_options(converter)
    converter.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="folder to write two files to"
    )
    converter.add_argument(
        "--format", choices=FORMS, default=FORMS[0], help="form of the files; default: %(default)s"
    )


def convert(options: argparse.Namespace) -> None:
    """Write the ratings and the movies, and say so."""
    from recsys.data.saved_ratings import save_ratings

    _check(options)
    ratings = read_ratings(options)
    of_ratings, of_movies = save_ratings(ratings, options.out, options.format)
    answer(
        f"{counted(len(ratings.ratings), 'rating')} by {counted(ratings.n_users, 'user')} "
        f"({ratings.scale}) and {counted(len(ratings.movies), 'movie')} written to "
        f"{of_ratings.absolute()} and {of_movies.name}"
    )
    options_to_read = _scale_options(ratings.scale)
    if options.format == "csv" and options_to_read:
        tell(f"CSV has no place for the scale; read these files with {options_to_read}")


def _scale_options(scale: "RatingScale") -> str:
    """The options with which CSV is read on this scale; empty if it needs none."""
    from recsys.data.scale import HALF_STARS

    given = []
    if scale.predicts and replace(scale, like_threshold=None) != HALF_STARS:
        numbers = (scale.smallest, scale.largest, scale.step)
        given.append("--scale=" + ":".join(f"{number:.15g}" for number in numbers))
    if scale.like_threshold is not None:
        given.append(f"--like-threshold={scale.like_threshold:.15g}")
    return " ".join(given)


def _check(options: argparse.Namespace) -> None:
    """ValueError if the folder is a file or holds files that are read: they might be lost."""
    out = options.out
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} is a file; name a folder")
    written = [out / f"{name}.{options.format}" for name in ("ratings", "movies")]
    written = [file.resolve() for file in written if file.exists()]
    for path in [*(options.data or ()), *([options.movies] if options.movies else [])]:
        place, beside = path.resolve(), path.parent.resolve()
        # A file may be read by a link, or lie in a folder of the one that is read.
        within = [file.resolve() for file in path.rglob("*")] if written else []
        is_read = not {place, *within}.isdisjoint(written)
        if is_read or out.resolve() in (place, place.parent, beside):
            raise ValueError(f"--out {out} holds {path}, which is read; name another folder")
