"""The study: each part is computed once and timed, and a large table is sampled by people."""

from typing import Any

import pandas as pd
import pytest
from studies import study_of

from recsys import Ratings, make_ratings
from recsys.report import study as module


@pytest.fixture(scope="module")
def made() -> Ratings:
    return make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


def test_of_few_ratings_all_people_count(made: Ratings) -> None:
    study = study_of(made)
    assert study.sample is made
    assert study.sample_note == ""
    assert "sample of people" not in study.steps.times


def test_of_many_ratings_a_sample_of_people_keeps_all_their_ratings(
    made: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_RATINGS", 300)
    study = study_of(made, seed=5)
    assert study.sample.n_users == 40 * 300 // 900
    kept = made.ratings[made.ratings["userId"].isin(study.sample.ratings["userId"])]
    pd.testing.assert_frame_equal(study.sample.ratings, kept.reset_index(drop=True))
    assert study.sample_note == "This is measured on 13 people, drawn by chance from all 40."
    assert "sample of people" in study.steps.times
    # The seed draws the people.
    again, other = study_of(made, seed=5).sample, study_of(made, seed=6).sample
    assert again.ratings.equals(study.sample.ratings)
    assert not other.ratings.equals(study.sample.ratings)


def test_each_part_is_computed_once(made: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    cluster_users = module.cluster_users

    def counted(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments[1])
        return cluster_users(*arguments, **options)

    monkeypatch.setattr(module, "cluster_users", counted)
    study = study_of(made, n_groups=2)
    assert study.tastes is study.tastes
    assert study.most_rated is study.most_rated
    assert calls == [2]
    assert list(study.steps.times) == ["rating matrix", "groups of taste"]


def test_small_data_have_groups_of_ten_people_or_one_group() -> None:
    rated = Ratings.from_columns([1, 2, 3], [7, 7, 7], [5, 4, 1])
    tastes = study_of(rated).tastes
    assert tastes is not None
    # Two people liked the film. The third one is in a group without likes.
    assert tastes.clusters.n_clusters == 2
    assert tastes.clusters.leftover == 1
    users = list(range(29))
    liked = study_of(Ratings.from_columns(users, [user % 7 for user in users], [5] * 29)).tastes
    assert liked is not None
    assert liked.clusters.n_clusters == 2


def test_without_likes_there_are_no_tastes() -> None:
    study = study_of(Ratings.from_columns([1, 2], [7, 8], [1, 2]))
    assert study.tastes is None


def test_only_made_ratings_are_invented(made: Ratings) -> None:
    assert study_of(made).is_invented
    assert not study_of(Ratings.from_columns([1], [7], [4])).is_invented
