"""Splits of ratings into a part to learn from and a part to be tested on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Id, Ids
from recsys.data.ratings import Ints, Ratings
from recsys.data.scale import Mask
from recsys.words import counted

# Each split holds out a fifth: of the rows, of each user's ratings by time, or of the users.
N_FOLDS = 5
TEST_SHARE = 0.2

# A user with fewer ratings keeps all of them in the training part.
FEWEST_TO_PART = 5

# The most ratings that a held-out user shows; the user's other ratings are the test rows.
MOST_SHOWN = 20

TEST_COLUMNS = ["userId", "movieId", "rating"]

# Which fifth of each user's ratings is held out: the last by time, one at random, or the last in
# the order of the file.
SplitBy = Literal["time", "random", "order"]
SPLITS: tuple[SplitBy, ...] = get_args(SplitBy)


@dataclass(frozen=True, eq=False)
class Split:
    """Ratings in two parts.

    Attributes
    ----------
    train : Ratings
        The ratings to learn from. ``movies`` still holds every item.
    test : DataFrame
        The held-out ratings: userId, movieId, rating, in the order of the file.
    """

    train: Ratings
    test: pd.DataFrame


@dataclass(frozen=True, eq=False)
class UserHoldout:
    """A user holdout: users held out with all their ratings, to test cold start.

    Attributes
    ----------
    train : Ratings
        The ratings of all other users.
    user_ids : ndarray of shape (n_users,), int64 or str objects
        Ids of the held-out users, ascending.
    shown : DataFrame
        userId, movieId, rating: the 20 ratings that each held-out user can show, by userId, then
        in the order of showing.
    test : DataFrame
        The other ratings of the held-out users, in the order of the file. They do not depend on
        how many ratings are shown.
    n_too_few : int
        Number of held-out users with at most 20 ratings. They are in neither part.
    """

    train: Ratings
    user_ids: Ids
    shown: pd.DataFrame
    test: pd.DataFrame
    n_too_few: int

    def first_ratings(self, n_shown: int) -> list[dict[Id, float]]:
        """The first ratings of each held-out user.

        Parameters
        ----------
        n_shown : int
            How many ratings each user shows.

        Returns
        -------
        list of dict
            {movieId: rating} of each user, in the order of ``user_ids``.

        Raises
        ------
        ValueError
            If ``n_shown`` is not 0 to 20.
        """
        if not 0 <= n_shown <= MOST_SHOWN:
            raise ValueError(f"a user can show 0 to {MOST_SHOWN} ratings, not {n_shown}")
        movie_ids, values = (
            self.shown[column].to_numpy().reshape(-1, MOST_SHOWN)[:, :n_shown].tolist()
            for column in ("movieId", "rating")
        )
        return [dict(zip(*shown, strict=True)) for shown in zip(movie_ids, values, strict=True)]


def some_users(ratings: Ratings, n_users: int, seed: int = 0) -> Ratings:
    """Draw some users, and keep all their ratings and no others.

    Parameters
    ----------
    ratings : Ratings
    n_users : int
        The number of users. If there are no more, all are kept.
    seed : int, default 0
        Seed of the draw.

    Returns
    -------
    Ratings
        The ratings in the order of the file. ``movies`` still holds every item.

    Examples
    --------
    >>> from recsys import make_ratings
    >>> some_users(make_ratings(n_users=40, n_movies=60, n_ratings=900), 5).n_users
    5
    """
    users, user_ids = pd.factorize(ratings.ratings["userId"].to_numpy())
    if n_users >= len(user_ids):
        return ratings
    drawn = np.zeros(len(user_ids), np.bool_)
    drawn[np.random.default_rng(seed).permutation(len(user_ids))[:n_users]] = True
    return _part(ratings, drawn[users])


def row_folds(ratings: Ratings, seed: int = 0) -> Iterator[Split]:
    """Make five splits; each holds out another fifth of the rows.

    ``numpy.random.default_rng(seed)`` draws a permutation ``perm`` of the rows. Row ``perm[i]`` is
    in fold ``i % 5``.

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
        raise ValueError(f"{N_FOLDS} folds need at least {N_FOLDS} ratings, not {n_rows}")
    fold = np.empty(n_rows, np.int8)
    fold[np.random.default_rng(seed).permutation(n_rows)] = np.arange(n_rows) % N_FOLDS
    return (_split(ratings, fold == number) for number in range(N_FOLDS))


def split_of(ratings: Ratings) -> SplitBy:
    """The split of ratings that nobody chose one for: by time if they have times, else random."""
    # The order of a file is often the order of the movies' ids, so it is used only when asked for.
    return "time" if ratings.has_times else "random"


def last_by_time(ratings: Ratings, seed: int = 0) -> Split:
    """Hold out each user's last fifth by time, or a random fifth if the ratings have no times.

    Parameters
    ----------
    ratings : Ratings
    seed : int, default 0
        Seed of the draw. It does not matter if the ratings have times.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If no user has 5 ratings.
    """
    return user_fifths(ratings, split_of(ratings), seed)


