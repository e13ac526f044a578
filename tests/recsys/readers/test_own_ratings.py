"""Own ratings: which films of the data they belong to, on which scale, and what is left out."""

from pathlib import Path

import pandas as pd
import pytest

from recsys import MostLiked, OwnRating, OwnRatings, Ratings, RatingsError, own_ratings
from recsys.data.scale import HALF_STARS, LIKES, WHOLE_STARS, RatingScale
from recsys.readers.exports import ExportedRatings
from recsys.readers.own_ratings import converted, matched, read_links
from recsys.titles.matching import TitleIndex

TITLES = ["Quiet Harbour, The (1995)", "Paper Comet (2001)", "Marble Orchard (2010)"]


def data(scale: RatingScale = WHOLE_STARS) -> Ratings:
    """Two users, and three films with the ids 1, 2 and 3; nobody rated the third."""
    frame = pd.DataFrame({"userId": [1, 1, 2], "movieId": [1, 2, 1], "rating": scale.largest})
    movies = pd.DataFrame({"movieId": [1, 2, 3], "title": TITLES, "genres": "Drama"})
    return Ratings.from_frames(frame, movies, scale=scale)


def saved(folder: Path, *lines: str, header: str = "Date,Name,Year,Letterboxd URI,Rating") -> Path:
    path = folder / "mine.csv"
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return path


LINES = (
    "2024-03-01,The Quiet Harbour,1995,https://example.org/1,4.5",
    "2024-03-02,Heat,1995,https://example.org/2,5",
    "2024-03-04,Paper Comet,2001,https://example.org/3,2",
    "2024-03-03,Paper Comet,2001,https://example.org/3,1",
    "2024-03-05,Marble Orchard,2010,https://example.org/4,",
)


@pytest.mark.parametrize("as_path", [Path, str])
def test_an_export_becomes_ratings_of_films_in_the_data(tmp_path: Path, as_path: type) -> None:
    own = own_ratings(as_path(saved(tmp_path, *LINES)), data())
    # 4.5 of 5 is 5 beside whole stars, and the later rating of Paper Comet counts.
    assert own.ratings == {1: 5.0, 2: 2.0}
    assert [(film.name, film.year, film.rating) for film in own.unmatched] == [("Heat", 1995, 5.0)]
    assert (own.n_repeated, own.n_unrated, own.n_liked, own.n_not_liked) == (1, 1, 0, 0)
    with pytest.raises(AttributeError):
        own.n_liked = 1  # type: ignore[misc]


def test_the_ratings_are_ready_to_recommend_from(tmp_path: Path) -> None:
    ratings = data()
    own = own_ratings(saved(tmp_path, LINES[0]), ratings)
    # Of the two films that somebody rated, the other one is left.
    assert MostLiked().fit(ratings).recommend(ratings=own.ratings)["movieId"].tolist() == [2]


def test_beside_likes_only_likes_count(tmp_path: Path) -> None:
    own = own_ratings(saved(tmp_path, *LINES), data(LIKES))
    assert (own.ratings, own.n_not_liked) == ({1: 1.0}, 1)
    own = own_ratings(saved(tmp_path, LINES[2]), data(LIKES))
    assert (own.ratings, own.n_not_liked) == ({}, 1)


def test_films_that_are_liked_and_not_rated_have_the_largest_rating(tmp_path: Path) -> None:
    folder = tmp_path / "letterboxd.zip"  # unpacked to a folder of the same name
    (folder / "likes").mkdir(parents=True)
    saved(folder, LINES[2]).rename(folder / "ratings.csv")
    likes = saved(folder, LINES[2][:-2], LINES[4][:-1], header="Date,Name,Year,Letterboxd URI")
    likes.rename(folder / "likes/films.csv")
    own = own_ratings(folder, data())
    assert (own.ratings, own.n_liked) == ({2: 2.0, 3: 5.0}, 1)


def test_links_lead_from_ids_of_imdb_to_films(tmp_path: Path) -> None:
    imdb = "Const,Your Rating,Title,Year"
    path = saved(tmp_path, "tt0000042,8,Another Name,1901", "tt0000007,2,Heat,1995", header=imdb)
    links = tmp_path / "links.csv"
    links.write_text("movieId,imdbId,tmdbId\n3,0000042,1\n999,0000007,2\n", "utf-8")
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating\n1,1,5\n", "utf-8")
    for place in (links, tmp_path):
        own = own_ratings(path, data(), links=place)
        assert own.ratings == {3: 4.0}
        assert [film.name for film in own.unmatched] == ["Heat"]
    with pytest.raises(RatingsError, match=r"none of the films in .*mine\.csv is in frames"):
        own_ratings(path, data())


