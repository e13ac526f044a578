"""The built-in data set: its form, and its similarity to the real one."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.analysis.genres import contrast_subset, genre_means
from recsys.data.ratings import NO_GENRES, Ratings
from recsys.readers.loading import load_ratings
from recsys.synthetic import ratings as synthetic
from recsys.synthetic.movies import invent_movies
from recsys.synthetic.ratings import builtin_ratings, draw_liking, make_ratings, taste_groups

QUANTILES = [0, 0.10, 0.25, 0.50, 0.75, 0.90, 0.99, 1]
MOVIELENS_GENRES = {
    *("Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary"),
    *("Drama", "Fantasy", "Film-Noir", "Horror", "IMAX", "Musical", "Mystery", "Romance"),
    *("Sci-Fi", "Thriller", "War", "Western"),
}
HALF_STARS_SINCE = pd.Timestamp("2003-02-12")
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def builtin() -> Ratings:
    return builtin_ratings()


@pytest.fixture(scope="module", params=SEEDS)
def seeded(request: pytest.FixtureRequest) -> tuple[int, Ratings]:
    """The default size, from several seeds."""
    return request.param, make_ratings(random_state=request.param)


def release_years(movies: pd.DataFrame) -> pd.Series:
    """The year at the end of each title by movieId, or NaN if there is no year."""
    years = movies["title"].str.extract(r" \((\d{4})\)$")[0].astype(float)
    return pd.Series(years.to_numpy(), index=movies["movieId"])


def times(ratings: Ratings) -> pd.Series:
    return pd.to_datetime(ratings.ratings["timestamp"], unit="s")


def rating_sizes(ratings: Ratings, column: str) -> pd.Series:
    """The number of ratings of each user or of each rated movie."""
    return ratings.ratings.groupby(column).size()


def assert_tidy(made: Ratings, n_users: int, n_movies: int, n_ratings: int) -> None:
    """Check the properties that hold for every size."""
    ratings, movies = made.ratings, made.movies
    assert list(ratings.columns) == ["userId", "movieId", "rating", "timestamp"]
    assert list(movies.columns) == ["movieId", "title", "genres"]
    assert (len(ratings), len(movies)) == (n_ratings, n_movies)
    assert ratings["userId"].unique().tolist() == list(range(1, n_users + 1))
    assert movies["movieId"].is_monotonic_increasing
    assert movies["movieId"].is_unique
    assert not ratings.duplicated(["userId", "movieId"]).any()
    assert ratings["movieId"].isin(movies["movieId"]).all()
    by_user_and_movie = ratings.sort_values(["userId", "movieId"], kind="stable")
    assert by_user_and_movie.index.equals(ratings.index)
    assert ratings["rating"].isin(np.arange(1, 11) / 2).all()
    assert ratings["timestamp"].dtype == np.int64
    assert times(made).dt.year.between(1995, 2016).all()
    sizes = rating_sizes(made, "userId")
    if n_ratings >= 20 * n_users:
        assert sizes.min() >= 20
    else:
        assert sizes.max() - sizes.min() <= 1


class TestForm:
    def test_builtin_has_the_sizes_of_the_release(self, builtin: Ratings) -> None:
        assert_tidy(builtin, 671, 9125, 100_004)
        assert builtin.n_movies == 9066

    @given(
        n_users=st.integers(1, 40),
        n_movies=st.integers(1, 60),
        fullness=st.floats(0, 1),
        random_state=st.integers(0, 2**40),
    )
    def test_small_sizes(
        self, n_users: int, n_movies: int, fullness: float, random_state: int
    ) -> None:
        n_ratings = n_users + round(fullness * n_users * (n_movies - 1))
        made = make_ratings(n_users, n_movies, n_ratings, random_state)
        assert_tidy(made, n_users, n_movies, n_ratings)

    def test_every_user_rates_every_movie(self) -> None:
        assert_tidy(make_ratings(30, 200, 6000), 30, 200, 6000)

    def test_genres_are_movielens_own(self, builtin: Ratings) -> None:
        genres = builtin.movies["genres"]
        assert (genres == NO_GENRES).sum() == 18
        listed = genres[genres != NO_GENRES].str.split("|")
        assert set(listed.explode()) == MOVIELENS_GENRES
        assert all(parts == sorted(set(parts)) for parts in listed)

    def test_titles_look_like_titles(self, builtin: Ratings) -> None:
        titles = builtin.movies["title"]
        without_year = titles[~titles.str.contains(r" \(\d{4}\)$")]
        assert len(without_year) == 6
        assert all(title == title.strip() and "  " not in title for title in titles)
        assert not titles.str.contains(r"[{}\n]").any()
        assert titles.str.len().max() < 100

    def test_two_titles_belong_to_two_movies_each(self, builtin: Ratings) -> None:
        assert builtin.movies["title"].duplicated().sum() == 2

    @pytest.mark.parametrize("character", [", The (", '"', "'", "&", ":", "é", "(a.k.a. "])
    def test_titles_need_escaping(self, builtin: Ratings, character: str) -> None:
        assert builtin.movies["title"].str.contains(character, regex=False).sum() >= 5

    def test_no_name_stands_beside_itself(self, builtin: Ratings) -> None:
        pairs = builtin.movies["title"].str.extract(r"^(\w+) & (\w+) \(").dropna()
        assert len(pairs) > 300
        assert (pairs[0] != pairs[1]).all()

    def test_files_written_from_it_are_read_as_they_were(self, builtin: Ratings, tmp_path) -> None:
        builtin.ratings.to_csv(tmp_path / "ratings.csv", index=False)
        builtin.movies.to_csv(tmp_path / "movies.csv", index=False)
        read = load_ratings(tmp_path)
        pd.testing.assert_frame_equal(read.ratings, builtin.ratings)
        pd.testing.assert_frame_equal(read.movies, builtin.movies)


class TestTails:
    """Data of ml-25m's size have its tails: 162,541 users, 59,047 rated movies."""

    def test_tails_grow_from_a_million_ratings_to_25_million(self) -> None:
        growth = [synthetic._growth(n) for n in (1, 100_004, 10**6, 5 * 10**6, 25 * 10**6, 10**9)]
        np.testing.assert_allclose(growth, [0, 0, 0, 0.5, 1, 1])

    def test_users_of_25_million_ratings(self) -> None:
        taste, rng = synthetic._tastes(162_000, 0)
        sizes = synthetic._invent_users(taste, 59_000, 25_000_000, 1.0, rng).n_ratings
        assert sizes.sum() == 25_000_000
        assert sizes.min() >= 20
        assert np.median(sizes) == pytest.approx(71, abs=3)
        assert sizes.std() == pytest.approx(268, rel=0.1)
        assert 30_000 < sizes.max() < 36_000

    def test_movies_of_25_million_ratings(self) -> None:
        rng = np.random.default_rng(0)
        movies = invent_movies(59_000, rng, 1.0)
        taste = synthetic._tastes(1_500, 0)[0]
        users = synthetic._invent_users(taste, 59_000, 1_500 * 153, 1.0, rng)
        chosen = synthetic._choose_movies(movies, users, draw_liking(movies, rng), rng)
        sizes = np.sort(np.bincount(chosen, minlength=59_000))
        # The best-known movie of ml-25m has ratings of half of all users.
        assert sizes[-1] == pytest.approx(1_500 / 2, rel=0.15)
        # A movie with 10 ratings there has 0.09 here, so most of the lesser half have none.
        assert sizes[: 59_000 // 2].mean() < 10 * 1_500 / 162_541

    def test_large_tails_are_tidy_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        small = make_ratings(2000, 2000, 60_000)
        monkeypatch.setattr(synthetic, "_growth", lambda n_ratings: 1.0)
        large = make_ratings(2000, 2000, 60_000)
        assert_tidy(large, 2000, 2000, 60_000)
        pd.testing.assert_frame_equal(large.movies, small.movies)
        for column in ("userId", "movieId"):
            ours, others = (rating_sizes(data, column) for data in (large, small))
            assert ours.max() > 1.1 * others.max()
        assert ours.median() < others.median()

    @given(
        n=st.integers(1, 3000), share=st.floats(0, 0.6), odd=st.booleans(), seed=st.integers(0, 99)
    )
    def test_the_least_values(self, n: int, share: float, odd: bool, seed: int) -> None:
        values = np.random.default_rng(seed).integers(1000, size=n) / 7
        values[::16] -= 1000 * odd  # the sample misleads
        count = max(1, int(share * n))
        least = synthetic._least(values, count)
        assert len(np.unique(least)) == count
        np.testing.assert_array_equal(np.sort(values[least]), np.sort(values)[:count])


class TestSeed:
    def test_same_seed_same_ratings(self, builtin: Ratings) -> None:
        again = make_ratings(671, 9125, 100_004, random_state=0)
        pd.testing.assert_frame_equal(builtin.ratings, again.ratings)
        pd.testing.assert_frame_equal(builtin.movies, again.movies)

    def test_another_seed_differs_in_everything(self, builtin: Ratings) -> None:
        other = make_ratings(random_state=1)
        for column in ("movieId", "rating", "timestamp"):
            assert not builtin.ratings[column].equals(other.ratings[column])
        for column in ("movieId", "title", "genres"):
            assert not builtin.movies[column].equals(other.movies[column])
        assert not np.array_equal(taste_groups(), taste_groups(random_state=1))

    def test_numpys_global_state_is_untouched(self) -> None:
        before = np.random.get_state(legacy=False)  # noqa: NPY002
        make_ratings(5, 300, 600)
        after = np.random.get_state(legacy=False)  # noqa: NPY002
        np.testing.assert_equal(before, after)

    def test_the_source_names_the_seed(self) -> None:
        assert make_ratings(5, 30, 60, random_state=12).source == "built-in data set (seed 12)"


class TestErrors:
    @pytest.mark.parametrize("name", ["n_users", "n_movies", "n_ratings"])
    @pytest.mark.parametrize("value", [0, -3, 2.0, "7", None, True, np.float64(4), np.nan])
    def test_sizes_are_whole_numbers_above_zero(self, name: str, value: object) -> None:
        sizes = {"n_users": 5, "n_movies": 30, "n_ratings": 60, name: value}
        with pytest.raises(ValueError, match=f"^{name} must be a whole number of at least"):
            make_ratings(**sizes)

    @pytest.mark.parametrize("seed", [-1, 1.5, None, "0", np.random.default_rng(0)])
    def test_the_seed_is_a_whole_number(self, seed: object) -> None:
        with pytest.raises(ValueError, match=r"^random_state must be a whole number of at least 0"):
            make_ratings(5, 30, 60, random_state=seed)
        with pytest.raises(ValueError, match=r"^random_state must be a whole number of at least 0"):
            taste_groups(5, random_state=seed)

    def test_at_least_one_rating_a_user(self) -> None:
        with pytest.raises(ValueError, match=r"^n_ratings must be a whole number of at least 5, "):
            make_ratings(5, 30, 4)

    def test_at_most_one_rating_a_pair(self) -> None:
        with pytest.raises(ValueError, match=r"^n_ratings must be at most .* = 150, not 151"):
            make_ratings(5, 30, 151)

    def test_taste_groups_needs_users(self) -> None:
        with pytest.raises(ValueError, match=r"^n_users must be"):
            taste_groups(0)

    def test_numpy_integers_are_whole_numbers(self) -> None:
        made = make_ratings(np.int32(5), np.int64(30), np.uint8(60), random_state=np.int16(0))
        assert_tidy(made, 5, 30, 60)


class TestTimes:
    def test_ratings_come_quickly_in_few_sessions(self, builtin: Ratings) -> None:
        in_time = builtin.ratings.sort_values(["userId", "timestamp"])
        gaps = in_time.groupby("userId")["timestamp"].diff()
        assert 3 <= gaps.median() <= 30
        sessions = (gaps > 6 * 3600).groupby(in_time["userId"]).sum() + 1
        # In the release 64 % come once, and a tenth come 9 times or more.
        assert 0.5 < (sessions == 1).mean() < 0.75
        assert 4 <= sessions.quantile(0.9) <= 20

    def test_no_user_rates_a_movie_before_its_year(self, seeded: tuple[int, Ratings]) -> None:
        _, made = seeded
        released = made.ratings["movieId"].map(release_years(made.movies))
        assert not (times(made).dt.year < released).any()

    def test_half_stars_come_in_2003(self, builtin: Ratings) -> None:
        half = builtin.ratings["rating"] % 1 != 0
        late = times(builtin) >= HALF_STARS_SINCE
        assert not half[~late].any()
        assert half[late].mean() > 0.25


class TestLikeness:
    """Compares with the real release. The tolerances hold for every seed here."""

    def test_ratings_of_a_user(self, seeded: tuple[int, Ratings], real_ratings: Ratings) -> None:
        ours, real = (
            rating_sizes(data, "userId").quantile(QUANTILES) for data in (seeded[1], real_ratings)
        )
        np.testing.assert_allclose(ours, real, rtol=0.10, atol=1)

    def test_ratings_of_a_movie(self, seeded: tuple[int, Ratings], real_ratings: Ratings) -> None:
        ours, real = (
            rating_sizes(data, "movieId").quantile(QUANTILES) for data in (seeded[1], real_ratings)
        )
        np.testing.assert_allclose(ours.iloc[:-1], real.iloc[:-1], rtol=0.10, atol=1)
        # The number of ratings of the best-known movie depends on the users who like its genres.
        np.testing.assert_allclose(ours.iloc[-1], real.iloc[-1], rtol=0.25)
        assert seeded[1].n_movies == real_ratings.n_movies

    def test_values_of_the_ratings(
        self, seeded: tuple[int, Ratings], real_ratings: Ratings
    ) -> None:
        ours, real = (
            data.ratings["rating"].value_counts(normalize=True).sort_index()
            for data in (seeded[1], real_ratings)
        )
        np.testing.assert_allclose(ours, real, atol=0.035)
        assert seeded[1].ratings["rating"].mean() == pytest.approx(3.54, abs=0.05)
        assert seeded[1].ratings["rating"].std() == pytest.approx(1.06, abs=0.04)

    def test_means_of_users_and_movies_vary_as_much(
        self, builtin: Ratings, real_ratings: Ratings
    ) -> None:
        for column in ("userId", "movieId"):
            ours, real = (
                data.ratings.groupby(column)["rating"]
                .agg(["mean", "size"])
                .query("size >= 20")["mean"]
                .quantile([0.1, 0.25, 0.5, 0.75, 0.9])
                for data in (builtin, real_ratings)
            )
            np.testing.assert_allclose(ours, real, atol=0.15)

    def test_genres(self, seeded: tuple[int, Ratings], real_ratings: Ratings) -> None:
        ours, real = (data.movies["genres"].str.split("|") for data in (seeded[1], real_ratings))
        for size in range(1, 8):
            share = (ours.str.len() == size).mean()
            assert share == pytest.approx((real.str.len() == size).mean(), abs=0.04)
        shares = [movies.explode().value_counts() / len(movies) for movies in (ours, real)]
        pd.testing.assert_series_equal(
            *shares, check_like=True, check_names=False, atol=0.02, rtol=0
        )

    def test_genres_of_the_ratings(self, builtin: Ratings, real_ratings: Ratings) -> None:
        shares = [
            data.ratings.merge(data.movies)["genres"].str.split("|").explode().value_counts()
            / len(data.ratings)
            for data in (builtin, real_ratings)
        ]
        pd.testing.assert_series_equal(
            *shares, check_like=True, check_names=False, atol=0.04, rtol=0
        )

    def test_years(self, builtin: Ratings, real_ratings: Ratings) -> None:
        inner = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.99]
        ours, real = (release_years(data.movies) for data in (builtin, real_ratings))
        np.testing.assert_allclose(ours.quantile(inner), real.quantile(inner), atol=2)
        of_ratings = [
            data.ratings["movieId"].map(years).quantile(inner)
            for data, years in ((builtin, ours), (real_ratings, real))
        ]
        np.testing.assert_allclose(*of_ratings, atol=4)

    def test_ids_have_gaps(self, builtin: Ratings, real_ratings: Ratings) -> None:
        ours, real = (
            data.movies["movieId"].quantile(QUANTILES) for data in (builtin, real_ratings)
        )
        np.testing.assert_allclose(ours, real, rtol=0.35)

    def test_later_ids_are_newer_movies(self, builtin: Ratings, real_ratings: Ratings) -> None:
        ours, real = (
            release_years(data.movies).reset_index().corr(method="spearman").iloc[0, 1]
            for data in (builtin, real_ratings)
        )
        assert ours == pytest.approx(real, abs=0.1)

    def test_times(self, builtin: Ratings, real_ratings: Ratings) -> None:
        a_year = 365.25 * 86_400
        ours, real = (
            data.ratings.groupby("userId")["timestamp"].min().quantile(QUANTILES) / a_year
            for data in (builtin, real_ratings)
        )
        np.testing.assert_allclose(ours, real, atol=1.2)

    def test_no_real_title_is_here(
        self, seeded: tuple[int, Ratings], real_ratings: Ratings
    ) -> None:
        names = [
            {re.sub(r" \(\d{4}\)$", "", title) for title in data.movies["title"]}
            for data in (seeded[1], real_ratings)
        ]
        assert len(names[0]) > 9000
        assert not names[0] & names[1]

    def test_as_many_users_in_the_contrast_subset(
        self, builtin: Ratings, real_ratings: Ratings
    ) -> None:
        ours, real = (
            len(contrast_subset(genre_means(data, ["Romance", "Sci-Fi"])))
            for data in (builtin, real_ratings)
        )
        assert real == 181
        # Ours has 248.
        assert ours == pytest.approx(real, rel=0.45)
