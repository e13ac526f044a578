"""How good the lists and predictions are: the evaluation as a chart."""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from recsys.evaluation.stored import (
    DataFigures,
    StoredEvaluation,
)
from recsys.report.charts.intervals import Estimated, intervals
from recsys.report.charts.lines import Line, lines
from recsys.report.parts import Block, Chart, Part, Section, Text, table
from recsys.report.render import render
from recsys.report.study import Study
from recsys.words import counted

# The recommender of the page's lists, and those that know nothing about tastes.
OURS, BASELINES = "hybrid", ("most-liked", "biases")

# The lines of the cold start: the reference, and the first of these that an evaluation has. The
# names of more lines do not fit over the chart on a phone.
DRAWN = ("most-liked", "biases", OURS)

# What the paired difference from the reference says.
KEY = {
    "reference": "{} itself",
    "better": "clearly better than {}",
    "worse": "clearly worse than {}",
    "unclear": "no clear difference from {}",
}
WHAT_IS_CLEAR = (
    "Recommenders are compared on ratings that they have not seen. Baselines know nothing about "
    "tastes: most-liked lists the same films for everybody, and biases lists the films with the "
    "best means. Each value has a 95\N{NO-BREAK SPACE}% interval over people. A difference from "
    "{} is clear if the interval of the difference, person by person, leaves out 0. It may be "
    "clear although the intervals of both values overlap."
)
RMSE = (
    "RMSE is the typical error of a predicted rating, on the scale of the ratings. Large errors "
    "count more. Less is better."
)
NDCG = (
    "Each recommender lists ten films for each person. NDCG@10 is 1 if the films that the person "
    "came to like stand at the top of the list, and 0 if none of them is in it. More is better. It "
    "is far below 1 as a rule, because there are many good films that a person never rates."
)
NOTHING = (
    "This page holds no evaluation. An evaluation compares the page's recommender with others and "
    "with baselines, on ratings that they have not seen. For 100,000 ratings it takes about three "
    "minutes of computing, or half a minute with --quick and without --cold-start."
)
COLD_START = (
    "These people were not there when the recommenders learned. They show a few ratings, and then "
    "get a list."
)


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    title, styles = "How good is it?", ("quality.css",)
    found = study.evaluation
    if found is None:
        return Section("quality", title, (Text(NOTHING), *_how(study)), styles=styles)
    against = next(iter(found.tables.values()))["against"][0]
    texts = [*_warnings(found, study), WHAT_IS_CLEAR.format(against)]
    block = Block(render("quality.html", figures=figures(found)))
    parts: tuple[Part, ...] = (*(Text(text) for text in texts), block)
    return Section("quality", title, parts, calls=_calls(study.options.evaluation), styles=styles)


def _calls(file: Path | None) -> str:
    if file is None:
        return (
            "from recsys.evaluation.stored import shipped_evaluation\nshipped_evaluation().tables"
        )
    return (
        "from pathlib import Path\n"
        "from recsys.evaluation.stored import read_evaluation\n"
        f"read_evaluation(Path({str(file)!r})).tables"
    )


def _warnings(found: StoredEvaluation, study: Study) -> Iterator[str]:
    if found.data is None:
        yield "The file does not say which ratings it is of: an older version wrote it."
    elif not found.data.is_of(study.ratings):
        yield (
            "Warning: this is an evaluation of other ratings. It is of "
            f"{_data(found.data)}, but the page is about {_data(DataFigures.of(study.ratings))}."
        )


def _data(figures: DataFigures) -> str:
    return (
        f"{counted(figures.data_ratings, 'rating')} of {counted(figures.data_movies, 'film')} by "
        f"{counted(figures.data_users, 'person', 'people')} with the mean {figures.data_mean:.4f}"
    )


# Without an evaluation --------------------------------------------------------------------------


def _how(study: Study) -> Iterator[Part]:
    """The commands that make an evaluation of these ratings, and the page with it."""
    source = study.ratings.source
    if not os.path.exists(source):
        yield Text(
            "Write the ratings to a file, because the command needs one. Then make the evaluation "
            "and the page:"
        )
        source = "ratings.csv"
    data = f"--data {shlex.quote(source)}"
    cold = " --cold-start" if study.ratings.scale.predicts else ""
    yield Block(
        render(
            "commands.html",
            commands=[
                f"recsys evaluate {data}{cold} --out evaluation.csv",
                f"recsys report {data} --evaluation evaluation.csv",
            ],
        )
    )
    yield Text("Options that the ratings are read with belong in both commands.")


# Charts -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """A chart, and what its measure means."""

    means: str
    chart: Chart


def figures(found: StoredEvaluation) -> list[Figure]:
    """A figure for each table of an evaluation."""
    return [CHARTS[name](frame) for name, frame in found.tables.items()]


def _rating_prediction(found: pd.DataFrame) -> Figure:
    return Figure(RMSE, _by_recommender(found, "Errors of predicted ratings", "rmse", "RMSE", -1))


def _ranking(found: pd.DataFrame) -> Figure:
    return Figure(NDCG, _by_recommender(found, "How good the lists are", "ndcg", "NDCG@10", 1))


