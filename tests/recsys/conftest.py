"""Fixtures: a small release in each format, the real data, and a hostile server."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bad_servers import Server

from recsys.data.ratings import Ratings, RatingsError
from recsys.readers.loading import load_ratings
from recsys.readers.movielens import load_release

RATINGS_CSV = """userId,movieId,rating,timestamp
1,31,2.5,1260759144
1,11,3.0,1260759179
2,11,5,1260759185
"""
MOVIES_CSV = """movieId,title,genres
1,Toy Story (1995),Adventure|Animation|Children|Comedy|Fantasy
11,"American President, The (1995)",Comedy|Drama|Romance
31,"11'09""01 - September 11 (2002)",(no genres listed)
"""
RATINGS_DAT = """1::1193::5::978300760
1::661::3::978302109
2::661::1::978302268
"""
MOVIES_1M = """661::Misérables, Les: Part 1:::Drama|Musical
1193::Toy Story (1995)::Animation|Children's|Comedy
"""
MOVIES_10M = MOVIES_1M.replace("Children's", "Children")
U_DATA = "1\t2\t5\t874965758\n1\t267\t3\t876893171\n2\t2\t4\t878542960\n"
U_ITEM = """1|Toy Story (1995)|01-Jan-1995||http://x|0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0
2|Misérables, Les (1995)|01-Jan-1995||http://x|0|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0|1|0|0
267|unknown||||1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0
268|Chasing Amy (1997)|01-Jan-1997||http://x|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0
"""

# The end of the message for a bad row.
WAY_OUT = "; --skip-bad-rows (skip_bad_rows=True) leaves such rows out"

SAMPLES: dict[str, dict[str, str | bytes]] = {
    "csv": {"ratings.csv": RATINGS_CSV, "movies.csv": MOVIES_CSV},
    "ml-1m": {"ratings.dat": RATINGS_DAT, "movies.dat": MOVIES_1M.encode("latin-1")},
    "ml-10m": {
        "ratings.dat": RATINGS_DAT.replace("::3::", "::3.5::"),
        "movies.dat": MOVIES_1M.replace("Children's", "Children"),
    },
    "ml-100k": {"u.data": U_DATA, "u.item": U_ITEM.encode("latin-1")},
}


@pytest.fixture(scope="session")
def movielens_dir() -> Path:
    """The folder of MovieLens' ml-latest-small of 2016."""
    folder = os.environ.get("MOVIELENS_DIR")
    if not folder:
        pytest.skip("MOVIELENS_DIR is not set: it names the folder of ml-latest-small (2016)")
    return Path(folder)


@pytest.fixture(scope="session")
def real_ratings(movielens_dir: Path) -> Ratings:
    """The ratings of MovieLens' ml-latest-small of 2016."""
    return load_ratings(movielens_dir)


@pytest.fixture(scope="session")
def samples() -> dict[str, dict[str, str | bytes]]:
    """The files of a small good release in each format, by name; bytes if they are not UTF-8."""
    return SAMPLES


@pytest.fixture(scope="session")
def in_folder() -> Callable[[Path, dict[str, str | bytes]], Path]:
    """Writes files into a folder, and returns the folder."""

    def write(folder: Path, files: dict[str, str | bytes]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(data)
        return folder

    return write


@pytest.fixture(scope="session")
def refusal() -> Callable[..., str]:
    """Tries to load a release that must be refused, and returns the message without the way out."""

    def load(path: Path, **options: bool) -> str:
        with pytest.raises(RatingsError) as caught:
            load_release(path, **options)
        message = str(caught.value)
        assert "\n" not in message
        return message.removesuffix(WAY_OUT).partition("; --absent ")[0]

    return load


@pytest.fixture
def bad_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that answers with its attribute `answer`."""
    # Requests must not go through a proxy of the machine.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()
