"""The cache of compiled kernels: damaged files are replaced, and a full disk is no error."""

import errno
import importlib.util
import itertools
import os
import pickle
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest

from kmeans_core.kernels import cache
from kmeans_core.kernels.jit import _stamp_of

SCRATCH = """
from kmeans_core.kernels.jit import kernel

@kernel
def inner(a, b):
    return a * b

@kernel
def outer(a, b):
    return inner(a, b) + 1

@kernel
def with_constants(a):
    return inner(a, 0) + inner(1, a) + inner(2, 3) + inner(a, a)
"""

numbers = itertools.count()


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Import a new copy of a module with kernels, as a new process would."""
    # The cache of these kernels lies beside them, and not in the cache of the tests.
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    path = tmp_path / "scratch.py"
    path.write_text(SCRATCH)

    def load():
        name = f"scratch{next(numbers)}"
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def outcome(module) -> tuple[float, int]:
    """The result of the outer kernel for two numbers, and whether it came from the cache."""
    result = module.outer(2.0, 3.0)
    return result, sum(module.outer.stats.cache_hits.values())


def files(folder: Path, suffix: str) -> list[Path]:
    found = sorted((folder / "__pycache__").glob(f"scratch.outer*.{suffix}"))
    assert found
    return found


def flipped(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 255]) + content[position + 1 :]


def test_a_constant_does_not_compile_a_kernel_again(load):
    module = load()
    assert module.with_constants(5) == 0 + 5 + 6 + 25
    assert len(module.inner.signatures) == 1


DAMAGE = {
    "empty": lambda content: b"",
    "one byte": lambda content: content[:1],
    "half": lambda content: content[: len(content) // 2],
    "last byte missing": lambda content: content[:-1],
    "zeros": lambda content: bytes(len(content)),
    "zeros at the end": lambda content: content[:-64] + bytes(64),
    "garbage": lambda content: np.random.default_rng(0).bytes(len(content)),
    "another pickle": lambda content: pickle.dumps({"key": "no such file"}),
    "unpicklable": lambda content: b"cno_such_module\nname\n.",
    "text": lambda content: b"<html>404</html>",
    "twice": lambda content: content + content,
    "first byte": lambda content: flipped(content, 0),
    "middle byte": lambda content: flipped(content, len(content) // 2),
    "last byte": lambda content: flipped(content, len(content) - 1),
}


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", ["empty", "half", "zeros", "unpicklable"])
def test_a_damaged_file_is_replaced(load, tmp_path, suffix, damage):
    assert outcome(load()) == (7.0, 0)
    assert outcome(load()) == (7.0, 1)
    for file in files(tmp_path, suffix):
        file.write_bytes(DAMAGE[damage](file.read_bytes()))
    assert outcome(load()) == (7.0, 0)
    assert outcome(load()) == (7.0, 1)


def test_every_damage_is_noticed(load, tmp_path):
    load().outer(2.0, 3.0)
    kept = load().outer._cache._cache_file
    rng = np.random.default_rng(0)
    for file in files(tmp_path, "nbi") + files(tmp_path, "nbc"):
        sound = file.read_bytes()
        flips = [flipped(sound, position) for position in rng.integers(0, len(sound), size=50)]
        for content in [damage(sound) for damage in DAMAGE.values()] + flips:
            file.write_bytes(content)
            assert kept._read(str(file)) is None
        file.write_bytes(sound)
        assert kept._read(str(file)) is not None


def test_the_index_may_name_a_file_that_is_gone(load, tmp_path):
    load().outer(2.0, 3.0)
    for file in files(tmp_path, "nbc"):
        file.unlink()
    assert outcome(load()) == (7.0, 0)
    assert outcome(load()) == (7.0, 1)


def test_files_of_other_types_or_of_another_kernel_are_not_used(load, tmp_path):
    module = load()
    module.outer(2.0, 3.0)
    module.outer(2, 3)
    first, second = files(tmp_path, "nbc")
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    again = load()
    assert (again.outer(2.0, 3.0), again.outer(2, 3)) == (7.0, 7)
    assert isinstance(again.outer(2, 3), int)
    assert sum(again.outer.stats.cache_hits.values()) == 0
    (inner,) = (tmp_path / "__pycache__").glob("scratch.inner*.1.nbc")
    shutil.copy(inner, files(tmp_path, "nbc")[0])
    again = load()
    assert (again.outer(2.0, 3.0), again.outer(2, 3)) == (7.0, 7)


def test_files_that_are_older_than_the_index_are_not_used(load, tmp_path):
    load().outer(2.0, 3.0)
    kept = [file.read_bytes() for file in files(tmp_path, "nbc")]
    changed = load()
    changed.outer._cache._cache_file._source_stamp = "the kernels have changed"
    changed.outer(2.0, 3.0)
    for file, content in zip(files(tmp_path, "nbc"), kept, strict=True):
        file.write_bytes(content)
    again = load()
    again.outer._cache._cache_file._source_stamp = "the kernels have changed"
    assert outcome(again) == (7.0, 0)


def test_a_kernel_outside_the_package_is_compiled_again_when_its_files_change(load, tmp_path):
    """Its own file, and a file of kernels beside it, whose code may be part of it."""
    assert outcome(load()) == (7.0, 0)
    assert outcome(load()) == (7.0, 1)
    (tmp_path / "scratch.py").write_text(SCRATCH.replace("a * b", "a + b"))
    _stamp_of.cache_clear()
    assert outcome(load()) == (6.0, 0)
    (tmp_path / "other_kernels.py").write_text("")
    _stamp_of.cache_clear()
    assert outcome(load()) == (6.0, 0)
    (tmp_path / "other.py").write_text("")
    _stamp_of.cache_clear()
    assert outcome(load()) == (6.0, 1)


@pytest.fixture
def warned(monkeypatch):
    """The warnings about code that is not stored, as in a process that has not warned yet."""
    monkeypatch.setattr(cache, "_warned", False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def assert_one_warning(warned, folder: Path) -> None:
    (warning,) = warned
    assert issubclass(warning.category, RuntimeWarning)
    text = str(warning.message)
    assert str(folder) in text
    assert "set NUMBA_CACHE_DIR to a folder that can be written" in text


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_a_folder_in_the_place_of_a_file(load, tmp_path, suffix, warned):
    load().outer(2.0, 3.0)
    for file in files(tmp_path, suffix):
        file.unlink()
        file.mkdir()
    for _ in range(2):
        assert outcome(load()) == (7.0, 0)
    assert_one_warning(warned, tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs os.mkfifo")
@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_a_pipe_in_the_place_of_a_file_is_not_read(load, tmp_path, suffix):
    load().outer(2.0, 3.0)
    for file in files(tmp_path, suffix):
        file.unlink()
        os.mkfifo(file)
    assert outcome(load()) == (7.0, 0)
    assert outcome(load()) == (7.0, 1)


def test_a_folder_that_is_replaced_by_a_file_after_import(load, tmp_path, warned):
    module = load()
    folder = tmp_path / "__pycache__"
    shutil.rmtree(folder)
    folder.touch()
    assert outcome(module) == (7.0, 0)
    assert module.outer(2, 3) == 7  # and no second warning
    assert_one_warning(warned, tmp_path)


@pytest.mark.parametrize(
    ("code", "where"),
    [
        (errno.EROFS, "open"),
        (errno.EACCES, "open"),
        (errno.ENOSPC, "write"),
        (errno.EFBIG, "write"),
        (errno.EDQUOT, "write"),
        (errno.EIO, "rename"),
    ],
)
def test_code_that_cannot_be_stored_is_compiled_again(
    load, tmp_path, monkeypatch, code, where, warned
):
    def refuse(*args):
        raise OSError(code, os.strerror(code))

    module = load()
    if where == "open":
        monkeypatch.setattr(cache.CheckedFiles, "_open_for_write", refuse)
    elif where == "write":
        monkeypatch.setattr(cache.CheckedFiles, "_checksum", refuse)
    else:
        monkeypatch.setattr(os, "replace", refuse)
    assert outcome(module) == (7.0, 0)
    monkeypatch.undo()
    assert_one_warning(warned, tmp_path)
    assert os.strerror(code) in str(warned[0].message)
    assert not list((tmp_path / "__pycache__").glob("*.tmp*"))
    assert outcome(load()) == (7.0, 0)
    assert outcome(load()) == (7.0, 1)


def test_a_warning_that_is_an_error_leaves_the_kernel_usable(load, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_warned", False)
    module = load()
    shutil.rmtree(tmp_path / "__pycache__")
    (tmp_path / "__pycache__").touch()
    with pytest.raises(RuntimeWarning, match="cannot save compiled code"):
        module.outer(2.0, 3.0)
    assert outcome(module) == (7.0, 0)


# Calls in new processes -----------------------------------------------------------------

# Silhouettes need several kernels that call each other, and compile sooner than a fit.
RATE = """
import sys, warnings
warnings.simplefilter("always")
from kmeans_core import silhouette_samples
if len(sys.argv) > 1:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
print(*silhouette_samples([[0.0], [0.0], [9.0]], [0, 0, 1]))
"""


def rate(folder: Path, *arguments: str) -> str:
    """The stderr of a process that rates a clustering with this folder as its cache."""
    done = subprocess.run(
        [sys.executable, "-c", RATE, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"NUMBA_CACHE_DIR": str(folder)},
    )
    assert (done.returncode, done.stdout) == (0, "1.0 1.0 0.0\n"), done.stderr
    return done.stderr


def test_a_call_works_if_every_file_of_the_cache_is_damaged(tmp_path):
    assert rate(tmp_path) == ""
    found = sorted(tmp_path.rglob("*.nb?"))
    assert len(found) > len(DAMAGE)
    for file, damage in zip(found, itertools.cycle(DAMAGE.values())):
        file.write_bytes(damage(file.read_bytes()))
    assert rate(tmp_path) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs setrlimit")
def test_a_call_works_with_a_limit_on_the_size_of_files(tmp_path):
    assert rate(tmp_path, "100").count("numba cannot save compiled code in") == 1
