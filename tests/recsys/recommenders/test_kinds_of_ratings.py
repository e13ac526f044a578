"""Every recommender with text ids, with likes and with counts."""

import numpy as np
import pandas as pd
import pytest
from every_recommender import MAKERS

from recsys import Ratings, Recommender, make_ratings
from recsys.data.scale import COUNTS, LIKES


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


def user_text(user: int) -> str:
    """Text that is sorted as the numbers are."""
    return f"u{user:03}"


def movie_text(movie: int) -> str:
    return f"m{movie:03}"


def users_text(users):
    return [user_text(user) for user in users]


def movies_text(movies):
    return [movie_text(movie) for movie in movies]


def with_text_ids(ratings: Ratings) -> Ratings:
    table, movies = ratings.ratings, ratings.movies
    return Ratings.from_frames(
        table.assign(userId=users_text(table["userId"]), movieId=movies_text(table["movieId"])),
        movies.assign(movieId=movies_text(movies["movieId"])),
    )


@pytest.mark.parametrize("name", MAKERS)
class TestTextIds:
    def test_they_change_nothing_but_the_ids(self, name, ratings, tmp_path):
        model, as_text = MAKERS[name]().fit(ratings), MAKERS[name]().fit(with_text_ids(ratings))
        expected = model.recommend_all(6)
        expected["userId"] = users_text(expected["userId"])
        expected["movieId"] = movies_text(expected["movieId"])
        as_text.save(tmp_path / "model.npz")
        for same in (as_text, Recommender.load(tmp_path / "model.npz")):
            found = same.recommend_all(6)
            assert found[["userId", "movieId"]].dtypes.tolist() == [object, object]
            assert found.to_dict("list") == expected.to_dict("list")
            users, movies = [1, 2, 999, 40], [4, 5, 6, 10**6]
            found = same.predict(users_text(users), movies_text(movies))
            assert found.tolist() == model.predict(users, movies).tolist()
            assert same.explain("u001", "m003").parts == model.explain(1, 3).parts
            among = same.recommend("u001", among=["m005", "m010", "other"])
            expected_ids = movies_text(model.recommend(1, among=[5, 10])["movieId"])
            assert among["movieId"].tolist() == expected_ids

    def test_lists_end_in_none(self, name, ratings):
        model, as_text = MAKERS[name]().fit(ratings), MAKERS[name]().fit(with_text_ids(ratings))
        mine = {1: 5.0, 2: 0.5, 10**6: 3.0}
        text_mine = pd.Series(list(mine.values()), index=movies_text(mine))
        pairs = (
            (as_text.top(["u003", "u001"], 70), model.top([3, 1], 70)),
            (as_text.top_new([text_mine, {}], 70), model.top_new([mine, {}], 70)),
        )
        for lists, lists_of_numbers in pairs:
            assert lists.dtype == object
            for row, numbers in zip(lists.tolist(), lists_of_numbers.tolist(), strict=True):
                assert row == [None if movie == -1 else movie_text(movie) for movie in numbers]
                assert row[-1] is None

    def test_ids_of_another_kind_are_refused(self, name, ratings):
        model = MAKERS[name]().fit(with_text_ids(ratings))
        for call in (
            lambda: model.recommend(1.5),
            lambda: model.predict([None], ["m001"]),
            lambda: model.explain("u001", 2.0),
            lambda: model.recommend(ratings={2.5: 5.0}),
            lambda: model.top([b"u001"]),
        ):
            with pytest.raises(ValueError, match=r"_ids must be .*text, not "):
                call()
        with pytest.raises(KeyError, match="no user u999 among"):
            model.recommend("u999")


def test_a_whole_number_means_its_digits_where_ids_are_text():
    rows = [("7", "a", 5.0), ("7", "10", 4.0), ("x", "10", 5.0), ("x", "b", 5.0)]
    model = MAKERS["most liked"]().fit(
        Ratings.from_frames(pd.DataFrame(rows, columns=["userId", "movieId", "rating"]))
    )
    assert model.recommend(7)["movieId"].tolist() == ["b"]
    assert model.recommend(ratings={10: 5.0})["movieId"].tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="a film is rated twice, by the number and the text"):
        model.recommend(ratings={10: 5.0, "10": 4.0})


