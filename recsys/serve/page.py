"""The page of the server: the report's form that rates films, which asks the server for lists."""

import re
from base64 import b64encode
from hashlib import sha256

from recsys.recommenders.base import Recommender
from recsys.report.parts import Section
from recsys.report.rating_form import form
from recsys.report.render import render, static
from recsys.report.report import PAGE_SCRIPTS, PAGE_STYLES

PRIVACY = "Your ratings go to the server of this page, which does not keep them."


def page_of(model: Recommender) -> str:
    """The HTML of the page."""
    block, data = form(model, model.trained_on.matrix.movie_ids, PRIVACY)
    section = Section("rate", "Rate some films", (block,), data=data)
    return render(
        "page.html",
        title="What do you like?",
        is_invented=False,
        sections=[section],
        styles=[static(name) for name in (*PAGE_STYLES, "rate.css")],
        scripts=[static(name) for name in (*PAGE_SCRIPTS, "rate.js", "rate_server.js")],
    )


def policy_of(page: str) -> str:
    """The Content-Security-Policy of a page: its own styles and scripts, this server, and no more.

    Examples
    --------
    >>> policy_of("<style>p {}</style><script>run()</script>")[:50]
    "default-src 'none'; connect-src 'self'; img-src da"
    """
    hashes = {
        name: " ".join(
            f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
            for text in re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)
        )
        for name in ("style", "script")
    }
    return (
        "default-src 'none'; connect-src 'self'; img-src data:; "
        f"style-src {hashes['style']}; script-src {hashes['script']}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
