"""Who is asked about, what a model expects of them, and which films rank best for each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from recsys.recommenders.model import Model
from recsys.recommenders.training import persons_of
from recsys.recommenders.types import NO_FILM, Floats, Ints, People, total_of

# Columns of what ``recommend`` returns.
RECOMMENDATION_COLUMNS = ["movieId", "title", "score", "expected_rating", "n_ratings", "reason"]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Columns of films, best first, and the scores they are ranked by."""

    films: Ints
    scores: Floats


def known_people(model: Model, rows: Ints) -> People:
    """Training users, by their rows."""
    return People(sp.csr_array(model.trained_on.matrix.values[rows]), model._place_known(rows))


def new_people(model: Model, ratings: Sequence[Mapping[int, float]]) -> People:
    """People who were not trained on, by their ratings."""
    rated = model.trained_on.rated_by(ratings)
    return People(rated, model._place_new(rated))


def expected_stars(model: Model, people: People, persons: Ints, films: Ints) -> Floats:
    """Stars within the scale."""
    return model.trained_on.clipped(total_of(model._parts(people.placed, persons, films)))


def best_films(
    model: Model, people: People, n: int, exclude_rated: bool, eligible: npt.NDArray[np.bool_]
) -> Iterator[Ranking]:
    """The best of the eligible films for each person."""
    scores = model._scores(people)
    if exclude_rated:
        scores[persons_of(people.rated), people.rated.indices] = -np.inf
    scores[:, ~eligible] = -np.inf
    for person, of_person in enumerate(scores):
        some = np.flatnonzero(of_person > -np.inf)
        standing = model._standing(people, person)[some]
        ids = model.trained_on.matrix.movie_ids[some]
        films = some[np.lexsort((ids, -standing, -of_person[some]))[:n]]
        yield Ranking(films, of_person[films])


def best_ids(model: Model, people: People, n: int, exclude_rated: bool) -> Ints:
    """(n_people, n): movie ids, best first; `NO_FILM` where there are fewer films."""
    found = np.full((len(people), n), NO_FILM, dtype=np.int64)
    every_film = model.trained_on.eligible(None)
    for person, ranking in enumerate(best_films(model, people, n, exclude_rated, every_film)):
        found[person, : len(ranking.films)] = model.trained_on.matrix.movie_ids[ranking.films]
    return found


def ranking_frame(model: Model, people: People, person: int, ranking: Ranking) -> pd.DataFrame:
    """A person's films with expected stars and reasons."""
    films, matrix = ranking.films, model.trained_on.matrix
    evidence = [model._evidence(people, person, int(film)) for film in films]
    persons = np.full(len(films), person, dtype=np.int64)
    return pd.DataFrame(
        {
            "movieId": matrix.movie_ids[films],
            # dtype object, the same in pandas 2 and 3 and for a frame without rows.
            "title": pd.Series(matrix.titles[films], dtype=object),
            "score": ranking.scores,
            "expected_rating": expected_stars(model, people, persons, films),
            "n_ratings": np.array([each.n_ratings for each in evidence], dtype=np.int64),
            "reason": pd.Series([each.reason for each in evidence], dtype=object),
        },
        columns=RECOMMENDATION_COLUMNS,
    )
