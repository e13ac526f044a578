"""Damaged or edited files of recommenders are refused in one line, or are harmless."""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import forging
import numpy as np
import pytest
import trying

from recsys import (
    Ratings,
    Recommender,
    make_ratings,
)

FORMAT_1 = Path(__file__).parent / "format1"


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


@pytest.fixture(scope="module")
def saved(ratings: Ratings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A file of each kind of recommender, by the name of its class."""
    path = tmp_path_factory.mktemp("saved") / "model.npz"
    found = {}
    for model in trying.originals():
        model.save(path)
        found[type(model).__name__] = path.read_bytes()
    return found


def refused(path: Path, content: bytes) -> str:
    """The reason for which a file is refused, without the name of the file."""
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not a recommender's file") as caught:
        Recommender.load(path)
    message = str(caught.value)
    assert len(message) < 300
    assert message.isprintable()
    assert path.name in message
    return message.partition("recommender's file: ")[2]


def with_array(content: bytes, name: str, array: Any) -> bytes:
    members = forging.unpacked(content)
    return forging.packed(members | {f"{name}.npy": forging.as_npy(array)})


def changed(content: bytes, name: str, place: Any, value: Any) -> bytes:
    array = forging.of_npy(forging.unpacked(content)[f"{name}.npy"]).copy()
    array[place] = value
    return with_array(content, name, array)


def test_a_short_hunt(tmp_path: Path) -> None:
    found, faults = trying.hunt(tmp_path, 0, 80)
    assert faults == []
    assert found["refused"] > 40
    assert found["loaded"] > 10


def test_a_bomb_takes_little_memory(tmp_path: Path) -> None:
    found, faults = trying.hunt(tmp_path, 199, 200)
    assert faults == []
    assert found["refused"] == 1


def test_a_bomb_in_the_right_place_is_refused(saved: dict[str, bytes], tmp_path: Path) -> None:
    """Titles may have any width. These take a thousand times the bytes of the file."""
    wide = np.zeros(60, "U100000")
    reason = refused(tmp_path / "m.npz", with_array(saved["BiasBaseline"], "matrix/titles", wide))
    assert "bytes, but" in reason


def test_a_column_twice_in_a_row_is_refused(saved: dict[str, bytes], tmp_path: Path) -> None:
    for kind, matrix in (
        ("BiasBaseline", "matrix"),
        ("ClusterMeanRecommender", "learned/clusters"),
    ):
        members = forging.unpacked(saved[kind])
        first = forging.of_npy(members[f"{matrix}/indices.npy"])[0]
        refused(tmp_path / "m.npz", changed(saved[kind], f"{matrix}/indices", 1, first))


EDITS = [
    ("BiasBaseline", "matrix/indptr", 3, -1),
    ("BiasBaseline", "matrix/indptr", 3, 10**9),
    ("BiasBaseline", "matrix/indptr", -1, 5),
    ("BiasBaseline", "matrix/indptr", 0, 1),
    ("BiasBaseline", "matrix/indices", 0, -1),
    ("BiasBaseline", "matrix/indices", 0, 60),
    ("BiasBaseline", "matrix/indices", slice(0, 2), [5, 5]),
    ("BiasBaseline", "matrix/indices", slice(0, 2), [5, 1]),
    ("BiasBaseline", "matrix/shape", ..., [10**9, 0]),
    ("BiasBaseline", "matrix/data", 0, np.nan),
    ("BiasBaseline", "matrix/data", 0, 5.5),
    ("BiasBaseline", "matrix/user_ids", slice(0, 2), 7),
    ("BiasBaseline", "matrix/movie_ids", slice(0, 2), 7),
    ("BiasBaseline", "matrix/columns", ..., "rowId"),
    ("BiasBaseline", "genres", 0, np.inf),
    ("BiasBaseline", "learned/mean", ..., np.inf),
    ("BiasBaseline", "learned/user_biases", 3, np.nan),
    ("MostLiked", "learned/likes", 3, -1),
    ("ClusterMeanRecommender", "learned/labels", 0, 3),
    ("ClusterMeanRecommender", "learned/labels", 0, -1),
    ("ClusterMeanRecommender", "learned/n_clusters", ..., 10**6),
    ("ClusterMeanRecommender", "learned/n_clusters", ..., 0),
    ("ClusterMeanRecommender", "learned/clusters/indptr", 3, 10**9),
    ("ClusterMeanRecommender", "learned/clusters/movie_ids", slice(0, 2), 7),
    ("BoostedClusterMeans", "learned/shape", ..., [10**9, 10**9]),
    ("BoostedClusterMeans", "learned/0/0/labels", 0, 10**9),
    ("BoostedClusterMeans", "learned/0/1/labels", 0, 10**9),
    ("BoostedClusterMeans", "learned/0/1/labels", -1, 0),
    ("BoostedClusterMeans", "learned/0/0/adds", (-1, 0), 1),
    ("BoostedClusterMeans", "learned/0/1/labels", 60, 257),
    ("BoostedClusterMeans", "learned/0/0/adds", (0, 0), np.nan),
    ("BoostedClusterMeans", "learned/0/0/counts", (0, 0), -1),
    ("BoostedClusterMeans", "learned/0/0/centers", 0, 1e30),
    ("BoostedClusterMeans", "learned/errors/mean_square", ..., 0),
    ("BoostedClusterMeans", "learned/errors/weights", 0, -1),
    ("BoostedClusterMeans", "learned/errors/item_sizes", 0, np.nan),
    ("BoostedClusterMeans", "learned/errors/quantiles", (0, 0, 5), 10**6),
    ("BoostedClusterMeans", "learned/errors/height_limits", 0, 10**6),
    ("Hybrid", "learned/items", 0, 60),
    ("Hybrid", "learned/items", 0, 1),
    ("Hybrid", "learned/together", 0, np.nan),
    ("Hybrid", "learned/next", 0, 1e30),
    ("Hybrid", "learned/groups/matrix/user_ids", 0, 10**9),
    ("TasteGroups", "learned/taste_weight", ..., 1.5),
    ("TasteGroups", "learned/users/labels", 0, -1),
    ("TasteGroups", "learned/users/labels", 0, 10**9),
    ("TasteGroups", "learned/users/labels", (0, 0), 10**6),
    ("TasteGroups", "learned/users/limits", 0, 1),
    ("TasteGroups", "learned/users/limits", 1, 10**9),
    ("TasteGroups", "learned/users/limits", -1, 10**9),
    ("TasteGroups", "learned/items", 0, 10**6),
    ("TasteGroups", "learned/items", 0, -1),
    ("TasteGroups", "learned/ridge/labels", 0, 10**6),
    ("TasteGroups", "learned/ridge/sample", 0, -1),
    ("TasteGroups", "learned/ridge/sample", 0, 10**6),
    ("TasteGroups", "learned/ridge/sample", slice(0, 2), 1),
    ("TasteGroups", "learned/ridge/inverse", (0, 0), np.nan),
    ("TasteGroups", "learned/ridge/spread", ..., 0),
    ("PocketGroups", "learned/rows", 0, 10**6),
    ("PocketGroups", "learned/rows", slice(0, 2), 1),
    ("PocketGroups", "learned/columns", -1, 60),
    ("PocketGroups", "learned/columns", slice(0, 2), [1, 0]),
    ("PocketGroups", "learned/groups/labels", (0, 0), 10**6),
    ("PocketGroups", "learned/inverse", (0, 0), np.nan),
    ("PocketGroups", "learned/taste_weight", ..., -0.5),
    ("PocketGroups", "learned/biases/item_biases", 0, np.inf),
    ("TasteGroups", "learned/ratings/matrix/indptr", 1, 10**9),
    ("TasteGroups", "learned/ratings/matrix/user_ids", 0, 10**9),
]


@pytest.mark.parametrize(("kind", "name", "place", "value"), EDITS)
def test_a_value_out_of_its_range_is_refused(
    saved: dict[str, bytes], tmp_path: Path, kind: str, name: str, place: Any, value: Any
) -> None:
    assert refused(tmp_path / "m.npz", changed(saved[kind], name, place, value))


@pytest.mark.parametrize("unrated", [[1, 70], [70, 70], ["70", "71"]])
def test_films_without_ratings_must_be_others(
    saved: dict[str, bytes], tmp_path: Path, unrated: list[Any]
) -> None:
    content = saved["BiasBaseline"]
    n_genres = forging.of_npy(forging.unpacked(content)["genres.npy"]).shape[1]
    for name, array in (
        ("movie_ids", np.array(unrated)),
        ("titles", np.array(["a", "b"])),
        ("genres", np.zeros((2, n_genres), np.float32)),
    ):
        content = with_array(content, f"unrated/{name}", array)
    assert refused(tmp_path / "m.npz", content)


def test_every_array_is_needed_and_no_other(saved: dict[str, bytes], tmp_path: Path) -> None:
    for content in saved.values():
        members = forging.unpacked(content)
        for name in members:
            few = {other: data for other, data in members.items() if other != name}
            refused(tmp_path / "m.npz", forging.packed(few))
        more = members | {"learned/more.npy": forging.as_npy(np.zeros(3))}
        assert "learned/more does not belong" in refused(tmp_path / "m.npz", forging.packed(more))


def test_every_array_has_its_dtype_and_shape(saved: dict[str, bytes], tmp_path: Path) -> None:
    for content in saved.values():
        for member, data in forging.unpacked(content).items():
            name, array = member.removesuffix(".npy"), forging.of_npy(data)
            for other in (
                np.zeros(array.shape, "S3"),
                np.full(array.shape, 0, dtype="c16"),
                array[None],
                np.concatenate([array, array]) if array.ndim else np.zeros(2, array.dtype),
            ):
                if (other.dtype, other.shape) != (array.dtype, array.shape):
                    refused(tmp_path / "m.npz", with_array(content, name, other))


def test_shapes_without_bytes_ask_for_no_memory(saved: dict[str, bytes], tmp_path: Path) -> None:
    for shape in ((10**9, 0), (0, 10**18), (10**18, 10**18, 0)):
        members = forging.unpacked(saved["BiasBaseline"])
        begin, end = forging.as_npy(np.zeros((0, 0), np.float32)).split(b"(0, 0), }")
        text = f"{shape}, }}".encode()
        members["genres.npy"] = begin + text + end[len(text) - 9 :]
        refused(tmp_path / "m.npz", forging.packed(members))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("parameters", "item_damping"), float("nan")),
        (("parameters", "item_damping"), 10**400),
        (("parameters", "item_damping"), 0),
        (("parameters", "item_damping"), "3"),
        (("parameters", "item_damping"), True),
        (("parameters", "n_sweeps"), 2.5),
        (("parameters", "n_sweeps"), {"recommender": "MostLiked", "parameters": {}}),
        (("parameters", "x" * 5000), 1),
        (("parameters",), [1]),
        (("scale", "step"), 1e-300),
        (("scale", "smallest"), None),
        (("scale", "largest"), 10**400),
        (("scale", "more"), 1),
        (("scale",), None),
        (("recommender",), ["BiasBaseline"]),
        (("recommender",), "x\x1b\n" * 5000),
        (("format",), "1"),
        (("format",), 0),
        (("format",), True),
    ],
)
def test_json_of_any_form_is_refused(
    saved: dict[str, bytes], tmp_path: Path, place: tuple[str, ...], value: Any
) -> None:
    content = saved["BiasBaseline"]
    about = json.loads(str(forging.of_npy(forging.unpacked(content)["about.npy"])))
    within = about
    for key in place[:-1]:
        within = within[key]
    within[place[-1]] = value
    refused(tmp_path / "m.npz", with_array(content, "about", np.array(json.dumps(about))))


@pytest.mark.parametrize(
    ("part", "value"),
    [("kind", "plays"), ("kind", []), ("like_threshold", "4"), ("like_threshold", 9), ("more", 1)],
)
def test_a_scale_of_format_3_is_checked(
    saved: dict[str, bytes], tmp_path: Path, part: str, value: Any
) -> None:
    content = saved["BiasBaseline"]
    about = json.loads(str(forging.of_npy(forging.unpacked(content)["about.npy"]))) | {"format": 3}
    about["scale"][part] = value
    refused(tmp_path / "m.npz", with_array(content, "about", np.array(json.dumps(about))))


def test_a_scale_that_an_old_format_could_not_hold_is_refused(
    saved: dict[str, bytes], tmp_path: Path
) -> None:
    content = saved["BiasBaseline"]
    about = json.loads(str(forging.of_npy(forging.unpacked(content)["about.npy"]))) | {"format": 2}
    about["scale"]["step"] = 0
    forged = with_array(content, "about", np.array(json.dumps(about)))
    assert "its scale is not one of format 2" in refused(tmp_path / "m.npz", forged)


def test_ages_that_no_user_can_have_are_refused(saved: dict[str, bytes], tmp_path: Path) -> None:
    content = saved["BiasBaseline"]
    ages = forging.of_npy(forging.unpacked(content)["ages.npy"])
    ages[0] = len(ages)
    message = refused(tmp_path / "m.npz", with_array(content, "ages", ages))
    assert "ages counts more later ratings than a user has" in message


@pytest.mark.parametrize("text", ["[" * 60_000, '{"a":' * 10_000, "null", "", "{", "1" * 5000])
def test_other_json_is_refused(saved: dict[str, bytes], tmp_path: Path, text: str) -> None:
    refused(tmp_path / "m.npz", with_array(saved["MostLiked"], "about", np.array(text)))


def test_characters_outside_unicode_are_refused(saved: dict[str, bytes], tmp_path: Path) -> None:
    content = saved["BiasBaseline"]
    for name in ("matrix/titles", "matrix/columns", "about"):
        array = forging.of_npy(forging.unpacked(content)[f"{name}.npy"]).copy()
        array.reshape(-1).view(np.uint32)[0] = 0x110000
        assert "Unicode" in refused(tmp_path / "m.npz", with_array(content, name, array))


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path("/dev/zero")):
        with pytest.raises(ValueError, match=f"{path} is not a recommender's file: it is not a"):
            Recommender.load(path)
    with pytest.raises(IsADirectoryError):
        Recommender.load(tmp_path)
    with pytest.raises(FileNotFoundError):
        Recommender.load(tmp_path / "none")


def test_a_message_names_the_end_of_a_long_path(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(3):
        folder /= "n" * 200
    folder.mkdir(parents=True)
    assert "not a zip file" in refused(folder / "model.npz", b"text")


def test_two_members_of_one_place_and_of_one_name(saved: dict[str, bytes], tmp_path: Path) -> None:
    content = bytearray(saved["BiasBaseline"])
    first = content.find(b"PK\x01\x02")
    second = content.find(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    assert "verlap" in refused(tmp_path / "m.npz", bytes(content))
    twice = io.BytesIO(saved["BiasBaseline"])
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("genres.npy", b"")
    assert "genres.npy is in it twice" in refused(tmp_path / "m.npz", twice.getvalue())


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_of_compression_are_refused(
    saved: dict[str, bytes], tmp_path: Path, method: int
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in forging.unpacked(saved["BiasBaseline"]).items():
            archive.writestr(name, data)
    assert f"method {method}" in refused(tmp_path / "m.npz", out.getvalue())
