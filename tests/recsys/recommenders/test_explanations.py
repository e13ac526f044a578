"""Each sentence of a reason by hand, and that it is not written if the counts do not bear it."""

import numpy as np
import pandas as pd
import pytest
from recounting import Recount

from recsys import Ratings
from recsys.data.scale import LIKES
from recsys.recommenders.case import Case
from recsys.recommenders.explanations import (
    of_cluster,
    of_everyone,
    of_film,
    of_likes,
    of_means,
    of_own_ratings,
    of_quality,
)
from recsys.recommenders.training import TrainingData
from recsys.recommenders.types import Users

# 61 users, of whom user 0 asks about film 1. Users 1 to 12 share a taste: ten of them rated film 1,
# nine liked it. Elsewhere 20 rated it, and six liked it. User 0 and most of the twelve like film 2,
# which three others like too. All but one like film 3.
ASKED, SHARED, ALL_LIKE, LOW = 1, 2, 3, 4
GROUP = range(1, 13)


def rows() -> list[tuple[int, int, float]]:
    made = [(0, SHARED, 5.0), (0, ALL_LIKE, 4.0), *((0, film, 2.0) for film in range(LOW, 12))]
    made += [(user, ASKED, 4.5 if user < 10 else 3.0) for user in range(1, 11)]
    made += [(user, ASKED, 4.0 if user < 26 else 2.0) for user in range(20, 40)]
    made += [(user, SHARED, 4.0) for user in [*range(1, 12), 30, 31, 32]]
    made += [(user, ALL_LIKE, 5.0) for user in range(1, 60)]
    return made + [(60, film, 1.0) for film in range(LOW, 12)]


def made_of(made: list[tuple[int, int, float]]) -> Ratings:
    table = pd.DataFrame(made, columns=["userId", "movieId", "rating"])
    films = np.unique(table["movieId"])
    movies = pd.DataFrame(
        {"movieId": films, "title": [f"Film {film}, The (1999)" for film in films], "genres": "War"}
    )
    return Ratings.from_frames(table, movies)


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return made_of(rows())


@pytest.fixture(scope="module")
def recount(ratings: Ratings) -> Recount:
    return Recount(ratings)


def case_of(ratings: Ratings, user: int = 0, movie: int = ASKED) -> Case:
    data = TrainingData.of(ratings)
    row = data.row(user)
    profiles = data.profiles(np.array([row]))
    users = Users(profiles.rated, profiles.ages, None, np.array([row]))
    return Case.of(data, users, 0, int(data.columns([movie])[0]))


@pytest.fixture(scope="module")
def case(ratings: Ratings) -> Case:
    return case_of(ratings)


def mask(n: int, *members: int) -> np.ndarray:
    found = np.zeros(n, dtype=bool)
    found[list(members)] = True
    return found


def labels(*groups: range) -> np.ndarray:
    """One grouping for each group: 1 in the group and for user 0, and 0 elsewhere."""
    return np.array([mask(61, 0, *group) for group in groups]).astype(int)


def test_all_others_are_counted_without_the_user(case: Case, recount: Recount) -> None:
    told = of_everyone(case)
    assert told.reason == "30 of the 60 others rated it, 3.18 on average; 15 liked it"
    assert told == of_quality(case)
    recount.check(told, ASKED, 0)
    own = case_of(made_of([*rows(), (0, ASKED, 5.0)]))
    assert of_everyone(own).reason == told.reason


def test_few_ratings_are_thin_evidence(ratings: Ratings, recount: Recount) -> None:
    case = case_of(ratings, 0, LOW)
    told = of_everyone(case, "you are in no group; ")
    assert told.reason == (
        "you are in no group; "
        "the evidence is thin: 1 of the 60 others rated it, 1.00 on average; none liked it"
    )
    recount.check(told, LOW, 0)
    assert of_quality(case) is None
    nobody = case_of(ratings, 60, 11)
    assert of_everyone(nobody).n_ratings == 1
    alone = case_of(made_of([(0, ASKED, 5.0)]))
    assert of_everyone(alone).reason == "the evidence is thin: there are no other people"


def test_the_group_whose_share_of_likes_is_nearest_to_the_mean(
    case: Case, recount: Recount
) -> None:
    """Nine of ten, of twelve and of 14 like it: 90 %, 75 % and 64 %, on average 76 %."""
    told = of_likes(case, labels(range(1, 11), GROUP, range(1, 15)), np.ones(3, dtype=int))
    assert told is not None
    assert told.reason == (
        "9 of the 12 people who share your taste liked it (75 %); elsewhere 12 %; "
        "like you, most of them liked The Film 2 (1999)"
    )
    assert (told.user_ids, told.movie_ids) == (tuple(GROUP), (SHARED,))
    assert (told.n_users, told.n_ratings, told.n_liked, told.mean) == (12, 10, 9, 4.35)
    recount.check(told, ASKED, 0)


