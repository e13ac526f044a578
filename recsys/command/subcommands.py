"""What each subcommand of `recsys` does."""

import argparse
import webbrowser
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from recsys.command.inputs import METHOD_NAMES, Source, fit, read_ratings
from recsys.command.progress import progress
from recsys.command.tables import give, give_blocks, heading, line_width, wrapped
from recsys.command.terminal import answer, tell
from recsys.data.ids import Id, typed_id
from recsys.data.ratings import NO_GENRES
from recsys.data.scale import RatingScale, no_likes
from recsys.printable import printable
from recsys.titles.names import Title, spoken
from recsys.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from recsys.command.catalog import Catalog
    from recsys.data.ratings import Ratings
    from recsys.recommenders.base import Recommender
    from recsys.recommenders.types import Part


# This stands where a reader may take a negative score for a bad one.
MAY_BE_NEGATIVE = "only the order of scores matters, so they may be below 0"


def report(options: argparse.Namespace) -> None:
    """Write the HTML report."""
    from recsys.report.report import write_report

    ratings = read_ratings(options)
    user_id = None
    if options.user is not None:
        user_id = typed_id(options.user, ratings.ratings["userId"].to_numpy())
    with progress(1, "section") as bar:

        def on_step(name: str, n_done: int, n_parts: int) -> None:
            bar.total = n_parts
            bar.set_description(name)
            bar.update(n_done - bar.n)

        path = write_report(
            ratings,
            options.out,
            sections=options.sections,
            n_groups=options.groups,
            genres=None if options.genres is None else typed_genres(ratings, options.genres),
            user_id=user_id,
            with_people=options.people,
            evaluation=options.evaluation,
            seed=options.seed,
            command=options.command,
            on_step=on_step,
        )
    answer(f"Report written to {path}")
    if options.open and not webbrowser.open(path.as_uri()):
        tell("no browser could be opened; open the page by its name")


def recommend(options: argparse.Namespace) -> None:
    """Print films for users of the data or for somebody new, with reasons."""
    from recsys.command.for_me import is_for_me, ratings_of_options
    from recsys.recommenders.bulk_lists import blocks_of_lists
    from recsys.recommenders.hybrid import Hybrid
    from recsys.recommenders.item_weights import MOST_ITEMS

    for_me = is_for_me(options)
    if for_me + bool(options.user) + options.all != 1:
        raise ValueError(
            "for whom? give --user or --all for users of the data, or --like, --dislike, --rate or "
            "--ratings for somebody new, and no two of these"
        )
    source = Source(options)
    catalog = source.catalog
    users = list(dict.fromkeys(catalog.user(typed) for typed in options.user or ()))
    own = ratings_of_options(options, catalog) if for_me else None
    chosen = catalog.chosen(
        genres=options.genre or (),
        years=options.year,
        min_ratings=options.min_ratings,
        exclude=options.exclude or (),
    )
    if not chosen.any():
        raise LookupError(
            f"no film in {catalog.source} passes --genre, --year, --min-ratings and --exclude; "
            "leave one of them out"
        )
    among = None if chosen.all() else catalog.among(chosen)
    model = source.recommender
    if isinstance(model, Hybrid) and model.trained_on.n_items > MOST_ITEMS:
        tell(f"the groups alone rank films beyond the {MOST_ITEMS:,} that have the most ratings")
    if own is not None:
        blocks = iter([model.recommend(ratings=own, n=options.n, among=among)])
    elif options.all:
        blocks = blocks_of_lists(model, options.n, among=among)
    else:
        blocks = iter([_for_users(model, users, options.n, among)])
    n_users = len(catalog.user_ids) if options.all else None
    with closing(_shown_blocks(blocks, catalog.scale, n_users)) as given:
        n_films = give_blocks(given, options, shown=lambda frame: _lists(frame, users))
    if n_films == 0:
        whom = f" to user {users[0]}" if len(users) == 1 else ""
        why = "films that are rated already are left out"
        why = why if np.any(model.trained_on.n_likes) else no_likes(catalog.scale)
        tell(f"there is no film to recommend{whom}: {why}")