def user_fifths(ratings: Ratings, by: SplitBy, seed: int = 0) -> Split:
    """Hold out a fifth of each user's ratings, rounded up.

    A user with fewer than 5 ratings keeps all of them in the training part.

    Parameters
    ----------
    ratings : Ratings
    by : {"time", "random", "order"}
        Which fifth to hold out. "time" takes the last by time. If two ratings have the same
        timestamp, the one further down in the file is the later. "random" draws the fifth. "order"
        takes the ratings of the user that are furthest down in the file.
    seed : int, default 0
        Seed of the draw of "random".

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If ``by`` has another value, if it is "time" and the ratings have no times, or if no user
        has 5 ratings.

    Examples
    --------
    >>> from recsys import Ratings
    >>> ratings = Ratings.from_columns([7] * 5, [1, 2, 3, 4, 5], [4, 3, 5, 1, 2])
    >>> user_fifths(ratings, "order").test
       userId  movieId  rating
    0       7        5     2.0
    """
    if by not in SPLITS:
        raise ValueError(f"a split is by one of {', '.join(SPLITS)}, not {by!r}")
    table = ratings.ratings
    users, user_ids = pd.factorize(table["userId"].to_numpy(), sort=True)
    n_rated = np.bincount(users, minlength=len(user_ids))
    n_test = np.where(n_rated >= FEWEST_TO_PART, -(-n_rated // 5), 0)
    if not n_test.any():
        raise ValueError(f"no user has {FEWEST_TO_PART} ratings, so no fifth can be held out")
    places = _places(users, _keys(ratings, by, seed))
    return _split(ratings, places >= (n_rated - n_test)[users])


def _keys(ratings: Ratings, by: SplitBy, seed: int) -> npt.NDArray[Any]:
    """The number of each row by which the rows of a user are put in order."""
    n_rows = len(ratings.ratings)
    if by == "random":
        return np.random.default_rng(seed).random(n_rows)
    if by == "order":
        return np.arange(n_rows)
    if not ratings.has_times:
        raise ValueError("the ratings have no times to split them by; choose 'random' or 'order'")
    return ratings.ratings["timestamp"].to_numpy()


def whole_users(ratings: Ratings, share: float = TEST_SHARE, seed: int = 0) -> UserHoldout:
    """Hold out some users with all their ratings.

    Parameters
    ----------
    ratings : Ratings
    share : float, default 0.2
        Share of the users to hold out, rounded to the nearest whole number of users, at least 1.
    seed : int, default 0
        Seed that draws the users, and the order in which each user shows ratings.

    Returns
    -------
    UserHoldout

    Raises
    ------
    ValueError
        If no user would be left to learn from, or no held-out user has more than 20 ratings.

    Examples
    --------
    >>> from recsys import make_ratings
    >>> ratings = make_ratings(n_users=10, n_movies=60, n_ratings=300, random_state=0)
    >>> holdout = whole_users(ratings)
    >>> len(holdout.user_ids), len(holdout.shown), holdout.train.n_users
    (2, 40, 8)
    """
    table = ratings.ratings
    users, user_ids = pd.factorize(table["userId"].to_numpy(), sort=True)
    n_users = len(user_ids)
    n_drawn = max(1, round(share * n_users))
    if n_drawn >= n_users:
        raise ValueError(
            f"share={share:g} holds out {n_drawn:,} of {counted(n_users, 'user')}; "
            "at least one user must be left to learn from"
        )
    rng = np.random.default_rng(seed)
    drawn = np.zeros(n_users, bool)
    drawn[rng.permutation(n_users)[:n_drawn]] = True
    asked = drawn & (np.bincount(users, minlength=n_users) > MOST_SHOWN)
    if not asked.any():
        raise ValueError(
            f"cold start needs held-out users with more than {MOST_SHOWN} ratings; "
            f"there is no such user among the {n_drawn:,} held out"
        )
    places = _places(users, rng.random(len(table)))
    shown = np.flatnonzero(asked[users] & (places < MOST_SHOWN))
    shown = shown[np.lexsort((places[shown], users[shown]))]
    test = np.flatnonzero(asked[users] & (places >= MOST_SHOWN))
    return UserHoldout(
        train=_part(ratings, ~drawn[users]),
        user_ids=user_ids[asked],
        shown=table[TEST_COLUMNS].take(shown).reset_index(drop=True),
        test=table[TEST_COLUMNS].take(test).reset_index(drop=True),
        n_too_few=int(drawn.sum() - asked.sum()),
    )


def _places(users: npt.NDArray[np.intp], keys: npt.NDArray[Any]) -> Ints:
    """Place of each row, from 0, among its user's rows by rising key; ties stay in row order."""
    order = np.lexsort((keys, users))
    n_rated = np.bincount(users)
    first = np.cumsum(n_rated) - n_rated
    places = np.empty(len(users), np.int64)
    places[order] = np.arange(len(users)) - np.repeat(first, n_rated)
    return places


def _split(ratings: Ratings, held_out: Mask) -> Split:
    test = ratings.ratings.loc[held_out, TEST_COLUMNS].reset_index(drop=True)
    return Split(_part(ratings, ~held_out), test)


def _part(ratings: Ratings, rows: Mask) -> Ratings:
    return replace(ratings, ratings=ratings.ratings[rows].reset_index(drop=True))
