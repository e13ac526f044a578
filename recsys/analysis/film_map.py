"""A map of films in two dimensions: films that the same people like lie close together."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.analysis.likings import LEAST_SHARE_OF_USERS, Tally
from recsys.analysis.taste import TasteClusters, likes_of
from recsys.data.ids import Id, Ids
from recsys.words import counted

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

# The taste of a film that no group likes clearly more than others do.
NO_TASTE = -1

# A film is drawn to this many films that are most alike.
N_ALIKE = 10

# The map is judged by whether alike films are among this many that lie nearest.
N_NEAREST = 20

# Steps of t-SNE, and its exaggeration in the first of them: van der Maaten and Hinton (2008),
# section 3.4. The rate for each film follows Belkina et al. (2019, "Automated optimized
# parameters for t-SNE"), who divide by their exaggeration of 12. On ml-latest-small (2016), 300
# steps keep as many neighbors as 200. Larger rates or exaggerations keep no more, and there the
# last bit of the start changes the whole map.
STEPS, EARLY_STEPS, EXAGGERATION = 200, 60, 4.0
RATE, MOMENTUM = 1 / 12, 0.8

# Turns of orthogonal iteration, and the directions that it follows to find two.
TURNS, N_DIRECTIONS = 30, 8

# The golden angle puts points around a circle so that no two of them meet.
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))

# No two landmarks are closer than this. All coordinates lie between -1 and 1.
BETWEEN_LANDMARKS = 0.3


@dataclass(frozen=True, eq=False)
class FilmMap:
    """Films and their places on a map.

    Attributes
    ----------
    movie_ids : ndarray of shape (n_films,), int64 or str objects
        The films by falling number of likes.
    titles : ndarray of shape (n_films,), str objects
        Their titles as in the matrix.
    places : ndarray of shape (n_films, 2)
        The coordinates x and y of each film. The largest one of all is 1 or -1.
    tastes : ndarray of shape (n_films,), int
        The group that likes a film most of all groups that like it clearly more than others do. -1
        if no group does.
    n_likes : ndarray of shape (n_films,), int
        The number of users who liked a film.
    is_landmark : ndarray of shape (n_films,), bool
        Well-known films that are spread over the map.
    alike : ndarray of shape (n_films, n_alike), int
        The positions of the films that are most alike, the most alike one first. There are up to
        10.
    kept : float
        How faithful the map is: the share of ``alike`` that are among the 20 nearest films on the
        map. Places by chance would keep ``20 / (n_films - 1)``. NaN for one film.

    Examples
    --------
    >>> from recsys import RatingMatrix, cluster_users, film_map, make_ratings
    >>> ratings = make_ratings(n_users=200, n_movies=60, n_ratings=4000, random_state=0)
    >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=2)
    >>> found = film_map(clusters, n_films=5)
    >>> found.titles[4], int(found.n_likes[4]), int(found.tastes[4])
    ('Ravensey: The Nameless Juggler (1999)', 99, 1)
    """

    movie_ids: Ids
    titles: npt.NDArray[np.object_]
    places: Floats
    tastes: Ints
    n_likes: Ints
    is_landmark: npt.NDArray[np.bool_]
    alike: Ints
    kept: float

    def __repr__(self) -> str:
        return f"FilmMap({counted(len(self.movie_ids), 'film')})"

    def to_frame(self) -> pd.DataFrame:
        """Make a table of the films, as :func:`recsys.plots.taste_map` draws it.

        Returns
        -------
        DataFrame
            One row for each film, by falling number of likes: movieId, title, x, y, taste, n_likes,
            is_landmark.

        Examples
        --------
        >>> from recsys import RatingMatrix, cluster_users, film_map, make_ratings
        >>> ratings = make_ratings(n_users=200, n_movies=60, n_ratings=4000, random_state=0)
        >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=2)
        >>> film_map(clusters, n_films=3).to_frame()["n_likes"].tolist()
        [154, 105, 104]
        """
        return pd.DataFrame(
            {
                "movieId": pd.Series(self.movie_ids, dtype=self.movie_ids.dtype),
                "title": pd.Series(self.titles, dtype=object),
                "x": self.places[:, 0],
                "y": self.places[:, 1],
                "taste": self.tastes,
                "n_likes": self.n_likes,
                "is_landmark": self.is_landmark,
            }
        )


def film_map(clusters: TasteClusters, n_films: int = 400, *, min_likes: int = 10) -> FilmMap:
    """Lay out films in two dimensions, so that films which the same users like lie close together.

    Two films are alike if their likes are correlated over the users (the phi coefficient). So two
    films are not alike only because both are popular. t-SNE draws each film to the 10 most alike
    ones and keeps all others apart. Directions and large distances have no meaning.

    Parameters
    ----------
    clusters : TasteClusters
        The users, their ratings, and the groups whose tastes color the films.
    n_films : int, default 400
        The greatest number of films. Those with most likes are taken. Time and memory grow with its
        square.
    min_likes : int, default 10
        Films with fewer likes are left out.

    Returns
    -------
    FilmMap
        The same ratings and groups always give the same map, whatever the order of the users.

    Raises
    ------
    ValueError
        If no film has enough likes, if ``n_films`` or ``min_likes`` is below 1, or if the matrix of
        the clusters has no scale.

    Notes
    -----
    The layout is t-SNE (van der Maaten and Hinton 2008). All of the 10 most alike films have the
    same weight, which does as well as weights by distance (Böhm, Berens and Kobak 2022). The start
    is the first two principal components (Kobak and Berens 2019), so no random numbers are needed.

    References
    ----------
    - van der Maaten, L. and Hinton, G. (2008), Visualizing data using t-SNE. JMLR 9.
    - Böhm, J. N., Berens, P. and Kobak, D. (2022), Attraction-repulsion spectrum in neighbor
      embeddings. JMLR 23.
    - Kobak, D. and Berens, P. (2019), The art of using t-SNE for single-cell transcriptomics.
      Nature Communications 10.

    Examples
    --------
    >>> from recsys import RatingMatrix, cluster_users, film_map, make_ratings
    >>> ratings = make_ratings(n_users=200, n_movies=60, n_ratings=4000, random_state=0)
    >>> clusters = cluster_users(RatingMatrix.from_ratings(ratings), n_clusters=2)
    >>> films = film_map(clusters)
    >>> films
    FilmMap(42 films)
    >>> films.titles[1], int(films.n_likes[1]), bool(films.is_landmark[1])
    ("Beatriz's Crooked Telegram (1986)", 105, True)
    """
    for name, value in (("n_films", n_films), ("min_likes", min_likes)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value!r}")
    matrix, likes = clusters.matrix, likes_of(clusters.matrix)
    n_likes = np.bincount(likes.indices, minlength=likes.shape[1])
    chosen = np.argsort(-n_likes, kind="stable")[:n_films]
    chosen = chosen[n_likes[chosen] >= min_likes]
    if len(chosen) == 0:
        raise ValueError(f"no film has {counted(min_likes, 'like')}; ask for fewer (min_likes=)")
    n_likes = n_likes[chosen]
    likes = likes[:, chosen]
    alikeness = _correlations((likes.T @ likes).toarray(), n_likes, likes.shape[0])
    alike = _nearest(alikeness, N_ALIKE)
    places = _laid_out(alike, _start(alikeness))
    return FilmMap(
        movie_ids=matrix.movie_ids[chosen],
        titles=matrix.titles[chosen],
        places=places,
        tastes=_tastes(clusters)[chosen],
        n_likes=n_likes,
        is_landmark=_landmarks(places),
        alike=alike,
        kept=_kept(alike, _nearest(-_squared_distances(places.T), N_NEAREST)),
    )


def _correlations(n_both: Floats, n_likes: Ints, n_users: int) -> Floats:
    """The correlation of each two films' likes; 0 for a film that everybody likes."""
    by_chance = np.outer(n_likes, n_likes) / n_users
    variance = n_likes * (1 - n_likes / n_users)
    scale = np.sqrt(np.outer(variance, variance))
    found = np.zeros_like(n_both)
    return np.divide(n_both - by_chance, scale, out=found, where=scale > 0)


