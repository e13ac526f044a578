"""Tastes: every figure of a card, recounted from the ratings with pandas."""

import re
from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_samples
from studies import study_of

import recsys
from recsys import Ratings, make_ratings
from recsys.report.parts import Section
from recsys.report.sections import tastes
from recsys.report.study import Study
from recsys.titles.names import spoken


@pytest.fixture(scope="module")
def study() -> Study:
    """A study of three groups: each has at least ten people and films that it likes more."""
    return study_of(
        make_ratings(n_users=150, n_movies=60, n_ratings=4000, random_state=0), n_groups=3
    )


@pytest.fixture(scope="module")
def cards(study: Study) -> list[str]:
    return cards_of(tastes.section(study))


@pytest.fixture(scope="module")
def likes(study: Study) -> pd.DataFrame:
    """One row for each like of a film of the matrix: user, title, genres, group."""
    table = study.ratings.ratings.merge(study.ratings.movies, on="movieId")
    assert study.most_rated.shape[1] == table["movieId"].nunique()  # nothing is left out
    table = table[table["rating"] >= 4].merge(groups_of(study), on="userId")
    return table.assign(title=table["title"].map(spoken))


def groups_of(study: Study) -> pd.DataFrame:
    assert study.tastes is not None
    return study.tastes.clusters.user_labels().rename(columns={"cluster": "group"})


def cards_of(section: Section) -> list[str]:
    html = next(str(part.html) for part in section.parts if part.kind == "block")
    return re.findall(r'<li class="card.*?(?=<li class="card|</ul>\n<details|\Z)', html, re.DOTALL)


