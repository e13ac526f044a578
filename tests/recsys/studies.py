"""Studies of made ratings for tests of single sections."""

from typing import Any

from recsys import Ratings
from recsys.report.steps import Steps
from recsys.report.study import Options, Study


def study_of(ratings: Ratings, **options: Any) -> Study:
    """A study whose steps nobody follows."""
    return Study(ratings, Options(**options), Steps(1, lambda name, n_done, n_parts: None))
