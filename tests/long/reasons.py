"""Recounts every reason in the lists of all users, on real and on built-in ratings.

It prints how many reasons there are of each kind. `tests/long/run` runs it.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "recsys"))

from recounting import recounted

from recsys import Ratings, load_ratings, make_ratings
from recsys.recommenders.registry import METHODS


def main() -> None:
    data = {"built-in ratings": make_ratings()}
    if folder := os.environ.get("MOVIELENS_DIR"):
        data["real ratings"] = load_ratings(folder)
    for name, ratings in data.items():
        for method in METHODS:
            recount(f"{method}, {name}", method, ratings)


def recount(name: str, method: str, ratings: Ratings) -> None:
    model = METHODS[method](0).fit(ratings)
    begun = time.process_time()
    kinds = recounted(model, ratings)
    seconds = time.process_time() - begun
    print(f"{name}: {dict(kinds.most_common())} in {seconds:.0f} s of CPU, none untrue")


if __name__ == "__main__":
    main()
