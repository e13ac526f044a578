"""Tables of compared recommenders, as people see them."""

from recsys.command.comparisons import how_to_read, tables
from recsys.evaluation.intervals import Estimate
from recsys.evaluation.results import (
    ColdStartEvaluation,
    ColdStartMeans,
    ColdStartScores,
    RatingEvaluation,
    RatingScores,
)

NOTHING = Estimate(0.0, 0.0, 0.0)
NAN = Estimate(float("nan"), float("nan"), float("nan"))


def rating_scores(name: str, rmse: Estimate, difference: Estimate) -> RatingScores:
    return RatingScores(name, rmse, difference, rmse, difference, 1.234, 0.5, 1200, 1)


def test_a_figure_and_its_interval_share_a_cell() -> None:
    rmse = Estimate(0.85, 0.8, 0.91239)
    scores = (
        rating_scores("mine", rmse, NOTHING),
        rating_scores("other", rmse, Estimate(-0.001, -0.002, 0.0005)),
    )
    found = RatingEvaluation(scores, "mine", 5, 0)
    (table,) = tables(found)
    assert table.to_dict("records") == [
        {
            "recommender": name,
            "RMSE (95 %)": "0.8500 (0.8000 to 0.9124)",
            "difference of RMSE (95 %)": difference,
            "MAE (95 %)": "0.8500 (0.8000 to 0.9124)",
            "fit, s": 1.23,
            "answers, s": 0.5,
        }
        for name, difference in (
            ("mine", "reference"),
            ("other", "-0.0010 (-0.0020 to +0.0005)"),
        )
    ]
    assert how_to_read(found) == (
        "1,200 ratings by 1 user; differences are from mine (none can be claimed if its interval "
        "holds 0)"
    )


def cold(
    name: str, n_shown: int, rmse: Estimate, rmse_less: Estimate, ndcg: Estimate, less: Estimate
) -> ColdStartScores:
    errors, hits = [rmse, rmse_less, rmse, rmse_less], [ndcg, less, ndcg, less]
    return ColdStartScores(name, n_shown, *errors, *hits, 0.1, 0.2, 0.3, 1.0, 1.0, 30, 20)


def test_the_cold_start_has_a_column_for_each_number_of_ratings() -> None:
    half, third = Estimate(0.5, 0.4, 0.6), Estimate(1 / 3, 0.3, 0.4)
    better, worse, same = (
        Estimate(0.1, 0.05, 0.2),
        Estimate(-0.1, -0.2, -0.05),
        Estimate(0.0, -0.1, 0.1),
    )
    scores = (
        cold("mine", 0, half, NOTHING, half, NOTHING),
        cold("mine", 5, half, NOTHING, half, NOTHING),
        cold("lists", 0, NAN, NAN, third, better),
        cold("lists", 5, NAN, NAN, third, same),
        cold("other", 0, third, worse, third, worse),
        cold("other", 5, third, same, third, better),
    )
    means = (
        ColdStartMeans("mine", half, NOTHING, half, NOTHING),
        ColdStartMeans("lists", NAN, NAN, third, same),
        ColdStartMeans("other", third, worse, third, better),
    )
    found = ColdStartEvaluation(scores, means, "mine", 7, 0, 0)
    errors, lists = tables(found)
    columns = ["0", "5", "mean without 0", "difference of mean (95 %)"]
    assert errors.columns.tolist() == ["RMSE by ratings shown", *columns]
    assert errors.to_numpy().tolist() == [
        ["mine", "0.5000", "0.5000", "0.5000", "reference"],
        ["other", "0.3333*", "0.3333", "0.3333", "-0.1000 (-0.2000 to -0.0500)"],
    ]
    assert lists.columns.tolist() == ["NDCG@7 by ratings shown", *columns]
    assert lists.to_numpy().tolist() == [
        ["mine", "0.5000", "0.5000", "0.5000", "reference"],
        ["lists", "0.3333*", "0.3333", "0.3333", "+0.0000 (-0.1000 to +0.1000)"],
        ["other", "0.3333*", "0.3333*", "0.3333", "+0.1000 (+0.0500 to +0.2000)"],
    ]
    assert how_to_read(found) == (
        "30 ratings by 20 users; * marks a difference from mine whose interval is without 0"
    )
    lists_only = ColdStartEvaluation(scores[2:4], (), "lists", 7, 0, 0)
    (table,) = tables(lists_only)
    assert table.columns.tolist() == ["NDCG@7 by ratings shown", "0", "5"]


def test_one_user_gives_a_figure_without_an_interval() -> None:
    alone = Estimate(0.85, float("nan"), float("nan"))
    (table,) = tables(RatingEvaluation((rating_scores("mine", alone, alone),), "mine", 5, 0))
    assert table["RMSE (95 %)"].tolist() == ["0.8500 (no interval: one user)"]