def _nearest(closeness: Floats, n: int) -> Ints:
    """The positions of the n closest others in each row, the closest one first."""
    others = closeness.copy()
    np.fill_diagonal(others, -np.inf)
    return np.argsort(-others, axis=1, kind="stable")[:, : min(n, len(others) - 1)]


def _start(alikeness: Floats) -> Floats:
    """The first two principal components, of which the largest value is 1.

    They are rounded, because the versions of LAPACK differ in the last bits. A small circle tells
    equal films apart.
    """
    n = len(alikeness)
    centered = alikeness - alikeness.mean(axis=0) - alikeness.mean(axis=1)[:, None]
    centered += alikeness.mean()
    components = np.zeros((n, 2))
    if n > 1:
        values, vectors = _largest_eigenvectors(centered)
        components = vectors * np.sqrt(np.maximum(values, 0.0))
        # The sign of an eigenvector is arbitrary.
        components *= np.where(components[np.abs(components).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
        components /= max(np.abs(components).max(), np.finfo(float).tiny)
    angles = GOLDEN_ANGLE * np.arange(n)
    return np.round(components, 6) + 0.01 * np.column_stack((np.cos(angles), np.sin(angles)))


def _largest_eigenvectors(matrix: Floats) -> tuple[Floats, Floats]:
    """The two largest eigenvalues of a symmetric matrix and their eigenvectors, the largest first.

    By orthogonal iteration (Golub, Van Loan 2013, Matrix Computations, section 8.2.4), in one
    thread. After LAPACK's eigh, the other threads spin for longer than the whole map takes.
    """
    n = len(matrix)
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(n, min(n, N_DIRECTIONS)))).Q
    for _ in range(TURNS):
        moved = np.einsum("ij,kj->ik", matrix, basis.T)
        basis = np.linalg.qr(moved).Q
    moved = np.einsum("ij,kj->ik", matrix, basis.T)
    inner = np.einsum("ij,ik->jk", basis, moved)
    values, mixture = np.linalg.eigh(inner)
    return values[:-3:-1], np.einsum("ij,jk->ik", basis, mixture[:, :-3:-1])


