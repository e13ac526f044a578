"""What is said of groups: pandas recounts each share, count, median and year from the tables."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys import RatingMatrix, Ratings, TasteClusters, cluster_users, describe_groups
from recsys.analysis.likings import Liking
from recsys.data.scale import LIKES
from recsys.synthetic.ratings import make_ratings
from recsys.titles.names import spoken

ALL = 10_000

Pair = tuple[int, int]
# A name, the ratings here, the likes here of so many, and the likes elsewhere of so many.
Row = tuple[str, int, int, int, int, int]


def recount(clusters: TasteClusters, ratings: Ratings) -> None:
    """Compare the descriptions with what pandas counts."""
    matrix = clusters.matrix
    group_of = clusters.user_labels().set_index("userId")["cluster"]
    movies = ratings.movies.assign(title=ratings.movies["title"].map(spoken))
    table = ratings.ratings.merge(movies, on="movieId")
    table["group"] = table["userId"].map(group_of)
    cells = table.groupby(["group", "userId", "title"], as_index=False)["rating"].mean()
    genres = movies.set_index("movieId")["genres"].loc[matrix.movie_ids].to_numpy()
    cells["genre"] = cells["title"].map(dict(zip(map(spoken, matrix.titles), genres, strict=True)))
    cells = cells.dropna(subset="genre")  # the other titles are not in the matrix
    cells["liked"] = cells["rating"] >= ratings.scale.likes_from
    of_genres = cells.assign(genre=cells["genre"].str.split("|")).explode("genre")
    of_genres = of_genres[of_genres["genre"] != "(no genres listed)"]

    described = describe_groups(clusters, ratings, ALL)
    assert [group.group for group in described] == list(range(clusters.n_clusters))
    assert len({group.name for group in described}) == len(described)
    for group in described:
        users = group_of == group.group
        sizes = int(users.sum()), int((~users).sum())
        assert (group.n_users, group.n_users_elsewhere) == sizes
        here = cells["group"] == group.group
        n_likes = int(cells.loc[here, "liked"].sum()), int(cells.loc[~here, "liked"].sum())
        films = expected(cells, "title", group.group, n_likes, sizes, 0.1)
        assert counts(group.films, group.films_liked_less) == films
        of_genre = expected(of_genres, "genre", group.group, n_likes, n_likes, 0.02)
        shown = counts(group.genres, group.genres_liked_less)
        for found, all_of in zip(shown, of_genre, strict=True):
            assert found <= all_of
            assert len(found) == min(3, len(all_of))
        for likings in (group.films, group.films_liked_less, group.genres):
            assert sorted(likings, key=lambda liking: -abs(liking.z)) == list(likings)
        inside = table["group"] == group.group
        if group.n_users:
            medians = [t.groupby("userId").size().median() for t in (table[inside], table)]
            assert [group.ratings_per_user, group.ratings_per_user_of_all] == medians
        recount_side(
            ratings,
            table[inside],
            cells[here & cells["liked"]],
            (group.mean_rating, group.years_made, group.years_rated),
        )
        recount_side(
            ratings,
            table[~inside],
            cells[~here & cells["liked"]],
            (group.mean_rating_elsewhere, group.years_made_elsewhere, group.years_rated_elsewhere),
        )


def recount_side(
    ratings: Ratings,
    table: pd.DataFrame,
    liked: pd.DataFrame,
    said: tuple[float, Pair | None, Pair | None],
) -> None:
    """Recount the mean rating and the years of a group, or of all other users."""
    mean, made, rated = said
    expected = table["rating"].mean() if ratings.scale.predicts else np.nan
    np.testing.assert_allclose(mean, expected)
    of_titles = liked["title"].str.extract(r"\((\d{4})\)\s*$")[0].dropna().astype(int)
    assert made == middle_half(of_titles)
    if ratings.has_times:
        assert rated == middle_half(pd.to_datetime(table["timestamp"], unit="s").dt.year)
    else:
        assert rated is None


def middle_half(years: "pd.Series[int]") -> Pair | None:
    if years.empty:
        return None
    first = years.quantile(0.25, interpolation="lower")
    return int(first), int(years.quantile(0.75, interpolation="higher"))


def counts(*lists: tuple[Liking, ...]) -> tuple[set[Row], ...]:
    return tuple(
        {(x.name, x.n_ratings, x.n_liked, x.n, x.n_liked_elsewhere, x.n_elsewhere) for x in likings}
        for likings in lists
    )


def expected(
    cells: pd.DataFrame, by: str, group: int, n_likes: Pair, out_of: Pair, least: float
) -> tuple[set[Row], set[Row]]:
    """The likings by their definition, one item at a time."""
    more: set[Row] = set()
    less: set[Row] = set()
    rated, liked = (
        pd.crosstab(rows[by], rows["group"] == group).reindex(columns=[True, False], fill_value=0)
        for rows in (cells, cells[cells["liked"]])
    )
    liked = liked.reindex(rated.index, fill_value=0)
    for item in rated.index[rated[True] >= 10] if out_of[0] >= 10 and min(n_likes) else ():
        a, c = map(int, liked.loc[item])
        if max(a / out_of[0], c / out_of[1]) < least:
            continue
        prior = len(rated) * (a + c + 0.5) / (sum(n_likes) + 1)
        odds = [
            (likes + prior) / (total + len(rated) - likes - prior)
            for likes, total in zip((a, c), n_likes, strict=True)
        ]
        z = math.log(odds[0] / odds[1]) / math.sqrt(1 / (a + prior) + 1 / (c + prior))
        found = (item, int(rated.loc[item, True]), a, out_of[0], c, out_of[1])
        plain = a * (out_of[1] - c), c * (out_of[0] - a)
        if z >= 3 and plain[0] >= 1.25 * plain[1]:
            more.add(found)
        if z <= -3 and plain[1] >= 1.25 * plain[0]:
            less.add(found)
    return more, less


@pytest.fixture(scope="module")
def made() -> Ratings:
    return make_ratings(n_users=150, n_movies=50, n_ratings=3000, random_state=0)


def test_every_share_and_count_on_real_ratings(real_ratings: Ratings) -> None:
    matrix = RatingMatrix.from_ratings(real_ratings, "title").most_rated(500)
    clusters = cluster_users(matrix, 6)
    recount(clusters, real_ratings)
    described = describe_groups(clusters, real_ratings)
    assert described[-1].name == "leftover: people without likes"
    # Every group by likes has a taste, and the films it is named after tell it apart.
    for group in described[:-1]:
        assert not group.is_leftover
        assert all(film.share > 1.25 * film.share_elsewhere for film in group.films[:1])


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 99),
    shares=st.lists(st.floats(0, 1), min_size=8, max_size=8),
    only_likes=st.booleans(),
)
def test_every_share_and_count_on_any_ratings(
    seed: int, shares: list[float], only_likes: bool
) -> None:
    """60 users in 3 groups, of which two like films with the drawn probabilities."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(4, 60, p=[0.5, 0.38, 0.12, 0]).astype(np.int32)
    of_group = np.array([shares, shares[::-1], [0.5] * 8])[labels]
    rated = rng.random((60, 8)) < 0.8
    rated[:, 0] = True
    users, films = np.nonzero(rated)
    values = np.where(rng.random((60, 8)) < of_group, 5.0, 2.0)[users, films]
    table = pd.DataFrame({"userId": users + 1, "movieId": films + 1, "rating": values})
    if only_likes:
        table["rating"] = 1.0
    titles = [f"Film, The {film} ({1990 + film})" for film in range(8)]
    genres = ["War", "War|Crime", "Crime", "", "Art|War", "Art", "", "Crime|Art"]
    movies = pd.DataFrame({"movieId": range(1, 9), "title": titles, "genres": genres})
    ratings = Ratings.from_frames(table, movies, scale=LIKES if only_likes else None)
    recount(TasteClusters(RatingMatrix.from_ratings(ratings), labels, 4, 0.0), ratings)


