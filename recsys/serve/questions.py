"""Questions to the server: each is checked, and refused with one sentence that says why."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.data.ids import Id
from recsys.printable import shown
from recsys.serve.catalog import FilmList

MOST_RATINGS = 1_000
MOST_FILMS = 100
LONGEST_SEARCH = 100


class QuestionError(ValueError):
    """The message says what is wrong with a question."""


@dataclass(frozen=True)
class Wanted:
    """The ratings of a visitor by movieId, and the length of the list."""

    ratings: dict[Id, float]
    n: int


def wanted(body: bytes, films: FilmList) -> Wanted:
    """Read a question for a list: ``{"ratings": [[movieId, rating], ...], "n": 10}``.

    Raises
    ------
    QuestionError
    """
    question = _parsed(body)
    if not isinstance(question, dict) or "ratings" not in question:
        raise QuestionError('the body must be an object such as {"ratings": [[1, 4.5]], "n": 10}')
    unknown = [name for name in question if name not in ("ratings", "n")]
    if unknown:
        raise QuestionError(f"the body has ratings and n, but no {shown(unknown[0])}")
    n = question.get("n", 10)
    if type(n) is not int or not 1 <= n <= MOST_FILMS:
        raise QuestionError(f"n must be a whole number from 1 to {MOST_FILMS}, not {shown(n)}")
    pairs = question["ratings"]
    if not isinstance(pairs, list) or len(pairs) > MOST_RATINGS:
        raise QuestionError(f"ratings must be a list of at most {MOST_RATINGS:,} pairs")
    ratings: dict[Id, float] = {}
    for pair in pairs:
        movie_id, rating = _rated(pair, films)
        if movie_id in ratings:
            raise QuestionError(f"film {shown(movie_id)} is rated twice")
        ratings[movie_id] = rating
    return Wanted(ratings, n)


def _parsed(body: bytes) -> Any:
    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no number of JSON")

    try:
        return json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise QuestionError(f"the body is not JSON: {error}") from None


def _rated(pair: Any, films: FilmList) -> tuple[Id, float]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise QuestionError(f"each rating must be a pair [movieId, rating], not {shown(pair)}")
    movie_id, rating = pair
    known = films.id_of(movie_id) if type(movie_id) in (int, str) else None
    if known is None:
        raise QuestionError(
            f"no film has the id {shown(movie_id)}; GET /api/films?q=WORDS finds ids"
        )
    scale = films.data.scale
    if type(rating) not in (int, float) or not -1e300 < rating < 1e300:
        raise QuestionError(
            f"the rating of film {shown(movie_id)} is not a number: {shown(rating)}"
        )
    if not scale.holds(np.array([rating], np.float64))[0]:
        raise QuestionError(
            f"the rating of film {shown(movie_id)} must be on the scale {scale}, not {rating}"
        )
    return known, float(rating)


def searched(arguments: Mapping[str, Sequence[str]]) -> tuple[str, int]:
    """Read a search: the words, and how many films to answer with.

    Raises
    ------
    QuestionError
    """
    if "q" not in arguments or set(arguments) - {"q", "n"}:
        raise QuestionError("ask for /api/films?q=WORDS&n=10, or for /api/films?id=ID")
    text, n = arguments["q"][0], arguments.get("n", ["10"])[0]
    if len(text) > LONGEST_SEARCH:
        raise QuestionError(f"q must have at most {LONGEST_SEARCH} characters, not {len(text):,}")
    if not (n.isascii() and n.isdecimal() and len(n) < 9 and 1 <= int(n) <= MOST_FILMS):
        raise QuestionError(f"n must be a whole number from 1 to {MOST_FILMS}, not {shown(n)}")
    return text, int(n)
