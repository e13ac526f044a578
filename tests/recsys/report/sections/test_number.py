"""How many groups: curves, blades and the verdict, with groups and without."""

import re
from html import unescape

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_samples, silhouette_score
from studies import study_of

import recsys
from recsys import Ratings, RatingScale, make_ratings
from recsys.report.parts import Section
from recsys.report.sections import number
from recsys.report.study import Study


def liked(rows: list[tuple[int, int]]) -> Ratings:
    """Ratings of people who liked every film that they rated."""
    return Ratings.from_frames(pd.DataFrame(rows, columns=["userId", "movieId"]))


def camps(n_camps: int, n_films: int = 10) -> Ratings:
    """Twenty people a camp, who like 8 of the camp's films."""
    rng = np.random.default_rng(0)
    return liked(
        [
            (user, n_films * (user % n_camps) + film)
            for user in range(20 * n_camps)
            for film in rng.choice(n_films, 8, replace=False).tolist()
        ]
    )


def noise() -> Ratings:
    rng = np.random.default_rng(0)
    return liked(
        [(user, film) for user in range(60) for film in rng.choice(50, 10, False).tolist()]
    )


def texts(section: Section) -> list[str]:
    return [part.text for part in section.parts if part.kind == "text"]


def figures(section: Section) -> dict[str, tuple[str, pd.DataFrame]]:
    """What is seen in each chart and the numbers behind it, by the title of the chart."""
    html = "".join(str(part.html) for part in section.parts if part.kind == "block")
    found = {}
    for figure in re.findall(r"<figure>(.*?)</figure>", html, re.DOTALL):
        rows = [
            re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
            for row in re.findall(r"<tr>(.*?)</tr>", figure, re.DOTALL)
        ]
        cells = [[cell.replace(",", "") for cell in row] for row in rows[1:]]
        numbers = pd.DataFrame(cells, columns=rows[0]).apply(pd.to_numeric, errors="coerce")
        seen = unescape(re.findall(r"<figcaption>(.*?)</figcaption>", figure, re.DOTALL)[0])
        found[re.findall("<h3>(.*?)</h3>", figure)[0]] = seen, numbers
    return found


@pytest.fixture(scope="module")
def three() -> Study:
    return study_of(camps(3))


@pytest.fixture(scope="module")
def section(three: Study) -> Section:
    return number.section(three)


def test_real_groups_are_found(section: Section) -> None:
    _, verdict, other, shown, separation = texts(section)
    assert verdict.startswith("The measures suggest 3 groups. They come back in other runs")
    assert "With each larger number, the groups come back less" in verdict
    best = re.fullmatch(
        r"The groups are (clearly|far) apart \(mean silhouette (0\.\d\d) with 3 groups; 1 is best\)"
        r"\.",
        separation,
    )
    assert best is not None
    assert other.startswith("With 3 groups you would see: ")
    assert other.count("(20 people)") == 3
    assert shown.startswith("This page shows 6 groups, the number if no other is asked for.")
    seen, numbers = figures(section)["Are the groups apart?"]
    assert f"greatest with 3 groups: {best[2]}." in seen
    assert "Some numbers lie on or above" in seen
    assert "marks the 6 groups" in seen
    assert numbers["k"].tolist() == list(range(2, 16))
    stability = figures(section)["Do they come back?"][1].set_index("k")["stability"]
    assert shown.endswith(f"With it, the stability is {stability[6]:.2f}.")


def test_noise_is_told_to_have_no_groups() -> None:
    section = number.section(study_of(noise(), n_groups=20))
    _, verdict, shown, separation = texts(section)
    assert verdict.startswith("The measures suggest no number.")
    assert "It is not a fact about people." in separation
    assert shown.startswith("This page shows 20 groups, the number that was asked for.")
    found = figures(section)
    assert "Every number lies below the dashed line at 0.25" in found["Are the groups apart?"][0]
    seen, numbers = found["Do they come back?"]
    assert seen.startswith("No number of groups lies on or above")
    assert (numbers["stability"] < 0.8).all()
    assert "upright line" not in seen  # 20 is not on the axis


def test_the_calls_give_the_same_figures(three: Study, section: Section) -> None:
    names = {"recsys": recsys, "ratings": three.ratings}
    *calls, last = section.calls.splitlines()
    exec("\n".join(calls), names)
    found = figures(section)
    stability = found["Do they come back?"][1]
    np.testing.assert_allclose(stability["stability"], names["result"].stability, atol=6e-4)
    np.testing.assert_allclose(
        stability[["stability low", "stability high"]],
        names["result"].stability_interval,
        atol=6e-4,
    )
    silhouette = found["Are the groups apart?"][1]["silhouette"]
    np.testing.assert_allclose(silhouette, eval(last, names), atol=6e-4)
    points = names["points"].toarray()
    expected = [
        silhouette_score(points, labels, metric="cosine") for labels in names["result"].labels
    ]
    np.testing.assert_allclose(silhouette, expected, atol=6e-4)