@pytest.mark.parametrize("ids", [[3, 5, 8, 9], ["c", "e", "h", "i"]])
def test_equal_scores_are_sorted_by_number_of_ratings_then_by_id(ids):
    """One user likes each item. Items 1 and 2 (by place) have two ratings, the others have one."""
    values = [[5, 5, 5, 5], [None, 1, 1, None]]
    rows = [
        (user, ids[place], value)
        for user, of_user in enumerate(values)
        for place, value in enumerate(of_user)
        if value is not None
    ]
    table = pd.DataFrame(rows, columns=["userId", "movieId", "rating"])
    model = MAKERS["most liked"]().fit(Ratings.from_frames(table[::-1]))
    first, second, third, fourth = ids
    expected = [second, third, first, fourth]
    assert model.recommend(ratings={})["movieId"].tolist() == expected
    assert model.top_new([{}], 4).tolist() == [expected]


def test_whole_floats_are_whole_numbers(ratings):
    model = MAKERS["most liked"]().fit(ratings)
    expected = model.recommend(1, 5)
    pd.testing.assert_frame_equal(model.recommend(1.0, 5), expected)
    pd.testing.assert_frame_equal(
        model.recommend(ratings=pd.Series([4.0], index=[3.0]), n=5),
        model.recommend(ratings={3: 4.0}, n=5),
    )
    assert model.predict(np.array([1.0]), pd.Series([2.0])) == model.predict([1], [2])
    assert model.top([1.0], 5).tolist() == [expected["movieId"].tolist()]
    with pytest.raises(ValueError, match=r"user_ids must be .*whole numbers, not 1\.5"):
        model.top([1.0, 1.5])
    with pytest.raises(ValueError, match="not datetime64"):
        model.top(np.array(["2000-01-01"], dtype="datetime64[ns]"))


def as_likes(ratings: Ratings) -> Ratings:
    table = ratings.ratings.query("rating >= 3").assign(rating=1.0)
    return Ratings.from_frames(table, ratings.movies, scale=LIKES)


def as_counts(ratings: Ratings) -> Ratings:
    table = ratings.ratings.assign(rating=(ratings.ratings["rating"] > 3).astype(float))
    return Ratings.from_frames(table, ratings.movies, scale=COUNTS)


@pytest.mark.parametrize("made_as", [as_likes, as_counts])
@pytest.mark.parametrize("name", MAKERS)
def test_likes_and_counts_are_ranked_but_not_predicted(name, made_as, ratings, tmp_path):
    data = made_as(ratings)
    model = MAKERS[name]().fit(data)
    model.save(tmp_path / "model.npz")
    for same in (model, Recommender.load(tmp_path / "model.npz")):
        items = same.recommend(1, 5)
        assert len(items)
        assert items["predicted_rating"].isna().all()
        assert items["reason"].str.contains("liked it").all()
        assert not items["reason"].str.contains("rated it|on average|gave").any()
        assert same.top([1], len(items)).tolist() == [items["movieId"].tolist()]
        assert len(same.recommend(ratings={1: 1.0}, n=5))
        first = items.iloc[0]
        told = same.explain(1, first["movieId"])
        assert (told.reason, told.score) == (first["reason"], first["score"])
        assert np.isnan([told.rating, told.low, told.high]).all()
        assert told.parts == ()
        for call in (
            lambda: same.predict([1], [1]),  # noqa: B023
            lambda: same.predict(movie_ids=[1], ratings={}),  # noqa: B023
        ):
            with pytest.raises(ValueError, match=f"^{data.scale.kind} do not say how much"):
                call()


@pytest.mark.parametrize("made_as", [as_likes, as_counts])
def test_reasons_count_likes(made_as, ratings):
    """A recount of the reason that needs no groups: the number of all users who liked the film."""
    data = made_as(ratings)
    liked = data.ratings.query("rating == 1")["movieId"].value_counts()
    items = MAKERS["most liked"]().fit(data).recommend(1, 60)
    for item in items.itertuples():
        count = liked.get(item.movieId, 0) or "none"
        told = item.reason.removeprefix("the evidence is thin: ")
        assert told == f"{count} of the {data.n_users - 1} others liked it"
