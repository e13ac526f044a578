"""The cost curves: the fitted law, the table and the picture."""

import pytest

from benchmarks import cost_pictures
from benchmarks.cost_curves import CURVES, Cost, Curve, cost_of, law_of, table


def test_a_law_is_fitted_to_the_larger_sizes_alone():
    sizes = [1, 100, 1_000, 10_000]
    factor, exponent = law_of(sizes, [500.0, 700.0, 3 * 1_000**1.5, 3 * 10_000**1.5])
    assert exponent == pytest.approx(1.5)
    assert factor == pytest.approx(3.0)


def test_the_table_and_the_picture_show_the_measured_curves(tmp_path):
    costs = {CURVES[0].name: [Cost(n, n * 2e-6, n * 1e-5) for n in (10_000, 100_000, 1_000_000)]}
    assert table(costs).splitlines()[2:] == ["| rows | fit | 1,000,000 | 2.00 | rows ^ 1.00 | 10 |"]
    path = tmp_path / "images/costs.png"
    cost_pictures.draw(costs, path)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("operation", sorted({curve.operation for curve in CURVES}))
def test_every_operation_can_be_measured(operation):
    cost = cost_of(Curve("tiny", "rows", operation, (300,)), 300)
    assert cost.size == 300
    assert cost.seconds > 0
