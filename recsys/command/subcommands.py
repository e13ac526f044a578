"""What each subcommand of `recsys` does."""

import argparse
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from recsys.command import terminal
from recsys.command.terminal import answer, tell
from recsys.data.ratings import Ratings
from recsys.files import write_text
from recsys.printable import shortened
from recsys.readers.fetch import fetch
from recsys.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from recsys.recommenders.base import Recommender

# The notebook's sweep.
DEFAULT_KS = range(2, 183, 5)


def report(options: argparse.Namespace) -> None:
    """Write the HTML report."""
    from recsys.report.report import write_report

    ratings = _ratings(options)
    with _progress(7, "step") as bar:

        def on_step(name: str) -> None:
            bar.set_description(name)
            bar.update()

        path = write_report(
            ratings,
            options.out,
            seed=options.seed,
            user_id=options.user,
            command=options.command,
            on_step=on_step,
        )
    answer(f"Report written to {path}")


def clusters(options: argparse.Namespace) -> None:
    """Print the groups of users, and the films that each group likes."""
    from recsys.analysis.taste import cluster_users
    from recsys.data.matrix import RatingMatrix

    matrix = RatingMatrix.from_ratings(_ratings(options), "title").most_rated(options.n_movies)
    with _progress(None, "iteration") as bar:
        clusters = cluster_users(
            matrix,
            options.n_clusters,
            random_state=options.seed,
            on_iteration=lambda event: bar.update(),
        )
    if options.out is not None:
        write_text(options.out, clusters.user_labels().to_csv(index=False))
        answer(f"Group of each user written to {options.out.absolute()}")
    n_empty = int((clusters.sizes == 0).sum())
    if n_empty:
        tell(f"groups without users: {n_empty}; there are fewer distinct users than groups")
    answer(*clusters.summary().to_string(index=False, float_format="%.2f").split("\n"))
    for cluster in range(clusters.n_clusters):
        movies = clusters.distinctive_movies(cluster, options.films)
        group = f"Group {cluster} ({counted(clusters.sizes[cluster], 'user')})"
        if movies.empty:
            answer("", f"{group} likes no film more than all users do.")
            continue
        answer("", f"{group} likes these films more than all users do:")
        for movie in movies.itertuples():
            answer(f"  {movie.mean:.2f} (all: {movie.mean_of_all:.2f})  {movie.title}")


def recommend(options: argparse.Namespace) -> None:
    """Print films for a user, with reasons."""
    ratings = _ratings(options)
    _check_known(ratings, "user", options.user, ratings.ratings["userId"])
    movies = _fit(ratings, options).recommend(options.user, options.n)
    if movies.empty:
        answer(f"There is no film to recommend to user {options.user}.")
    for place, movie in enumerate(movies.itertuples(), start=1):
        answer(f"{place:3}. {movie.predicted_rating:.2f}  {movie.title} (movieId {movie.movieId})")
        answer(f"           {movie.reason}")


def predict(options: argparse.Namespace) -> None:
    """Print the predicted rating of one user and film, its reason and its parts."""
    ratings = _ratings(options)
    _check_known(ratings, "user", options.user, ratings.ratings["userId"])
    _check_known(ratings, "film", options.movie, ratings.movies["movieId"])
    prediction = _fit(ratings, options).explain(options.user, options.movie)
    titles = ratings.movies.set_index("movieId")["title"]
    answer(f"{prediction.rating:.2f}  {titles[options.movie]}")
    answer(f"      {prediction.reason}")
    for part in prediction.parts:
        answer(f"      {part.rating:+.2f}  {part.name}")
    table = ratings.ratings
    own = table.loc[(table["userId"] == options.user) & (table["movieId"] == options.movie)]
    for rating in own["rating"]:
        answer(f"      user {options.user} rated it {rating:g}; the model learned from this rating")


def sweep(options: argparse.Namespace) -> None:
    """Print the silhouette of each number of groups by genre means."""
    from kmeans_core import sweep_k
    from recsys.analysis.genres import contrast_subset, default_genres, genre_means

    ratings = _ratings(options)
    genres = options.genres or default_genres(ratings, 2)
    means = genre_means(ratings, genres)
    rows = means.dropna() if options.all_users else contrast_subset(means).dropna()
    n_rows = len(rows)
    ks = options.ks or [k for k in DEFAULT_KS if k < n_rows] or DEFAULT_KS
    least, most = sorted([ks[0], ks[-1]])
    if most >= n_rows:
        k = f"from {least}" if least >= n_rows else f"up to {most}"
        needed = (
            "rated all the genres; choose smaller k with --ks"
            if options.all_users
            else "like one genre and not the other; choose smaller k with --ks, or --all-users"
        )
        raise ValueError(f"k {k} needs more users: only {n_rows} {needed}")
    with _progress(len(ks), "k") as bar:
        result = sweep_k(
            rows.drop(columns="userId").to_numpy(),
            ks,
            n_init=10,
            random_state=options.seed,
            on_k=lambda k: bar.update(),
        )
    answer(f"{counted(len(rows), 'user')} by {', '.join(genres)}")
    answer(*result.to_frame().to_string(index=False, float_format="%.4f").split("\n"))
    answer(f"best k {result.best_k}, suggested k {result.suggested_k} (both vary with the seed)")


def evaluate_recommenders(options: argparse.Namespace) -> None:
    """Print the tables that compare recommenders."""
    from recsys.command.evaluate import chosen_recommenders, evaluate

    # An unknown name is refused before the ratings are read.
    makers = chosen_recommenders(options.only)
    evaluate(makers, _ratings(options), options, tell=tell, progress=_progress)


def fetch_release(options: argparse.Namespace) -> None:
    """Download a MovieLens release, and print where it is."""
    fetched = fetch(
        options.release,
        to=options.to,
        accept_unverified=options.accept_unverified,
        deadline=options.deadline,
        progress=terminal.shows_progress(),
    )
    if fetched.note:
        tell(fetched.note)
    if not fetched.verified and fetched.sha256:
        tell(f"there is no known hash to check the zip against; its sha256 is {fetched.sha256}")
    answer(f"{options.release} is in {fetched.folder}")


def _ratings(options: argparse.Namespace) -> Ratings:
    from recsys.readers.loading import load_ratings
    from recsys.synthetic.ratings import builtin_ratings

    if options.data is None:
        tell("no --data given: using the built-in data set; its users and films are invented")
        return builtin_ratings()
    ratings = load_ratings(options.data, skip_bad_rows=options.skip_bad_rows)
    if ratings.skipped:
        tell(f"bad rows left out: {len(ratings.skipped)}; the first: {ratings.skipped[0]}")
    return ratings


def _check_known(ratings: Ratings, name: str, wanted: int, known: "pd.Series[int]") -> None:
    """Raise a KeyError for an unknown id, before a fit that takes seconds."""
    if wanted not in known.to_numpy():
        ids = f"the ids lie between {known.min()} and {known.max()}"
        raise KeyError(f"no {name} {shortened(str(wanted))} in {ratings.source}; {ids}")


def _fit(ratings: Ratings, options: argparse.Namespace) -> "Recommender":
    from recsys.recommenders.cluster_mean import ClusterMeanRecommender
    from recsys.recommenders.registry import METHODS

    model = METHODS[options.method](options.seed)
    if not isinstance(model, ClusterMeanRecommender):
        return model.fit(ratings)
    with _progress(None, "iteration") as bar:
        return model.fit(ratings, on_iteration=lambda event: bar.update())


def _progress(total: int | None, unit: str) -> "tqdm[Any]":
    return tqdm(total=total, unit=unit, disable=not terminal.shows_progress(), leave=False)
