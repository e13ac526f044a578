"""How ratings are parted into those that a recommender learns from and those it is asked about."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ratings import Ratings
from recsys.words import counted

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# Rows are parted into fifths; a user's last fifth is held out; so is every fifth user.
N_FOLDS = 5
TEST_SHARE = 0.2

# Fewer ratings than this cannot spare one.
FEWEST_TO_PART = 5

# The most ratings that a new person shows before being asked about the rest.
MOST_SHOWN = 20

TEST_COLUMNS = ["userId", "movieId", "rating"]


@dataclass(frozen=True, eq=False)
class Split:
    """Ratings in two parts.

    Attributes
    ----------
    train : Ratings
        What a recommender is fitted on; every film is still in ``movies``.
    test : DataFrame
        What is held out: userId, movieId, rating, in the order of the file.
    """

    train: Ratings
    test: pd.DataFrame


@dataclass(frozen=True, eq=False)
class NewPeople:
    """Users held out whole, who show some ratings and are asked about the others.

    Attributes
    ----------
    train : Ratings
        The ratings of everyone else.
    user_ids : ndarray of shape (n_people,), int64
        The new people, ascending.
    shown : DataFrame
        userId, movieId, rating: the 20 ratings that each of them can show, by userId, then in the
        order in which they are shown.
    test : DataFrame
        All their other ratings, in the order of the file. However many are shown, it is these
        that are asked about.
    n_too_few : int
        Users who were held out and have no more than 20 ratings: they are in neither part.
    """

    train: Ratings
    user_ids: Ints
    shown: pd.DataFrame
    test: pd.DataFrame
    n_too_few: int

    def first_ratings(self, n_shown: int) -> list[dict[int, float]]:
        """The first ratings of each person, {movieId: stars}, in the order of ``user_ids``.

        Raises
        ------
        ValueError
            If ``n_shown`` is not 0 to 20.
        """
        if not 0 <= n_shown <= MOST_SHOWN:
            raise ValueError(f"a new person shows 0 to {MOST_SHOWN} ratings, not {n_shown}")
        movie_ids, stars = (
            self.shown[column].to_numpy().reshape(-1, MOST_SHOWN)[:, :n_shown].tolist()
            for column in ("movieId", "rating")
        )
        return [dict(zip(*person, strict=True)) for person in zip(movie_ids, stars, strict=True)]


def row_folds(ratings: Ratings, seed: int = 0) -> Iterator[Split]:
    """Five splits, each with another fifth of the rows held out.

    With ``perm`` a permutation of the rows by ``numpy.random.default_rng(seed)``, row ``perm[i]``
    is in fold ``i % 5``.

    Parameters
    ----------
    ratings : Ratings
    seed : int, default 0

    Returns
    -------
    iterator of Split

    Raises
    ------
    ValueError
        If there are fewer than 5 ratings.

    Examples
    --------
    >>> from recsys import make_ratings
    >>> ratings = make_ratings(n_users=4, n_movies=30, n_ratings=43, random_state=0)
    >>> [len(split.test) for split in row_folds(ratings)]
    [9, 9, 9, 8, 8]
    """
    n_rows = len(ratings.ratings)
    if n_rows < N_FOLDS:
        raise ValueError(f"{counted(n_rows, 'rating')} cannot be parted into {N_FOLDS} folds")
    fold = np.empty(n_rows, np.int8)
    fold[np.random.default_rng(seed).permutation(n_rows)] = np.arange(n_rows) % N_FOLDS
    return (_split(ratings, fold == number) for number in range(N_FOLDS))


def last_by_time(ratings: Ratings) -> Split:
    """Each user's last ratings held out: a fifth of them, rounded up.

    Of ratings with one timestamp the later in the file is the later. A user with fewer than 5
    ratings keeps them all in the training part.

    Parameters
    ----------
    ratings : Ratings

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If nobody has 5 ratings.
    """
    table = ratings.ratings
    users, user_ids = pd.factorize(table["userId"].to_numpy(), sort=True)
    n_rated = np.bincount(users, minlength=len(user_ids))
    n_test = np.where(n_rated >= FEWEST_TO_PART, -(-n_rated // 5), 0)
    if not n_test.any():
        raise ValueError(f"nobody has {FEWEST_TO_PART} ratings, of which the last is held out")
    places = _places(users, table["timestamp"].to_numpy())
    return _split(ratings, places >= (n_rated - n_test)[users])


def whole_users(ratings: Ratings, share: float = TEST_SHARE, seed: int = 0) -> NewPeople:
    """Some users held out with all their ratings.

    Parameters
    ----------
    ratings : Ratings
    share : float, default 0.2
        Of the users, rounded to the nearest whole number and at least 1.
    seed : int, default 0
        Draws the users, and the order in which each of them shows ratings.

    Returns
    -------
    NewPeople

    Raises
    ------
    ValueError
        If nobody would be left to learn from, or nobody held out has more than 20 ratings.

    Examples
    --------
    >>> from recsys import make_ratings
    >>> people = whole_users(make_ratings(n_users=10, n_movies=60, n_ratings=300, random_state=0))
    >>> len(people.user_ids), len(people.shown), people.train.n_users
    (2, 40, 8)
    """
    table = ratings.ratings
    users, user_ids = pd.factorize(table["userId"].to_numpy(), sort=True)
    n_users = len(user_ids)
    n_drawn = max(1, round(share * n_users))
    if n_drawn >= n_users:
        raise ValueError(f"of {counted(n_users, 'user')} {n_drawn:,} cannot be held out whole")
    rng = np.random.default_rng(seed)
    drawn = np.zeros(n_users, bool)
    drawn[rng.permutation(n_users)[:n_drawn]] = True
    asked = drawn & (np.bincount(users, minlength=n_users) > MOST_SHOWN)
    if not asked.any():
        raise ValueError(
            f"of the {counted(n_drawn, 'user')} held out nobody has more than {MOST_SHOWN} ratings"
        )
    places = _places(users, rng.random(len(table)))
    shown = np.flatnonzero(asked[users] & (places < MOST_SHOWN))
    shown = shown[np.lexsort((places[shown], users[shown]))]
    test = np.flatnonzero(asked[users] & (places >= MOST_SHOWN))
    return NewPeople(
        train=_part(ratings, ~drawn[users]),
        user_ids=user_ids[asked],
        shown=table[TEST_COLUMNS].take(shown).reset_index(drop=True),
        test=table[TEST_COLUMNS].take(test).reset_index(drop=True),
        n_too_few=int(drawn.sum() - asked.sum()),
    )


def _places(users: npt.NDArray[np.intp], keys: npt.NDArray[np.generic]) -> Ints:
    """Each row's place, from 0, among the rows of its user by ascending key; ties as they stand."""
    order = np.lexsort((keys, users))
    n_rated = np.bincount(users)
    starts = np.cumsum(n_rated) - n_rated
    places = np.empty(len(users), np.int64)
    places[order] = np.arange(len(users)) - np.repeat(starts, n_rated)
    return places


def _split(ratings: Ratings, held_out: Mask) -> Split:
    test = ratings.ratings.loc[held_out, TEST_COLUMNS].reset_index(drop=True)
    return Split(_part(ratings, ~held_out), test)


def _part(ratings: Ratings, rows: Mask) -> Ratings:
    return replace(ratings, ratings=ratings.ratings[rows].reset_index(drop=True))