def _laid_out(alike: Ints, start: Floats) -> Floats:
    """Places by t-SNE with equal weights for all pairs of alike films.

    einsum adds up in one thread, so the number of threads changes no bit.
    """
    n = len(start)
    if n == 1:
        return np.zeros((1, 2))
    weights = np.zeros((n, n))
    np.put_along_axis(weights, alike, 1.0, axis=1)
    weights = (weights + weights.T) / (2 * alike.size)
    # One row for x and one for y: NumPy is several times faster on values that lie together.
    places, moves = 1e-4 * start.T.copy(), np.zeros((2, n))
    for step in range(STEPS):
        exaggeration = EXAGGERATION if step < EARLY_STEPS else 1.0
        closeness = 1 / (1 + _squared_distances(places))
        np.fill_diagonal(closeness, 0.0)
        pulls = (exaggeration * weights - closeness / closeness.sum()) * closeness
        gradient = pulls.sum(axis=1) * places - np.einsum("ij,kj->ki", pulls, places)
        moves = MOMENTUM * moves - 4 * RATE * n * gradient
        places = places + moves
    places = places.T - (places.max(axis=1) + places.min(axis=1)) / 2
    rounded: Floats = np.round(places / np.abs(places).max(), 3)
    return rounded


def _squared_distances(places: Floats) -> Floats:
    """Between each two films, from a row of x and a row of y."""
    gaps = places[:, :, None] - places[:, None]
    squared: Floats = np.einsum("kij,kij->ij", gaps, gaps)
    return squared


def _landmarks(places: Floats) -> npt.NDArray[np.bool_]:
    """Go through films by falling likes, and take each that is far from those already taken."""
    far = _squared_distances(places.T) >= BETWEEN_LANDMARKS**2
    taken = np.zeros(len(places), dtype=np.bool_)
    for film in range(len(places)):
        taken[film] = far[film, taken].all()
    return taken


def _kept(alike: Ints, nearest: Ints) -> float:
    """The share of alike films that are among the nearest."""
    if alike.size == 0:
        return np.nan
    return float((alike[:, :, None] == nearest[:, None]).any(axis=2).mean())


def _tastes(clusters: TasteClusters) -> Ints:
    """For each film of the matrix, the group that likes it most of those that like it clearly more.

    What is clear is told by the rules of descriptions (:mod:`recsys.analysis.likings`).
    """
    matrix, likes = clusters.matrix, likes_of(clusters.matrix)
    rated = matrix.values.copy()
    rated.data = np.ones(len(rated.data))
    ids: list[Id | None] = matrix.movie_ids.tolist()
    tally = Tally(matrix.titles.tolist(), ids, likes, rated, LEAST_SHARE_OF_USERS)
    column_of = {movie_id: column for column, movie_id in enumerate(ids)}
    tastes, best = np.full(len(ids), NO_TASTE), np.zeros(len(ids))
    likes_of_user = np.diff(likes.indptr)
    for group in range(clusters.n_clusters):
        here = clusters.labels == group
        sizes = int(here.sum()), int((~here).sum())
        n_likes = int(likes_of_user[here].sum()), int(likes_of_user[~here].sum())
        if min(n_likes) == 0:
            continue
        for liking in tally.more_and_less(here, n_likes, sizes, len(ids))[0]:
            column = column_of[liking.movie_id]
            if liking.log_odds > best[column]:
                tastes[column], best[column] = group, liking.log_odds
    return tastes
