"""Files of recommenders: refused files, and failed writes that leave nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kmeans_core import NotFittedError
from recsys import (
    BiasBaseline,
    BoostedClusterMeans,
    MostLiked,
    Ratings,
    Recommender,
    TasteGroups,
    make_ratings,
)
from recsys.recommenders import npz


@pytest.fixture(scope="module")
def model() -> BiasBaseline:
    ratings = make_ratings(n_users=20, n_movies=30, n_ratings=300, random_state=0)
    return BiasBaseline(item_damping=7.0).fit(ratings)


def test_parameters_come_back(model: BiasBaseline, tmp_path: Path) -> None:
    model.save(tmp_path / "biases.npz")
    loaded = BiasBaseline.load(tmp_path / "biases.npz")
    assert (loaded.item_damping, loaded.user_damping, loaded.n_sweeps) == (7.0, 5.0, 10)


def test_a_process_that_has_loaded_no_recommender_yet(model: BiasBaseline, tmp_path: Path) -> None:
    """Python loads a class when it is first used, but a file may name any class."""
    model.save(tmp_path / "biases.npz")
    code = "import sys; from recsys import Recommender; print(Recommender.load(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(tmp_path / "biases.npz")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "BiasBaseline(item_damping=7.0)\n"


def test_a_recommender_of_another_class_is_refused(model: BiasBaseline, tmp_path: Path) -> None:
    model.save(tmp_path / "biases.npz")
    with pytest.raises(ValueError, match="holds a BiasBaseline, not a TasteGroups"):
        TasteGroups.load(tmp_path / "biases.npz")


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("items")
    np.savez(tmp_path / "arrays.npz", items=np.arange(3))
    with pytest.raises(ValueError, match=r"text\.npz is not a recommender's file"):
        Recommender.load(tmp_path / "text.npz")
    with pytest.raises(ValueError, match="it holds no recommender"):
        Recommender.load(tmp_path / "arrays.npz")
    with pytest.raises(FileNotFoundError):
        Recommender.load(tmp_path / "none.npz")


def test_a_newer_format_is_refused(model: BiasBaseline, tmp_path: Path) -> None:
    path = tmp_path / "biases.npz"
    model.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(str(arrays["about"])) | {"format": 99}
    np.savez(path, **(arrays | {"about": np.array(json.dumps(about))}))
    with pytest.raises(ValueError, match="format 99 is newer than 5"):
        Recommender.load(path)


def test_a_model_with_the_means_of_all_users_is_refused(tmp_path: Path) -> None:
    """Format 4 held them, and no counts of the ratings of groups."""
    ratings = make_ratings(n_users=20, n_movies=30, n_ratings=300, random_state=0)
    boosted = BoostedClusterMeans(n_chains=1, n_stages=0).fit(ratings)
    path = changed(boosted, tmp_path / "m.npz", format=4)
    with pytest.raises(
        ValueError, match=r"BoostedClusterMeans learned in .*format 4.*fit it again"
    ):
        Recommender.load(path)


def test_a_failed_write_keeps_the_old_file(
    model: BiasBaseline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "biases.npz"
    model.save(path)
    before = path.read_bytes()

    def fails(*args: object, **arrays: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fails)
    with pytest.raises(OSError, match="disk full"):
        model.save(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["biases.npz"]


def test_a_model_within_a_model_is_saved_with_it(tmp_path: Path) -> None:
    ratings = make_ratings(n_users=20, n_movies=30, n_ratings=300, random_state=0)
    inner = MostLiked()
    model = TasteGroups(n_user_groupings=2, n_item_groupings=0, rating_model=inner).fit(ratings)
    model.save(tmp_path / "groups.npz")
    loaded = TasteGroups.load(tmp_path / "groups.npz")
    assert type(loaded.rating_model) is MostLiked
    assert loaded.predict([1, 2], [3, 4]).tolist() == model.predict([1, 2], [3, 4]).tolist()


def changed(model: Recommender, path: Path, **about: object) -> Path:
    """Save a file with other JSON about the recommender."""
    model.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    said = json.loads(str(arrays["about"])) | about
    np.savez(path, **(arrays | {"about": np.array(json.dumps(said))}))
    return path


@pytest.mark.parametrize("name", ["import_module", "load_ratings", "RatingMatrix", "Nobody"])
def test_a_file_may_name_only_recommenders_of_this_package(
    model: BiasBaseline, tmp_path: Path, name: str
) -> None:
    path = changed(model, tmp_path / "m.npz", recommender=name, parameters={"name": "this"})
    with pytest.raises(ValueError, match=f"there is no recommender '{name}'"):
        Recommender.load(path)


def test_parameters_of_format_1_have_other_names(model: BiasBaseline, tmp_path: Path) -> None:
    old = {"film_shrinkage": 8.0, "user_shrinkage": 9.0, "n_sweeps": 3}
    path = changed(model, tmp_path / "m.npz", format=1, parameters=old)
    since_format_4 = ("ages", "unrated/movie_ids", "unrated/titles", "unrated/genres")
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if name not in since_format_4}
    np.savez(path, **arrays)
    loaded = BiasBaseline.load(path)
    assert (loaded.item_damping, loaded.user_damping, loaded.n_sweeps) == (8.0, 9.0, 3)


def test_a_number_that_may_be_left_out_comes_back(tmp_path: Path) -> None:
    ratings = make_ratings(n_users=20, n_movies=30, n_ratings=300, random_state=0)
    for weight in (0.25, None):
        model = TasteGroups(
            n_user_groupings=2,
            n_item_groupings=2,
            taste_weight=weight,
            rating_model=BiasBaseline(),
        )
        model.fit(ratings).save(tmp_path / "m.npz")
        loaded = TasteGroups.load(tmp_path / "m.npz")
        assert loaded.taste_weight == weight
        assert loaded.recommend(1).equals(model.recommend(1))


def test_a_model_of_very_large_ratings_comes_back(tmp_path: Path) -> None:
    rows = [(u, i, 1e12 * ((u * i) % 7) / 6) for u in range(12) for i in range(9)]
    user, item, rating = (list(column) for column in zip(*rows, strict=True))
    table = {"user": user, "item": item, "rating": rating}
    ratings = Ratings.from_frames(table, scale=(0.0, 1e12, 0.0))
    model = TasteGroups(n_user_groupings=2, n_item_groupings=2, rating_model=BiasBaseline())
    model.fit(ratings).save(tmp_path / "m.npz")
    assert TasteGroups.load(tmp_path / "m.npz").recommend(1).equals(model.recommend(1))


def test_an_incomplete_file_is_refused(model: BiasBaseline, tmp_path: Path) -> None:
    path = changed(model, tmp_path / "m.npz", parameters={"n_wheels": 4})
    with pytest.raises(ValueError, match=r"incomplete.*n_wheels"):
        Recommender.load(path)


def test_a_class_that_a_file_cannot_name_is_not_saved(tmp_path: Path) -> None:
    class Mine(BiasBaseline):
        pass

    ratings = make_ratings(n_users=20, n_movies=30, n_ratings=300, random_state=0)
    with pytest.raises(ValueError, match="Mine is not a recommender of this package"):
        Mine().fit(ratings).save(tmp_path / "m.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (BiasBaseline(user_damping=0), "user_damping"),
        (BoostedClusterMeans(n_chains=0), "n_chains"),
        (BoostedClusterMeans(damping=0), "damping"),
        (TasteGroups(n_user_groupings=0), "n_user_groupings"),
        (TasteGroups(popularity_discount=-1), "popularity_discount"),
    ],
)
def test_an_impossible_parameter_is_named(made: Recommender, name: str) -> None:
    ratings = make_ratings(n_users=20, n_movies=30, n_ratings=300, random_state=0)
    with pytest.raises(ValueError, match=f"{name} must be at least"):
        made.fit(ratings)
    with pytest.raises(NotFittedError):
        made.predict([1], [1])


def test_a_given_rating_model_is_not_changed() -> None:
    ratings = make_ratings(n_users=20, n_movies=30, n_ratings=300, random_state=0)
    other = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=1)
    given = BiasBaseline(item_damping=9.0).fit(other)
    before = given.predict([35], [55])
    model = TasteGroups(n_user_groupings=2, rating_model=given).fit(ratings)
    assert given.predict([35], [55]) == before
    alone = BiasBaseline(item_damping=9.0).fit(ratings)
    assert model.predict([1], [2]) == alone.predict([1], [2])


@pytest.mark.skipif(os.name == "nt", reason="this device has another name on Windows")
def test_arrays_of_any_size_go_to_a_device() -> None:
    """The position in /dev/null is always 0, so zipfile must not ask for it."""
    noise = np.random.default_rng(0).integers(0, 256, 20_000, dtype=np.uint8)
    for size in range(0, 20_000, 500):
        npz.write(Path(os.devnull), {"noise": noise[:size]})
