"""The display of a model in a notebook."""

import html
import sys
from typing import Any


def shows_diagram() -> bool:
    """Whether to show HTML: yes, unless scikit-learn's configuration asks for text."""
    sklearn = sys.modules.get("sklearn")
    return sklearn is None or sklearn.get_config()["display"] == "diagram"


def as_html(model: Any) -> str:
    """scikit-learn's own display if it is loaded; otherwise a table of the parameters."""
    if sys.modules.get("sklearn") is not None:  # None blocks its import
        from sklearn.utils import estimator_html_repr

        page: str = estimator_html_repr(model)
        return page
    state = "fitted" if hasattr(model, "cluster_centers_") else "not fitted"
    rows = "".join(
        f'<tr><th style="text-align:left">{html.escape(name)}</th>'
        f'<td style="text-align:left"><code>{html.escape(_short(repr(value)))}</code></td></tr>'
        for name, value in model.get_params(deep=False).items()
    )
    title = f"{html.escape(type(model).__name__)} ({state})"
    return (
        f'<table><caption style="text-align:left"><b>{title}</b></caption>'
        f"<tbody>{rows}</tbody></table>"
    )


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
