"""`--out` of report, clusters and evaluate: a complete file or no change, and no other file."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from recsys import make_ratings
from recsys.command.cli import run

# Runs the command with a limit of a few bytes per file, which acts like a full disk.
ON_A_FULL_DISK = """
import resource, sys
from recsys.command.cli import run
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small")
    ratings = make_ratings(n_users=40, n_movies=80, n_ratings=1500, random_state=3)
    ratings.ratings.to_csv(path / "ratings.csv", index=False)
    ratings.movies.to_csv(path / "movies.csv", index=False)
    return path


def command(name: str, data: Path, out: Path) -> list[str]:
    more = {
        "report": ["--sections", "data"],
        "clusters": ["--n-clusters", "2"],
        "evaluate": ["--quick", "--only", "biases"],
    }
    return [name, "--data", str(data), "--out", str(out), *more[name]]


@pytest.mark.parametrize("name", ["report", "clusters", "evaluate"])
def test_a_users_own_files_stay_and_links_are_followed(
    data: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "target").write_text("before")
    (tmp_path / "target").chmod(0o600)
    (tmp_path / "out").symlink_to("target")
    (tmp_path / "out.part").symlink_to("precious")
    (tmp_path / "target.part").write_text("a user's own")
    assert run(command(name, data, tmp_path / "out")) == 0
    assert (tmp_path / "out").is_symlink()
    assert len((tmp_path / "target").read_text("utf-8")) > 100
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "target.part").read_text() == "a user's own"
    assert sorted(os.listdir(tmp_path)) == ["out", "out.part", "precious", "target", "target.part"]


@pytest.mark.parametrize("name", ["clusters", "evaluate"])
def test_a_full_disk_leaves_what_was_there_and_the_error_names_the_file(
    data: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("before")
    done = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, *command(name, data, out)],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    reason = f"[Errno {errno.EFBIG}] {os.strerror(errno.EFBIG)}"
    assert done.stderr == f"recsys: error: {reason}: '{out}'\n"
    assert done.returncode == 2
    assert out.read_text() == "before"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_devices_are_written_to(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = os.stat("/dev/null").st_rdev
    assert run(command("clusters", data, Path("/dev/null"))) == 0
    assert os.stat("/dev/null").st_rdev == before
    assert run(command("clusters", data, Path("/dev/full"))) == 2
    assert "No space left on device: '/dev/full'" in capsys.readouterr().err


def test_standard_output_can_be_the_file(data: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "recsys", *command("clusters", data, Path("/dev/stdout"))]
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(arguments, stdout=out, check=True)
    lines = (tmp_path / "out").read_text("utf-8").splitlines()
    assert lines[0] == "userId,cluster"
    assert lines[41] == "Group of each user written to /dev/stdout"


@pytest.mark.parametrize("length", [252, 255])
def test_the_longest_names(data: Path, tmp_path: Path, length: int) -> None:
    out = tmp_path / ("n" * length)
    assert run(command("clusters", data, out)) == 0
    assert len(pd.read_csv(out)) == 40


def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "none" / "target")
    (tmp_path / "file").write_text("text")
    for out, reason in (
        (tmp_path / ("n" * 256), "cannot be written to: File name too long"),
        (tmp_path / "link", f"there is no folder {tmp_path / 'none'}"),
        (tmp_path / "file" / "target", "cannot be written to: Not a directory"),
    ):
        with pytest.raises(SystemExit) as stopped:
            run(command("clusters", tmp_path / "no data", out))
        assert stopped.value.code == 2
        assert reason in capsys.readouterr().err
