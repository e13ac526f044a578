"""What every recommender can do: fit, predict, recommend, say why, save and load."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.analysis.genres import genre_matrix
from recsys.data.matrix import RatingMatrix
from recsys.data.ratings import Ratings
from recsys.recommenders import npz, storage
from recsys.recommenders.making import Making
from recsys.recommenders.newcomers import Brought, brought_ratings
from recsys.recommenders.training import (
    Training,
    check_n,
    one_of_two,
    paired_ids,
    whole_id,
    whole_ids,
)
from recsys.recommenders.types import (
    Floats,
    Part,
    Prediction,
    total_of,
)


class Recommender(Making):
    """The contract. A recommender is fitted once and then only read."""

    def fit(self, ratings: Ratings) -> Self:
        """Learn from ratings.

        Parameters
        ----------
        ratings : Ratings

        Returns
        -------
        Recommender
            Itself, fitted.
        """
        matrix = RatingMatrix.from_ratings(ratings)
        genres = genre_matrix(ratings, matrix.movie_ids)
        return self._fit(matrix, ratings.scale, genres, self._learn)

    def fit_beside(self, other: Training) -> Self:
        """The same from what another recommender was trained on."""
        return self._fit(other._matrix, other._scale, other._genres, self._learn)

    def predict(
        self,
        user_ids: npt.ArrayLike | None = None,
        movie_ids: npt.ArrayLike | None = None,
        *,
        ratings: "Brought | None" = None,
    ) -> Floats:
        """Expected stars of each (user, film) pair; never NaN, unknown users and films included.

        Parameters
        ----------
        user_ids : array-like of shape (n_pairs,), int
            Not with ``ratings``.
        movie_ids : array-like of shape (n_pairs,), int
        ratings : mapping, Series, DataFrame or iterable of pairs, optional
            A person who was not trained on, by what they rated: a mapping of movieId to stars, a
            Series of stars by movieId, a frame with the columns movieId and rating, or pairs
            (movieId, stars). Ratings of films that are not among the training films say nothing.
            The answers are for this person.

        Returns
        -------
        ndarray of shape (n_pairs,)
            Stars, within the scale of the training ratings.

        Raises
        ------
        ValueError
            If ids are not whole numbers or not of one length, if both or neither of ``user_ids``
            and ``ratings`` are given, if a rating is off the scale or not a number, or if a film
            is rated twice.
        """
        self._check_fitted()
        if movie_ids is None:
            raise ValueError("predict needs movie_ids")
        one_of_two("user_ids", user_ids, ratings)
        if ratings is not None:
            movies = whole_ids("movie", movie_ids)
            people = self._newcomers([brought_ratings(ratings)])
            return self._stars(people, np.zeros(len(movies), np.int64), self._columns(movies))
        users, movies = paired_ids(user_ids, movie_ids)
        films = self._columns(movies)
        found, persons = np.unique(users, return_inverse=True)
        rows = self._rows(found)
        stars = np.empty(len(users))
        unknown = rows[persons] < 0
        if np.any(unknown):
            nobody = self._newcomers([{}])
            first_of_one = np.zeros(int(np.sum(unknown)), np.int64)
            stars[unknown] = self._stars(nobody, first_of_one, films[unknown])
        # By blocks of users: what is known of a person may be large.
        known = np.flatnonzero(~unknown)
        known = known[np.argsort(rows[persons[known]], kind="stable")]
        asked, starts = np.unique(rows[persons[known]], return_index=True)
        for first in range(0, len(asked), self._block):
            block = asked[first : first + self._block]
            stop = starts[first + len(block)] if first + len(block) < len(asked) else len(known)
            pairs = known[starts[first] : stop]
            place = np.searchsorted(block, rows[persons[pairs]])
            stars[pairs] = self._stars(self._training_users(block), place, films[pairs])
        return stars

    def recommend(
        self,
        user_id: int | None = None,
        n: int = 10,
        *,
        ratings: "Brought | None" = None,
        exclude_rated: bool = True,
        among: Iterable[int] | None = None,
    ) -> pd.DataFrame:
        """The ``n`` films to show a person, best first, with the reason for each.

        Parameters
        ----------
        user_id : int
            A training user; not with ``ratings``.
        n : int, default 10
        ratings : mapping, Series, DataFrame or iterable of pairs, optional
            A person who was not trained on, by what they rated, as in :meth:`predict`.
        exclude_rated : bool, default True
            Leave out what the person rated.
        among : iterable of int, optional
            Movie ids to choose from.

        Returns
        -------
        DataFrame
            movieId, title, score (what films are ranked by), expected_rating (stars), n_ratings
            (of the users whom the reason is about) and reason; fewer than ``n`` rows where fewer
            films can be recommended. Equal scores stand by falling number of ratings of all
            users, then by movieId.

        Raises
        ------
        ValueError
            If ``n`` is negative, if both or neither of ``user_id`` and ``ratings`` are given, if a
            rating is off the scale or not a number, or if a film is rated twice.
        KeyError
            If the user was not among the training users.
        """
        self._check_fitted()
        check_n(n)
        one_of_two("user_id", user_id, ratings)
        people = (
            self._training_users(np.array([self._matrix.row_of(whole_id("user", user_id))]))
            if user_id is not None
            else self._newcomers([brought_ratings({} if ratings is None else ratings)])
        )
        eligible = self._eligible(among)
        return self._frame(people, 0, self._best(people, n, exclude_rated, eligible)[0])

    def recommend_all(
        self, n: int = 10, *, exclude_rated: bool = True, among: Iterable[int] | None = None
    ) -> pd.DataFrame:
        """The films to show every training user: :meth:`recommend` with a column userId before."""
        self._check_fitted()
        check_n(n)
        eligible = self._eligible(among)
        frames = []
        for rows in self._row_blocks():
            people = self._training_users(rows)
            for person, ranking in enumerate(self._best(people, n, exclude_rated, eligible)):
                frame = self._frame(people, person, ranking)
                user_id = self._matrix.user_ids[rows[person]]
                frame.insert(0, "userId", np.full(len(frame), user_id))
                frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def top(
        self, user_ids: npt.ArrayLike, n: int = 10, *, exclude_rated: bool = True
    ) -> npt.NDArray[np.int64]:
        """Movie ids of the best films of training users, without reasons.

        Returns
        -------
        ndarray of shape (n_users, n)
            Best first; -1 where there are fewer.

        Raises
        ------
        KeyError
            If a user was not among the training users.
        """
        self._check_fitted()
        self._check_lists(n)
        users = whole_ids("user", user_ids)
        rows = self._rows(users)
        if np.any(rows < 0):
            raise KeyError(f"no user {users[rows < 0][0]} among the {len(self._matrix.user_ids)}")
        blocks = [
            self._top(self._training_users(rows[first : first + self._block]), n, exclude_rated)
            for first in range(0, len(rows), self._block)
        ]
        return np.concatenate([np.empty((0, n), np.int64), *blocks])

    def top_new(
        self, ratings: "Sequence[Brought]", n: int = 10, *, exclude_rated: bool = True
    ) -> npt.NDArray[np.int64]:
        """The same for people who were not trained on, each given by their ratings."""
        self._check_fitted()
        self._check_lists(n)
        if isinstance(ratings, Mapping | pd.Series | pd.DataFrame):
            raise ValueError("top_new takes a list of people: for one, pass [ratings]")
        people = [brought_ratings(of_one) for of_one in ratings]
        blocks = [
            self._top(self._newcomers(people[first : first + self._block]), n, exclude_rated)
            for first in range(0, len(people), self._block)
        ]
        return np.concatenate([np.empty((0, n), np.int64), *blocks])

    def explain(
        self,
        user_id: int | None = None,
        movie_id: int | None = None,
        *,
        ratings: "Brought | None" = None,
    ) -> Prediction:
        """What :meth:`predict` says of one pair, its parts, and the evidence.

        Parameters
        ----------
        user_id : int
            Not with ``ratings``.
        movie_id : int
        ratings : mapping, Series, DataFrame or iterable of pairs, optional
            A person who was not trained on, by what they rated, as in :meth:`predict`.

        Returns
        -------
        Prediction
        """
        self._check_fitted()
        if movie_id is None:
            raise ValueError("explain needs a movie_id")
        one_of_two("user_id", user_id, ratings)
        row = -1 if user_id is None else int(self._rows(np.array([whole_id("user", user_id)]))[0])
        people = (
            self._training_users(np.array([row]))
            if row >= 0
            else self._newcomers([brought_ratings({} if ratings is None else ratings)])
        )
        film = int(self._columns(np.array([whole_id("movie", movie_id)]))[0])
        found = self._parts(people.placed, np.array([0]), np.array([film]))
        parts = [Part(name, float(stars[0])) for name, stars in found.items()]
        total = float(total_of(found)[0])
        rating = float(np.clip(total, self._scale.smallest, self._scale.largest))
        if rating != total:
            parts.append(Part("kept within the scale", rating - total))
        return Prediction(
            **vars(self._evidence(people, 0, film)),
            user_id=user_id,
            movie_id=movie_id,
            title=str(self._matrix.titles[film]) if film < self._n_films else "",
            rating=rating,
            parts=tuple(parts),
        )

    def save(self, path: str | Path) -> None:
        """Write parameters and what was learned to a file that :meth:`load` reads.

        Parameters
        ----------
        path : str or Path
            An npz file; nothing in it is pickled. A file of that name is replaced when the new
            one is complete. Links are followed.

        Raises
        ------
        ValueError
            If :meth:`load` would refuse the file.
        OSError
            If the file cannot be written; the message names it.
        """
        self._check_fitted()
        storage.save(Path(path), self)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The recommender that :meth:`save` wrote; its answers have the same bits.

        Every array of the file is checked, so that a damaged or edited file cannot end the
        process, now or at a later question.

        Parameters
        ----------
        path : str or Path

        Returns
        -------
        Recommender

        Raises
        ------
        ValueError
            If the file is not a recommender's, is damaged, or holds another class than the one
            asked.
        OSError
            If the file cannot be opened.
        """
        model = storage.load(Path(path))
        if not isinstance(model, cls):
            file = npz.shown(Path(path), 200)
            raise ValueError(f"{file} holds a {type(model).__name__}, not a {cls.__name__}")
        return model
