"""What is unusual: each rule speaks where it should, and is silent where it should not."""

import numpy as np
import pandas as pd
import pytest

from recsys import Ratings, make_ratings
from recsys.data.scale import WHOLE_STARS
from recsys.report.sections import data_unusual as rules
from recsys.report.sections.data_profile import Profile

DAY = 86_400


@pytest.fixture(scope="module")
def made() -> Ratings:
    return make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


def of(ratings: Ratings) -> Profile:
    return Profile(ratings)


def test_the_real_ratings(real_ratings: Ratings) -> None:
    """Each figure is counted again."""
    table = real_ratings.ratings
    halves = table[table["rating"] % 1 == 0.5]
    since = table[table["timestamp"] >= halves["timestamp"].min()]
    share = 100 * len(halves) / len(since)
    once = (table["movieId"].value_counts() == 1).sum()
    n_never = (~real_ratings.movies["movieId"].isin(table["movieId"])).sum()
    most = table["userId"].value_counts().max()
    found = rules.unusual(of(real_ratings))
    assert found[0] == (
        "Nobody gave 0.5, 1.5, 2.5, 3.5 or 4.5 before 2003-05-16; since then, they make "
        f"{share:.0f} % of the ratings."
    )
    assert f"One person gave {most:,} ratings, which is 2 % of all and 16 times" in found[1]
    assert f"{once:,} films ({100 * once / 9066:.0f} % of those rated) have only" in found[2]
    assert found[3] == f"Nobody rated {n_never} films of the 9,125 listed."
    assert "“Hamlet (2000)”" in found[4]
    assert len(found) == 5


def with_steps(steps: np.ndarray, days: np.ndarray) -> Ratings:
    n = len(steps)
    return Ratings.from_columns(
        np.arange(n) % 50, np.arange(n) // 50, steps, 10_000 * DAY + days * DAY, scale=(1, 5)
    )


def test_a_step_that_came_late() -> None:
    days = np.arange(400)
    # 3 is every other rating from day 100 on, so 50 were to be expected before.
    late = with_steps(np.where((days >= 100) & (days % 2 == 0), 3, 4), days)
    assert list(rules.late_steps(of(late))) == [
        "Nobody gave 3 before 1997-08-27; since then, it makes 50 % of the ratings."
    ]
    # From day 20 on, 10 were to be expected.
    early = with_steps(np.where((days >= 20) & (days % 2 == 0), 3, 4), days)
    assert not list(rules.late_steps(of(early)))


def test_steps_that_came_together_are_told_together() -> None:
    days = np.arange(900)
    steps = np.full(900, 4)
    steps[300::3], steps[310::3] = 1, 2
    (sentence,) = rules.late_steps(of(with_steps(steps, days)))
    assert sentence.startswith("Nobody gave 1 or 2 before ")
    steps = np.full(900, 4)
    steps[300::3], steps[400::3] = 1, 2
    assert [sentence[:15] for sentence in rules.late_steps(of(with_steps(steps, days)))] == [
        "Nobody gave 1 b", "Nobody gave 2 b"
    ]  # fmt: skip


def test_without_times_no_step_is_late(made: Ratings) -> None:
    assert not list(rules.late_steps(of(Ratings.from_frames(made.ratings, time="none"))))


def test_steps_that_nobody_gave(made: Ratings) -> None:
    assert not list(rules.unused_steps(of(made)))
    table = made.ratings
    without = Ratings.from_frames(table[~table["rating"].isin([0.5, 3.0])])
    assert list(rules.unused_steps(of(without))) == ["Nobody gave 0.5 or 3, which the scale has."]
    # Of few ratings, some steps are always missing.
    assert not list(rules.unused_steps(of(Ratings.from_frames(table[:99]))))
    drawn = np.arange(900) % 20 * 5.0
    many = Ratings.from_frames(table.assign(rating=drawn), scale=(0, 95, 2.5))
    assert list(rules.unused_steps(of(many))) == [
        "Nobody gave 19 of the ratings, which the scale has."
    ]


def one_more_active(n_more: int, n_others: int = 100) -> Ratings:
    """Each of the others rates 2 films, and one person n_more."""
    users = np.concatenate([np.repeat(np.arange(n_others), 2), np.full(n_more, 9999)])
    items = np.concatenate([np.tile([0, 1], n_others), np.arange(n_more)])
    return Ratings.from_columns(users, items, np.full(len(users), 4.0))


