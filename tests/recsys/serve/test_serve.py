"""`recsys serve`: a real server in a process of its own, asked by a real client."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import pytest

from recsys import MostLiked, Ratings, make_ratings
from recsys.command import cli, serve
from recsys.serve.app import LARGEST_BODY, app_for
from recsys.serve.hosts import is_own
from recsys.serve.questions import MOST_RATINGS
from recsys.serve.server import listen
from recsys.titles.names import spoken

JSON = {"Content-Type": "application/json"}


@dataclass
class Answer:
    """What a server answered: the status, the headers, and the body."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture(scope="module")
def model() -> MostLiked:
    ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    return MostLiked().fit(ratings)


@pytest.fixture(scope="module")
def address(model: MostLiked, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server, which an interrupt ends without an error."""
    file = tmp_path_factory.mktemp("serve") / "model.npz"
    model.save(file)
    server = subprocess.Popen(
        [sys.executable, "-m", "recsys", "serve", "--model", str(file), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=20)
        assert (server.returncode, out, err) == (0, "", "recsys: Ctrl-C ends the server\n")
    finally:
        server.kill()
        server.communicate()


def ask(
    address: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    request = urllib.request.Request(address + path, body, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def test_lists_are_those_of_the_model(address: str, model: MostLiked) -> None:
    ratings = {1: 5.0, 2: 0.5, 7: 3.5}
    body = json.dumps({"ratings": [[1, 5], ["2", 0.5], [7, 3.5]], "n": 7}).encode()
    found = ask(address, "api/recommend", body, JSON)
    expected = model.recommend(ratings=ratings, n=7)
    assert found.status == 200
    films = found.json["films"]
    assert [film["movieId"] for film in films] == expected["movieId"].tolist()
    assert [film["title"] for film in films] == [spoken(title) for title in expected["title"]]
    for name in ("score", "predicted_rating", "reason"):
        assert [film[name] for film in films] == expected[name].tolist()
    # Nothing is kept: without ratings, rated films are in the list again.
    assert (
        len(ask(address, "api/recommend", b'{"ratings": [], "n": 100}', JSON).json["films"]) == 60
    )


def test_films_are_found_by_words_and_ids(address: str, model: MostLiked) -> None:
    matrix = model.trained_on.matrix
    n_likes = dict(zip(matrix.movie_ids.tolist(), model.trained_on.n_likes.tolist(), strict=True))
    expected = [
        movie_id
        for movie_id, title in zip(matrix.movie_ids.tolist(), matrix.titles, strict=True)
        if any(word.startswith("c") for word in re.findall(r"\w+", title.lower()))
    ]
    expected.sort(key=lambda movie_id: (-n_likes[movie_id], movie_id))
    assert len(expected) > 1
    found = ask(address, "api/films?" + urlencode({"q": "Č", "n": 1})).json
    assert [film["movieId"] for film in found["films"]] == expected[:1]
    assert found["n_found"] == len(expected)
    found = ask(address, "api/films?id=3&id=999&id=x").json
    assert [film["movieId"] for film in found["films"]] == [3]
    assert found["unknown"] == ["999", "x"]


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("{", "not JSON"),
        ("\udcff", "not JSON"),
        ("[" * 50_000, "not JSON"),
        ('{"ratings": [[1, NaN]]}', "NaN is no number of JSON"),
        ("[]", "must be an object"),
        ('{"n": 3}', "must be an object"),
        ('{"ratings": [], "m": 3}', "no 'm'"),
        ('{"ratings": [], "n": 0}', "n must be a whole number from 1 to 100, not 0"),
        ('{"ratings": [], "n": true}', "n must be a whole number"),
        ('{"ratings": [], "n": 1e1}', "n must be a whole number"),
        ('{"ratings": {"1": 5}}', "must be a list"),
        (json.dumps({"ratings": [[1, 5]] * (MOST_RATINGS + 1)}), "at most 1,000"),
        ('{"ratings": [[1]]}', "must be a pair"),
        ('{"ratings": [[1.5, 5]]}', "no film has the id 1.5"),
        ('{"ratings": [[true, 5]]}', "no film has the id True"),
        ('{"ratings": [[null, 5]]}', "no film has the id None"),
        ('{"ratings": [[[], 5]]}', "no film has the id []"),
        ('{"ratings": [[61, 5]]}', "no film has the id 61"),
        ('{"ratings": [["one", 5]]}', "no film has the id 'one'"),
        (f'{{"ratings": [[{"9" * 400}, 5]]}}', "no film has the id 999"),
        (f'{{"ratings": [[{"9" * 5000}, 5]]}}', "not JSON"),
        ('{"ratings": [[1, "5"]]}', "is not a number: '5'"),
        ('{"ratings": [[1, true]]}', "is not a number: True"),
        (f'{{"ratings": [[1, {"9" * 400}]]}}', "is not a number"),
        ('{"ratings": [[1, 1e999]]}', "is not a number: inf"),
        ('{"ratings": [[1, 5.5]]}', "must be on the scale 0.5 to 5 by 0.5, not 5.5"),
        ('{"ratings": [[1, 0.7]]}', "must be on the scale"),
        ('{"ratings": [[1, 5], ["1", 4]]}', "film 1 is rated twice"),
    ],
)
def test_a_bad_question_is_refused_in_one_sentence(address: str, question: str, why: str) -> None:
    found = ask(address, "api/recommend", question.encode(errors="surrogateescape"), JSON)
    assert found.status == 400
    assert list(found.json) == ["error"]
    assert why in found.json["error"]
    assert len(found.json["error"]) < 300


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        ("api/films", 400, "q=WORDS"),
        ("api/films?q=a&m=3", 400, "q=WORDS"),
        ("api/films?q=a&n=0", 400, "n must be"),
        ("api/films?q=a&n=-1", 400, "n must be"),
        ("api/films?q=a&n=" + "9" * 5000, 400, "n must be"),
        ("api/films?q=" + "a" * 101, 400, "at most 100 characters, not 101"),
        ("api/films?" + "&".join(["id=1"] * 1001), 400, "at most 1,000 films"),
        ("api/nothing", 404, "api/films?q=WORDS"),
        ("../../etc/passwd", 404, "api/films"),
        ("api/recommend", 405, "not allowed"),
    ],
)
def test_a_bad_address_is_refused(address: str, path: str, status: int, why: str) -> None:
    found = ask(address, path)
    assert (found.status, found.headers["Content-Type"]) == (status, "application/json")
    assert why in found.json["error"]


def test_a_large_body_and_another_form_are_refused(address: str) -> None:
    assert ask(address, "api/recommend", b" " * (LARGEST_BODY + 1), JSON).status == 413
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(address, "api/recommend", b'{"ratings": []}', form).status == 415


def test_only_its_own_names_reach_the_server(address: str) -> None:
    port = address.rstrip("/").rpartition(":")[2]
    for name in ("localhost", f"LOCALHOST:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert ask(address, "api/films?q=a", headers={"Host": name}).status == 200, name
    for name in (f"evil.example:{port}", "127.0.0.1.evil.example", "192.168.0.7", "", "[::1"):
        found = ask(address, "api/films?q=a", headers={"Host": name})
        assert found.status in (400, 421), name
    assert is_own("192.168.0.7", "192.168.0.7")
    assert is_own("[fe80::1]:80", "::")
    assert not is_own("evil.example", "0.0.0.0")


def test_answers_say_what_a_browser_may_do_with_them(address: str) -> None:
    for path in ("", "api/films?q=a", "nothing"):
        headers = ask(address, path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        named = {name.lower() for name in headers}
        assert not any(name.startswith("access-control") for name in named)
        assert not named & {"set-cookie", "server"}


class Inline(HTMLParser):
    """Collects the texts of scripts and styles of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        runs = tag == "script" and ("type", "application/json") not in attrs
        self._open = tag if runs or tag == "style" else ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found.append((self._open, data))
        self._open = ""


def test_the_page_runs_its_own_scripts_and_no_others(address: str) -> None:
    found = ask(address, "")
    page = found.body.decode()
    assert 'role="combobox"' in page
    assert not re.search(r"(src|href)=\"(?!#)", page)
    inline = Inline()
    inline.feed(page)
    policy = found.headers["Content-Security-Policy"]
    assert {name for name, text in inline.found} == {"script", "style"}
    for name, text in inline.found:
        allowed = policy.partition(f"{name}-src ")[2].partition(";")[0]
        assert b64encode(sha256(text.encode()).digest()).decode() in allowed
    assert policy.count("sha256-") == len(inline.found)
    assert "unsafe" not in policy


def test_likes_have_no_stars_and_ids_may_be_text_or_large() -> None:
    for ids in (["a&b", "7", "7.0"], [2**60, 5, -1]):
        frame = pd.DataFrame({"userId": [1, 1, 2, 2, 3], "movieId": [*ids[:2], *ids[:2], ids[2]]})
        client = app_for(MostLiked().fit(Ratings.from_frames(frame))).test_client()
        first = client.post("/api/recommend", json={"ratings": [], "n": 1}).json["films"][0]
        # A browser reads no whole number beyond 2**53.
        assert not isinstance(first["movieId"], int) or first["movieId"] == 5
        assert first["predicted_rating"] is None
        other = client.post("/api/recommend", json={"ratings": [[first["movieId"], 1]], "n": 1})
        assert other.json["films"][0]["movieId"] != first["movieId"]


def test_a_port_in_use_is_one_line(
    model: MostLiked, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model.save(tmp_path / "model.npz")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.run(["serve", "--model", str(tmp_path / "model.npz"), "--port", str(port)]) == 2
    said = capfd.readouterr().err
    assert f"cannot listen on port {port} of 127.0.0.1: Address already in use" in said
    assert said.count("\n") == 1


def test_an_empty_host_is_not_every_network() -> None:
    with pytest.raises(ValueError, match="the host is empty"):
        listen("", 0)


def test_missing_packages_are_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    assert cli.run(["serve", "--model", "model.npz"]) == 2
    assert 'pip install ".[serve]" in a clone' in capfd.readouterr().err