@pytest.mark.parametrize(
    "group",
    [
        range(1, 10),  # nine rated it
        range(1, 17),  # more than a quarter of 60
        range(26, 40),  # nobody liked it
        range(20, 32),  # 6 of 12 like it, 9 of 48 elsewhere: within 2.5 standard errors, above 2
        range(0),
    ],
)
def test_a_group_that_does_not_bear_it_out_is_not_named(case: Case, group: range) -> None:
    told = of_likes(case, labels(group), np.array([1]))
    assert (told is None) == (group != range(20, 32))


def test_films_are_named_only_if_most_like_them_and_clearly_more(case: Case) -> None:
    """All of a group of another taste like film 3, but so does everybody. None like film 2."""
    told = of_likes(case, labels(range(20, 32)), np.array([1]))
    assert told is not None
    assert told.movie_ids == ()
    assert "like you" not in told.reason


def test_a_group_that_rates_it_clearly_higher(case: Case, recount: Recount) -> None:
    groups = [mask(61, *range(26, 40)), mask(61, 0, *range(1, 10)), mask(61, 0, *GROUP)]
    told = of_means(case, groups)
    assert told is not None
    assert told.reason == (
        "10 of the 12 people who share your taste rated it, 4.35 on average; elsewhere 2.60; "
        "like you, most of them liked The Film 2 (1999)"
    )
    recount.check(told, ASKED, 0)
    assert of_means(case, groups[:2]) is None
    assert of_means(case, []) is None


def test_a_film_that_the_user_liked(recount: Recount, ratings: Ratings) -> None:
    """All like film 3, and only user 0 and 14 others like film 2: nine and none of them like it."""
    case = case_of(ratings)
    told = of_film(case, case.my_likes[::-1])
    assert told is not None
    assert told.reason == (
        "you liked The Film 2 (1999): 9 of the 14 others who liked it liked this too (64 %); "
        "elsewhere 13 %"
    )
    assert (told.n_users, told.n_ratings, told.movie_ids) == (14, 13, (SHARED,))
    recount.check(told, ASKED, 0)
    assert of_film(case, case.my_likes[1:]) is None


def test_films_like_it_that_the_user_rates_higher(case: Case, recount: Recount) -> None:
    """User 0 rated films 2 and 3 with 5 and 4, and eight films with 2."""
    few, low = mask(10, 0, 1, 2, 3), mask(10, *range(2, 10))
    assert of_own_ratings(case, [few, low, mask(10, *range(10))]) is None
    better = case_of(made_of([*rows(), *((0, film, 4.0) for film in range(20, 24))]))
    like_it = np.isin(better.data.matrix.movie_ids[better.mine], [2, 20, 21, 22, 23])
    told = of_own_ratings(better, [like_it])
    assert told is not None
    assert told.reason == (
        "you rate films like it 4.20 on average over 5 films; you average 2.93 over 14"
    )
    assert told.movie_ids == (2, 20, 21, 22, 23)


def test_a_cluster_counts_the_others(case: Case, recount: Recount) -> None:
    told = of_cluster(case, mask(61, 0, *GROUP), "group 7")
    assert told is not None
    assert told.reason == "10 of the 12 others in group 7 rated it, 4.35 on average; 9 liked it"
    large = of_cluster(case, mask(61, *range(20)), "group 7")
    assert large is not None
    assert large.reason.startswith("the evidence is thin: 10 of the 19 others in group 7 rated it")
    assert of_cluster(case, mask(61, 0, 50), "group 7") is None


@pytest.mark.parametrize(
    ("other", "did"),
    [
        ((1, ASKED, 4.0), "rated it 4.00 and liked it"),
        ((1, ASKED, 2.0), "rated it 2.00 and did not like it"),
        ((1, LOW, 2.0), "did not rate it"),
    ],
)
def test_one_other_user_is_no_crowd(other: tuple[int, int, float], did: str) -> None:
    pair = made_of([(0, ASKED, 3.0), (0, SHARED, 4.0), other])
    told = of_everyone(case_of(pair))
    assert told.reason == f"the evidence is thin: the only other person {did}"
    Recount(pair).check(told, ASKED, 0)


def test_likes_are_counted_as_likes(recount: Recount) -> None:
    likes = [(user, movie, 1.0) for user, movie, rating in rows() if rating >= 3]
    likes += [(60, LOW, 1.0)]
    table = pd.DataFrame(likes, columns=["userId", "movieId", "rating"])
    ratings = Ratings.from_frames(table, scale=LIKES)
    case = case_of(ratings)
    assert of_everyone(case).reason == "16 of the 60 others liked it"
    told = of_likes(case, labels(GROUP), np.array([1]))
    assert told is not None
    assert told.reason == (
        "10 of the 12 people who share your taste liked it (83 %); elsewhere 12 %; "
        "like you, most of them liked 2"
    )
    Recount(ratings).check(told, ASKED, 0)