def test_people_nearer_to_another_group_are_counted() -> None:
    study = study_of(
        make_ratings(n_users=90, n_movies=60, n_ratings=2400, random_state=0), n_groups=4
    )
    assert study.tastes is not None
    clusters = study.tastes.clusters
    likes = clusters.matrix.values.toarray() >= 4
    people = likes.any(axis=1)
    values = silhouette_samples(likes[people], clusters.labels[people], metric="cosine")
    frame = pd.DataFrame({"group": clusters.labels[people], "value": values})
    by_group = frame.groupby("group")["value"]
    seen, numbers = figures(number.section(study))["Who fits the group?"]
    below = by_group.agg(lambda some: (some < 0).sum())
    assert below.sum() > 1
    assert seen.startswith(f"{below.sum()} people of {people.sum()} are nearer to another group")
    assert numbers["group"].tolist() == below.index.tolist()
    assert numbers["people"].tolist() == by_group.size().tolist()
    assert numbers["silhouette below 0"].tolist() == below.tolist()
    np.testing.assert_allclose(numbers["mean silhouette"], by_group.mean(), atol=6e-3)
    for group, n_below in below.items():
        n_here = by_group.size()[group]
        told = f"In group {group} these are {n_below} of {n_here}."
        assert (told in seen) == (2 * n_below > n_here)


def test_where_nobody_is_astray() -> None:
    section = number.section(study_of(camps(2), n_groups=2))
    found = figures(section)
    assert found["Who fits the group?"][0].startswith("Nobody is nearer to another group")
    # Two groups are shown and suggested, so no other number is drawn out.
    assert not any(text.startswith("With ") for text in texts(section))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(1, 1), (2, 2)], "Only 2 people liked a film"),
        ([(user, 1) for user in range(9)], "9 people liked a film, and all liked the same"),
    ],
)
def test_where_there_is_no_choice(rows: list[tuple[int, int]], said: str) -> None:
    found = number.section(study_of(liked(rows)))
    assert len(found.parts) == 1
    assert texts(found)[0].startswith(said)


def test_nobody_liked_a_film() -> None:
    frame = pd.DataFrame({"userId": [1, 2], "movieId": [1, 1], "rating": [1.0, 2.0]})
    found = number.section(study_of(Ratings.from_frames(frame, scale=RatingScale(1, 5, 1))))
    assert texts(found) == ["Nobody liked a film, so there are no groups by likes to count."]


def test_no_more_groups_than_different_tastes() -> None:
    """Twenty people of two tastes, and four without a like."""
    frame = pd.DataFrame(
        [(user, film + 3 * (user % 2), 5.0) for user in range(20) for film in range(3)]
        + [(user, 0, 1.0) for user in range(20, 24)],
        columns=["userId", "movieId", "rating"],
    )
    done, verdict, *_ = texts(number.section(study_of(Ratings.from_frames(frame))))
    assert "it makes 2 groups of the 20 people who liked a film." in done
    assert verdict.startswith("The measures suggest 2 groups.")
    assert verdict.endswith("No larger number was tried.")


def test_of_many_people_some_are_drawn(monkeypatch: pytest.MonkeyPatch, three: Study) -> None:
    monkeypatch.setattr(number, "SILHOUETTE_USERS", 30)
    done = texts(number.section(three))[0]
    assert "of the 30 people who liked a film, drawn by chance from 60." in done


def test_few_people_have_one_group() -> None:
    section = number.section(study_of(liked([(1, 1), (2, 2), (3, 2)])))
    assert "There are too few people to measure the stability." in texts(section)[1]
    assert texts(section)[-2].startswith(
        "This page shows 1 group, so that each has 10 people or more on average, if so many liked"
    )
    assert "Do they come back?" not in figures(section)
    assert not any("nan" in str(part) for part in section.parts)


@pytest.mark.parametrize(
    ("stable", "said"),
    [
        ([], "No number of groups lies"),
        (["2"], "Only 2 groups lie"),
        (["2", "3", "5"], "2, 3 and 5 groups lie"),
    ],
)
def test_stable_numbers_are_listed(stable: list[str], said: str) -> None:
    assert number._which(stable) == said
