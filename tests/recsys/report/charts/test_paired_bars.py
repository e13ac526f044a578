"""Paired bars: two shares are two widths of 100."""

import re

from recsys.report.charts.paired_bars import paired_bars


def test_shares_are_widths() -> None:
    assert re.findall(r'width="([\d.]+)"', paired_bars(0.654, 1.0)) == ["65.4", "100.0"]
