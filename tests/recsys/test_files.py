"""Files that are written whole or not at all: races, kills, full disks, links, devices, names."""

import errno
import fcntl
import os
import secrets
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import BinaryIO

import pytest
import saving

from recsys import files
from recsys.files import check_writable, whole, write_text


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


HALF = """
import sys
from pathlib import Path
from recsys.files import whole
with whole(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("open", flush=True)
    sys.stdin.read()
"""


def unfinished_of(path: Path) -> Path:
    """The file that remains when a process is killed while it saves to the path."""
    before = set(names(path.parent))
    with subprocess.Popen(
        [sys.executable, "-c", HALF, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as saver:
        assert saver.stdout is not None
        assert saver.stdout.readline() == b"open\n"
        saver.kill()
    (name,) = set(names(path.parent)) - before
    return path.parent / name


def fail(file: BinaryIO, error: type[BaseException]) -> None:
    file.write(b"half")
    raise error


def test_several_savers_of_one_path_all_succeed_and_it_is_always_whole(tmp_path: Path) -> None:
    found = saving.race(tmp_path, n_savers=4, size=50, times=40)
    assert found["saved"] == 4
    assert found["whole"] > 0
    assert (found["failed"], found["broken"], found["left"]) == (0, 0, 0)


def test_threads_may_save_to_one_path(tmp_path: Path) -> None:
    path = tmp_path / "target"
    errors = []

    def save(letter: str) -> None:
        try:
            for _ in range(50):
                write_text(path, letter * 1000)
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=save, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert saving.is_whole(path.read_bytes(), 1)
    assert names(tmp_path) == ["target"]


def test_what_a_killed_saver_leaves_is_removed_by_the_next(tmp_path: Path) -> None:
    found = saving.kills(tmp_path, size=200, times=8, how=signal.SIGKILL, seed=0)
    assert found["ended"] == 8
    assert found["unfinished"] > 0
    assert (found["broken"], found["left"]) == (0, 0)


def test_an_interrupted_saver_leaves_nothing(tmp_path: Path) -> None:
    found = saving.kills(tmp_path, size=200, times=8, how=signal.SIGINT, seed=1)
    assert found["ended"] == 8
    assert (found["broken"], found["unfinished"], found["left"]) == (0, 0, 0)


def test_ctrl_c_just_after_the_file_is_there_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(descriptor: int, *, wait: bool) -> bool:
        assert len(os.listdir(tmp_path)) == 1
        os.close(descriptor)
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "_lock", interrupt)
    with pytest.raises(KeyboardInterrupt), whole(tmp_path / "r.html"):
        pass
    assert os.listdir(tmp_path) == []


def test_only_unfinished_files_of_the_target_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    mine = unfinished_of(path)
    of_another = unfinished_of(tmp_path / "s.html")
    stem = mine.name.removesuffix(".unfinished")
    digit = "0" if stem[-1] != "0" else "1"
    similar = [
        "r.html.part",
        ".r.html.part",
        "r.html~",
        ".recsys-notes.unfinished",
        stem,
        f"{mine.name}~",
        f"{stem[:-1]}{digit}.unfinished",
        mine.name.upper(),
    ]
    for name in similar:
        (tmp_path / name).write_text("of a user")
    write_text(path, "page")
    kept = sorted([*similar, "r.html", "s.html", of_another.name])
    assert [name for name in names(tmp_path) if name not in kept] == []
    assert all((tmp_path / name).read_text() == "of a user" for name in similar)
    assert of_another.exists()


def test_an_unfinished_file_that_is_locked_stays(tmp_path: Path) -> None:
    left = unfinished_of(tmp_path / "target")
    with left.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_text(tmp_path / "target", "text")
        assert left.exists()
    write_text(tmp_path / "target", "text")
    assert names(tmp_path) == ["target"]


def test_a_link_or_fifo_with_the_name_of_an_unfinished_file_does_no_harm(tmp_path: Path) -> None:
    for make in (lambda place: place.symlink_to(tmp_path / "precious"), os.mkfifo):
        (tmp_path / "precious").write_text("precious")
        left = unfinished_of(tmp_path / "target")
        left.unlink()
        make(left)
        write_text(tmp_path / "target", "text")
        assert (tmp_path / "precious").read_text() == "precious"
        left.unlink()


def test_the_file_is_whole_until_the_new_one_is(tmp_path: Path) -> None:
    path = tmp_path / "target"
    path.write_text("before")
    with whole(path) as file:
        file.write(b"after")
        file.flush()
        assert path.read_text() == "before"
        assert len(names(tmp_path)) == 2
    assert path.read_text() == "after"
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), whole(path) as file:
            fail(file, error)
        assert path.read_text() == "after"
        assert names(tmp_path) == ["target"]


def test_modes(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "target"
    write_text(path, "text")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    for mode in (0o600, 0o664, 0o755):
        path.chmod(mode)
        with whole(path):
            (unfinished,) = (tmp_path / name for name in names(tmp_path) if name != "target")
            # The unfinished file has the same protection as the target.
            assert stat.S_IMODE(unfinished.stat().st_mode) == mode
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_links_are_followed(tmp_path: Path) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
    link, target = tmp_path / "here" / "link", tmp_path / "there" / "target"
    link.symlink_to(Path("..", "there", "target"))
    (tmp_path / "there" / "second").symlink_to(link)
    for path in (link, link, tmp_path / "there" / "second"):
        write_text(path, f"by {path}")
        assert link.is_symlink()
        assert not target.is_symlink()
        assert target.read_text() == f"by {path}"
    assert names(tmp_path / "here") == ["link"]
    assert names(tmp_path / "there") == ["second", "target"]


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match=r"'.*a'") as caught:
        write_text(tmp_path / "a", "text")
    assert caught.value.errno == errno.ELOOP


