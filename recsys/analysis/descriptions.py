"""Describes groups of users: size, activity, years, and what each likes more and less."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.analysis.genres import genre_table
from recsys.analysis.likings import (
    FEWEST_RATINGS,
    LEAST_SHARE_OF_LIKES,
    LEAST_SHARE_OF_USERS,
    Liking,
    Tally,
)
from recsys.analysis.taste import TasteClusters, likes_of
from recsys.data.ratings import Ratings
from recsys.titles.names import Title, spoken
from recsys.words import counted

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# The first and the last year of the middle half.
Years = tuple[int, int]

# A group is named after this many genres, and one film (more if names would be equal).
NAMING_GENRES = 2

# The greatest number of genres in a list. Three tell enough, and a film has about two.
N_GENRES = 3


@dataclass(frozen=True)
class GroupDescription:
    """What is known of one group of users. "Elsewhere" means all other users of the matrix.

    Attributes
    ----------
    group : int
        The number of the group.
    name : str
        What sets the group apart. No two groups have the same name.
    is_leftover : bool
        Whether there is no film and no genre that the group likes more than others do.
    n_users, n_users_elsewhere : int
        The users in the group, and the other users.
    ratings_per_user, ratings_per_user_of_all : float
        The median number of ratings of a user of the group, and of any user. NaN without users.
    mean_rating, mean_rating_elsewhere : float
        The mean of all ratings. NaN without ratings, or if ratings are likes or counts.
    films, films_liked_less : tuple of Liking
        The films that a larger share of the group likes than elsewhere, and a smaller share.
    genres, genres_liked_less : tuple of Liking
        The genres that have a larger share of the group's likes than elsewhere, and a smaller one.
    years_made, years_made_elsewhere : tuple of two int, or None
        The years in which the middle half of the liked films were made; a film counts for each
        like. None if no title has a year.
    years_rated, years_rated_elsewhere : tuple of two int, or None
        The years of the middle half of the ratings. None if there are no times.

    Examples
    --------
    >>> from recsys import RatingMatrix, cluster_users, describe_groups, make_ratings
    >>> ratings = make_ratings(n_users=200, n_movies=60, n_ratings=4000, random_state=0)
    >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=2)
    >>> describe_groups(clusters, ratings)[0].facts[0]
    '81 users of 200. The median number of ratings is 20 (of all users: 20).'
    """

    group: int
    name: str
    is_leftover: bool
    n_users: int
    n_users_elsewhere: int
    ratings_per_user: float
    ratings_per_user_of_all: float
    mean_rating: float
    mean_rating_elsewhere: float
    films: tuple[Liking, ...]
    films_liked_less: tuple[Liking, ...]
    genres: tuple[Liking, ...]
    genres_liked_less: tuple[Liking, ...]
    years_made: Years | None
    years_made_elsewhere: Years | None
    years_rated: Years | None
    years_rated_elsewhere: Years | None

    @property
    def facts(self) -> tuple[str, ...]:
        """Sentences about everything but films and genres."""
        return tuple(self._facts())

    def _facts(self) -> Iterator[str]:
        n_all = self.n_users + self.n_users_elsewhere
        if self.n_users == 0:
            yield f"None of {counted(n_all, 'user')} is in this group."
            return
        yield (
            f"{counted(self.n_users, 'user')} of {n_all:,}. The median number of ratings is "
            f"{self.ratings_per_user:,g} (of all users: {self.ratings_per_user_of_all:,g})."
        )
        if np.isfinite([self.mean_rating, self.mean_rating_elsewhere]).all():
            yield (
                f"The mean rating is {self.mean_rating:.2f} (elsewhere: "
                f"{self.mean_rating_elsewhere:.2f})."
            )
        for what, here, elsewhere in (
            ("likes is for films of", self.years_made, self.years_made_elsewhere),
            ("ratings is from", self.years_rated, self.years_rated_elsewhere),
        ):
            if here and elsewhere:
                periods = f"{_period(here)} (elsewhere: {_period(elsewhere)})"
                yield f"The middle half of the {what} {periods}."


def describe_groups(
    clusters: TasteClusters, ratings: Ratings, n: int = 5
) -> tuple[GroupDescription, ...]:
    """Describe each group of users by what it likes more and less than all other users do.

    The films are those of ``clusters.matrix``. A film's share is the users who liked it, of all
    users of the group, whether they rated it or not. A genre's share is of all likes. Only clear
    differences are listed, clearest first (``recsys.analysis.likings``). Nothing is said about a
    film or genre with fewer than 10 ratings in the group, or about the taste of fewer than 10
    users.

    Parameters
    ----------
    clusters : TasteClusters
        The groups.
    ratings : Ratings
        The ratings from which ``clusters.matrix`` was made.
    n : int, default 5
        The greatest number of films in each list. Lists of genres have at most 3.

    Returns
    -------
    tuple of GroupDescription
        One for each group, in the order of the groups' numbers.

    Raises
    ------
    ValueError
        If a user of the groups has no ratings in ``ratings``.

    Examples
    --------
    >>> from recsys import RatingMatrix, cluster_users, describe_groups, make_ratings
    >>> ratings = make_ratings(n_users=200, n_movies=60, n_ratings=4000, random_state=0)
    >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=2)
    >>> for group in describe_groups(clusters, ratings):
    ...     print(group.name, "|", group.films[0])
    Comedy and Romance: The Drifting Fiddler | 51 % (41 of 81), elsewhere 6 % (7 of 119)
    Action and Animation: The Drifting Almanac | 69 % (82 of 119), elsewhere 9 % (7 of 81)
    """
    counts = _Counts(clusters, ratings)
    described: list[GroupDescription] = []
    for group in range(clusters.n_clusters):
        nameless = counts.described(group, n)
        taken = {other.name for other in described}
        name = next(name for name in _names(nameless, clusters.leftover) if name not in taken)
        described.append(replace(nameless, name=name))
    return tuple(described)


def _names(group: GroupDescription, without_likes: int | None) -> Iterator[str]:
    """The names that fit a group, the best one first. The last one fits no other group."""
    name = " and ".join(genre.name for genre in group.genres[:NAMING_GENRES])
    if group.n_users == 0:
        name = "leftover: nobody"
    elif group.group == without_likes:
        name = "leftover: people without likes"
    elif group.n_users < FEWEST_RATINGS:
        name = f"leftover: only {counted(group.n_users, 'person', 'people')}"
    elif group.is_leftover:
        name = "leftover: nothing is clearly liked more"
    films = [Title.of(film.name).names[0] for film in group.films]
    for n_films in range(1, len(films) + 1):
        yield ": ".join(filter(None, [name, ", ".join(films[:n_films])]))
    if name:
        yield name
    yield f"{name or films[0]} (group {group.group})"


class _Counts:
    """The likes, ratings and years of each user, which all descriptions share."""

    def __init__(self, clusters: TasteClusters, ratings: Ratings) -> None:
        self.labels, self.predicts = clusters.labels, ratings.scale.predicts
        matrix = replace(clusters.matrix, scale=ratings.scale)
        likes, rated = likes_of(matrix), matrix.values.copy()
        rated.data = np.ones(len(rated.data))
        titles = [spoken(str(title)) for title in matrix.titles]
        ids = matrix.movie_ids.tolist()
        self.films = Tally(titles, ids, likes, rated, LEAST_SHARE_OF_USERS)
        genres = genre_table(ratings, matrix.movie_ids)
        of_genre = genres.to_numpy(dtype=np.float64)
        names, no_ids = list(map(str, genres.columns)), [None] * genres.shape[1]
        of_user = likes @ of_genre, rated @ of_genre
        self.genres = Tally(names, no_ids, *of_user, LEAST_SHARE_OF_LIKES)
        self.n_likes = np.diff(likes.indptr)
        self.liker = np.repeat(np.arange(matrix.shape[0]), self.n_likes)
        self.made = np.array([Title.of(title).year or np.nan for title in titles])[likes.indices]

        table = ratings.ratings
        user = pd.Index(matrix.user_ids).get_indexer(pd.Index(table["userId"]))
        rows: Any = slice(None) if np.all(user >= 0) else user >= 0
        self.rater = user[rows]
        self.n_ratings = np.bincount(self.rater, minlength=matrix.shape[0])
        if not self.n_ratings.all():
            missing = matrix.user_ids[np.argmin(self.n_ratings)]
            raise ValueError(
                f"user {missing} of the groups has no ratings; describe groups with the ratings "
                "that they were made from"
            )
        self.rating = table["rating"].to_numpy(dtype=np.float64)[rows]
        self.rated = np.full(len(self.rater), np.nan)
        if ratings.has_times:
            seconds = table["timestamp"].to_numpy()[rows].astype("datetime64[s]")
            self.rated = seconds.astype("datetime64[Y]").astype(np.float64) + 1970

    def described(self, group: int, n: int) -> GroupDescription:
        """The description of a group without its name."""
        here = self.labels == group
        sizes = int(here.sum()), int((~here).sum())
        n_likes = int(self.n_likes[here].sum()), int(self.n_likes[~here].sum())
        films: tuple[tuple[Liking, ...], tuple[Liking, ...]] = ((), ())
        genres = films
        if sizes[0] >= FEWEST_RATINGS and min(n_likes) > 0:
            films = self.films.more_and_less(here, n_likes, sizes, n)
            genres = self.genres.more_and_less(here, n_likes, n_likes, N_GENRES)
        return GroupDescription(
            group=group,
            name="",
            is_leftover=not (films[0] or genres[0]),
            n_users=sizes[0],
            n_users_elsewhere=sizes[1],
            ratings_per_user=_median(self.n_ratings[here]),
            ratings_per_user_of_all=_median(self.n_ratings),
            mean_rating=self._mean_rating(here),
            mean_rating_elsewhere=self._mean_rating(~here),
            films=films[0],
            films_liked_less=films[1],
            genres=genres[0],
            genres_liked_less=genres[1],
            years_made=_middle_half(self.made[here[self.liker]]),
            years_made_elsewhere=_middle_half(self.made[~here[self.liker]]),
            years_rated=_middle_half(self.rated[here[self.rater]]),
            years_rated_elsewhere=_middle_half(self.rated[~here[self.rater]]),
        )

    def _mean_rating(self, users: Mask) -> float:
        ratings = self.rating[users[self.rater]]
        return float(ratings.mean()) if self.predicts and len(ratings) else np.nan


def _median(numbers: npt.NDArray[np.intp]) -> float:
    return float(np.median(numbers)) if len(numbers) else np.nan


def _middle_half(years: Floats) -> Years | None:
    """The years from the first to the third quartile. Years that are NaN are left out."""
    years = years[~np.isnan(years)]
    if len(years) == 0:
        return None
    first = np.quantile(years, 0.25, method="lower")
    return int(first), int(np.quantile(years, 0.75, method="higher"))


def _period(years: Years) -> str:
    first, last = years
    return f"{first}" if first == last else f"{first} to {last}"
