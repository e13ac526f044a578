"""Tries forged files: a recommender may load or refuse them, and do nothing else.

Run as a program, it tries some forgeries in this process, one line of output for each.
"""

import resource
import signal
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from forging import forged

from recsys import (
    BiasBaseline,
    BoostedClusterMeans,
    ClusterMeanRecommender,
    Hybrid,
    MostLiked,
    PocketGroups,
    Ratings,
    Recommender,
    TasteGroups,
    make_ratings,
)

# The limits for one file: far more than a file needs, and far less than hostile files ask for.
SECONDS = 30
MEGABYTES = 256


def originals() -> list[Recommender]:
    """A small fitted recommender of every kind."""
    ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    made = [
        BiasBaseline(),
        MostLiked(),
        ClusterMeanRecommender(3, n_movies=40),
        ClusterMeanRecommender(2, region=(20, 10)),
        BoostedClusterMeans(n_chains=2, n_stages=6),
        TasteGroups(
            n_user_groupings=3,
            n_item_groupings=0,
            rating_model=BoostedClusterMeans(n_chains=1, n_stages=5),
        ),
        TasteGroups(n_user_groupings=4, n_item_groupings=3, rating_model=BiasBaseline()),
        Hybrid(groups=MostLiked()),
        PocketGroups(n_groupings=3, max_users=30, max_items=40),
    ]
    table = ratings.ratings.astype({"userId": str}).assign(userId=lambda t: "u" + t["userId"])
    with_text_ids = Ratings.from_frames(table, ratings.movies)
    return [*(model.fit(ratings) for model in made), MostLiked().fit(with_text_ids)]


def tried(path: Path) -> str:
    """Load a file, and return "refused", "loaded" or a description of the fault."""
    try:
        model = Recommender.load(path)
    except ValueError as error:
        message = str(error)
        if len(message) >= 300 or path.name not in message or not message.isprintable():
            return f"a bad message of {len(message)} characters: {message[:200]!r}"
        return "refused"
    except Exception as error:
        return f"load raises {type(error).__name__}: {str(error)[:200]}"
    try:
        ask(model)
    except Exception as error:
        return f"a question raises {type(error).__name__}: {str(error)[:200]}"
    return "loaded"


def ask(model: Recommender) -> None:
    """Ask every question, for known and new users and items."""
    matrix, scale = model.trained_on.matrix, model.trained_on.scale
    users = [*matrix.user_ids[:3].tolist(), -5]
    items = [*matrix.movie_ids[:3].tolist(), -5]
    largest = scale.largest
    mine = dict.fromkeys(items, largest) if scale.holds(np.array([largest])).all() else {}
    ratings = model.predict(np.repeat(users, 4), np.tile(items, 4))
    assert np.all(np.isfinite(ratings)), "a prediction is not finite"
    model.recommend_all(3)
    model.recommend(ratings=mine)
    if -1 not in matrix.movie_ids:
        model.top_new([mine, {}], 3)
    model.save(Path("/dev/null"))
    for item in items:
        for user in users:
            model.explain(user, item)
        model.explain(movie_id=item, ratings=mine)


def limited() -> None:
    """Limit the memory that this process may take beyond its present memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main(folder: Path, first: int, last: int) -> None:
    warnings.simplefilter("error")
    # A fit with a huge popularity_discount divides by 0 too.
    warnings.filterwarnings("ignore", "divide by zero encountered in divide", RuntimeWarning)
    contents = []
    for number, model in enumerate(originals()):
        model.save(folder / f"original{number}.npz")
        contents.append((folder / f"original{number}.npz").read_bytes())
        assert tried(folder / f"original{number}.npz") == "loaded"
    # The limit includes the memory that forging a bomb takes.
    limited()
    path = folder / "forged.npz"
    for seed in range(first, last):
        name, content = forged(contents[seed % len(contents)], seed)
        path.write_bytes(content)
        sys.stdout.write(f"{seed} {name} ")
        sys.stdout.flush()
        signal.alarm(SECONDS)
        found = tried(path)
        signal.alarm(0)
        sys.stdout.write(f"{found}\n")
        sys.stdout.flush()


def hunt(folder: Path, first: int, last: int) -> tuple[Counter[str], list[str]]:
    """Try forgeries in other processes, and return the counted outcomes and each fault."""
    found: Counter[str] = Counter()
    faults = []
    while first < last:
        arguments = [sys.executable, __file__, str(folder), str(first), str(last)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        for line in lines:
            seed, _, answer = line.split(" ", 2)
            if answer not in ("refused", "loaded"):
                faults.append(line if answer else f"{line}ends with {done.returncode}")
                answer = "fault"
            found[answer] += 1
            first = int(seed) + 1
        if done.returncode and not (lines and lines[-1].endswith(" ")):
            raise RuntimeError(done.stderr)
    return found, faults


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
