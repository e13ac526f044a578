"""The section on quality: intervals of the file, which differences are clear, and the commands."""

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from studies import study_of

import recsys
from recsys import Ratings
from recsys.evaluation.stored import DataFigures, read_evaluation
from recsys.report.parts import Block, Chart, Section, Text
from recsys.report.sections.quality import figures, section

# Of each recommender: its value, and its difference from the hybrid, each with an interval.
VALUES: dict[str, tuple[float, ...]] = {
    "hybrid": (0.20, 0.18, 0.22, 0.0, 0.0, 0.0),
    "most-liked": (0.10, 0.09, 0.11, -0.10, -0.12, -0.08),
    "</script>": (0.19, 0.17, 0.21, -0.01, -0.02, 0.01),
    "EASE": (0.25, 0.23, 0.27, 0.05, 0.04, 0.06),
}


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    made = recsys.make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    return replace(made, source="not built in")


def rows(table: str, measure: str, **more: Any) -> pd.DataFrame:
    """A table with these values."""
    of_figures = [
        f"{name}{end}"
        for name in (measure, f"{measure}_difference")
        for end in ("", "_low", "_high")
    ]
    frame = pd.DataFrame(list(VALUES.values()), columns=of_figures)
    other = "rmse" if measure == "ndcg" else "ndcg"
    for column in of_figures:
        frame[column.replace(measure, other)] = np.nan
    counts = {"n_rows": 300, "n_users": 30}
    return frame.assign(table=table, name=list(VALUES), against="hybrid", **counts, **more)


@pytest.fixture
def file(tmp_path: Path, ratings: Ratings) -> Path:
    """An evaluation: errors, lists, and lists with 0 and 5 ratings shown."""
    tables = [
        rows("rating prediction", "rmse"),
        rows("ranking", "ndcg"),
        rows("cold start", "ndcg", n_shown=5),
        rows("cold start", "ndcg", n_shown=0).assign(ndcg_difference_low=-1.0),
    ]
    path = tmp_path / "evaluation.csv"
    frame = pd.concat(tables).assign(**asdict(DataFigures.of(ratings)))
    frame.to_csv(path, index=False)
    return path


def charts(file: Path) -> list[Chart]:
    return [figure.chart for figure in figures(read_evaluation(file))]


def html(found: Section) -> str:
    """What templates of the section made."""
    return " ".join(str(part.html) for part in found.parts if isinstance(part, Block))


def texts(found: Section) -> str:
    return " ".join(part.text for part in found.parts if isinstance(part, Text))


def test_intervals_are_those_of_the_file(file: Path, ratings: Ratings) -> None:
    found = section(study_of(ratings, evaluation=file))
    assert "Warning" not in texts(found)
    exec(found.calls, {})
    errors, lists, cold = charts(file)
    for chart, order in (
        (errors, ["most-liked", "</script>", "hybrid", "EASE"]),
        (lists, ["EASE", "hybrid", "</script>", "most-liked"]),
    ):
        shown = [(row[0], *map(float, row[1:])) for row in chart.numbers.rows]
        assert shown == [(name, *VALUES[name]) for name in order]
        assert "0.200 (0.180 to 0.220)" in chart.svg
        assert str(chart.svg) in html(found)
    assert "</script>" not in html(found)
    assert len(cold.numbers.rows) == 8


def test_a_difference_is_clear_if_its_interval_leaves_out_0(file: Path) -> None:
    """Less error is better, and more NDCG is."""
    errors, lists, cold = charts(file)
    assert errors.seen == (
        "most-liked (baseline) is first with 0.100 (0.090 to 0.110). Clearly better than hybrid: "
        "most-liked. Clearly worse than hybrid: EASE. No clear difference from hybrid: </script>. "
        "Counted from 300 held-out ratings by 30 people."
    )
    assert lists.seen == (
        "EASE is first with 0.250 (0.230 to 0.270). Clearly better than hybrid: EASE. Clearly "
        "worse than hybrid: most-liked. No clear difference from hybrid: </script>. "
        "Counted from 300 held-out likes by 30 people."
    )
    markers = re.findall(r'<polygon class="(\w+)"', lists.svg)[:4]
    assert markers == ["better", "reference", "unclear", "worse"]
    assert cold.seen == (
        "hybrid (this page) has NDCG@10 of 0.200 with 0 ratings shown, and 0.200 with 5 ratings "
        "shown. "
        "most-liked (baseline): clearly worse than hybrid with 0, 5 shown."
    )


def test_an_evaluation_of_other_ratings_is_told(file: Path, ratings: Ratings) -> None:
    fewer = replace(ratings, ratings=ratings.ratings[:-1])
    seen = texts(section(study_of(fewer, evaluation=file)))
    assert "Warning: this is an evaluation of other ratings. It is of 900 ratings of " in seen
    assert "but the page is about 899 ratings of " in seen
    frame = pd.read_csv(file)
    frame.drop(columns="data_mean").to_csv(file)
    assert "an older version wrote it" in texts(section(study_of(ratings, evaluation=file)))


def test_a_wrong_file_is_refused_before_the_work(ratings: Ratings, tmp_path: Path) -> None:
    """No step begins."""
    wrong, steps = tmp_path / "ratings.csv", []
    ratings.ratings.to_csv(wrong, index=False)
    with pytest.raises(ValueError, match=r"ratings\.csv is not an evaluation: .*recsys evaluate"):
        recsys.write_report(
            ratings,
            tmp_path / "report.html",
            evaluation=wrong,
            on_step=lambda *step: steps.append(step),
        )
    assert steps == []


def test_without_an_evaluation_it_says_how_to_make_one(ratings: Ratings, tmp_path: Path) -> None:
    data = tmp_path / "O'Brien & <b>"
    data.mkdir()
    found = section(study_of(replace(ratings, source=str(data))))
    assert "<figure" not in html(found)
    assert "holds no evaluation" in texts(found)
    commands = html(found)
    quoted = "&#39;" + str(data).replace("'", "&#39;&#34;&#39;&#34;&#39;")
    quoted = quoted.replace(" & <b>", " &amp; &lt;b&gt;") + "&#39;"
    assert f"recsys evaluate --data {quoted} --cold-start --out evaluation.csv" in commands
    assert f"recsys report --data {quoted} --evaluation evaluation.csv" in commands
    assert "--data ratings.csv" in html(section(study_of(replace(ratings, source="x" * 5000))))
    likes = Ratings.from_columns([1, 1, 2], [1, 2, 1])
    commands = html(section(study_of(likes)))
    assert "--cold-start" not in commands
    assert "--data ratings.csv" in commands


def test_built_in_ratings_have_an_evaluation_and_others_have_not(ratings: Ratings) -> None:
    found = section(study_of(recsys.builtin_ratings()))
    assert html(found).count("<figure") == 3
    exec(found.calls, {})
    made = replace(ratings, source="built-in data set (seed 0)")
    assert "<figure" not in html(section(study_of(made)))
