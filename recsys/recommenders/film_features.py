"""What is known about each film, rated or not: who rated it, its genres and its year."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from recsys.recommenders.embeddings import Basis, Floats32, of_length_one, random_mixture
from recsys.recommenders.training import TrainingData
from recsys.recommenders.types import Floats, Ints
from recsys.titles.names import year_of

# k-means clusters this many random mixtures of who rated a film, and of its genres.
N_COMPONENTS = 16


@dataclass(frozen=True, eq=False)
class FilmFeatures:
    """The features that films are grouped by.

    Rows are films: first the training items, then the unrated films. A feature that is unknown for
    all films has no columns.
    """

    raters: Floats32  # (n_films, n_basis): an embedding of who rated the film; 0 if nobody did
    genres: Floats32  # (n_films, n_genres), rows of length 1
    years: Floats32  # (n_films, 0 or 1), standardized
    n_ratings: Ints  # (n_films,)

    @classmethod
    def of(cls, data: TrainingData, basis: Basis) -> Self:
        """Collect the features of all films of the training data."""
        n_unrated = len(data.unrated)
        genres = np.vstack([data.genres, data.unrated.genres])
        titles = [*data.matrix.titles, *data.unrated.titles]
        years = np.array([year_of(title) for title in titles], np.float64)
        return cls(
            raters=np.pad(basis.items, ((0, n_unrated), (0, 0))),
            genres=of_length_one(genres[:, np.any(genres, axis=0)]),
            years=standardized(years) if not np.all(np.isnan(years)) else _no_columns(len(years)),
            n_ratings=np.pad(data.n_ratings, (0, n_unrated)),
        )

    def __len__(self) -> int:
        return len(self.n_ratings)

    def by_raters(self, rng: np.random.Generator) -> Floats32:
        """Features from who rated each film."""
        return random_mixture(self.raters, N_COMPONENTS, rng)[0]

    def by_genres(self, rng: np.random.Generator) -> Floats32:
        """Features from genres, and every second time from who rated each film, in equal shares.

        Without genres, they come from who rated each film.
        """
        if not self.genres.shape[1]:
            return self.by_raters(rng)
        of_genres = random_mixture(self.genres, N_COMPONENTS, rng)[0]
        return np.hstack([self.by_raters(rng), of_genres]) if rng.random() < 0.5 else of_genres

    def by_years(self, rng: np.random.Generator) -> Floats32:
        """Features from years, beside `by_genres`."""
        return np.hstack([self.by_genres(rng), self.years])

    def by_standing(self, item_biases: Floats, rng: np.random.Generator) -> Floats32:
        """Features from how good, how well known and how old each film is, beside `by_genres`."""
        standing = (item_biases, np.log1p(self.n_ratings))
        return np.hstack([*map(standardized, standing), self.years, self.by_genres(rng)])


def standardized(values: Floats) -> Floats32:
    """(n, 1): values minus their mean, over their standard deviation. NaN becomes 0.

    Examples
    --------
    >>> standardized(np.array([1.0, 3.0, np.nan])).ravel().tolist()
    [-1.0, 1.0, 0.0]
    """
    scaled = values - np.nanmean(values)
    spread = np.nanstd(values)
    return np.nan_to_num(scaled / (spread if spread > 0 else 1.0))[:, None].astype(np.float32)


def _no_columns(n_rows: int) -> Floats32:
    return np.empty((n_rows, 0), np.float32)
