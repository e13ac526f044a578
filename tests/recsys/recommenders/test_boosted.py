"""BoostedClusterMeans: a stage by hand, its residuals, and better predictions than biases."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from kmeans_core.threads import chunks
from recsys import BiasBaseline, BoostedClusterMeans, Ratings, make_ratings
from recsys.evaluation import evaluate_ratings
from recsys.evaluation.splits import row_folds
from recsys.recommenders import ranking, stages
from recsys.recommenders.stages import TRUST, Cells, item_stage, user_stage

# Rows are users, and columns are items. Users 0 and 1 are alike, and so are users 2 and 3.
RESIDUALS = np.array([[1.0, 0.5, 0.0], [3.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, -2.0, 2.0]])
FEATURES = np.array([[0.0], [0.1], [9.0], [9.1]], dtype=np.float32)


def cells_of(residuals: np.ndarray) -> Cells:
    rated = sp.csr_array(residuals)
    return Cells(rated, rated.data.copy(), damping=20.0, learning_rate=0.5)


def test_a_stage_of_users_by_hand() -> None:
    cells = cells_of(RESIDUALS)
    stage = user_stage(
        cells,
        FEATURES,
        np.ones((1, 1), dtype=np.float32),
        2,
        np.random.default_rng(0),
        by_residuals=False,
    )
    first, second = stage.labels[0], stage.labels[2]
    assert stage.labels.tolist() == [first, first, second, second]
    means = {
        (first, 0): 4.0 / 22,
        (first, 1): 0.5 / 21,
        (second, 1): -3.0 / 22,
        (second, 2): 2.0 / 21,
    }
    for group in (first, second):
        for item in range(4):
            expected = 0.5 * means.get((group, item), 0.0)
            assert stage.adds[group, item] == pytest.approx(expected, rel=1e-6)
    assert stage.adds[2].tolist() == [0.0] * 4
    assert stage.counts[[first, first, second, second, second], [0, 1, 0, 1, 2]].tolist() == [
        2,
        1,
        0,
        2,
        1,
    ]
    # A stage subtracts half the shrunk leave-one-out mean from each residual.
    expected = [1 - 0.5 * 3 / 21, 0.5, 3 - 0.5 * 1 / 21, -1 + 0.5 * 2 / 21, -2 + 0.5 * 1 / 21, 2.0]
    assert cells.residuals.tolist() == pytest.approx(expected)


def test_a_stage_of_items_by_hand() -> None:
    residuals = np.array([[1.0, 3.0, -1.0], [0.0, 2.0, 0.0]])
    cells = cells_of(residuals)
    stage = item_stage(
        cells,
        np.array([[0.0], [0.1], [9.0]], dtype=np.float32),
        2,
        np.random.default_rng(0),
    )
    first, second = stage.labels[0], stage.labels[2]
    assert stage.labels.tolist() == [first, first, second, 2]
    rates = [0.5 * 3 / (3 + TRUST), 0.5 * 1 / (1 + TRUST)]
    expected = [1 - rates[0] * 3 / 21, 3 - rates[0] * 1 / 21, -1.0, 2.0]
    assert cells.residuals.tolist() == pytest.approx(expected)
    again = cells_of(residuals)
    adds = stage.replay(again, np.arange(2))
    assert adds[0, first] == pytest.approx(rates[0] * 4 / 22, rel=1e-6)
    assert adds[0, second] == pytest.approx(rates[0] * -1 / 21, rel=1e-6)
    assert adds[1, first] == pytest.approx(rates[1] * 2 / 21, rel=1e-6)
    assert adds[:, 2].tolist() == [0.0, 0.0]
    assert again.residuals.tolist() == cells.residuals.tolist()


def test_new_users_join_the_nearest_group() -> None:
    stage = user_stage(
        cells_of(RESIDUALS),
        FEATURES,
        np.ones((1, 1), dtype=np.float32),
        2,
        np.random.default_rng(0),
        by_residuals=False,
    )
    # Features from who rated what have length 1, so the test moves the centers there.
    centers = np.where(stage.centers > 5, 1.0, -1.0).astype(np.float32)
    stage = replace(stage, centers=centers)
    users = cells_of(np.array([[0.5, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]))
    watched = np.array([[-3.0], [7.0], [0.0]], dtype=np.float32)
    groups = stage.place(users, watched)
    assert groups.tolist() == [stage.labels[0], stage.labels[2], 2]
    part_0, part_2 = stage.adds[stage.labels[0], 0], stage.adds[stage.labels[2], 2]
    assert users.residuals.tolist() == pytest.approx([0.5 - part_0, 1.0 - part_2])


@pytest.mark.parametrize("n_threads", [1, 3])
def test_replayed_ratings_leave_the_residuals_of_the_fit(
    n_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each user alone goes through the stages as all users did, to the last bit."""
    rng = np.random.default_rng(0)
    residuals = rng.normal(size=(30, 40)) * (rng.random((30, 40)) < 0.3)
    alone, users, films = [cells_of(row[None]) for row in residuals], [], rng.normal(size=(40, 2))
    monkeypatch.setattr(chunks, "SMALL_WORK", 0)
    monkeypatch.setattr(stages, "available_threads", lambda: n_threads)
    cells = cells_of(residuals)
    for n_groups in (3, 5, 2):
        features = rng.normal(size=(30, 2)).astype(np.float32)
        of_users = user_stage(cells, features, features, n_groups, rng, by_residuals=False)
        of_films = item_stage(cells, films.astype(np.float32), 4, rng)
        for user, of_one in enumerate(alone):
            users.append(of_users.replay(of_one, np.array([user]))[0])
            of_films.replay(of_one, np.array([user]))
        assert users[-30:] == of_users.labels.tolist()
    assert np.concatenate([of_one.residuals for of_one in alone]).tolist() == (
        cells.residuals.tolist()
    )


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=200, n_movies=300, n_ratings=12_000, random_state=1)