def _by_recommender(found: pd.DataFrame, title: str, measure: str, words: str, sign: int) -> Chart:
    """A chart of one measure. ``sign`` is 1 if more is better, and -1 if less is."""
    found = found.sort_values(measure, ascending=sign < 0, kind="stable")
    against = found["against"].iloc[0]
    verdicts = _verdicts(found, measure, sign)
    rows = [
        Estimated(_shown(name), value, low, high, verdict)
        for name, value, low, high, verdict in zip(
            *(found[column].tolist() for column in ("name", *_columns(measure))),
            verdicts,
            strict=True,
        )
    ]
    key = {verdict: text.format(against) for verdict, text in KEY.items()}
    numbers = found[["name", *_columns(measure), *_columns(f"{measure}_difference")]]
    numbers = numbers.set_axis(
        ["recommender", words, "from", "to", f"less {against}", "from", "to"], axis=1
    )
    what = "held-out like" if measure == "ndcg" else "held-out rating"
    n_rows, n_users = int(found["n_rows"].iloc[0]), int(found["n_users"].iloc[0])
    compared = _compared(found["name"], verdicts, against)
    seen = (
        f"{rows[0].name} is first with {rows[0].text}. {compared} "
        f"Counted from {counted(n_rows, what)} by {counted(n_users, 'person', 'people')}."
    )
    return Chart(
        title, seen, intervals(rows, key, x_label=words), table(numbers, title, decimals=4)
    )


def _verdicts(found: pd.DataFrame, measure: str, sign: int) -> list[str]:
    """What the paired difference of each row from the reference says."""
    verdicts = []
    for name, against, low, high in zip(
        found["name"],
        found["against"],
        found[f"{measure}_difference_low"],
        found[f"{measure}_difference_high"],
        strict=True,
    ):
        if name == against:
            verdicts.append("reference")
        elif low > 0 or high < 0:
            verdicts.append("better" if (low > 0) == (sign > 0) else "worse")
        else:
            verdicts.append("unclear")
    return verdicts


def _compared(names: "pd.Series[str]", verdicts: list[str], against: str) -> str:
    """Who is clearly better or worse than the reference, in words."""
    told = []
    for verdict in ("better", "worse", "unclear"):
        some = [name for name, found in zip(names, verdicts, strict=True) if found == verdict]
        if some:
            words = KEY[verdict].format(against)
            told.append(f"{words[0].upper()}{words[1:]}: {', '.join(some)}.")
    return " ".join(told)


def _cold_start(found: pd.DataFrame) -> Figure:
    """NDCG by ratings shown, of the reference and of a baseline."""
    against = str(found["against"].iloc[0])
    names = list(dict.fromkeys(found["name"]))
    drawn = [name for name in dict.fromkeys([against, *DRAWN, *names]) if name in names][:2]
    by_name = {name: found[found["name"] == name].sort_values("n_shown") for name in drawn}
    shown = by_name[against]["n_shown"].tolist()
    some = [
        Line(
            name=name,
            y=rows["ndcg"].tolist(),
            # Bands of several lines would hide each other.
            low=rows["ndcg_low"].tolist() if name == against else None,
            high=rows["ndcg_high"].tolist() if name == against else None,
            css="mark" if name == against else "other",
        )
        for name, rows in by_name.items()
    ]
    seen = " ".join(_by_shown(name, rows) for name, rows in by_name.items() if name != against)
    ends = by_name[against].iloc[[0, -1]].drop_duplicates("n_shown")
    values = (
        f"{value:.3f} with {counted(int(n_shown), 'rating')} shown"
        for value, n_shown in zip(ends["ndcg"], ends["n_shown"], strict=True)
    )
    seen = f"{_shown(against)} has NDCG@10 of {', and '.join(values)}. {seen}"
    columns = ["name", "n_shown", "rmse", *_columns("ndcg"), *_columns("ndcg_difference")]
    numbers = (
        found[columns]
        .astype({"n_shown": int})
        .set_axis(
            [
                "recommender",
                "ratings shown",
                "RMSE",
                "NDCG@10",
                "from",
                "to",
                f"less {against}",
                "from",
                "to",
            ],
            axis=1,
        )
    )
    title = "Lists for people who show few ratings"
    svg = lines(shown, some, x_label="ratings shown", y_label="NDCG@10")
    return Figure(COLD_START, Chart(title, seen, svg, table(numbers, title, decimals=4)))


def _by_shown(name: str, rows: pd.DataFrame) -> str:
    """With how many ratings shown a recommender is clearly better or worse than the reference."""
    against = rows["against"].iloc[0]
    verdicts = pd.Series(_verdicts(rows, "ndcg", 1))
    told = []
    for verdict in ("better", "worse", "unclear"):
        some = rows["n_shown"].to_numpy(int)[verdicts == verdict].tolist()
        if some:
            with_these = f"{', '.join(map(str, some))} shown"
            told.append(f"{KEY[verdict].format(against)} with {with_these}")
    return f"{_shown(name)}: {'; '.join(told)}."


CHARTS: Mapping[str, Callable[[pd.DataFrame], Figure]] = {
    "rating prediction": _rating_prediction,
    "ranking": _ranking,
    "cold start": _cold_start,
}


def _columns(measure: str) -> tuple[str, str, str]:
    return measure, f"{measure}_low", f"{measure}_high"


def _shown(name: str) -> str:
    """The name of a recommender, and whether it is a baseline or the page's."""
    if name in BASELINES:
        return f"{name} (baseline)"
    return f"{name} (this page)" if name == OURS else name
