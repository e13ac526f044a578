"""PocketGroups: scores from their definition, what is packed, samples, and the quality of lists."""

import json
from base64 import b64decode
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from recounting import Recount

from recsys import (
    MostLiked,
    PocketGroups,
    RatingMatrix,
    Ratings,
    RatingScale,
    Recommender,
    make_ratings,
)
from recsys.evaluation import evaluate_cold_start

SAMPLED = "; counted among 110 of the 150 people"


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=150, n_movies=90, n_ratings=4500, random_state=0)


@pytest.fixture(scope="module")
def model(ratings: Ratings) -> PocketGroups:
    return PocketGroups(n_groupings=5, taste_weight=0.75).fit(ratings)


@pytest.fixture(scope="module")
def sampled(ratings: Ratings) -> PocketGroups:
    return PocketGroups(n_groupings=5, max_users=110, max_items=40).fit(ratings)


def test_a_score_from_its_definition(model: PocketGroups, ratings: Ratings) -> None:
    given = {3: 5.0, 10: 4.0, 25: 4.5, 40: 1.0, 41: 3.0}
    found = model.recommend(ratings=given, n=1000).set_index("movieId")["score"]
    matrix = RatingMatrix.from_ratings(ratings)
    likes = (matrix.to_frame().to_numpy() >= 4).astype(float)
    n_users, n_likes = len(likes), likes.sum(axis=0)
    p = n_likes / n_users
    place = {movie: column for column, movie in enumerate(matrix.movie_ids.tolist())}
    mine = [place[movie] for movie, stars in given.items() if stars >= 4 and movie in place]

    u = np.zeros(len(p))
    for labels in model._user_groups.labels:
        groups = [likes[labels == group] for group in np.unique(labels[likes.any(axis=1)])]
        chance = [
            len(of) * np.prod(((of[:, mine].sum(axis=0) + p[mine]) / (len(of) + 1)) ** 0.5)
            for of in groups
        ]
        share = np.array(chance) / sum(chance)
        share[share < 1e-3] = 0
        share /= share.sum()
        for part, of in zip(share, groups, strict=True):
            u += part * (of.sum(axis=0) + p) / (len(of) + 1) / 5

    damped = np.diag(1 / np.sqrt(np.maximum(n_likes, 1)))
    kernel = likes @ damped @ likes.T
    kernel += 6 * np.trace(kernel) / n_users * np.eye(n_users)
    weights = np.zeros(len(p))
    for movie, stars in given.items():
        weights[place[movie]] = (stars - 0.5) / 4.5
    r = weights @ damped @ likes.T @ np.linalg.solve(kernel, likes)
    r = (r - r[p > 0].mean()) / r[p > 0].std()
    with np.errstate(divide="ignore"):
        expected = 0.75 * np.log(u) + 0.4 * 0.75 * 5 / 15 * r + 0.25 * np.log(p)
    unrated = [movie for movie in place if movie not in given and p[place[movie]] > 0]
    assert sorted(found.index) == unrated
    # The sums of naive Bayes are float32.
    np.testing.assert_allclose(
        found[unrated], [expected[place[movie]] for movie in unrated], atol=2e-6
    )


def test_without_ratings_a_list_has_the_most_liked(model: PocketGroups, ratings: Ratings) -> None:
    popular = MostLiked().fit(ratings)
    for given in ({}, {999: 5.0}):
        found = model.recommend(ratings=given, n=50)["movieId"].tolist()
        assert found == popular.recommend(ratings={}, n=50)["movieId"].tolist()


def test_ratings_below_a_like_count_by_their_height(model: PocketGroups) -> None:
    lowest, middle, none = (
        model.explain(movie_id=40, ratings=given).score_parts
        for given in ({3: 0.5, 9: 0.5}, {3: 3.5, 9: 0.5}, {})
    )
    # Only likes place a user in groups, and the lowest rating has the weight 0.
    assert lowest == none
    assert [part.value for part in middle][::2] == [part.value for part in none][::2]
    assert middle[1].value != 0


