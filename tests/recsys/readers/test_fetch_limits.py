"""Fetching from servers that send too much, too slowly, something wrong, or a redirect."""

import dataclasses
import gzip
import os
import socket
import time
import zipfile

import pytest
from bad_servers import FILES, GOOD, described, endless, failure, head, threads_end, whole, zipped

from recsys.readers.download import DownloadError, _check_redirect, download
from recsys.readers.fetch import fetch


@pytest.fixture
def server(bad_server):
    return bad_server


# Too much or something wrong --------------------------------------------------------------------


@pytest.mark.parametrize("encoding", [(), ("Transfer-Encoding: chunked",)])
def test_more_than_the_known_size_is_not_taken(server, tmp_path, encoding):
    piece = b"x" * 65536
    if encoding:
        piece = b"10000\r\n" + piece + b"\r\n"
    server.answer = endless(server, head("Connection: close", *encoding), piece)
    message = failure(described(size=1000), server, tmp_path)
    assert "sent more than 1,000 bytes" in message
    threads_end()


def test_more_than_the_limit_is_not_taken_if_no_size_is_known(server, tmp_path):
    server.answer = endless(server, head("Connection: close"), b"x" * 65536)
    release = dataclasses.replace(described(), max_bytes=300_000)
    assert "sent more than 300,000 bytes" in failure(release, server, tmp_path)


def test_what_is_written_stays_within_the_limit(server, tmp_path):
    server.answer = endless(server, head("Connection: close"), b"x" * 65536)
    with pytest.raises(DownloadError):
        download(server.url, tmp_path / "file", most_bytes=100_000, timeout=30, deadline=60)
    assert (tmp_path / "file").stat().st_size <= 100_000


@pytest.mark.parametrize("length", ["936000000", "9" * 5000])
def test_a_larger_file_is_refused_before_it_is_downloaded(server, tmp_path, length):
    server.answer = endless(server, head(f"Content-Length: {length}"), b"x", pause=0.01)
    message = failure(described(size=1000), server, tmp_path)
    assert f"the server offers {length[:20]}" in message
    assert "more than 1,000" in message
    threads_end()


@pytest.mark.parametrize("length", ["-5", "1e3", "\x1b[31m", "five", "\xb2"])
def test_a_wrong_length_is_reported(server, tmp_path, length):
    first = head(f"Content-Length: {length}", "Connection: close")
    server.answer = lambda connection: connection.sendall(first + GOOD)
    failure(described(), server, tmp_path)


def test_fewer_bytes_than_known_are_reported(server, tmp_path):
    server.answer = whole(GOOD[:100])
    message = failure(described(size=len(GOOD)), server, tmp_path)
    assert f"the server sent 100 bytes, but the release has {len(GOOD):,}" in message


def test_a_body_that_ends_early_is_reported(server, tmp_path):
    server.answer = lambda connection: connection.sendall(
        head(f"Content-Length: {len(GOOD)}", "Connection: close") + GOOD[:50]
    )
    assert "the connection failed" in failure(described(), server, tmp_path)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "made-up"])
def test_an_encoded_file_is_refused(server, tmp_path, name):
    bomb = gzip.compress(bytes(50_000_000))
    server.answer = whole(bomb, f"Content-Encoding: {name}")
    assert f"the server sent an encoded file ('{name}')" in failure(described(), server, tmp_path)


def test_no_encoding_is_asked_for(server, tmp_path):
    server.answer = whole(GOOD)
    assert fetch(described(), to=tmp_path, base_url=server.url).downloaded
    assert b"Accept-Encoding: identity\r\n" in server.requests[0]


# Too slowly -------------------------------------------------------------------------------------


def test_a_drip_of_bytes_is_given_up(server, tmp_path):
    server.answer = endless(server, head("Content-Length: 900000"), b"x", pause=0.02)
    message = failure(described(), server, tmp_path, timeout=0.5)
    assert " bytes in 0.5 seconds" in message
    threads_end()


@pytest.mark.parametrize(
    "first", [b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 100 Continue\r\nX: ", b""]
)
def test_a_drip_of_header_is_given_up(server, tmp_path, first):
    server.answer = endless(server, first, b"x", pause=0.02)
    assert "no answer within 1 seconds" in failure(described(), server, tmp_path, timeout=0.25)


def test_a_download_that_goes_on_ends_at_the_deadline(server, tmp_path):
    server.answer = endless(server, head("Connection: close"), b"x" * 9000, pause=0.02)
    message = failure(described(), server, tmp_path, timeout=0.2, deadline=1)
    assert "not complete after 1 seconds" in message
    assert "--deadline" in message
    threads_end()


def test_a_slow_download_within_the_limits_arrives(server, tmp_path):
    data = zipped({**FILES, "ml-tiny/more": os.urandom(4000).hex()}, zipfile.ZIP_STORED)

    def answer(connection: socket.socket) -> None:
        connection.sendall(head(f"Content-Length: {len(data)}"))
        for at in range(0, len(data), 500):
            connection.sendall(data[at : at + 500])
            time.sleep(0.01)

    server.answer = answer
    assert fetch(described(data), to=tmp_path, base_url=server.url, timeout=5).downloaded


# Redirects --------------------------------------------------------------------------------------


def redirect(location: str, body: bytes = b"") -> bytes:
    return head(f"Location: {location}", "Connection: close", status="302 Found") + body


def test_a_redirect_is_followed(server, tmp_path):
    def answer(connection: socket.socket) -> None:
        to_other = len(server.requests) == 1
        connection.sendall(redirect("/other.zip") if to_other else head("Connection: close") + GOOD)

    server.answer = answer
    assert fetch(described(), to=tmp_path, base_url=server.url).downloaded
    assert server.requests[1].startswith(b"GET /other.zip ")


def test_redirects_in_a_circle_end(server, tmp_path):
    server.answer = lambda connection: connection.sendall(redirect("/ml-tiny.zip"))
    assert "Exceeded 30 redirects" in failure(described(), server, tmp_path)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x.zip", "data:,x", "http://[", "\x1b[31m:x"]
)
def test_a_redirect_to_another_scheme_is_refused(server, tmp_path, location):
    server.answer = lambda connection: connection.sendall(redirect(location))
    failure(described(), server, tmp_path)


def test_a_redirect_with_an_endless_body_is_not_read(server, tmp_path):
    def answer(connection: socket.socket) -> None:
        if len(server.requests) > 1:
            connection.sendall(head("Connection: close") + GOOD)
        else:
            endless(server, redirect("/other.zip"), b"x" * 1000, pause=0.01)(connection)

    server.answer = answer
    assert fetch(described(), to=tmp_path, base_url=server.url, timeout=5).downloaded


def test_a_redirect_away_from_an_encrypted_connection_is_refused():
    with pytest.raises(DownloadError, match="not encrypted"):
        _check_redirect("https://127.0.0.1/x.zip", "http://127.0.0.1/x.zip")
    _check_redirect("https://127.0.0.1/x.zip", "https://127.0.0.1/y.zip")
    _check_redirect("https://127.0.0.1/x.zip", "/y.zip")
    _check_redirect("http://127.0.0.1/x.zip", "http://127.0.0.1/y.zip")