def test_a_fifo_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "fifo").read_text()))
    reader.start()
    write_text(tmp_path / "fifo", "text")
    reader.join()
    assert read == ["text"]
    assert stat.S_ISFIFO((tmp_path / "fifo").stat().st_mode)


def test_devices_stay_devices() -> None:
    before = os.stat("/dev/null")
    write_text(Path("/dev/null"), "text")
    with pytest.raises(OSError, match="'/dev/full'") as caught:
        write_text(Path("/dev/full"), "text")
    assert caught.value.errno == errno.ENOSPC
    after = os.stat("/dev/null")
    assert (after.st_mode, after.st_ino, after.st_rdev) == (
        before.st_mode,
        before.st_ino,
        before.st_rdev,
    )


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_standard_output_goes_where_it_goes(tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to("/dev/stdout")
    program = (
        "from pathlib import Path\nfrom recsys.files import write_text\nprint('before')\n"
        f"write_text(Path({name!r}), 'text\\n')\nprint('after')"
    )
    run = {"args": [sys.executable, "-c", program], "cwd": tmp_path, "check": True}
    piped = subprocess.run(**run, stdout=subprocess.PIPE)
    assert piped.stdout == b"before\ntext\nafter\n"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(**run, stdout=out)
    assert (tmp_path / "out").read_bytes() == b"before\ntext\nafter\n"
    assert names(tmp_path) == ["link", "out"]


@pytest.mark.parametrize("length", [1, 200, 246, 252, 254, 255])
def test_names_of_any_length(tmp_path: Path, length: int) -> None:
    for name in ("n" * length, "é" * (length // 2) + "n" * (length % 2)):
        for text in ("first", "second"):
            write_text(tmp_path / name, text)
            assert (tmp_path / name).read_text() == text
            assert names(tmp_path) == [name]
        (tmp_path / name).unlink()


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    write_text(path, "text")
    assert os.listdir(os.fsencode(tmp_path)) == [b"\xff\xfe"]


def test_what_cannot_be_written_is_one_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "folder").mkdir()
    for path, number in (
        (tmp_path / "folder", errno.EISDIR),
        (tmp_path / "none" / "target", errno.ENOENT),
        (tmp_path / "file" / "target", errno.ENOTDIR),
        (tmp_path / ("n" * 256), errno.ENAMETOOLONG),
    ):
        with pytest.raises(OSError, match="Errno") as caught:
            write_text(path, "text")
        assert caught.value.errno == number
        assert caught.value.filename == str(path)
        with pytest.raises(OSError, match="Errno"):
            check_writable(path)
    assert names(tmp_path) == ["file", "folder"]


AS_NOBODY = """
import os, sys
from pathlib import Path
from recsys.files import check_writable, write_text
if os.getuid() == 0:
    os.setuid(65534)
for name in sys.argv[1:]:
    for call in (lambda: write_text(Path(name), "text"), lambda: check_writable(Path(name))):
        try:
            call()
        except PermissionError as error:
            print(error.filename)
"""


def test_what_is_protected_is_not_replaced() -> None:
    # Root tries as another user, and only the owner may enter the parents of tmp_path.
    with tempfile.TemporaryDirectory() as parent:
        place, folder = Path(parent), Path(parent, "folder")
        folder.mkdir()
        (place / "file").write_text("protected")
        (place / "file").chmod(0o444)
        folder.chmod(0o555)
        place.chmod(0o777)
        paths = [str(place / "file"), str(folder / "target")]
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, *paths], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines() == [paths[0], paths[0], paths[1], str(folder)]
        assert (place / "file").read_text() == "protected"
        assert names(place) == ["file", "folder"]
        assert names(folder) == []
        folder.chmod(0o755)


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    """A limit of the file size stops a write in the middle, as a full disk does."""
    path = tmp_path / "target"
    path.write_text("before")
    program = (
        "import resource, sys\nfrom pathlib import Path\nfrom recsys.files import write_text\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "write_text(Path(sys.argv[1]), 'x' * int(sys.argv[2]))"
    )
    for size in (100_001, 10_000_000):
        done = subprocess.run(
            [sys.executable, "-c", program, str(path), str(size)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr.splitlines()[-1] == f"OSError: [Errno 27] File too large: '{path}'"
        assert path.read_text() == "before"
        assert names(tmp_path) == ["target"]


def test_an_error_without_a_number_names_the_file_too(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"target: no more paper"), whole(tmp_path / "target"):
        raise OSError("no more paper")


def test_errors_about_other_files_are_left_alone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="other"), whole(tmp_path / "target"):
        (tmp_path / "other").read_text()


def test_a_name_that_is_taken_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "precious").write_text("precious")
    left = unfinished_of(tmp_path / "target")
    left.unlink()
    left.symlink_to("precious")
    part = left.name.split("-")[1]
    monkeypatch.setattr(secrets, "token_hex", lambda n_bytes: part)
    with pytest.raises(FileExistsError, match="target"):
        write_text(tmp_path / "target", "text")
    assert (tmp_path / "precious").read_text() == "precious"
    assert left.is_symlink()
