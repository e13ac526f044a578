"""Ratings of films whose titles attack a page: markup, scripts, quotes, directions, lengths."""

import numpy as np
import pandas as pd

from recsys import Ratings

TITLES = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(3)>",
    '"><svg onload=alert(4)>',
    "O'Brien & Sons",
    'The "Best" of `${alert(5)}`',
    "{{ 7 * 7 }} {% raw %}",
    "&lt;b&gt; &amp;amp; &#x41;",
    "javascript:alert(6)",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "\u0645\u062f\u064a\u0646\u0629 \u0627\u0644\u0633\u064a\u0646\u0645\u0627",
    "\u202eevil drawkcab",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3ac\U0001f37f",
    "\u4e03\u4eba\u306e\u4f8d",
    "W" * 300,
    "a very long title, " * 15,
    "e\u0301" * 40,
    "tab\there",
    "$x^2$ % _ \\ ^",
)


def hostile_ratings() -> Ratings:
    """120 people of two tastes, 40 films: each title twice, with different ids that are text."""
    rng = np.random.default_rng(0)
    film_ids = [f"film <{i}> & '\"" for i in range(2 * len(TITLES))]
    rows = []
    for user in range(120):
        for film in rng.choice(len(film_ids), 24, replace=False):
            likes = film % 2 == user % 2
            rating = float(np.clip(np.round(rng.normal(4.5 if likes else 2.5, 0.7)), 1, 5))
            rows.append(
                (f"<b>{user}</b>", film_ids[film], rating, 978_300_000 + 86_400 * len(rows))
            )
    films = pd.DataFrame(
        {
            "movieId": film_ids,
            "title": [f"{title} (19{60 + i % 40})" for i, title in enumerate(2 * TITLES)],
            "genres": ["Romance|<i>Odd</i>", "Sci-Fi|O'Genre & Co", "Action"] * 13 + ["Action"],
        }
    )
    frame = pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"])
    return Ratings.from_frames(frame, films, source="<script>alert(7)</script>.csv")
