"""Random visitors of a page, and their lists by PocketGroups in Python and by pocket.js."""

import json
import shutil
import subprocess
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from recsys import PocketGroups

# A visitor's ratings: pairs of a packed film and a rating.
Visitor = list[tuple[int, float]]

SCRIPT = (files("recsys.report") / "static" / "pocket.js").read_text(encoding="utf-8")

# A function of JavaScript that makes lists. Playwright's `evaluate` takes it, and one argument, on
# a page that has the script.
LISTS = """({packed, visitors, n}) => {
  const model = pocket.read(packed);
  return visitors.map((mine) => pocket.recommend(model, new Map(mine), n));
}"""


def visitors(model: PocketGroups, n: int, seed: int = 0) -> list[Visitor]:
    """Draw n visitors. Most rate 1 to 20 films, the first one rates none."""
    rng = np.random.default_rng(seed)
    n_likes = model._kept.n_likes
    order = np.argsort(-n_likes[n_likes > 0], kind="stable")
    values = np.unique(model.trained_on.matrix.values.data)
    drawn: list[Visitor] = [[]]
    while len(drawn) < n:
        # Most films that a visitor knows are well known.
        known = np.unique((len(order) * rng.random(rng.integers(1, 21)) ** 2).astype(int))
        drawn.append([(int(order[film]), float(rng.choice(values))) for film in known])
    return drawn


def lists_of_python(model: PocketGroups, people: list[Visitor], n: int) -> list[list[dict]]:
    """The lists of visitors, as pocket.js returns them."""
    ids, lists = model.packed_ids.tolist(), []
    place = {movie: film for film, movie in enumerate(ids)}
    for mine in people:
        found = model.recommend(ratings={ids[film]: rating for film, rating in mine}, n=n)
        columns = found["movieId"].map(place), found["score"], found["reason"]
        rows = zip(*columns, strict=True)
        lists.append([dict(zip(("item", "score", "reason"), row, strict=True)) for row in rows])
    return lists


def lists_of_node(asked: list[dict[str, Any]]) -> list[list[list[dict]]]:
    """The lists of visitors for each packed model, by node: what `LISTS` returns."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; the browser tests run pocket.js too")
    read = 'JSON.parse(require("fs").readFileSync(0, "utf8"))'
    program = f"{SCRIPT}\nconsole.log(JSON.stringify({read}.map({LISTS})));"
    done = subprocess.run(
        [node, "-e", program], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    found: list[list[list[dict]]] = json.loads(done.stdout)
    return found


def check_same(of_script: list[list[dict]], of_python: list[list[dict]]) -> None:
    """The same films in the same order with the same reasons."""
    for mine, expected in zip(of_script, of_python, strict=True):
        for name in ("item", "reason"):
            assert [row[name] for row in mine] == [row[name] for row in expected]
        scores = [row["score"] for row in expected]
        assert [row["score"] for row in mine] == pytest.approx(scores, abs=1e-8)
