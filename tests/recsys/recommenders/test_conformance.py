"""Properties of every recommender."""

import numpy as np
import pandas as pd
import pytest
from every_recommender import MAKERS

from kmeans_core import NotFittedError
from recsys import (
    ClusterMeanRecommender,
    Ratings,
    RatingScale,
    Recommender,
    make_ratings,
)
from recsys.recommenders import ranking, training
from recsys.recommenders.biases import Biases
from recsys.recommenders.ranking import RECOMMENDATION_COLUMNS
from recsys.recommenders.registry import METHODS
from recsys.recommenders.training import TrainingData


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


def table(rows, scale=None, titles=None) -> Ratings:
    movies = sorted({movie for _, movie, _ in rows} | {77})
    return Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
        pd.DataFrame({"movieId": movies, "title": [f"Film {m}" for m in movies], "genres": "War"}),
        scale=scale,
    )


@pytest.mark.parametrize("name", MAKERS)
class TestEveryRecommender:
    """The promises to users, tested on every recommender."""

    @pytest.fixture
    def model(self, name, ratings) -> Recommender:
        return MAKERS[name]().fit(ratings)

    def test_fit_returns_itself(self, name, ratings):
        model = MAKERS[name]()
        assert model.fit(ratings) is model

    def test_before_fit_there_is_one_clear_error(self, name, tmp_path):
        model = MAKERS[name]()
        for call in (
            lambda: model.predict([1], [1]),
            lambda: model.recommend(1),
            lambda: model.recommend_all(),
            lambda: model.top([1]),
            lambda: model.top_new([{}]),
            lambda: model.explain(1, 1),
            lambda: model.save(tmp_path / "model.npz"),
        ):
            with pytest.raises(NotFittedError, match="call fit first"):
                call()

    def test_predictions_are_on_the_scale_for_every_pair(self, model, ratings):
        users = np.repeat(ratings.ratings["userId"].unique(), 5)
        movies = np.resize(ratings.movies["movieId"].to_numpy(), len(users))
        ratings = model.predict(users, movies)
        assert ratings.dtype == np.float64
        assert np.all((ratings >= 0.5) & (ratings <= 5.0))

    def test_a_prediction_does_not_depend_on_other_pairs(self, model):
        users, movies = [3, 1, 3, 999, 2], [5, 5, 7, 5, 10**6]
        together = model.predict(users, movies)
        alone = [model.predict([u], [m])[0] for u, m in zip(users, movies, strict=True)]
        assert together.tolist() == alone
        assert model.predict([], []).tolist() == []

    def test_unknown_users_and_items_have_predictions(self, model):
        assert np.all(np.isfinite(model.predict([999, 999, 1], [1, 10**6, 10**6])))
        with pytest.raises(KeyError, match="no user 999"):
            model.recommend(999)
        with pytest.raises(KeyError, match="no user 999"):
            model.top([1, 999])

    def test_recommendations_are_a_frame_best_first(self, model, ratings):
        items = model.recommend(1, 5)
        assert list(items.columns) == RECOMMENDATION_COLUMNS
        assert 0 < len(items) <= 5
        assert items["score"].is_monotonic_decreasing
        assert items["movieId"].is_unique
        assert items["reason"].str.len().min() > 0
        titles = ratings.movies.set_index("movieId")["title"]
        assert items["title"].tolist() == titles.loc[items["movieId"]].tolist()
        expected = model.predict([1] * len(items), items["movieId"])
        assert items["predicted_rating"].tolist() == expected.tolist()
        assert len(model.recommend(1, 0)) == 0
        assert list(model.recommend(1, 0).columns) == RECOMMENDATION_COLUMNS
        with pytest.raises(ValueError, match="n must not be negative"):
            model.recommend(1, -1)

    def test_ten_items_are_the_default(self, model):
        assert len(model.recommend(1, exclude_rated=False)) == 10

    def test_rated_items_are_left_out_by_default(self, model, ratings):
        rated = set(ratings.ratings.query("userId == 1")["movieId"])
        assert not rated & set(model.recommend(1, 60)["movieId"])
        assert rated & set(model.recommend(1, 60, exclude_rated=False)["movieId"])

    def test_only_items_in_among_are_recommended(self, model):
        among = model.recommend(1, 8)["movieId"].tolist()
        assert model.recommend(1, among=among[::-2])["movieId"].tolist() == among[1::2]
        assert len(model.recommend(1, among=[])) == 0

    def test_batches_equal_single_calls(self, model):
        everyone = model.recommend_all(4)
        assert list(everyone.columns) == ["userId", *RECOMMENDATION_COLUMNS]
        for user in (1, 7, 40):
            alone = model.recommend(user, 4)
            of_user = everyone[everyone["userId"] == user].drop(columns="userId")
            pd.testing.assert_frame_equal(of_user.reset_index(drop=True), alone)
            top = model.top([user], 4)[0]
            assert top[top >= 0].tolist() == alone["movieId"].tolist()
        several = model.top([7, 1, 7], 3)
        assert several[[0]].tolist() == several[[2]].tolist() == model.top([7], 3).tolist()

    def test_new_users_are_placed_by_their_ratings(self, model):
        mine = {1: 5.0, 2: 0.5, 10**6: 3.0}
        items = model.recommend(ratings=mine, n=60)
        assert not {1, 2} & set(items["movieId"])
        assert model.top_new([mine, {}], 60)[0][: len(items)].tolist() == items["movieId"].tolist()
        ratings = model.predict(movie_ids=items["movieId"], ratings=mine)
        assert ratings.tolist() == items["predicted_rating"].tolist()
        assert (
            model.predict(movie_ids=[10**6], ratings={}).tolist()
            == model.predict([999], [10**6]).tolist()
        )

    def test_either_a_user_or_ratings_must_be_given(self, model):
        for call in (
            lambda: model.recommend(),
            lambda: model.recommend(1, ratings={1: 5.0}),
            lambda: model.predict([1], [1], ratings={1: 5.0}),
            lambda: model.predict(movie_ids=[1]),
            lambda: model.explain(movie_id=1),
        ):
            with pytest.raises(ValueError, match=r"(both|neither) were given"):
                call()
        with pytest.raises(ValueError, match="rating of film 2 is off the scale"):
            model.recommend(ratings={1: 5.0, 2: 7.0})

    def test_the_parts_of_a_prediction_add_up(self, model):
        for user, movie in [(1, 1), (2, 9), (999, 3), (4, 10**6)]:
            prediction = model.explain(user, movie)
            assert (prediction.user_id, prediction.movie_id) == (user, movie)
            assert prediction.rating == model.predict([user], [movie])[0]
            total = sum(part.value for part in prediction.parts)
            assert total == pytest.approx(prediction.rating, abs=1e-9)
            assert 0 <= prediction.n_liked <= prediction.n_ratings <= prediction.n_users
            assert prediction.reason

    def test_explanations_for_new_users(self, model):
        prediction = model.explain(movie_id=3, ratings={1: 5.0, 2: 4.0})
        assert prediction.user_id is None
        assert prediction.rating == model.predict(movie_ids=[3], ratings={1: 5.0, 2: 4.0})[0]

    def test_fits_repeat_to_the_bit(self, name, model, ratings):
        again = MAKERS[name]().fit(ratings)
        pd.testing.assert_frame_equal(again.recommend_all(6), model.recommend_all(6))

    def test_save_and_load_give_the_same_bits(self, name, model, tmp_path):
        path = tmp_path / "model.npz"
        model.save(path)
        loaded = Recommender.load(path)
        assert type(loaded) is type(model)
        pd.testing.assert_frame_equal(loaded.recommend_all(6), model.recommend_all(6))
        users, movies = [1, 2, 999, 3], [4, 10**6, 5, 6]
        assert loaded.predict(users, movies).tobytes() == model.predict(users, movies).tobytes()
        mine = {1: 5.0, 2: 0.5}
        pd.testing.assert_frame_equal(loaded.recommend(ratings=mine), model.recommend(ratings=mine))
        assert repr(loaded.explain(1, 3)) == repr(model.explain(1, 3))
        assert [each.name for each in tmp_path.iterdir()] == ["model.npz"]

    def test_blocks_of_users_change_nothing(self, model, monkeypatch):
        users, movies = [5, 1, 999, 1, 40, 7], [1, 2, 3, 4, 5, 10**6]
        together = model.predict(users, movies), model.recommend_all(3, among=range(1, 50))
        monkeypatch.setattr(training, "MOST_CELLS", 7 * 60)
        monkeypatch.setattr(ranking, "USERS_A_BLOCK", 2)
        assert model.predict(users, movies).tolist() == together[0].tolist()
        # An iterator of items serves all blocks.
        parts = model.recommend_all(3, among=iter(range(1, 50)))
        pd.testing.assert_frame_equal(parts, together[1])

    def test_a_second_fit_forgets_the_first(self, name, ratings):
        other = make_ratings(n_users=25, n_movies=40, n_ratings=500, random_state=5)
        model = MAKERS[name]().fit(ratings)
        model.explain(1, 1)
        again = model.fit(other)
        fresh = MAKERS[name]().fit(other)
        pd.testing.assert_frame_equal(again.recommend_all(4), fresh.recommend_all(4))
        assert repr(again.explain(1, 1)) == repr(fresh.explain(1, 1))

    def test_two_recommenders_share_training_data(self, name, model):
        again = MAKERS[name]().fit_on(model.trained_on)
        assert again.trained_on is model.trained_on
        pd.testing.assert_frame_equal(again.recommend_all(4), model.recommend_all(4))

    def test_a_failed_fit_changes_nothing(self, name, model, monkeypatch):
        before = model.predict([1, 2], [3, 4]).tolist()

        def fails(*arguments):
            raise MemoryError

        monkeypatch.setattr(Biases, "learned", fails)
        monkeypatch.setattr(ClusterMeanRecommender, "_learn", fails)
        other = make_ratings(n_users=25, n_movies=40, n_ratings=500, random_state=5)
        with pytest.raises(MemoryError):
            model.fit_on(TrainingData.of(other))
        assert model.predict([1, 2], [3, 4]).tolist() == before

    def test_ids_are_whole_numbers(self, model):
        for call in (
            lambda: model.recommend(1.7),
            lambda: model.recommend("1"),
            lambda: model.explain("1", 1),
            lambda: model.predict(["1"], [1]),
            lambda: model.recommend(ratings={1.7: 5.0}),
            lambda: model.recommend(ratings={"1": 5.0}),
            lambda: model.recommend(1, among=["1"]),
            lambda: model.predict([1], np.array([2**63], dtype=np.uint64)),
        ):
            with pytest.raises(ValueError, match="_ids must"):
                call()
        with pytest.raises(ValueError, match=r"n must be a whole number, not 2\.5"):
            model.recommend(1, 2.5)
        with pytest.raises(ValueError, match="n must not be negative"):
            model.top([1], -1)
        assert len(model.recommend(np.int32(1), np.int64(2))) == 2

    def test_equal_ratings(self, name):
        rows = [(u, m, 3.0) for u in range(6) for m in range(8) if (u + m) % 3]
        model = MAKERS[name]().fit(table(rows))
        np.testing.assert_allclose(model.predict([0, 1, 9], [0, 1, 2]), 3.0)
        model.recommend_all()

    def test_one_user(self, name):
        model = small(name).fit(table([(4, 1, 5.0), (4, 2, 1.0), (4, 3, 3.5)]))
        assert np.all(np.isfinite(model.predict([4, 5], [2, 77])))
        assert len(model.recommend(4)) == 0
        model.recommend(ratings={1: 5.0})

    def test_an_item_without_ratings(self, name):
        rows = [(u, m, 1.0 + (u + m) % 5) for u in range(8) for m in range(9) if (u * m) % 4]
        model = MAKERS[name]().fit(table(rows))
        assert 77 not in model.recommend_all(50)["movieId"].to_numpy()
        assert model.explain(1, 77).n_ratings == 0
        assert 1.0 <= model.predict([1], [77])[0] <= 5.0

    def test_another_scale(self, name):
        rows = [(u, m, 1.0 + (3 * u + m) % 10) for u in range(12) for m in range(9) if (u * m) % 4]
        model = MAKERS[name]().fit(table(rows, scale=RatingScale(1, 10, 1)))
        ratings = model.predict(np.repeat(range(12), 9), np.tile(range(9), 12))
        assert np.all((ratings >= 1) & (ratings <= 10))
        assert ratings.max() > 5
        with pytest.raises(ValueError, match="off the scale 1 to 10 by 1"):
            model.predict(movie_ids=[1], ratings={1: 0.5})

    def test_ties_are_sorted_by_number_of_ratings_then_id(self, name):
        """All users rated items 3 and 5 alike. Item 3 has the lower id."""
        rows = [(u, m, 4.0) for u in range(1, 9) for m in (3, 5)]
        rows += [(u, 8, 2.0) for u in range(1, 4)] + [(9, 8, 4.0), (10, 8, 2.0)]
        model = small(name).fit(table(rows))
        found = model.recommend(9)["movieId"].tolist()
        assert [m for m in found if m in (3, 5)] == [3, 5]


def small(name: str) -> Recommender:
    """The recommender with as few groups as a handful of users allow."""
    return ClusterMeanRecommender(1) if name.startswith("cluster mean") else MAKERS[name]()


def test_the_conformance_class_knows_every_recommender():
    import recsys

    public = {
        name
        for name in recsys.__all__
        if isinstance(getattr(recsys, name), type)
        and issubclass(getattr(recsys, name), Recommender)
    }
    known = {type(make()).__name__ for make in MAKERS.values()}
    assert (
        public - {"Recommender"} == known == {type(make(0)).__name__ for make in METHODS.values()}
    )
