"""What each recommender does in its own way, and what is made of it for all of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from recsys.data.matrix import RatingMatrix
from recsys.data.scale import RatingScale
from recsys.recommenders.forms import Form
from recsys.recommenders.training import Training, check_n, whole_ids
from recsys.recommenders.types import NO_FILM, Evidence, Floats, Ints, People, Ranking, total_of

# Columns of what ``recommend`` returns.
RECOMMENDATION_COLUMNS = ["movieId", "title", "score", "expected_rating", "n_ratings", "reason"]


class Making(Training, ABC):
    """Methods whose names begin with an underscore: :class:`Recommender` calls them.

    The abstract ones are what one recommender differs in from another: how it learns, where it puts
    people, what it expects and how it ranks. A film that is not among the training films has the
    column number n_films, one past the last; a person without ratings is a new person with none.
    """

    # What a recommender does in its own way -----------------------------------------------------

    @abstractmethod
    def _learn(self) -> None:
        """Learn from ``self._matrix``, ``self._scale`` and ``self._genres``."""

    @abstractmethod
    def _place_known(self, rows: Ints) -> Any:
        """Where training users are."""

    @abstractmethod
    def _place_new(self, rated: sp.csr_array) -> Any:
        """Where people are who were not trained on, by their ratings of the training films."""

    @abstractmethod
    def _parts(self, placed: Any, persons: Ints, films: Ints) -> dict[str, Floats]:
        """Addends of the expected stars, by what they stand for.

        ``persons`` and ``films`` are row and column numbers that broadcast; so do the answers.
        """

    @abstractmethod
    def _scores(self, people: People) -> Floats:
        """(n_people, n_films): by what films are ranked; -inf for one that is not recommended."""

    @abstractmethod
    def _evidence(self, people: People, person: int, film: int) -> Evidence:
        """Why, for one pair."""

    @abstractmethod
    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What was learned, for a file."""

    @abstractmethod
    def _forms(self, names: Collection[str]) -> dict[str, Form]:
        """What the arrays of a file must be, where these are their names."""

    @abstractmethod
    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take back what :meth:`_arrays` gave: each array is as declared.

        Raises
        ------
        ValueError
            If the arrays do not agree with each other.
        """

    # The attribute that holds another recommender, without the underscore; "" if there is none.
    _inner: ClassVar[str] = ""

    def _check_parameters(self) -> None:
        """ValueError if a parameter is out of its range."""

    # What they share ----------------------------------------------------------------------------

    def _fit(
        self,
        matrix: RatingMatrix,
        scale: RatingScale,
        genres: npt.NDArray[np.float32],
        learn: Callable[[], None],
    ) -> Self:
        before = self.__dict__.copy()
        try:
            self._train_on(matrix, scale, genres)
            learn()
        except BaseException:
            # A fit that fails leaves what was there.
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        return self

    def _check_lists(self, n: int) -> None:
        check_n(n)
        if np.any(self._matrix.movie_ids == NO_FILM):
            raise ValueError(f"a film has the id {NO_FILM}, which says in lists that there is none")

    def _training_users(self, rows: Ints) -> People:
        return People(sp.csr_array(self._matrix.values[rows]), self._place_known(rows))

    def _newcomers(self, ratings: Sequence[Mapping[int, float]]) -> People:
        rated = self._rated_by(ratings)
        return People(rated, self._place_new(rated))

    def _stars(self, people: People, persons: Ints, films: Ints) -> Floats:
        total = total_of(self._parts(people.placed, persons, films))
        return np.clip(total, self._scale.smallest, self._scale.largest)

    def _best(
        self, people: People, n: int, exclude_rated: bool, eligible: npt.NDArray[np.bool_]
    ) -> list[Ranking]:
        """The best films of each person among those that are eligible."""
        scores = self._scores(people)
        if exclude_rated:
            rows = np.repeat(np.arange(len(people)), np.diff(people.rated.indptr))
            scores[rows, people.rated.indices] = -np.inf
        scores[:, ~eligible] = -np.inf
        found = []
        for person, of_person in enumerate(scores):
            some = np.flatnonzero(of_person > -np.inf)
            standing = self._standing(people, person)[some]
            ids = self._matrix.movie_ids[some]
            films = some[np.lexsort((ids, -standing, -of_person[some]))[:n]]
            found.append(Ranking(films, of_person[films]))
        return found

    def _eligible(self, among: Iterable[int] | None) -> npt.NDArray[np.bool_]:
        """(n_films,): which films are asked for; all for None."""
        if among is None:
            return np.ones(self._n_films, dtype=np.bool_)
        return np.isin(self._matrix.movie_ids, whole_ids("movie", list(among)))

    def _standing(self, people: People, person: int) -> npt.NDArray[Any]:
        """(n_films,): of equal scores the film with more of this comes first."""
        return self._n_ratings

    def _top(self, people: People, n: int, exclude_rated: bool) -> npt.NDArray[np.int64]:
        found = np.full((len(people), n), NO_FILM, dtype=np.int64)
        rankings = self._best(people, n, exclude_rated, self._eligible(None))
        for person, ranking in enumerate(rankings):
            found[person, : len(ranking.films)] = self._matrix.movie_ids[ranking.films]
        return found

    def _frame(self, people: People, person: int, ranking: Ranking) -> pd.DataFrame:
        films = ranking.films
        evidence = [self._evidence(people, person, int(film)) for film in films]
        persons = np.full(len(films), person, dtype=np.int64)
        return pd.DataFrame(
            {
                "movieId": self._matrix.movie_ids[films],
                # dtype object, the same in pandas 2 and 3 and for a frame without rows.
                "title": pd.Series(self._matrix.titles[films], dtype=object),
                "score": ranking.scores,
                "expected_rating": self._stars(people, persons, films),
                "n_ratings": np.array([each.n_ratings for each in evidence], dtype=np.int64),
                "reason": pd.Series([each.reason for each in evidence], dtype=object),
            },
            columns=RECOMMENDATION_COLUMNS,
        )
