"""Invented data from seeds: ratings like those of users, overlapping blobs, images of strokes."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.ndimage import gaussian_filter

N_TASTES = 12


def ratings_matrix(n_users: int, n_items: int, n_ratings: int, seed: int) -> sp.csr_array:
    """Half stars from .5 to 5 as users x items, CSR float32 with int32 indices.

    The popularity of items is Zipf-like. The number of ratings of a user is log-normal above 20.
    Twelve hidden tastes decide which kinds of items users rate, and how.
    """
    rng = np.random.default_rng(seed)
    taste = rng.integers(0, N_TASTES, n_users)
    kind = rng.integers(0, N_TASTES, n_items)
    popularity = 1.0 / (np.arange(n_items) + 20.0) ** 0.9
    rng.shuffle(popularity)

    mean = n_ratings / n_users
    least = min(20.0, mean / 2)
    above = rng.lognormal(0.0, 1.2, n_users)
    activity = least + above * (mean - least) / above.mean()
    # An item that is drawn twice for one user counts once, so more are drawn than are needed.
    drawn = np.ceil(np.minimum(activity, n_items / 4) * 1.6).astype(np.int64)

    seen_more = np.exp(rng.normal(0.0, 0.8, (N_TASTES, N_TASTES)))
    liked_more = rng.normal(0.0, 0.6, (N_TASTES, N_TASTES))
    cells = []
    for group in range(N_TASTES):
        users = np.flatnonzero(taste == group)
        chance = np.cumsum(popularity * seen_more[group, kind])
        items = np.searchsorted(chance, rng.random(drawn[users].sum()) * chance[-1], side="right")
        cells.append(np.repeat(users, drawn[users]) * n_items + np.minimum(items, n_items - 1))
    cells = np.unique(np.concatenate(cells))
    if len(cells) > n_ratings:
        cells = cells[np.sort(rng.permutation(len(cells))[:n_ratings])]
    users, items = np.divmod(cells, n_items)

    ratings = rng.normal(0.0, 0.8, len(cells)).astype(np.float32)
    ratings += rng.normal(3.4, 0.4, n_items).astype(np.float32)[items]
    ratings += rng.normal(0.0, 0.4, n_users).astype(np.float32)[users]
    ratings += liked_more.astype(np.float32)[taste[users], kind[items]]
    ratings = np.clip(np.round(ratings * 2) / 2, 0.5, 5.0)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(users, minlength=n_users))])
    parts = (ratings, items.astype(np.int32), indptr.astype(np.int32))
    return sp.csr_array(parts, shape=(n_users, n_items))


def blobs(n_samples: int, n_features: int, n_blobs: int, spread: float, seed: int) -> Any:
    """Normal blobs of standard deviation 1, and the blob of each sample, of shape (n_samples,).

    The middles of the blobs have the standard deviation ``spread``.
    """
    rng = np.random.default_rng(seed)
    middles = rng.normal(0.0, spread, (n_blobs, n_features))
    blob = rng.integers(0, n_blobs, n_samples)
    return middles[blob] + rng.normal(size=(n_samples, n_features)), blob


def sparse_groups(n_samples: int, n_features: int, density: float, n_groups: int, seed: int) -> Any:
    """A CSR matrix of random entries, and the group of each row, of shape (n_samples,).

    Entries are larger in the features of the row's own group.
    """
    rng = np.random.default_rng(seed)
    n_cells = n_samples * n_features
    cells = rng.choice(n_cells, int(density * n_cells), replace=False)
    place = np.divmod(np.sort(cells).astype(np.int32), np.int32(n_features))
    X = sp.csr_array((rng.random(len(cells)), place), shape=(n_samples, n_features))
    group = rng.integers(0, n_groups, n_samples)
    own = np.repeat(group, np.diff(X.indptr)) == X.indices % n_groups
    X.data[own] += 1.0
    return X, group


def stroke_images(n_samples: int, seed: int) -> Any:
    """Images of 28 x 28 pixels, 0..255 scaled to 0..1, which k-means sees like handwritten digits.

    Ten characters by eight hands are blurred lines. An image is one of them, moved by up to two
    pixels, lighter or darker, with noise in the ink. 19 % of the pixels are not 0, as in MNIST, and
    the mean of all pixels is about .13, as in MNIST. The border is always 0.
    """
    rng = np.random.default_rng(seed)
    moves = [(down, right) for down in range(-2, 3) for right in range(-2, 3)]
    shapes = []
    for _ in range(10):
        corners = rng.uniform(7, 21, (6, 2))
        for _ in range(8):
            shape = _line(corners + rng.normal(0.0, 1.0, corners.shape))
            shapes += [np.roll(shape, move, axis=(0, 1)) for move in moves]
    ink = np.array(shapes, dtype=np.float32).reshape(len(shapes), 28 * 28)
    X = ink[rng.integers(0, len(ink), n_samples)]
    X *= rng.uniform(0.7, 1.3, (n_samples, 1)).astype(np.float32)
    X *= 1.0 + 0.25 * rng.standard_normal(X.shape, dtype=np.float32)
    return np.round(np.clip(X, 0.0, 1.0) * 255) / np.float32(255)


def _line(corners: Any) -> Any:
    """A thick blurred line through the corners; the two pixels next to the border stay empty."""
    steps = np.linspace(0.0, len(corners) - 1.0, 200)
    places = [np.interp(steps, np.arange(len(corners)), corners[:, axis]) for axis in (0, 1)]
    image = np.zeros((28, 28))
    rows, columns = (np.clip(np.round(place), 6, 21).astype(int) for place in places)
    image[rows, columns] = 1.0
    image = gaussian_filter(image, 1.1)
    image = np.clip(image / image.max() * 2.6, 0.0, 1.0)
    image[image < 0.1] = 0.0
    return image
