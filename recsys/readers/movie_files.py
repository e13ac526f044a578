"""Reads the file of movies of a release: movies.csv, movies.dat or u.item."""

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from recsys.data.genre_lists import without_blanks
from recsys.data.ratings import BadRow, RatingsError, is_encodable
from recsys.data.scale import HALF_STARS, WHOLE_STARS, RatingScale
from recsys.printable import shortened
from recsys.readers.formats import ITEM_GENRES, Fault, Folder, Release, header_columns, whole_number
from recsys.readers.raw import bad_row_error

COLUMNS = ("movieId", "title", "genres")

# Old Macintosh files end their lines in CR. Such a file would be read as one title.
_CR_WITHIN = "a CR is within the line; save the file with LF or CRLF"
# The message of csv for a quote that is open at the end of the lines.
_OPEN_QUOTE = "unexpected end of data"


@dataclass
class MovieRows:
    """The movies in the order of the file, and the bad rows."""

    movie_ids: list[int] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    genres: list[str] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)

    def scale(self) -> RatingScale | None:
        """The scale of the `::` release with these movies, if the genres determine it."""
        return _scale_by_genres(self.genres)


@dataclass(frozen=True)
class _Record:
    """One row as text: its first line, and its fields or its fault."""

    line: int
    fields: Sequence[str] | Fault


def read_movies(release: Release, *, skip_bad_rows: bool) -> MovieRows:
    """Read the movies of a release.

    A bad row is an error, or is listed in the result if bad rows are skipped. If a movie is listed
    twice, the second row is bad. A missing column and a file without a good row are errors too.
    """
    file = release.movies
    data = file.read_bytes().removeprefix(codecs.BOM_UTF8)
    if not data.strip():
        raise RatingsError(f"{file}: the file is empty")
    lines = _decode(data, release.layout.movies_file).removesuffix("\n").split("\n")
    # A file that ends in an empty field without a line end may be cut off. The last field of u.item
    # is never empty.
    may_be_cut = not data.endswith(b"\n") and release.layout.movies_file != "u.item"
    cut_line = len(lines) if may_be_cut else None

    rows = MovieRows()
    line_of: dict[int, int] = {}
    for record in _records(release, lines):
        try:
            movie_id, title, genres = _checked(record, line_of, cut_line)
        except Fault as fault:
            bad_row = BadRow(str(file), record.line, fault.value, fault.reason)
            if not skip_bad_rows:
                raise bad_row_error(bad_row) from None
            rows.bad_rows.append(bad_row)
        else:
            line_of[movie_id] = record.line
            rows.movie_ids.append(movie_id)
            rows.titles.append(title)
            rows.genres.append(without_blanks(genres))
    if not rows.movie_ids:
        first = f"; the first bad row: {rows.bad_rows[0]}" if rows.bad_rows else ""
        raise RatingsError(f"{file}: no movies{first}")
    return rows


def _checked(
    record: _Record, line_of: dict[int, int], cut_line: int | None
) -> tuple[int, str, str]:
    """Return the id, title and genres of a good record; raise a Fault for a bad one."""
    if isinstance(record.fields, Fault):
        raise record.fields
    text, title, genres = record.fields
    movie_id = whole_number(text, "movieId")
    if not is_encodable(title + genres):
        shown = f"{title},{genres}".encode("utf-8", "surrogateescape")
        raise Fault(shown.decode("utf-8", "backslashreplace"), "bytes are not UTF-8")
    if movie_id in line_of:
        raise Fault(text, f"movieId is on line {line_of[movie_id]} already")
    if record.line == cut_line and not genres:
        raise Fault(f"{text},{title},", "the file is cut off in this row")
    return movie_id, title, genres