def test_groups_of_likes_alone_are_described(made: Ratings) -> None:
    liked = made.ratings[made.ratings["rating"] >= 4].assign(rating=1.0)
    likes = Ratings.from_frames(liked, made.movies, scale=LIKES)
    clusters = cluster_users(RatingMatrix.from_ratings(likes), 2, random_state=1)
    recount(clusters, likes)
    for group in describe_groups(clusters, likes):
        assert group.films
        assert np.isnan(group.mean_rating)
        assert not any("mean" in fact for fact in group.facts)


def two_tastes(n_of_the_second: int = 20) -> tuple[Ratings, TasteClusters]:
    """Group 0 likes films 1 and 2, and one of its users film 3; group 1 likes film 4."""
    rows = [(user, film, 5.0) for user in range(20) for film in (1, 2)]
    second = range(20, 20 + n_of_the_second)
    rows += [(user, 4, 4.0) for user in second] + [(user, 1, 2.0) for user in second]
    rows += [(0, 3, 5.0)] + [(user, 3, 2.0) for user in second]
    ratings = Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
        pd.DataFrame({"movieId": range(1, 5), "title": ["Up", "Big", "Anaconda (1997)", "Jaws"]}),
    )
    labels = np.repeat([0, 1], [20, n_of_the_second]).astype(np.int32)
    return ratings, TasteClusters(RatingMatrix.from_ratings(ratings), labels, 3, 0.0)