@pytest.mark.parametrize("text", [None, "movie,imdb\n1,2\n", "movieId,imdbId\n999,7\n1,inf\n"])
def test_links_without_links_are_refused(tmp_path: Path, text: str | None) -> None:
    links = saved(tmp_path, *LINES)
    if text is not None:
        links = tmp_path / "links.csv"
        links.write_text(text, "utf-8")
    with pytest.raises(RatingsError, match=r"no links to films in frames; links\.csv needs"):
        own_ratings(saved(tmp_path, *LINES), data(), links=links)


@pytest.mark.parametrize("content", [b"", b'a\n"', b"\xff\xfe\x00"])
def test_damaged_links_are_one_line(tmp_path: Path, content: bytes) -> None:
    links = tmp_path / "links.csv"
    links.write_bytes(content)
    with pytest.raises(RatingsError, match=r"^.*links\.csv: not a table of links \(.*\)$"):
        own_ratings(saved(tmp_path, *LINES), data(), links=links)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match=r"nowhere\.zip: no such file"):
        own_ratings(tmp_path / "nowhere.zip", data())
    with pytest.raises(RatingsError, match="nowhere: no such file or folder"):
        own_ratings(saved(tmp_path, *LINES), data(), links=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("rating", "scale", "to", "expected"),
    [
        (8, RatingScale(1, 10, 1), WHOLE_STARS, 4),
        (10, RatingScale(1, 10, 1), HALF_STARS, 5),
        (1, RatingScale(1, 10, 1), HALF_STARS, 0.5),
        (1, RatingScale(1, 10, 1), WHOLE_STARS, 1),
        (3.5, HALF_STARS, RatingScale(0, 10, 1), 7),
        (5, HALF_STARS, RatingScale(-10, 10, 0), 10),
        (4, WHOLE_STARS, LIKES, 1),
        (3, WHOLE_STARS, LIKES, 0),
    ],
)
def test_ratings_are_mapped_to_the_scale_of_the_data(
    rating: float, scale: RatingScale, to: RatingScale, expected: float
) -> None:
    assert converted(rating, scale, to) == expected


def found(rated: list[OwnRating], title: str) -> OwnRatings:
    exported = ExportedRatings("mine.csv", "table", WHOLE_STARS, tuple(rated), 0)
    return matched(exported, TitleIndex([1], [title], [1]), WHOLE_STARS, {})


def test_the_latest_rating_of_a_film_counts() -> None:
    own = found([OwnRating("Up", 2009, "", *one) for one in [(5, 200), (2, 100)]], "Up (2009)")
    assert (own.ratings, own.n_repeated, own.unmatched) == ({1: 5.0}, 1, ())


def test_a_film_is_found_by_its_original_title() -> None:
    film = OwnRating("A Port", 1995, "tt0000001", 4, None, "Le havre")
    assert found([film], "Harbour, The (Havre, Le) (1995)").ratings == {1: 4.0}


def test_the_title_is_tried_before_the_original_title() -> None:
    titles = TitleIndex([1, 2], ["Up (2009)", "Heat (2009)"], [1, 1])
    film = OwnRating("Heat", 2009, "", 4, None, "Up")
    exported = ExportedRatings("mine.csv", "IMDb", WHOLE_STARS, (film,), 0)
    assert matched(exported, titles, WHOLE_STARS, {}).ratings == {2: 4.0}


def test_a_number_beside_a_title_is_an_id_of_another_site() -> None:
    own = found([OwnRating("Heat", 1995, "1", 4, None)], "Up (2009)")
    assert (own.ratings, len(own.unmatched)) == ({}, 1)
    assert found([OwnRating("", None, "1", 4, None)], "Up (2009)").ratings == {1: 4.0}


@pytest.mark.parametrize("film_id", ["tt" + "9" * 5000, "tt", "tt\u0967", "9" * 5000])
def test_an_id_that_is_no_number_of_imdb_is_no_error(film_id: str) -> None:
    own = found([OwnRating("Up", 2009, film_id, 4, None)], "Up (2009)")
    assert own.ratings == {1: 4.0}


def test_links_are_whole_numbers(tmp_path: Path) -> None:
    links = tmp_path / "links.csv"
    links.write_text(f"movieId,imdbId\n3,0042.0\n1,42.7\n2,{'9' * 5000}\n1,tt0043\n", "utf-8")
    assert read_links(links, [1, 2, 3]) == {42: 3, 43: 1}