def test_groups_predict_better_than_biases(ratings: Ratings) -> None:
    makers = {
        "biases": lambda seed: BiasBaseline(),
        "boosted": lambda seed: BoostedClusterMeans(n_chains=1, n_stages=60, random_state=seed),
        "no stages": lambda seed: BoostedClusterMeans(n_chains=1, n_stages=0, random_state=seed),
    }
    found = evaluate_ratings(makers, ratings, n_folds=2).to_frame().set_index("name")["rmse"]
    assert found["boosted"] < 0.995 * found["biases"]
    assert found["boosted"] < 0.997 * found["no stages"]


def test_without_genres_groups_come_from_ratings_alone(ratings: Ratings) -> None:
    plain = replace(ratings, movies=ratings.movies.assign(genres="(no genres listed)"))
    model = BoostedClusterMeans(n_chains=1, n_stages=10).fit(plain)
    assert model.trained_on.genres.shape[1] == 0
    with_genres = BoostedClusterMeans(n_chains=1, n_stages=10).fit(ratings)
    users, items = ratings.ratings["userId"][:9], ratings.ratings["movieId"][:9]
    assert model.predict(users, items).tolist() != with_genres.predict(users, items).tolist()


def test_the_seed_decides_and_chains_are_averaged(ratings: Ratings) -> None:
    users, items = ratings.ratings["userId"][:50], ratings.ratings["movieId"][50:100]
    short = {"n_stages": 4, "learning_rate": 0.5}
    one, other = (
        BoostedClusterMeans(n_chains=1, random_state=seed, **short).fit(ratings) for seed in (0, 1)
    )
    assert one.predict(users, items).tolist() != other.predict(users, items).tolist()
    two = BoostedClusterMeans(n_chains=2, **short).fit(ratings)
    parts = [two._parts(two._place_known(np.arange(5)), np.arange(5), np.arange(5))]
    for chain in two._learned.chains:
        alone = BoostedClusterMeans(n_chains=1, **short).fit(ratings)
        alone._learned = replace(alone._learned, chains=(chain,))
        parts.append(alone._parts(alone._place_known(np.arange(5)), np.arange(5), np.arange(5)))
    for name in parts[0]:
        np.testing.assert_allclose(parts[0][name], (parts[1][name] + parts[2][name]) / 2)


def test_a_training_user_as_a_new_user_has_similar_predictions(ratings: Ratings) -> None:
    model = BoostedClusterMeans(n_chains=1, n_stages=30).fit(ratings)
    items = ratings.movies["movieId"].to_numpy()
    known, new = [], []
    for user in range(1, 21):
        own = ratings.ratings.query("userId == @user")
        known.append(model.predict(np.full(len(items), user), items))
        brought = dict(zip(own["movieId"].tolist(), own["rating"].tolist(), strict=True))
        new.append(model.predict(movie_ids=items, ratings=brought))
    biases = BiasBaseline().fit(ratings)
    plain = [biases.predict(np.full(len(items), user), items) for user in range(1, 21)]
    apart = np.sqrt(np.mean((np.array(known) - np.array(new)) ** 2))
    assert apart < 0.35 * np.sqrt(np.mean((np.array(known) - np.array(plain)) ** 2))


def test_a_model_keeps_no_table_of_all_users(ratings: Ratings) -> None:
    """The ratings of a user are enough to place the user."""
    model = BoostedClusterMeans(n_chains=1, n_stages=10).fit(ratings)
    n_users = model.trained_on.n_users
    assert n_users not in model._item_directions.shape
    of_users = {name for name, array in model._arrays().items() if n_users in array.shape}
    assert of_users == {"biases/user_biases", "0/0/labels", "0/5/labels"}


def test_pairs_in_any_blocks_have_the_same_predictions(
    ratings: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = BoostedClusterMeans(n_chains=2, n_stages=6).fit(ratings)
    some = ratings.ratings.sample(300, random_state=0)
    pairs = some["userId"].to_numpy(), some["movieId"].to_numpy()[::-1]
    predicted, (low, high) = model.predict(*pairs), model.predict_interval(*pairs)
    monkeypatch.setattr(ranking, "USERS_A_BLOCK", 7)
    assert model.predict(*pairs).tolist() == predicted.tolist()
    again = model.predict_interval(*pairs)
    assert (again.low.tolist(), again.high.tolist()) == (low.tolist(), high.tolist())


def test_real_ratings_reach_the_target(real_ratings: Ratings) -> None:
    split = next(row_folds(real_ratings))
    model = BoostedClusterMeans().fit(split.train)
    pairs, stars = (split.test["userId"], split.test["movieId"]), split.test["rating"].to_numpy()
    errors = stars - model.predict(*pairs)
    assert np.sqrt(np.mean(errors**2)) < 0.835
    assert np.mean(np.abs(errors)) < 0.637
    # Each tenth of sureness holds 75 to 85 % of its ratings. Chance alone moves this by .01.
    low, high = model.predict_interval(*pairs)
    held = (low <= stars) & (stars <= high)
    for tenth in np.array_split(held[np.argsort(high - low, kind="stable")], 10):
        assert 0.73 < tenth.mean() < 0.87
