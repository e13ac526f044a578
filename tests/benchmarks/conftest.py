"""Every row of the benchmarks, tiny: no time is asserted."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks import workloads
from benchmarks.task import Task


@pytest.fixture(scope="session")
def tiny() -> dict[str, Task]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {row.name: row.make("tiny") for row in workloads.ROWS}


@pytest.fixture(scope="session")
def equal() -> Callable[[Task, Task], bool]:
    """Whether two tasks are the same to the bit, dtypes too."""

    def compare(one: Task, other: Task) -> bool:
        def plain(X: Any) -> Any:
            return X.toarray() if sp.issparse(X) else X

        return all(
            np.array_equal(plain(getattr(one, name)), plain(getattr(other, name)))
            and np.asarray(plain(getattr(one, name))).dtype
            == np.asarray(plain(getattr(other, name))).dtype
            for name in Task.__dataclass_fields__
        )

    return compare
