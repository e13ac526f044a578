"""Tables with any damage are refused in one short line, or read soundly."""

import random

import mutations
import pytest

from recsys import RatingsError, load_ratings

PAIRS = [(user, item) for user in range(3) for item in range(1, 5)]
TABLES = {
    "commas": "user,item,rating,time\n"
    + "".join(f"{u},{i},{u * i % 5 + 1},10000000{u}{i}\n" for u, i in PAIRS),
    "semicolons": "user;isbn;stars;comment\n"
    + "".join(f'u{u};00{i}X;{u * i % 4 + 1},5;"a;b"\n' for u, i in PAIRS),
    "colons": "".join(f"{u}::{i}::{u * i % 5 + 1}::10000000{u}{i}\n" for u, i in PAIRS),
    "tabs": "".join(f"{u}\t{i}\t{u * i % 5 + 1}\t2005-04-0{i}\n" for u, i in PAIRS),
    "blanks": "".join(f"{u} {i} {u * i % 5 + 1}\n" for u, i in PAIRS),
    "json": "".join(f'{{"user": {u}, "item": "{i}", "rating": {u + i}}}\n' for u, i in PAIRS),
    "wide": "user,1,2,3\nann,4,,5\nben,,3,2\n",
    "netflix": "1:\n900101,3,2005-09-06\n900102,5,2005-05-13\n2:\n900101,4,2005-10-19\n",
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_damaged_tables_are_refused_or_read_soundly(tmp_path, kind, encoding):
    rng = random.Random(f"{kind} {encoding}")
    path = tmp_path / "table.txt"
    outcomes = set()
    for _ in range(30):
        data = mutations.mutated(TABLES[kind].encode(encoding), rng)
        path.write_bytes(data)
        for skip_bad_rows in (False, True):
            try:
                found = load_ratings(path, skip_bad_rows=skip_bad_rows)
            except RatingsError as error:
                message = str(error)
                assert message.isprintable()
                assert str(path) in message
                assert len(message) < mutations.LONGEST_MESSAGE
                outcomes.add("refused")
            except Exception as error:
                error.add_note(f"after a change of these bytes: {data[:2000]!r}")
                raise
            else:
                assert found.scale.holds(found.ratings["rating"].to_numpy()).all()
                assert set(found.ratings["movieId"]) <= set(found.movies["movieId"])
                assert not found.ratings.duplicated(["userId", "movieId"]).any()
                outcomes.add("read")
    assert "refused" in outcomes
    assert "read" in outcomes or encoding == "utf-16"