def test_one_person_with_a_large_part() -> None:
    # 101 people, so an equal share is 1 %, and ten times as much 9.9 %.
    assert list(rules.most_active(of(one_more_active(25)))) == [
        "One person gave 25 ratings, which is 11 % of all and 11 times as many as people give on "
        "average."
    ]
    assert not list(rules.most_active(of(one_more_active(20))))
    # Of 2,001 people, ten equal shares are less than 1 %.
    assert not list(rules.most_active(of(one_more_active(35, 2000))))
    assert list(rules.most_active(of(one_more_active(45, 2000))))
    # Of three people, each has a third.
    assert not list(rules.most_active(of(one_more_active(5, 2))))


def with_films(counts: list[int], titles: list[str] | None = None) -> Ratings:
    """Films with so many ratings; user u rates the first films."""
    pairs = [(user, film) for film, n in enumerate(counts) for user in range(n)]
    titles = [f"film {film}" for film in range(len(counts))] if titles is None else titles
    return Ratings.from_frames(
        pd.DataFrame(pairs, columns=["userId", "movieId"]).assign(rating=4.0),
        pd.DataFrame({"movieId": range(len(counts)), "title": titles, "genres": ""}),
    )


def test_films_with_one_rating() -> None:
    assert list(rules.rated_once(of(with_films([5] * 9 + [1])))) == [
        "1 film (10 % of those rated) has only one rating, so what the page says of such films "
        "rests on one person."
    ]
    assert not list(rules.rated_once(of(with_films([5] * 10 + [1]))))


def test_films_that_nobody_rated() -> None:
    assert list(rules.never_rated(of(with_films([5, 0, 0])))) == [
        "Nobody rated 2 films of the 3 listed."
    ]
    assert not list(rules.never_rated(of(with_films([5, 1]))))


def test_titles_of_several_films() -> None:
    assert not list(rules.same_titles(of(with_films([2, 2], ["Up", "up"]))))
    (one,) = rules.same_titles(of(with_films([2, 2, 2], ["Up", "Big", "Up"])))
    assert one.startswith("1 title stands for more than one film (“Up”).")
    (many,) = rules.same_titles(of(with_films([1] * 10, list("abcdeabcde"))))
    assert many.startswith("5 titles stand for more than one film (“a”, “b” and “c”, and so on).")


def test_people_who_gave_one_value() -> None:
    ten = Ratings.from_columns([1] * 10 + [2], [*range(10), 1], [3.0] * 10 + [4])
    (sentence,) = rules.one_value(of(ten))
    assert sentence.startswith("1 person gave one and the same rating to all of 10 films or more.")
    nine = Ratings.from_columns([1] * 9, list(range(9)), [3.0] * 9)
    assert not list(rules.one_value(of(nine)))
    differs = Ratings.from_columns([1] * 10, list(range(10)), [3.0] * 9 + [4])
    assert not list(rules.one_value(of(differs)))
    likes = Ratings.from_columns([1] * 10, list(range(10)))
    assert not list(rules.one_value(of(likes)))


def timed(times: list[int]) -> Ratings:
    return Ratings.from_columns(
        [1] * len(times), list(range(len(times))), [4.0] * len(times), times
    )


def test_odd_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "time", lambda: 20_000.5 * DAY)
    assert not list(rules.odd_times(of(timed([DAY, 20_001 * DAY]))))
    assert list(rules.odd_times(of(timed([DAY, DAY])))) == [
        "All ratings have the same time (1970-01-02), so the times say nothing."
    ]
    assert not list(rules.odd_times(of(timed([DAY]))))
    assert list(rules.odd_times(of(timed([-5, DAY - 1, DAY, 20_002 * DAY])))) == [
        "2 ratings are from 1970-01-01 or earlier. A missing time may look so.",
        "1 rating is from the future.",
    ]


def test_nothing_is_unusual() -> None:
    users, items = np.divmod(np.arange(400), 20)
    plain = Ratings.from_columns(users, items, (users + items) % 5 + 1.0, scale=WHOLE_STARS)
    assert rules.unusual(of(plain)) == ()