def test_one_enthusiast_is_not_a_taste_and_names_are_honest() -> None:
    """One rating of 5.00 against a mean of 2.00 elsewhere describes nobody."""
    ratings, clusters = two_tastes()
    first, second, empty = describe_groups(clusters, ratings)
    assert [film.name for film in first.films] == ["Up", "Big"]
    assert str(first.films[0]) == "100 % (20 of 20), elsewhere 0 % (0 of 20)"
    assert (first.films[0].n_ratings, first.films[0].movie_id) == (20, 1)
    # Nobody of the first group rated Jaws, so it is not said to like it less.
    assert first.films_liked_less == ()
    assert [film.name for film in second.films] == ["Jaws"]
    assert [film.name for film in second.films_liked_less] == ["Up"]
    assert [first.name, second.name, empty.name] == ["Up", "Jaws", "leftover: nobody"]
    assert first.facts == (
        "20 users of 40. The median number of ratings is 2 (of all users: 3).",
        "The mean rating is 5.00 (elsewhere: 2.67).",
    )
    assert first.years_made == (1997, 1997)
    assert second.years_made is None
    assert empty.facts == ("None of 40 users is in this group.",)
    assert empty.is_leftover
    assert np.isnan(empty.ratings_per_user)


def test_fewer_than_ten_users_have_no_described_taste() -> None:
    ratings, clusters = two_tastes(n_of_the_second=9)
    _, second, _ = describe_groups(clusters, ratings)
    assert (second.films, second.films_liked_less, second.genres) == ((), (), ())
    assert second.name == "leftover: only 9 people"


def test_equal_names_are_told_apart() -> None:
    """Two groups with the same tastes, and a third one with none of theirs."""
    rows = [(user, film, 5.0) for user in range(40) for film in (1, 2)]
    rows += [(user, film, 5.0) for user in range(40, 140) for film in (3, 4)]
    ratings = Ratings.from_frames(pd.DataFrame(rows, columns=["userId", "movieId", "rating"]))
    labels = np.repeat([0, 1, 2], [20, 20, 100]).astype(np.int32)
    clusters = TasteClusters(RatingMatrix.from_ratings(ratings), labels, 3, 0.0)
    names = [group.name for group in describe_groups(clusters, ratings)]
    assert names == ["1", "1, 2", "3"]
    names = [group.name for group in describe_groups(clusters, ratings, n=1)]
    assert names == ["1", "1 (group 1)", "3"]


def test_groups_that_like_the_same_are_leftovers() -> None:
    ratings = Ratings.from_frames(
        pd.DataFrame([(u, f, 4.0) for u in range(40) for f in (1, 2)]).set_axis(
            ["userId", "movieId", "rating"], axis=1
        )
    )
    labels = np.repeat([0, 1], 20).astype(np.int32)
    matrix = RatingMatrix.from_ratings(ratings)
    first, second = describe_groups(TasteClusters(matrix, labels, 2, 0.0), ratings)
    assert first.name == "leftover: nothing is clearly liked more"
    assert second.name == "leftover: nothing is clearly liked more (group 1)"
    (everybody,) = describe_groups(TasteClusters(matrix, labels * 0, 1, 0.0), ratings)
    assert everybody.is_leftover
    assert everybody.n_users_elsewhere == 0


def test_other_ratings_are_refused(made: Ratings) -> None:
    clusters = cluster_users(RatingMatrix.from_ratings(made), 2)
    others = Ratings.from_frames(made.ratings[made.ratings["userId"] != 7], made.movies)
    with pytest.raises(ValueError, match="user 7 of the groups has no ratings; describe groups wi"):
        describe_groups(clusters, others)
