"""The ratings of a new user: every accepted form, and forms that are refused."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys import MostLiked, Recommender, make_ratings
from recsys.command.cli import run
from recsys.recommenders import registry
from recsys.recommenders.given_ratings import given_profile

GIVEN = {3: 4.0, 7: 2.5}


@pytest.fixture(scope="module")
def model() -> Recommender:
    ratings = make_ratings(n_users=60, n_movies=150, n_ratings=3000, random_state=3)
    assert set(GIVEN) <= set(ratings.ratings["movieId"])
    return MostLiked().fit(ratings)


SAME: dict[str, Callable[[], Any]] = {
    "mapping": lambda: GIVEN,
    "numpy numbers": lambda: {np.int32(3): np.float32(4), np.int64(7): np.float16(2.5)},
    "fractions": lambda: {3: 4, 7: Fraction(5, 2)},
    "series": lambda: pd.Series(GIVEN),
    "nullable series": lambda: pd.Series(GIVEN, dtype="Float64"),
    "series of objects": lambda: pd.Series([4, 2.5], index=[3, 7], dtype=object),
    "frame": lambda: pd.DataFrame({"rating": [4, 2.5], "movieId": [3, 7], "title": ["", ""]}),
    "list of pairs": lambda: list(GIVEN.items()),
    "list of lists": lambda: [[3, 4], [7, 2.5]],
    "generator": lambda: ((movie, ratings) for movie, ratings in GIVEN.items()),
    "array": lambda: np.array(list(GIVEN.items())),
    "array of objects": lambda: np.array([(3, 4.0), (7, 2.5)], dtype=object),
    "records": lambda: np.array([(3, 4), (7, 2.5)], dtype=[("movie", "i8"), ("rating", "f8")]),
}


@pytest.mark.parametrize("form", SAME)
def test_every_form_gives_the_same_answers(model, form):
    assert dict(given_profile(SAME[form]()).ratings) == GIVEN
    expected = model.recommend(ratings=GIVEN, n=5)
    pd.testing.assert_frame_equal(model.recommend(ratings=SAME[form](), n=5), expected)
    assert not set(expected["movieId"]) & set(GIVEN)
    assert model.predict(movie_ids=[12], ratings=SAME[form]()) == model.predict(
        movie_ids=[12], ratings=GIVEN
    )
    explained = model.explain(movie_id=12, ratings=SAME[form]())
    # Texts are compared, because NaN is not equal to itself.
    assert repr(explained) == repr(model.explain(movie_id=12, ratings=GIVEN))
    assert model.top_new([SAME[form](), {}], 5).tolist() == model.top_new([GIVEN, {}], 5).tolist()


@pytest.mark.parametrize(
    "nothing", [{}, [], (), pd.Series([], dtype=float), np.empty((0, 2))], ids=lambda x: type(x)
)
def test_every_empty_form_is_a_user_without_ratings(model, nothing):
    pd.testing.assert_frame_equal(model.recommend(ratings=nothing), model.recommend(ratings={}))


NOT_A_PAIR = "pairs (movieId, rating); but {} is not such a pair"
BAD: dict[str, tuple[Any, str]] = {
    "ids": ([1, 588], NOT_A_PAIR.format(1)),
    "one id": ([np.int64(588)], NOT_A_PAIR.format(588)),
    "set of ids": ({588}, NOT_A_PAIR.format(588)),
    "array of ids": (np.array([588, 1]), NOT_A_PAIR.format(588)),
    "titles": (["Up"], NOT_A_PAIR.format("'Up'")),
    "triples": ([(1, 4.0, 0)], NOT_A_PAIR.format("(1, 4.0, 0)")),
    "number": (5, "ratings must be a mapping"),
    "text": ("\x1b[31m", "not '\\x1b[31m'"),
    "bytes": (b"ab", "not b'ab'"),
    "frame without ratings": (pd.DataFrame({"movieId": [1]}), "the frame has no column 'rating'"),
    "frame without ids": (pd.DataFrame({"rating": [1]}), "the frame has no column 'movieId'"),
    "text as a rating": ({1: "5"}, "the rating of film 1 is not a number: '5'"),
    "no rating": ({1: None}, "the rating of film 1 is not a number: None"),
    "missing rating": (
        pd.Series([pd.NA], index=[1], dtype="Float64"),
        "the rating of film 1 is not a number: <NA>",
    ),
    "true as a rating": ({1: True}, "the rating of film 1 is not a number: True"),
    "complex rating": ({1: 4 + 0j}, "the rating of film 1 is not a number: (4+0j)"),
    "nan": ({1: float("nan")}, "off the scale 0.5 to 5 by 0.5: nan"),
    "nan in series": (pd.Series({1: np.nan}), "off the scale 0.5 to 5 by 0.5: nan"),
    "infinity": ({1: np.inf}, "off the scale 0.5 to 5 by 0.5: inf"),
    "too large": ([(1, 9)], "rating of film 1 is off the scale 0.5 to 5 by 0.5: 9.0"),
    "between": (pd.Series({1: 3.3}), "rating of film 1 is off the scale 0.5 to 5 by 0.5: 3.3"),
    "huge rating": ({1: 10**400}, "must be on the scale 0.5 to 5 by 0.5"),
    "text as id": ({"1": 4.0}, "movie_ids must be whole numbers, not '1'"),
    "half an id": ({1.5: 4.0}, "movie_ids must be whole numbers, not 1.5"),
    "half an id in array": (np.array([[1.5, 4.0]]), "movie_ids must be whole numbers, not 1.5"),
    "true as id": ({True: 4.0}, "movie_ids must be whole numbers, not True"),
    "series by title": (pd.Series({"Up": 4.0}), "movie_ids must be whole numbers, not 'Up'"),
    "one text among ids": ({1: 4.0, "x" * 10**6: 5.0}, "movie_ids must be whole numbers, not 'xxx"),
    "huge id": ({2**70: 4.0}, f"must fit in 64 bits, but {2**70} does not"),
    "twice": ([(1, 4.0), (1, 5.0)], "film 1 is rated twice"),
    "twice in series": (pd.Series([4.0, 4.0], index=[1, 1]), "film 1 is rated twice"),
    "twice in frame": (
        pd.DataFrame({"movieId": [1, 1], "rating": [4, 4]}),
        "film 1 is rated twice",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_other_forms_are_one_clear_error(model, case):
    ratings, reason = BAD[case]
    for ask in (
        lambda: model.recommend(ratings=ratings),
        lambda: model.predict(movie_ids=[1], ratings=ratings),
        lambda: model.explain(movie_id=1, ratings=ratings),
        lambda: model.top_new([{}, ratings]),
    ):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the reason is checked below
            ask()
        message = str(caught.value)
        assert reason in message
        assert message.isprintable()
        assert len(message) < 400


@pytest.mark.parametrize("one", [GIVEN, pd.Series(GIVEN), pd.DataFrame({"movieId": [1]})], ids=type)
def test_top_new_refuses_the_ratings_of_a_single_user(model, one):
    with pytest.raises(ValueError, match=r"for one user, pass \[ratings\]"):
        model.top_new(one)


@pytest.mark.parametrize(
    "user_id", [[1, 588], GIVEN, pd.Series(GIVEN), "7", 7.5, True, b"7"], ids=lambda x: type(x)
)
def test_a_user_id_that_is_not_a_whole_number_is_shown(model, user_id):
    for ask in (lambda: model.recommend(user_id), lambda: model.explain(user_id, 1)):
        with pytest.raises(ValueError, match=r"user_ids must be whole numbers, not .* as ratings="):
            ask()


@pytest.mark.parametrize("user_id", [9999, -1, 0, 2**62, 2**70])
def test_an_unknown_user_is_an_error_or_a_user_without_ratings(model, user_id):
    """`recommend` refuses the id. `predict` and `explain` answer as for a user without ratings."""
    with pytest.raises((KeyError, ValueError), match=str(user_id)):
        model.recommend(user_id)
    if user_id < 2**63:
        assert model.predict([user_id], [3]) == model.predict(movie_ids=[3], ratings={})
        assert model.explain(user_id, 3).rating == model.explain(movie_id=3, ratings={}).rating


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recommend", "--user", "99999"], "no user 99999 in built-in"),
        (["recommend", "--user", "-1", "--method", "cluster-mean"], "no user -1 in"),
        (["recommend", "--user", str(2**70)], f"no user {2**70} in"),
        (["recommend", "--user", "9" * 4000], "no user 999"),
        (["predict", "--user", "99999", "--movie", "1"], "no user 99999 in"),
        (["predict", "--user", "1", "--movie", "99999999"], "no film 99999999 in"),
        (["report", "--user", "99999"], "no user 99999"),
    ],
)
def test_the_command_refuses_an_unknown_id_before_it_fits(
    arguments, message, monkeypatch, capsys, tmp_path
):
    def no_fit(*_: object, **__: object) -> None:
        raise AssertionError("something was fitted")

    monkeypatch.chdir(tmp_path)
    for name in registry.METHODS:
        monkeypatch.setitem(registry.METHODS, name, no_fit)
    monkeypatch.setattr("recsys.report.report.SECTIONS", {"data": no_fit})
    assert run(arguments) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert message in error
    assert len(error) < 300


LATE, EARLY = 1_700_000_000, 1_600_000_000
TWICE = [(3, 4.0), (7, 1.0), (7, 2.5), (3, 1.0)]
TIMES = [LATE, EARLY, LATE, EARLY]
IN_ORDER: dict[str, Callable[[], tuple[Any, Any]]] = {
    "pairs": lambda: (TWICE, TIMES),
    "dates": lambda: (TWICE, ["2023-01-02", "2021-01-02", "2022-01-02", "2020-01-02"]),
    "datetimes": lambda: (TWICE, np.array(TIMES, dtype="datetime64[s]")),
    "equal times": lambda: (TWICE[::-1][:1] + TWICE[:3], [5, 5, 5, 5]),
    "series": lambda: (
        pd.Series([4.0, 1.0, 2.5, 1.0], index=[3, 7, 7, 3]),
        pd.Series(TIMES, index=[3, 7, 7, 3]),
    ),
    "series in another order": lambda: (
        pd.Series([4.0, 1.0, 2.5, 1.0], index=[3, 7, 7, 3]),
        pd.Series([EARLY, LATE, LATE, EARLY], index=[7, 3, 7, 3]),
    ),
    "mapping": lambda: (GIVEN, {3: 1, 7: 2, 99: 3}),
    "frame": lambda: (
        pd.DataFrame(TWICE, columns=["movieId", "rating"]).assign(timestamp=TIMES),
        None,
    ),
}


@pytest.mark.parametrize("form", IN_ORDER)
def test_the_latest_rating_of_a_film_counts(model, form):
    ratings, times = IN_ORDER[form]()
    assert dict(given_profile(ratings, times).ratings) == GIVEN
    expected = model.recommend(ratings=GIVEN, n=5)
    found = model.recommend(ratings=ratings, times=times, n=5)
    pd.testing.assert_frame_equal(found, expected)
    of_both = {"ratings": ratings, "times": times}
    assert model.predict(movie_ids=[12], **of_both) == model.predict(movie_ids=[12], ratings=GIVEN)
    explained = model.explain(movie_id=12, **of_both)
    assert repr(explained) == repr(model.explain(movie_id=12, ratings=GIVEN))


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([1, 2, 3], "3 times, but 4 ratings"),
        ([1, 2, 3, None], "a time is missing"),
        ({3: 1}, "there is none for film 7"),
        ({3: 1, 7: 2}, "film 3 is rated more often than it has times"),
    ],
)
def test_times_that_do_not_fit_are_refused(model, times, message):
    with pytest.raises(ValueError, match=message):
        model.recommend(ratings=TWICE, times=times)