def _decode(data: bytes, name: str) -> str:
    """Decode a file of movies; bytes that are not text become lone surrogates.

    movies.csv and the movies.dat of ml-10m are in UTF-8. u.item and the movies.dat of ml-1m are in
    ISO-8859-1, and their titles are not valid UTF-8. So any file that is valid UTF-8 is read as
    UTF-8, for example one that a user converted.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    latin = data.decode("latin-1")
    is_utf8 = name == "movies.csv"
    if name == "movies.dat":
        last_fields = [line.rstrip("\r").rpartition("::")[2] for line in latin.split("\n")]
        is_utf8 = _scale_by_genres(last_fields) == HALF_STARS
    return data.decode(errors="surrogateescape") if is_utf8 else latin


def _scale_by_genres(genres: Iterable[str]) -> RatingScale | None:
    """Tell ml-1m (whole stars, genre "Children's") from ml-10m (half stars, genre "Children")."""
    names = {name for joined in set(genres) for name in joined.split("|")}
    if ("Children's" in names) == ("Children" in names):
        return None
    return WHOLE_STARS if "Children's" in names else HALF_STARS


def _records(release: Release, lines: list[str]) -> Iterator[_Record]:
    name = release.layout.movies_file
    if name == "movies.csv":
        return _csv_records(lines, release.movies)
    if name == "movies.dat":
        return _dat_records(lines)
    return _item_records(lines, genre_names(release.folder / "u.genre"))


def _csv_records(lines: list[str], file: Folder) -> Iterator[_Record]:
    columns = header_columns(lines[0].rstrip("\r"), COLUMNS, file)
    positions = [columns.index(name) for name in COLUMNS]
    at = 1
    # An earlier row had an open quote and failed on line `known_until` for `known_reason`. If a row
    # before that line has an open quote at the end of its line, it fails there for the same reason.
    # So only its own line is read. This keeps the time linear.
    known_until, known_reason = 0, ""
    while at < len(lines):
        stop = at + 1 if at < known_until else len(lines)
        # Each row has its own reader. So after a quote that is never closed, reading goes on at the
        # next line and not after the quote of a later row.
        reader = csv.reader((lines[i] + "\n" for i in range(at, stop)), strict=True)
        n_lines = 1
        record: Sequence[str] | Fault
        try:
            row = next(reader)
            n_lines = reader.line_num
            if len(row) == len(columns):
                record = [row[position] for position in positions]
            else:
                record = Fault(lines[at], f"{len(row)} fields, not {len(columns)}")
        except csv.Error as error:
            reason = str(error)
            if stop < len(lines) and reason == _OPEN_QUOTE:
                reason = known_reason
            elif reader.line_num > 1:
                known_until, known_reason = at + reader.line_num - 1, reason
            row, record = [lines[at]], Fault(lines[at], f"not a row of CSV ({reason})")
        if row:
            yield _Record(at + 1, record)
        at += n_lines


def _dat_records(lines: list[str]) -> Iterator[_Record]:
    for number, line in enumerate(lines, start=1):
        text = line.rstrip("\r")
        # A title may hold colons and end with them. The id and the genres hold no colons.
        movie_id, _, rest = text.partition("::")
        title, separator, genres = rest.rpartition("::")
        if separator and "\r" in text:
            yield _Record(number, Fault(text, _CR_WITHIN))
        elif separator:
            yield _Record(number, (movie_id, title, genres))
        elif text.strip():
            yield _Record(number, Fault(text, "fewer than 3 fields"))


def _item_records(lines: list[str], names: Sequence[str]) -> Iterator[_Record]:
    n_fields = 5 + len(names)
    for number, line in enumerate(lines, start=1):
        text = line.rstrip("\r")
        if not text.strip():
            continue
        fields = text.split("|")
        flags = fields[5:]
        if "\r" in text:
            yield _Record(number, Fault(text, _CR_WITHIN))
        elif len(fields) != n_fields:
            yield _Record(number, Fault(text, f"{len(fields)} fields, not {n_fields}"))
        elif not set(flags) <= {"0", "1"}:
            wrong = next(flag for flag in flags if flag not in ("0", "1"))
            yield _Record(number, Fault(wrong, "genre flag is not 0 or 1"))
        else:
            genres = (name for name, flag in zip(names, flags, strict=True) if flag == "1")
            yield _Record(number, (fields[0], fields[1], "|".join(genres)))


def genre_names(file: Folder) -> Sequence[str]:
    """Read the names of the genre flags from u.genre; without this file, use those of ml-100k."""
    if not file.is_file():
        return ITEM_GENRES
    names: list[str] = []
    for number, line in enumerate(file.read_bytes().decode("latin-1").split("\n"), start=1):
        name, _, position = line.strip().rpartition("|")
        if name and position == str(len(names)):
            names.append(name)
        elif line.strip():
            raise RatingsError(
                f"{file}, line {number}: not NAME|{len(names)}: {shortened(line.strip())!r}"
            )
    return names