def _shown_blocks(
    blocks: "Iterator[pd.DataFrame]", scale: RatingScale, n_users: int | None
) -> "Generator[pd.DataFrame]":
    """The blocks as people see them.

    A progress bar is shown until the last block is made, so that no answer stands in its line.
    """
    with progress(n_users, "user") as bar:
        for frame in blocks:
            if "userId" in frame:
                bar.update(frame["userId"].nunique())
            yield as_shown(frame, scale)


def as_shown(frame: "pd.DataFrame", scale: RatingScale) -> "pd.DataFrame":
    """Lists with titles as people say them, and without the columns that say nothing."""
    import pandas as pd

    places, titles = pd.factorize(frame["title"])
    frame["title"] = np.array([spoken(title) for title in titles], dtype=object)[places]
    return frame if scale.predicts else frame.drop(columns="predicted_rating")


def _for_users(
    model: "Recommender", users: list[Id], n: int, among: list[Id] | None
) -> "pd.DataFrame":
    import pandas as pd

    frames = []
    for user_id in users:
        frame = model.recommend(user_id, n, among=among)
        frame.insert(0, "userId", pd.Series([user_id] * len(frame)))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _lists(frame: "pd.DataFrame", users: list[Id]) -> list[str]:
    """The lines of the lists of films, one list for each user."""
    if frame.empty:
        return []
    has_stars = "predicted_rating" in frame
    negative = f" ({MAY_BE_NEGATIVE})" if np.any(frame["score"] < 0) else ""
    ranked = f"ranked by score, highest first{negative}"
    ranked += "; stars are predicted ratings" if has_stars else ""
    lines = [*wrapped(ranked, "", line_width()), f"     score{'  stars' if has_stars else ''}"]
    of_users = frame.groupby("userId", sort=False) if "userId" in frame else [("", frame)]
    for user_id, films in of_users:
        if len(users) != 1 and "userId" in frame:
            lines += ["", printable(f"User {user_id!s}")]
        for place, film in enumerate(films.to_dict("records"), start=1):
            before = f"{place:3}. {film['score']:5.2f}  "
            before += f"{film['predicted_rating']:4.2f}  " if has_stars else ""
            movie_id = printable(str(film["movieId"]))
            behind = "" if film["title"] == movie_id else f"(movieId {movie_id})"
            lines += heading(before, film["title"], behind, line_width())
            lines += wrapped(film["reason"], " " * 11, line_width())
    return lines


def predict(options: argparse.Namespace) -> None:
    """Print the predicted rating of one user and film, its reason and its parts."""
    import pandas as pd

    found = _Pair(options, of_stars=True)
    prediction = found.prediction
    row = {
        "userId": [found.user_id],
        "movieId": [found.movie_id],
        "title": [found.title],
        "predicted_rating": [prediction.rating],
        "reason": [prediction.reason],
    }
    give(pd.DataFrame(row), options, shown=found.lines)


def explain(options: argparse.Namespace) -> None:
    """Print the parts that add up to a predicted rating, and those that add up to its score."""
    import pandas as pd

    found = _Pair(options)
    of_rating, of_score = found.prediction.parts, found.prediction.score_parts
    parts = [("stars", part.name, part.value) for part in of_rating]
    parts += [("score", part.name, part.value) for part in of_score]
    give(pd.DataFrame(parts, columns=["of", "part", "value"]), options, shown=found.all_lines)


