"""FilmList: the films of a model, found by the words of their titles and by ids."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from recsys.data.ids import Id, typed_id
from recsys.printable import printable
from recsys.recommenders.training import TrainingData
from recsys.titles.names import folded, spoken

# JavaScript and many other readers of JSON have no whole numbers beyond this one.
LARGEST_EXACT = 2**53 - 1


@dataclass(frozen=True, eq=False)
class FilmList:
    """The films of training data; the films that most people like come first."""

    data: TrainingData
    by_likes: Sequence[tuple[int, str]]  # column, and folded title with a blank before each word
    columns: Mapping[Id, int]  # of the ids

    @classmethod
    def of(cls, data: TrainingData) -> Self:
        """The films of training data."""
        titles = data.matrix.titles
        by_likes = [
            (column, f" {folded(spoken(titles[column]))}")
            for column in np.argsort(-data.n_likes, kind="stable").tolist()
        ]
        columns = {one: column for column, one in enumerate(data.matrix.movie_ids.tolist())}
        return cls(data, by_likes, columns)

    def find(self, text: str) -> list[int]:
        """The columns of the films that have, for each word, a word that begins with it."""
        words = [f" {word}" for word in folded(text).split()]
        return [column for column, title in self.by_likes if all(word in title for word in words)]

    def id_of(self, given: Id) -> Id | None:
        """The id of a film, from its id or the text of it; None if there is no such film."""
        known = self.data.matrix.movie_ids
        asked = typed_id(given, known) if isinstance(given, str) else given
        asked = str(asked) if known.dtype.kind != "i" else asked
        return asked if asked in self.columns else None

    def described(self, movie_ids: Iterable[Id]) -> list[dict[str, Any]]:
        """Films as they stand in answers: their ids and titles."""
        titles = self.data.matrix.titles
        return [
            {"movieId": id_in_json(one), "title": printable(spoken(titles[self.columns[one]]))}
            for one in movie_ids
        ]


def id_in_json(movie_id: Id) -> Id:
    """An id as JSON carries it: a whole number that some readers would round is text.

    Examples
    --------
    >>> id_in_json(7), id_in_json(2**60), id_in_json("a")
    (7, '1152921504606846976', 'a')
    """
    is_safe = isinstance(movie_id, str) or abs(movie_id) <= LARGEST_EXACT
    return movie_id if is_safe else str(movie_id)