def test_a_film_that_nobody_likes_is_never_shown(ratings: Ratings) -> None:
    disliked = ratings.ratings["rating"].where(ratings.ratings["movieId"] != 5, 1.0)
    table = ratings.ratings.assign(rating=disliked)
    model = PocketGroups(n_groupings=3).fit(Ratings.from_frames(table, ratings.movies))
    assert 5 not in model.packed_ids
    assert 5 not in model.recommend(ratings={5: 5.0, 6: 4.0}, n=1000)["movieId"].tolist()
    assert model.explain(movie_id=5, ratings={6: 4.0}).n_liked == 0


def numbers(text: str) -> list[int]:
    """LEB128, read bit by bit."""
    found, bits = [], ""
    for byte in b64decode(text):
        bits = f"{byte % 128:07b}{bits}"
        if byte < 128:
            found.append(int(bits, 2))
            bits = ""
    return found


@pytest.mark.parametrize("which", ["model", "sampled"])
def test_what_is_packed(which: str, ratings: Ratings, request: pytest.FixtureRequest) -> None:
    model: PocketGroups = request.getfixturevalue(which)
    packed = json.loads(json.dumps(model.packed()))
    users = model.trained_on.matrix.user_ids[model._rows].tolist()
    table = ratings.ratings[ratings.ratings["userId"].isin(users)]
    films = model.packed_ids.tolist()
    liked = table[(table["rating"] >= 4) & table["movieId"].isin(films)]
    expected = [sorted(liked[liked["userId"] == user]["movieId"]) for user in users]
    assert (packed["n_users"], packed["n_all_users"]) == (len(users), 150)

    stream, rows = iter(numbers(packed["likes"])), []
    for _ in users:
        steps = [next(stream) for _ in range(next(stream))]
        rows.append([films[place] for place in np.cumsum(steps, dtype=int)])
    assert rows == expected
    assert next(stream, None) is None
    labels = np.frombuffer(b64decode(packed["labels"]), np.uint8).reshape(5, -1)
    for packed_labels, own, n in zip(
        labels, model._user_groups.labels, packed["n_groups"], strict=True
    ):
        assert packed_labels.max() < n
        together = pd.DataFrame({"packed": packed_labels, "own": own})[[bool(r) for r in rows]]
        assert len(together.drop_duplicates()) == together["own"].nunique()
        assert len(together.drop_duplicates()) == together["packed"].nunique()
    by_film = table.groupby("movieId")["rating"]
    assert numbers(packed["n_ratings"]) == by_film.count()[films].tolist()
    means = [(m + 1) // 2 * (-1) ** (m % 2) for m in numbers(packed["means"])]
    assert [f"{m / 100:.2f}" for m in means] == [f"{m:.2f}" for m in by_film.mean()[films]]
    assert len(packed["titles"]) == len(films)


def test_a_packed_model_names_nobody(ratings: Ratings) -> None:
    table = ratings.ratings.assign(userId=ratings.ratings["userId"] + 7_654_000)
    model = PocketGroups(n_groupings=2).fit(Ratings.from_frames(table, ratings.movies))
    assert "7654" not in json.dumps(model.packed())


def test_means_below_zero_are_packed() -> None:
    stars = [(user, film, (user * film) % 9 - 6.37) for user in range(9) for film in range(1, 5)]
    table = pd.DataFrame(stars, columns=["userId", "movieId", "rating"])
    scale = RatingScale(-10, 10, 0, like_threshold=0)
    model = PocketGroups(n_groupings=2).fit(Ratings.from_frames(table, scale=scale))
    means = table.groupby("movieId")["rating"].mean()[model.packed_ids]
    assert (means < 0).all()
    packed = numbers(model.packed()["means"])
    assert [-(each + 1) // 2 for each in packed] == (means * 100).round().tolist()


def test_samples_serve_everybody_and_count_only_the_kept(
    sampled: PocketGroups, ratings: Ratings
) -> None:
    users = sampled.trained_on.matrix.user_ids[sampled._rows]
    assert len(users) == 110
    assert len(sampled.packed_ids) <= 40
    kept = ratings.ratings[ratings.ratings["userId"].isin(users)]
    columns = sampled.trained_on.matrix.movie_ids[sampled._columns]
    recount = Recount(replace(ratings, ratings=kept[kept["movieId"].isin(columns)]))
    outsiders = np.setdiff1d(sampled.trained_on.matrix.user_ids, users)
    known = [(user, None) for user in users[:12].tolist()]
    brought = ratings.ratings.groupby("userId")[["movieId", "rating"]]
    new = [(None, dict(brought.get_group(user).to_numpy())) for user in outsiders[:12].tolist()]
    kinds = set()
    for user, own in [*known, *new]:
        found = sampled.recommend(user, ratings=own, n=6)
        assert set(found["movieId"]) <= set(sampled.packed_ids.tolist())
        for movie, reason in zip(found["movieId"].tolist(), found["reason"], strict=True):
            told = sampled.explain(user, movie, ratings=own)
            assert told.reason == reason
            assert reason.endswith(SAMPLED)
            plain = replace(told, reason=reason.removesuffix(SAMPLED))
            recount.check(plain, movie, user, own)
            kinds.add(told.kind)
    assert {"group", "film"} <= kinds
    # A user outside the sample has the list of a new user with the same ratings.
    same = sampled.recommend(int(outsiders[0])), sampled.recommend(ratings=new[0][1])
    assert same[0]["movieId"].tolist() == same[1]["movieId"].tolist()


def test_a_film_outside_the_sample_is_explained_by_everybody(
    sampled: PocketGroups, ratings: Ratings
) -> None:
    left_out = np.setdiff1d(sampled.trained_on.matrix.movie_ids, sampled.packed_ids)
    told = sampled.explain(movie_id=int(left_out[0]), ratings={})
    Recount(ratings).check(told, int(left_out[0]), None, {})


@pytest.mark.parametrize("wrong", [{"n_groupings": 0}, {"max_users": 2}, {"max_items": 0}])
def test_a_parameter_out_of_its_range_is_named(ratings: Ratings, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be at least"):
        PocketGroups(**wrong).fit(ratings)


def test_without_clear_taste_everybody_gets_the_most_liked(ratings: Ratings) -> None:
    weights = []
    for seed in range(6):
        users = np.random.default_rng(seed).permutation(ratings.ratings["userId"].to_numpy())
        table = ratings.ratings.assign(userId=users).drop_duplicates(["userId", "movieId"])
        by_chance = Ratings.from_frames(table, ratings.movies)
        weights.append(PocketGroups(n_groupings=5).fit(by_chance)._taste_weight)
    assert sorted(weights)[:5] == [0.0] * 5
    assert PocketGroups(n_groupings=5).fit(ratings)._taste_weight > 0.5
    few = ratings.ratings.groupby("userId").head(4)
    assert PocketGroups().fit(Ratings.from_frames(few, ratings.movies))._taste_weight == 0.0


def lists_alone(model: Recommender) -> SimpleNamespace:
    """A recommender that is not asked for predictions, to save time."""
    return SimpleNamespace(fit=model.fit, top_new=model.top_new)


def test_real_ratings_reach_the_targets(real_ratings: Ratings) -> None:
    """A page has room for the model, and new people get better lists than the most liked films."""
    makers = {
        "popular": lambda seed: lists_alone(MostLiked()),
        "pocket": lambda seed: lists_alone(PocketGroups()),
    }
    scores = evaluate_cold_start(makers, real_ratings, shown=(1, 4, 20)).to_frame()
    found = scores.pivot_table(index="n_shown", columns="name", values="ndcg")
    assert (found["pocket"] > found["popular"] + 0.01).all()
    assert found["pocket"][20] > 0.47
    packed = PocketGroups(taste_weight=1.0).fit(real_ratings).packed()
    assert len(json.dumps(packed, ensure_ascii=False).encode()) < 350_000
