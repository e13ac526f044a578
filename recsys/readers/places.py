"""Finds the files of ratings at a path: a file, a folder, or a zip."""

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from recsys.data.columns import find_roles
from recsys.data.ratings import RatingsError
from recsys.readers.archives import ArchiveError, open_zip
from recsys.readers.formats import Folder
from recsys.readers.forms import files_of_forms, find_form
from recsys.readers.looks import Look, is_number, look
from recsys.readers.opened import ZIP_START

# Files that lie beside ratings and are no tables.
_NO_TABLES = (".md", ".pdf", ".html", ".py", ".ipynb", ".png", ".jpg")
# Downloads often lie in a folder within a folder.
_DEEPEST = 2


@contextmanager
def rating_files(path: Path) -> Iterator[tuple[Folder, ...]]:
    """Find the files of ratings at a path. More than one is found only if they belong together.

    Parameters
    ----------
    path : Path
        A file; or a folder or zip with one file of ratings in it or in one of its subfolders.

    Yields
    ------
    tuple of Path or zipfile.Path

    Raises
    ------
    RatingsError
        If there is no such path, no file of ratings, or more than one.
    """
    try:
        if path.is_dir():
            yield _in_folder(path)
        elif not path.exists():
            raise RatingsError(f"{path}: no such file or folder")
        elif not stat.S_ISREG(path.stat().st_mode):
            # Opening a pipe would wait for a writer.
            raise RatingsError(f"{path}: neither a folder nor a regular file; copy it to a file")
        elif _is_zip(path):
            with open_zip(path) as archive:
                if "[Content_Types].xml" in archive.namelist():
                    raise RatingsError(f"{path}: a workbook of a spreadsheet; save it as CSV")
                yield _in_folder(zipfile.Path(archive))
        else:
            yield (path,)
    except ArchiveError as error:
        raise RatingsError(f"{path}: {error}") from error
    except OSError as error:
        where = error.filename or path
        raise RatingsError(f"{where}: cannot be read: {error.strerror or error}") from error


def siblings(file: Folder) -> tuple[str, ...]:
    """The names of the files beside a file."""
    parent: Any = file.parent
    return tuple(each.name for each in parent.iterdir() if each.name != file.name)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == ZIP_START or path.suffix.lower() == ".zip"


def _in_folder(folder: Folder) -> tuple[Folder, ...]:
    found = _within(folder, _DEEPEST)
    if not found:
        raise RatingsError(
            f"{folder}: no ratings here or in a subfolder; name the file of ratings, and its "
            "columns by --user-column, --item-column and --rating-column"
        )
    return found


def _within(folder: Folder, depth: int) -> tuple[Folder, ...]:
    """The files of ratings in a folder, or else in one of its subfolders."""
    here = _files_in(folder)
    if here or not depth:
        return here
    folders = [child for child in _sorted(folder) if child.is_dir() and not _is_hidden(child)]
    found = [files for child in folders if (files := _within(child, depth - 1))]
    if len(found) > 1:
        raise _several(folder, [files[0] for files in found])
    return found[0] if found else ()


def _is_hidden(file: Folder) -> bool:
    return file.name.startswith((".", "__"))


def _files_in(folder: Folder) -> tuple[Folder, ...]:
    """The files of ratings in a folder: by the names of forms, otherwise by their look."""
    files = [each for each in _sorted(folder) if each.is_file() and not _is_hidden(each)]
    try:
        named = set(files_of_forms([file.name for file in files]))
    except RatingsError as error:
        raise RatingsError(f"{folder}: {error}") from None
    if named:
        return tuple(file for file in files if file.name in named)
    is_alone = len(_sorted(folder)) == 1
    ranks = {file: _rank(file, is_alone=is_alone) for file in files}
    best = max(ranks.values(), default=0)
    found = [file for file in files if ranks[file] == best > 0]
    if len(found) > 1:
        raise _several(folder, found)
    return tuple(found)


def _sorted(folder: Folder) -> list[Any]:
    return sorted(folder.iterdir(), key=lambda each: each.name)


def _several(folder: Folder, files: list[Folder]) -> RatingsError:
    names = ", ".join(str(file)[len(str(folder)) :].lstrip("/") for file in files[:20])
    unpack = "unpack it, and " if isinstance(folder, zipfile.Path) else ""
    return RatingsError(f"{folder}: several files of ratings; {unpack}name one of them: {names}")


def _rank(file: Folder, *, is_alone: bool) -> int:
    """2 if a file looks like ratings, 1 if it may be a list of likes, otherwise 0."""
    if file.name.lower().endswith(_NO_TABLES):
        return 0
    with suppress(RatingsError):
        seen = look(file)
        if find_form(seen, siblings(file)):
            return 2
        if seen.names is not None:
            return 2 if find_roles(seen.names).rating else 1
        return 2 if _are_bare_ratings(seen) else 0
    # A file that is alone is read, so that its own error is shown.
    return 1 if is_alone else 0


def _are_bare_ratings(seen: Look) -> bool:
    return seen.width in (3, 4) and all(is_number(row[2]) for row in seen.rows if len(row) > 2)
