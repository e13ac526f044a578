"""Paired bars: a share in a group above the same share elsewhere."""

from markupsafe import Markup

from recsys.report.render import render


def paired_bars(here: float, elsewhere: float) -> Markup:
    """Draw two shares from 0 to 1. Words beside the bars must say them."""
    return render(
        "charts/paired_bars.svg", here=f"{100 * here:.1f}", elsewhere=f"{100 * elsewhere:.1f}"
    )