class _Pair:
    """A user and a film that the options name, and the explained prediction."""

    def __init__(self, options: argparse.Namespace, *, of_stars: bool = False) -> None:
        from recsys.recommenders.training import check_predicts

        source = Source(options)
        if of_stars:
            check_predicts(source.catalog.scale)
        self.user_id = source.catalog.user(options.user)
        self.movie_id = source.catalog.movie(options.movie)
        self.title = source.catalog.title(self.movie_id)
        self._model = source.recommender
        self.prediction = self._model.explain(self.user_id, self.movie_id)

    def lines(self) -> list[str]:
        """The prediction in lines."""
        told = self.prediction
        before = "" if np.isnan(told.rating) else f"{told.rating:.2f}  "
        lines = heading(before, self.title, "", line_width())
        lines += wrapped(told.reason, " " * 6, line_width())
        if not np.isnan(told.low):
            within = f"8 of 10 such ratings are from {told.low:.2f} to {told.high:.2f}"
            lines += wrapped(within, " " * 6, line_width())
        lines += _added(told.parts)
        own = self._own_rating()
        if own is not None:
            did = f"rated it {own:g}; the model learned from this rating"
            if self._model.trained_on.scale.kind == "likes":
                did = "liked it; the model learned from this like"
            rated = f"user {self.user_id} {did}"
            lines += wrapped(rated, " " * 6, line_width())
        return lines

    def all_lines(self) -> list[str]:
        """The prediction and the score in lines."""
        told = self.prediction
        negative = f" ({MAY_BE_NEGATIVE})" if told.score < 0 else ""
        score = f"score {told.score:.2f}, which ranks lists{negative}"
        return [*self.lines(), *wrapped(score, " " * 6, line_width()), *_added(told.score_parts)]

    def _own_rating(self) -> float | None:
        """The rating of the pair in the data, or None if there is none."""
        matrix = self._model.trained_on.matrix
        row = matrix.values[[matrix.row_of(self.user_id)]]
        rated = dict(zip(matrix.movie_ids[row.indices].tolist(), row.data.tolist(), strict=True))
        return rated.get(self.movie_id)


def _added(parts: Iterable["Part"]) -> list[str]:
    return [f"      {part.value:+.2f}  {part.name}" for part in parts]


def movies(options: argparse.Namespace) -> None:
    """Print the films that a text means: ids, years, numbers of ratings, means."""
    catalog = Source(options).catalog
    chosen = catalog.chosen(
        genres=options.genre or (), years=options.year, min_ratings=options.min_ratings
    )
    if options.search:
        chosen &= catalog.search(options.search)
        if not chosen.any():
            near = catalog.titles.find(options.search).near
            listed = f"; did you mean {catalog.titles.listed(near, 'or')}?" if near else ""
            raise LookupError(f"no film {options.search!r} in {catalog.source}{listed}")
    found = catalog.films[chosen].sort_values("n_ratings", ascending=False, kind="stable")
    n_more = len(found) - options.n
    found = found.head(options.n).copy()
    years = [Title.of(title).year for title in found["title"]]
    found.insert(2, "year", np.array(years, dtype=object))
    found["title"] = [spoken(title) for title in found["title"]]
    give(found.drop(columns=_unknown(catalog)), options)
    if n_more > 0:
        tell(f"{counted(n_more, 'more film')}; -n shows more")


def _unknown(catalog: "Catalog") -> list[str]:
    """The columns of the table of films that say nothing in this catalog."""
    films = catalog.films
    says_nothing = {
        "title": (films["title"] == films["movieId"].astype(str)).all(),
        "year": not any(Title.of(title).year for title in films["title"]),
        "genres": films["genres"].isna().all() or (films["genres"] == NO_GENRES).all(),
        "mean": not catalog.scale.predicts,
    }
    return [name for name, nothing in says_nothing.items() if nothing]


def fit_model(options: argparse.Namespace) -> None:
    """Fit a recommender, and write it to a file."""
    fit(read_ratings(options), options, options.method or METHOD_NAMES[0]).save(options.out)
    answer(f"Recommender written to {options.out.absolute()}; use it with --model {options.out}")


def typed_genres(ratings: "Ratings", typed: list[str] | None) -> list[str]:
    """The genres that were typed, with blanks or commas between them, or the default ones."""
    from recsys.analysis.genres import default_genres, known_genres

    if typed is None:
        return default_genres(ratings, 2)
    known = known_genres(ratings)
    lists = [[text] if text in known else text.split(",") for text in typed]
    return [genre.strip() for some in lists for genre in some if genre.strip()]


def evaluate_recommenders(options: argparse.Namespace) -> None:
    """Print the tables that compare recommenders."""
    from recsys.command.evaluate import chosen_recommenders, evaluate

    # An unknown name is refused before the ratings are read.
    makers = chosen_recommenders(options.only, options.against, tell)
    evaluate(makers, read_ratings(options), options, tell=tell, progress=progress)
