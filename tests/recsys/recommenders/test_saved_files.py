"""Files of recommenders: files that must load, their content, and models that are not saved."""

import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import forging
import numpy as np
import pandas as pd
import pytest
import trying

from recsys import (
    BiasBaseline,
    BoostedClusterMeans,
    ClusterMeanRecommender,
    Ratings,
    RatingScale,
    Recommender,
    TasteGroups,
    make_ratings,
)
from recsys.recommenders import npz, storage

FORMAT_1 = Path(__file__).parent / "format1"


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


@pytest.mark.parametrize("name", ["biases", "most-liked", "cluster-mean"])
def test_files_of_format_1_load(name: str, tmp_path: Path) -> None:
    """The first code that wrote format 1 saved them."""
    path = tmp_path / f"{name}.npz"
    shutil.copy(FORMAT_1 / path.name, path)
    assert trying.tried(path) == "loaded"
    assert not Recommender.load(path).trained_on.ages.any()


def test_a_recommender_that_learned_in_another_way_is_refused() -> None:
    with pytest.raises(ValueError, match=r"TasteGroups learned in .*format 1.*fit it again"):
        Recommender.load(FORMAT_1 / "taste-groups.npz")


def test_a_file_holds_ages_and_scales_of_every_kind(ratings: Ratings, tmp_path: Path) -> None:
    table, movies = ratings.ratings, ratings.movies
    texts = table.assign(userId=[f"u{user}" for user in table["userId"]])
    likes = RatingScale(0.5, 5, 0.5, like_threshold=3)
    for data in (
        ratings,
        Ratings.from_frames(texts, movies),
        Ratings.from_frames(table, movies, scale=(0, 5, 0)),
        Ratings.from_frames(table, movies, scale=likes),
    ):
        model = BiasBaseline().fit(data)
        model.save(tmp_path / "m.npz")
        loaded = Recommender.load(tmp_path / "m.npz").trained_on
        assert loaded.scale == data.scale
        assert loaded.ages.any()
        np.testing.assert_array_equal(loaded.ages, model.trained_on.ages)


def test_other_layouts_of_the_same_numbers_load(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    for model in trying.originals():
        model.save(path)
        content, before = path.read_bytes(), model.recommend_all(3)
        for order, swap in (("F", "="), ("C", ">"), ("C", "<")):
            members = {
                name: forging.as_npy(array.astype(array.dtype.newbyteorder(swap), order=order))
                for name, array in (
                    (name, forging.of_npy(data)) for name, data in forging.unpacked(content).items()
                )
            }
            path.write_bytes(forging.packed(members))
            pd.testing.assert_frame_equal(Recommender.load(path).recommend_all(3), before)


def frames(rows: list[tuple[int, int, float]], title: str = "Film", scale: Any = None) -> Ratings:
    movies = sorted({movie for _, movie, _ in rows})
    return Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
        pd.DataFrame({"movieId": movies, "title": [f"{title} {m}" for m in movies], "genres": ""}),
        scale=scale,
    )


ROWS = [(u, m, 1.0 + (u + m) % 5) for u in range(30) for m in range(20) if (u * m) % 4]
ODD = {
    "one rating": frames([(4, 1, 5.0)]),
    "one user": frames([(4, 1, 5.0), (4, 2, 1.0)]),
    "one film": frames([(u, 1, 3.0) for u in range(9)]),
    "nobody likes anything": frames([(u, m, 1.0) for u, m, _ in ROWS]),
    "all like all": frames([(u, m, 5.0) for u, m, _ in ROWS]),
    "the largest ids": frames([(2**63 - 1 - u, 2**63 - 1 - m, s) for u, m, s in ROWS]),
    "a long title": frames(ROWS, title="é" * 50_000),
    "another scale": frames(
        [(u, m, 20.0 * s - 20) for u, m, s in ROWS], scale=RatingScale(0, np.float32(100), 1)
    ),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize(
    "model",
    [
        BiasBaseline(item_damping=np.float32(3), n_sweeps=np.int8(2)),
        ClusterMeanRecommender(1, region=[5, 5]),
        BoostedClusterMeans(n_chains=3, n_stages=0),
        BoostedClusterMeans(n_chains=1, n_stages=7, learning_rate=0),
        TasteGroups(
            n_user_groupings=3,
            n_item_groupings=2,
            random_state=None,
            rating_model=TasteGroups(n_user_groupings=1, rating_model=BiasBaseline()),
        ),
    ],
    ids=lambda model: type(model).__name__,
)
def test_every_odd_model_that_is_saved_loads(model: Recommender, name: str, tmp_path: Path) -> None:
    model.fit(ODD[name]).save(tmp_path / "m.npz")
    loaded = Recommender.load(tmp_path / "m.npz")
    table = ODD[name].ratings
    users, movies = table["userId"].to_numpy()[:3], table["movieId"].to_numpy()[:3]
    assert loaded.predict(users, movies).tolist() == model.predict(users, movies).tolist()


def test_nearly_empty_arrays_are_not_taken_for_a_bomb(tmp_path: Path) -> None:
    """A long title makes an array of strings that compresses a hundredfold and more."""
    rows = [(u, m, 1.0 + (u + m) % 5) for u in range(3) for m in range(400)]
    model = BiasBaseline().fit(frames(rows, title="t" * 40_000))
    arrays = storage.pack(model)
    assert sum(array.nbytes for array in arrays.values()) > 10 * npz.SPARE_BYTES
    model.save(tmp_path / "m.npz")
    assert Recommender.load(tmp_path / "m.npz").predict([1], [1]) == model.predict([1], [1])


def test_a_file_holds_its_arrays_and_nothing_else(ratings: Ratings, tmp_path: Path) -> None:
    """On numpy 2.0 ``allow_pickle`` became an array of that name, and objects were pickled."""
    model = BiasBaseline().fit(ratings)
    model.save(tmp_path / "m.npz")
    with zipfile.ZipFile(tmp_path / "m.npz") as archive:
        names = archive.namelist()
    assert sorted(names) == sorted(f"{name}.npy" for name in storage.pack(model))


def test_objects_are_not_pickled(ratings: Ratings, tmp_path: Path) -> None:
    model = BiasBaseline().fit(ratings)
    objects = model._biases.user_biases.astype(object)
    model._biases = replace(model._biases, user_biases=objects)
    with pytest.raises(ValueError, match="cannot be saved: learned/user_biases has dtype O"):
        model.save(tmp_path / "m.npz")
    with pytest.raises(ValueError, match="items has dtype object"):
        npz.write(tmp_path / "m.npz", {"items": np.array([None])})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("item_damping", float("inf")),
        ("item_damping", float("nan")),
        ("user_damping", 0.0),
        ("n_sweeps", 2.5),
        ("n_sweeps", np.array([2])),
        ("n_sweeps", np.random.RandomState(0)),
    ],
)
def test_a_parameter_that_could_not_be_loaded_is_not_saved(
    ratings: Ratings, tmp_path: Path, name: str, value: Any
) -> None:
    path = tmp_path / "m.npz"
    path.write_text("before")
    model = BiasBaseline().fit(ratings)
    setattr(model, name, value)
    with pytest.raises(ValueError, match=name):
        model.save(path)
    assert path.read_text() == "before"