def words(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", "", html)).split())


def shown(card: str) -> pd.DataFrame:
    """The films and genres of a card with the shares in words and the widths of the bars."""
    rows = []
    for heading, items in re.findall(
        r"<h4>(\w+ liked \w+).*?</h4>\s*<ul.*?>(.*?)</ul>", card, re.DOTALL
    ):
        for name, shares, bars in re.findall(r"<bdi>(.*?)</bdi>.*?>(.*?)</span>(.*?)</li>", items):
            said = re.fullmatch(r"([\d.]+) % (liked it|of likes), elsewhere ([\d.]+) %", shares)
            assert said is not None
            widths = re.findall(r'width="([\d.]+)"', bars)
            rows.append((heading, unescape(name), said[1], said[3], *map(float, widths)))
    return pd.DataFrame(
        rows, columns=["heading", "name", "here", "elsewhere", "width", "width_elsewhere"]
    )


def test_shares_of_films_are_shares_of_people(
    study: Study, cards: list[str], likes: pd.DataFrame
) -> None:
    groups = groups_of(study)
    for group, card in enumerate(cards):
        here, n_here = likes["group"] == group, (groups["group"] == group).sum()
        films = shown(card)
        films = films[films["heading"].str.startswith("Films")]
        assert len(films) >= 5
        for film in films.itertuples():
            of_film = likes["title"] == film.name
            share = 100 * (of_film & here).sum() / n_here
            elsewhere = 100 * (of_film & ~here).sum() / (len(groups) - n_here)
            assert (film.width, film.width_elsewhere) == pytest.approx((share, elsewhere), abs=0.06)
            assert (share > elsewhere) == film.heading.endswith("more")
            assert {film.here, film.elsewhere} == {f"{share:.0f}", f"{elsewhere:.0f}"}


def test_the_numbers_are_the_counts_of_people(study: Study, likes: pd.DataFrame) -> None:
    assert study.tastes is not None
    sizes = groups_of(study)["group"].value_counts()
    numbers = tastes._numbers(study.tastes)
    films = numbers[numbers["film or genre"].isin(likes["title"])]
    assert len(films) >= 15
    for film in films.to_dict("records"):
        here = likes.loc[likes["title"] == film["film or genre"], "group"] == film["group"]
        n = sizes[film["group"]]
        assert film["in the group"] == f"{here.sum()} of {n}"
        assert film["elsewhere"] == f"{(~here).sum()} of {150 - n}"
        assert film["% in the group"] == pytest.approx(100 * here.sum() / n)
        assert film["% elsewhere"] == pytest.approx(100 * (~here).sum() / (150 - n))


def test_shares_of_genres_are_shares_of_likes(cards: list[str], likes: pd.DataFrame) -> None:
    for group, card in enumerate(cards):
        here = likes["group"] == group
        genres = shown(card)
        genres = genres[genres["heading"].str.startswith("Genres")]
        assert len(genres) >= 2
        for genre in genres.itertuples():
            has = likes["genres"].str.split("|").map(lambda names, name=genre.name: name in names)
            share, elsewhere = 100 * has[here].mean(), 100 * has[~here].mean()
            assert (genre.width, genre.width_elsewhere) == pytest.approx(
                (share, elsewhere), abs=0.06
            )
            assert (share > elsewhere) == genre.heading.endswith("more")


def test_size_and_activity(study: Study, cards: list[str]) -> None:
    counts = study.ratings.ratings.groupby("userId").size().rename("n").reset_index()
    counts = counts.merge(groups_of(study), on="userId")
    for group, card in enumerate(cards):
        here = counts.loc[counts["group"] == group, "n"]
        assert (
            f"{len(here)} people of 150 ({len(here) / 1.5:.0f} %). Half of them gave "
            f"{here.median():g} ratings or fewer."
        ) in words(card)
    half = f"Half of all people gave {counts['n'].median():g} ratings or fewer."
    (block,) = (part for part in tastes.section(study).parts if part.kind == "block")
    assert half in words(str(block.html))


def test_typical_members_are_nearest_to_the_center(
    study: Study, cards: list[str], likes: pd.DataFrame
) -> None:
    liked = likes.assign(like=1.0).pivot_table(
        index=["group", "userId"], columns="title", values="like", fill_value=0.0
    )
    lengths = np.sqrt((liked**2).sum(axis=1))
    for group, card in enumerate(cards):
        points = liked.div(lengths, axis=0).loc[group]
        distances = ((points - points.mean()) ** 2).sum(axis=1)
        typical = liked.loc[group].loc[distances.nsmallest(10).index].sum()
        told = re.search(r"Of 10 typical members, (.*?)\. Other runs", words(card))
        assert told is not None
        said = re.findall(r"(\d+) liked (.+?)(?=, \d+ liked| and \d+ liked|$)", told[1])
        assert [typical[title] for _, title in said] == [int(n) for n, _ in said]
        assert [int(n) for n, _ in said] == typical.nlargest(3).tolist()


def test_people_nearer_to_another_group_are_told_if_they_are_most() -> None:
    """Two camps of 30 like their own films; 20 others like some of each and more of their own."""
    rng = np.random.default_rng(0)
    rows = [(user, film + 9 * (user % 2)) for user in range(60) for film in range(9)]
    for user in range(60, 80):
        liked = [
            rng.choice(9, 3, False),
            9 + rng.choice(9, 3, False),
            18 + rng.choice(40, 4, False),
        ]
        rows += [(user, film) for film in np.concatenate(liked).tolist()]
    ratings = Ratings.from_frames(pd.DataFrame(rows, columns=["userId", "movieId"]))
    study = study_of(ratings, n_groups=3)
    assert study.tastes is not None
    clusters = study.tastes.clusters
    found = silhouette_samples(clusters.matrix.values.toarray(), clusters.labels, metric="cosine")
    n_told = 0
    for group, card in enumerate(cards_of(tastes.section(study))):
        here = found[clusters.labels == group]
        told = f"But {(here < 0).sum()} of {len(here)} are nearer to the people of another group"
        assert (told in words(card)) == ((here < 0).mean() > 0.5)
        n_told += told in words(card)
    assert n_told > 0


@pytest.mark.parametrize(
    ("recurrence", "said"),
    [
        (0.75, "find this group again (overlap 0.75;"),
        (0.74, "find only a part of this group again"),
        (0.5, "do not find this group again, so do not rely on it"),
        (np.nan, None),
    ],
)
def test_how_often_runs_find_a_group_again(
    study: Study, recurrence: float, said: str | None
) -> None:
    fresh = study_of(study.ratings, n_groups=3)
    assert study.tastes is not None
    again = np.array([recurrence, 0.9, 0.9])
    fresh.__dict__["tastes"] = replace(
        study.tastes, sure=replace(study.tastes.sure, recurrence=again)
    )
    card = words(cards_of(tastes.section(fresh))[0])
    assert (said or "") in card
    assert ("Other runs" in card) == (said is not None)


def test_what_is_sure_comes_before_the_cards(study: Study) -> None:
    assert study.tastes is not None
    kinds = [part.kind for part in tastes.section(study).parts]
    texts = [part.text for part in tastes.section(study).parts if part.kind == "text"]
    assert " ".join(study.tastes.sure.sentences) in texts
    assert kinds.index("block") > max(at for at, kind in enumerate(kinds) if kind == "text")


def test_the_calls_make_the_same_groups(study: Study) -> None:
    names = {"recsys": recsys, "ratings": study.ratings}
    exec(tastes.section(study).calls, names)
    assert study.tastes is not None
    np.testing.assert_array_equal(names["tastes"].labels, study.tastes.clusters.labels)


def rated(rows: list[tuple[object, object, float]]) -> Ratings:
    return Ratings.from_frames(pd.DataFrame(rows, columns=["userId", "movieId", "rating"]))


def test_leftover_groups_say_why() -> None:
    """Nine people like film 1, twelve film 2, and three nothing."""
    rows = [(user, 1, 5.0) for user in range(9)] + [(user, 2, 5.0) for user in range(9, 21)]
    rows += [(user, 1, 1.0) for user in range(21, 24)]
    cards = [words(card) for card in cards_of(tastes.section(study_of(rated(rows), n_groups=3)))]
    few = next(card for card in cards if "9 people of 24" in card)
    assert "Fewer than 10 people say little about a taste" in few
    assert "typical" not in few
    assert "10 liked 2." in next(card for card in cards if "12 people of 24" in card)
    nobody = next(card for card in cards if "leftover: nobody" in card)
    assert "Nobody is in this group" in nobody
    assert "Fewer than 10" not in nobody
    assert "3 people of 24 (12 %)" in cards[3]
    assert "They liked none of these films" in cards[3]


def test_a_group_that_likes_nothing_more_is_called_a_leftover() -> None:
    """Ten and ten people are too few for a clear difference."""
    rows = [(user, film + 3 * (user % 2), 5.0) for user in range(20) for film in range(3)]
    for card in cards_of(tastes.section(study_of(rated(rows), n_groups=2))):
        assert "no film and no genre that it clearly likes more" in words(card)
        assert "<h4>" not in card


def test_members_without_a_common_film_are_told_so() -> None:
    rows = [(user, user, 5.0) for user in range(12)]
    card = words(cards_of(tastes.section(study_of(rated(rows), n_groups=1)))[0])
    assert "Of 10 typical members, no film was liked by half." in card


def test_one_person_has_no_others_to_be_compared_with() -> None:
    card = words(cards_of(tastes.section(study_of(rated([("a", 1, 5.0)]))))[0])
    assert "1 person of 1 (100 %). This person gave 1 rating." in card
    assert "Everybody is in this group" in card


def test_nobody_liked_anything() -> None:
    section = tastes.section(study_of(rated([(1, 1, 1.0), (2, 1, 2.0)])))
    assert [part.text for part in section.parts if part.kind == "text"] == [
        "Nobody liked a film, so there are no tastes to show."
    ]


@pytest.mark.parametrize(
    ("here", "elsewhere", "said"),
    [
        (0.78, 0.14, "78 % liked it, elsewhere 14 %"),
        (0.024, 0.016, "2.4 % liked it, elsewhere 1.6 %"),
    ],
)
def test_shares_that_differ_look_different(here: float, elsewhere: float, said: str) -> None:
    assert tastes._shares(here, elsewhere, "liked it") == said


def test_titles_are_text_and_each_says_its_own_direction() -> None:
    title = "<script>alert(1)</script> & \u05e9\u05dc\u05d5\u05dd"
    rows = [
        (f"{camp}{user}", f"{title}{camp}{film}", 5.0)
        for camp in range(3)
        for user in range(30)
        for film in range(6)
        if (user + film) % 3
    ]
    html = "".join(cards_of(tastes.section(study_of(rated(rows), n_groups=3))))
    assert "<script" not in html
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt; &amp; \u05e9\u05dc\u05d5\u05dd" in html
    assert "nan" not in words(html)
