"""Files of recommenders: what is refused, and that a broken write leaves nothing behind."""

import json
from pathlib import Path

import numpy as np
import pytest

from recsys import BiasBaseline, MostLiked, Recommender, TasteGroups, make_ratings


@pytest.fixture(scope="module")
def model() -> BiasBaseline:
    ratings = make_ratings(n_users=20, n_movies=30, n_ratings=300, random_state=0)
    return BiasBaseline(film_shrinkage=7.0).fit(ratings)


def test_parameters_come_back(model: BiasBaseline, tmp_path: Path) -> None:
    model.save(tmp_path / "biases.npz")
    loaded = BiasBaseline.load(tmp_path / "biases.npz")
    assert (loaded.film_shrinkage, loaded.user_shrinkage, loaded.n_sweeps) == (7.0, 5.0, 10)


def test_another_class_than_the_one_asked_is_refused(model: BiasBaseline, tmp_path: Path) -> None:
    model.save(tmp_path / "biases.npz")
    with pytest.raises(ValueError, match="holds a BiasBaseline, not a TasteGroups"):
        TasteGroups.load(tmp_path / "biases.npz")


def test_what_is_no_recommenders_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("films")
    np.savez(tmp_path / "arrays.npz", films=np.arange(3))
    with pytest.raises(ValueError, match=r"text\.npz is not a recommender's file"):
        Recommender.load(tmp_path / "text.npz")
    with pytest.raises(ValueError, match="no recommender is in it"):
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
    with pytest.raises(ValueError, match="format 99 is newer than 1"):
        Recommender.load(path)


def test_a_write_that_fails_leaves_what_was_there(
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
    model = TasteGroups(n_user_groupings=2, n_film_groupings=0, rating_model=inner).fit(ratings)
    model.save(tmp_path / "groups.npz")
    loaded = TasteGroups.load(tmp_path / "groups.npz")
    assert type(loaded.rating_model) is MostLiked
    assert loaded.predict([1, 2], [3, 4]).tolist() == model.predict([1, 2], [3, 4]).tolist()
