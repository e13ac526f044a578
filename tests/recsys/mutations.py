"""Damages releases in every way, and checks how they are read."""

import io
import random
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from recsys.data.ratings import Ratings, RatingsError
from recsys.readers.movielens import load_release

LONGEST_MESSAGE = 2100

# Bytes to insert: separators, ends, quotes, bytes that are not text, ambiguous numbers.
PIECES = [
    b"\0", b"\0" * 50, b"\n", b"\r", b"\r\n", b"\n\n", b",", b"::", b"\t", b"|", b'"', b'""',
    b'","', b":", b";", b" ", b"\x1d", b"\x0b", b"\x0c", b"\x85", b"\xa0", b"\xc2\xa0", b"\xff",
    b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\xc3", b"\xe9", b"-", b"+", b".",
    b"e9", b"e999", b"1e-400", b"nan", b"inf", b"0", b"00000000000000000000000", b"9" * 30,
    b"9" * 5000, b"0x1F", b"1_0", b"x" * 200, b"#", b"'", b"\x1b[31m", b"\x1a",
    b"userId,movieId,rating,timestamp\n", b"Children's", b"Children", b"\xd9\xa1",
]  # fmt: skip


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Make one to four changes in the data."""
    for _ in range(rng.randint(1, 4)):
        data = rng.choice(_CHANGES)(data, rng)
    return data


def _flip(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _random_byte(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _slice(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice([1, 2, 5, 20, 100]))


def _remove(data: bytes, rng: random.Random) -> bytes:
    start, stop = _slice(data, rng)
    return data[:start] + data[stop:]


def _repeat(data: bytes, rng: random.Random) -> bytes:
    start, stop = _slice(data, rng)
    return data[:start] + data[start:stop] * rng.choice([2, 3, 50]) + data[stop:]


def _move(data: bytes, rng: random.Random) -> bytes:
    start, stop = _slice(data, rng)
    rest = data[:start] + data[stop:]
    at = rng.randrange(len(rest) + 1)
    return rest[:at] + data[start:stop] + rest[at:]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(PIECES) + data[at:]


def _replace_all(data: bytes, rng: random.Random) -> bytes:
    old = rng.choice([b"\n", b",", b"::", b"\t", b"|", b'"', b"1", b"."])
    return data.replace(old, rng.choice(PIECES), rng.choice([1, 2, -1]))


_CHANGES: list[Callable[[bytes, random.Random], bytes]] = [
    _flip, _random_byte, _cut, _remove, _repeat, _move, _insert, _insert, _insert, _replace_all,
]  # fmt: skip


def as_zip(files: Mapping[str, bytes], rng: random.Random) -> bytes:
    """Put the files into a zip with a random compression."""
    buffer = io.BytesIO()
    kinds = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    with zipfile.ZipFile(buffer, "w", rng.choice(kinds)) as archive:
        for name, data in files.items():
            archive.writestr(f"ml/{name}", data)
    return buffer.getvalue()


def damaged_releases(
    samples: Mapping[str, Mapping[str, str | bytes]], folder: Path, seed: int
) -> Iterator[tuple[Path, bytes]]:
    """Make damaged releases without end: the path of each, and the damaged bytes."""
    rng = random.Random(seed)
    while True:
        form = rng.choice(sorted(samples))
        files = {
            name: text.encode() if isinstance(text, str) else text
            for name, text in samples[form].items()
        }
        # Each format has its own folder, so that no file of another format is in the way.
        place = folder / form
        place.mkdir(exist_ok=True)
        spoiled = rng.choice([*files, "release.zip"])
        if spoiled == "release.zip":
            damaged = mutated(as_zip(files, rng), rng)
            (place / "release.zip").write_bytes(damaged)
            yield place / "release.zip", damaged
            continue
        damaged = files[spoiled] = mutated(files[spoiled], rng)
        for name, data in files.items():
            (place / name).write_bytes(data)
        yield place, damaged


def check_reading(path: Path) -> str:
    """Read a release with any content, and check the message or the result.

    Returns "refused", "skipped" if bad rows were left out, or "read".
    """
    outcome = []
    for skip_bad_rows in (False, True):
        try:
            outcome.append(load_release(path, skip_bad_rows=skip_bad_rows))
        except RatingsError as error:
            text = str(error)
            assert len(text) < LONGEST_MESSAGE, len(text)
            assert text.isprintable(), text
            assert str(path) in text, text
            outcome.append(None)
    strict, lenient = outcome
    if lenient is None:
        assert strict is None, "refused only if bad rows are skipped"
        return "refused"
    _check_sound(lenient)
    if strict is None:
        assert lenient.skipped, "refused, but no row of it is bad"
        return "skipped"
    assert strict.skipped == lenient.skipped == ()
    pd.testing.assert_frame_equal(strict.ratings, lenient.ratings)
    pd.testing.assert_frame_equal(strict.movies, lenient.movies)
    return "read"


# Numbers from here on may be times in milliseconds.
FIRST_MILLISECONDS = 10**11


def _check_sound(ratings: Ratings) -> None:
    """The result keeps all rules, which are the same as for frames."""
    table = ratings.ratings
    if table["timestamp"].abs().max() >= FIRST_MILLISECONDS:
        # A release has seconds, however large. Of a frame they might be milliseconds.
        table = table.drop(columns="timestamp")
    again = Ratings.from_frames(table, ratings.movies, scale=ratings.scale)
    pd.testing.assert_frame_equal(again.ratings, table)
    pd.testing.assert_frame_equal(again.movies, ratings.movies)
    for row in ratings.skipped:
        assert str(row).isprintable()
        assert len(row.value) <= 80
        assert row.line >= 1
