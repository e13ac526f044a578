"""Titles: taken apart, written as people say them, and found by what somebody types."""

import pytest

from recsys.titles.matching import TitleError, TitleIndex
from recsys.titles.names import Title, folded, key_of, spoken

TITLES = {
    1: "Quiet Harbour (1995)",
    2: "Paper Comet, The (1999)",
    3: "Comet, The (2013)",
    4: "Comet (1995)",
    5: "Île aux Merles, L' (Blackbird Island) (2004)",
    6: "Seven (a.k.a. Se7en) (1995)",
    7: "Ferry Tales: Episode IV - A New Tide (1977)",
    8: "Ferry Tales: Episode V - The Ferry Strikes Back (1980)",
    9: "Twins (2000)",
    10: "Twins (2000)",
    11: "Twins (1980)",
    12: "300 (2007)",
    13: "Runner 2049 (2017)",
    14: "WALL·E & Friends (2008)",
    15: "Ferries (2011\u2013 )",
    16: "No Year",
    17: "9 1/2 Boats (1986)",
    18: "1-900 (1994)",
    19: "$ (1971)",
}
RATED = {4: 50, 3: 10, 11: 9, 9: 5}


@pytest.fixture(scope="module")
def index() -> TitleIndex:
    return TitleIndex(list(TITLES), list(TITLES.values()), [RATED.get(i, 1) for i in TITLES])


@pytest.mark.parametrize(
    ("text", "names", "year"),
    [
        ("Heat (1995)", ("Heat",), 1995),
        ("Heat", ("Heat",), None),
        ("Heat (1995) ", ("Heat",), 1995),
        ("Matrix, The (1999)", ("The Matrix",), 1999),
        ("Avventura, L' (Adventure, The) (1960)", ("L'Avventura", "The Adventure"), 1960),
        ("Seven (a.k.a. Se7en) (1995)", ("Seven", "Se7en"), 1995),
        ("Show (1995-1999)", ("Show",), 1995),
        ("Show (2011\u2013 )", ("Show",), 2011),
        ("(500) Days (2009)", ("(500) Days",), 2009),
        ("Good, the Bad and the Ugly, The (1966)", ("The Good, the Bad and the Ugly",), 1966),
        ("(2009)", ("(2009)",), 2009),
    ],
)
def test_titles_are_taken_apart(text: str, names: tuple[str, ...], year: int | None) -> None:
    assert Title.of(text) == Title(names, year)


def test_titles_as_people_say_them() -> None:
    assert spoken("Île aux Merles, L' (Blackbird Island) (2004)") == (
        "L'Île aux Merles (Blackbird Island) (2004)"
    )
    assert spoken("The Godfather (1972)") == "The Godfather (1972)"
    assert spoken("Me, Myself & Irene (2000)") == "Me, Myself & Irene (2000)"


def test_folding() -> None:
    assert folded("Åsa\u2019s “Ærø”, Łódź!") == "asas aero lodz"
    assert key_of("Spider-Man") == key_of("spiderman") == key_of("SPIDER MAN")
    assert key_of("1-900") != key_of("1900")
    assert key_of("$") == "$"


@pytest.mark.parametrize(
    ("asked", "movie_id"),
    [
        ("Quiet Harbour", 1),
        ("quiet harbour", 1),
        ("Quiet Harbour (1995)", 1),
        ("quiet harbour 1996", 1),  # a year beside it
        ("The Paper Comet", 2),
        ("paper comet", 2),
        ("Paper Comet, The", 2),
        ("Paper Comet, The (1999)", 2),
        ("Comet", 4),  # the name itself, not that without its article
        ("The Comet", 3),
        ("Comet 2013", 3),
        ("ile aux merles", 5),
        ("Blackbird Island", 5),
        ("Se7en", 6),
        ("The Ferry Strikes Back", 8),
        ("ferry tales 1977", 7),
        ("Twins 1980", 11),
        ("300", 12),
        ("Runner 2049", 13),
        ("wall-e and friends", 14),
        ("Ferries (2011)", 15),
        ("no year", 16),
        ("No Year (1990)", 16),
        ("9½ Boats", 17),
        ("$", 19),
    ],
)
def test_a_title_is_found(index: TitleIndex, asked: str, movie_id: int) -> None:
    assert index.one(asked) == movie_id


def test_several_matches_are_listed_those_with_most_ratings_first(index: TitleIndex) -> None:
    with pytest.raises(TitleError) as error:
        index.one("Twins")
    assert str(error.value) == (
        "3 films are called 'Twins': Twins (1980) [id 11], Twins (2000) [id 9] and Twins (2000) "
        "[id 10]; add the year or give the id"
    )
    with pytest.raises(TitleError, match="2 films are called 'Ferry Tales'"):
        index.one("Ferry Tales")


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("Quiet Habrour", r"did you mean Quiet Harbour \(1995\) \[id 1\]"),
        ("strikes ferry", r"did you mean .*Strikes Back \(1980\) \[id 8\]"),
        ("1900", "no film '1900'"),
        ("zzzzzz", "no film 'zzzzzz'$"),
        ("Quiet Harbour 2010", "did you mean Quiet Harbour"),
        ("", "no film ''$"),
    ],
)
def test_near_titles_are_suggested(index: TitleIndex, asked: str, title: str) -> None:
    with pytest.raises(TitleError, match=title):
        index.one(asked)


@pytest.mark.parametrize(
    ("name", "year", "movie_id"),
    [
        ("Quiet Harbour", 1995, 1),
        ("Quiet Harbour", 1996, 1),
        ("Quiet Harbour", 1998, None),
        ("Quiet Harbor", 1995, 1),
        ("Quiet Harbor", 1996, None),
        ("The Ferry Strikes Back", 1980, 8),
        ("Ferry Tales", 1977, 7),
        ("Twins", 2000, None),
        ("Twins", 1980, 11),
        ("Quiet Harbour", None, 1),
        ("Twins", None, None),
        ("Loud Desert", 1995, None),
    ],
)
def test_a_film_of_another_catalogue_is_taken_only_if_it_is_certain(
    index: TitleIndex, name: str, year: int | None, movie_id: int | None
) -> None:
    found = index.sure(name, year)
    assert (None if found is None else index.ids[found]) == movie_id


def test_every_title_finds_itself(index: TitleIndex) -> None:
    for movie_id, title in TITLES.items():
        same = {other for other, text in TITLES.items() if text == title}
        assert {index.ids[item] for item in index.find(title).items} == same, movie_id
