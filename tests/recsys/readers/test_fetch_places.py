"""Fetching into a folder: hostile zips, damaged records, several processes at once."""

import hashlib
import io
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from bad_servers import FILES, GOOD, HANG, Server, described, endless, failure, head, whole, zipped

from recsys.readers.fetch import FetchError, fetch


@pytest.fixture
def server(bad_server):
    return bad_server


# Zips -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_reported(server, tmp_path, compression):
    data = zipped({**FILES, "ml-tiny/more": os.urandom(2000).hex()}, compression)
    # The damage is in the compressed data of the last member.
    for at in range(len(data) // 3, len(data) - 300, 97):
        spoiled = data[:at] + bytes(byte ^ 0xA5 for byte in data[at : at + 8]) + data[at + 8 :]
        server.answer = whole(spoiled)
        assert "not a sound zip" in failure(described(checked=False), server, tmp_path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(server, tmp_path):
    bomb = zipped({**FILES, "ml-tiny/bomb": "\0" * 30_000_000})
    server.answer = whole(bomb)
    message = failure(described(bomb), server, tmp_path)
    assert "not safe" in message
    assert "more than 100 times as many" in message


def with_member(member: zipfile.ZipInfo, text: str) -> bytes:
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(member, text)
    return buffer.getvalue()


def test_a_link_in_a_zip_is_refused(server, tmp_path):
    link = zipfile.ZipInfo("ml-tiny/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    data = with_member(link, "/etc/passwd")
    server.answer = whole(data)
    assert "'ml-tiny/link' is a link" in failure(described(data), server, tmp_path)


def test_a_name_twice_in_a_zip_is_refused(server, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = with_member(zipfile.ZipInfo("ml-tiny/ratings.csv"), "x")
    server.answer = whole(data)
    assert "is in it twice" in failure(described(data), server, tmp_path)


@pytest.mark.parametrize(
    "name", ["ml-tiny//x", "/x", "ml-tiny/\x1b[31m/../../x", "x" * 300, "ml-tiny/ratings.csv/x"]
)
def test_a_name_that_cannot_be_written_is_refused(server, tmp_path, name):
    data = with_member(zipfile.ZipInfo(name), "x")
    server.answer = whole(data)
    failure(described(data), server, tmp_path)


# Places -----------------------------------------------------------------------------------------

HASH = "a" * 64


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"3",
        b'"text"',
        b"\xff\xfe\x00",
        b"\x00" * 1000,
        b"[" * 90_000,
        b"{" * 200_000,
        b'{"verified": 1, "sha256": "%s"}' % HASH.encode(),
        b'{"verified": true}',
        b'{"verified": true, "sha256": null}',
        b'{"verified": true, "sha256": "\\u001b[31m"}',
        b'{"sha256": "%s"}' % HASH.encode(),
        b'{"verified": true, "sha256": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_damaged_record_is_an_error_that_names_it(tmp_path, record):
    folder = tmp_path / "ml-tiny"
    folder.mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (folder / "fetched.json").write_bytes(record)
    with pytest.raises(FetchError) as caught:
        fetch(described(), to=tmp_path)
    message = str(caught.value)
    assert f"{folder / 'fetched.json'} is not a record of a download (" in message
    assert "remove it" in message
    assert message.isprintable()
    assert len(message) < len(str(tmp_path)) + 600


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")])
def test_a_record_that_is_not_a_file_is_an_error_that_names_it(tmp_path, make):
    (tmp_path / "ml-tiny").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    make(tmp_path / "ml-tiny" / "fetched.json")
    with pytest.raises(FetchError, match=r"fetched\.json is not a record .* not a regular file"):
        fetch(described(), to=tmp_path)


FETCH = """
import resource, sys
from pathlib import Path
from recsys.readers.fetch import FetchError, KnownRelease, fetch
url, to, sha256, most = sys.argv[1:]
if int(most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
print("ready", flush=True)
sys.stdin.readline()
try:
    found = fetch(KnownRelease("ml-tiny", None, sha256, None, 1, 1, 1, None), to=to, base_url=url)
except FetchError as error:
    print(error)
    sys.exit(3)
except KeyboardInterrupt:
    sys.exit(130)
print(found.folder, found.verified, found.sha256)
"""


def fetching(server: Server, to: Path, most_bytes: int = 0) -> subprocess.Popen[str]:
    """A process that says when it is ready, and fetches when it gets a line."""
    sha256 = hashlib.sha256(GOOD).hexdigest()
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, server.url, str(to), sha256, str(most_bytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def begin(running: subprocess.Popen[str]) -> None:
    assert running.stdout is not None
    assert running.stdin is not None
    assert running.stdout.readline() == "ready\n"
    running.stdin.write("\n")
    running.stdin.flush()


def test_four_at_once_all_have_it(server, tmp_path):
    all_asked = threading.Barrier(4)

    def answer(connection: socket.socket) -> None:
        # The server waits for all requests, so that all processes come to the rename.
        all_asked.wait(HANG)
        whole(GOOD)(connection)

    server.answer = answer
    processes = [fetching(server, tmp_path) for _ in range(4)]
    for running in processes:
        begin(running)
    for running in processes:
        out, err = running.communicate(timeout=HANG)
        assert running.returncode == 0, out + err
        assert out == f"{tmp_path / 'ml-tiny'} True {hashlib.sha256(GOOD).hexdigest()}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["ml-tiny"]
    assert len(server.requests) == 4


def test_a_full_disk_is_reported(server, tmp_path):
    server.answer = whole(GOOD)
    running = fetching(server, tmp_path, most_bytes=100)
    begin(running)
    out, err = running.communicate(timeout=HANG)
    assert (running.returncode, err) == (3, "")
    assert "File too large" in out
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_fetch_leaves_nothing(server, tmp_path):
    server.answer = endless(server, head("Content-Length: 9000000"), b"x" * 20_000, pause=0.02)
    running = fetching(server, tmp_path)
    begin(running)
    end = time.monotonic() + HANG
    while not list(tmp_path.glob(".*/download.zip")) and time.monotonic() < end:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=HANG)
    assert (running.returncode, out, err) == (130, "", "")
    assert list(tmp_path.iterdir()) == []
