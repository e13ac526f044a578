"""Catalog: the users and films that a command can be asked about, by id, by title and by kind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Id, Ids, typed_id
from recsys.data.ratings import NO_GENRES, Ratings
from recsys.data.scale import RatingScale
from recsys.printable import shortened, shown
from recsys.recommenders.model import Model
from recsys.titles.matching import TitleError, TitleIndex
from recsys.titles.names import Title, folded, spoken

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Catalog:
    """The users and films of some ratings or of a saved recommender.

    Attributes
    ----------
    source : str
        Where they come from.
    scale : RatingScale
        The scale of the ratings.
    user_ids : ndarray of shape (n_users,)
        Ascending.
    films : DataFrame
        movieId, title, genres (joined by ``|``; None where they are not known), n_ratings, mean.
    """

    source: str
    scale: RatingScale
    user_ids: Ids
    films: pd.DataFrame

    @classmethod
    def of_ratings(cls, ratings: Ratings) -> "Catalog":
        """The catalog of a table of ratings, with the films that nobody rated."""
        films = ratings.movies[["movieId", "title", "genres"]].copy()
        found = ratings.ratings.groupby("movieId")["rating"].agg(["size", "mean"])
        of_films = found.reindex(films["movieId"])
        films["n_ratings"] = of_films["size"].fillna(0).to_numpy(np.int64)
        films["mean"] = of_films["mean"].to_numpy()
        user_ids = np.sort(ratings.ratings["userId"].unique())
        return cls(ratings.source, ratings.scale, np.asarray(user_ids), films)

    @classmethod
    def of_model(cls, model: Model, source: str) -> "Catalog":
        """The catalog of a fitted recommender. It does not know the names of genres."""
        data = model.trained_on
        films = pd.DataFrame(
            {
                "movieId": data.matrix.movie_ids,
                "title": data.matrix.titles,
                "genres": None,
                "n_ratings": data.n_ratings,
                "mean": data.matrix.means_by_item(),
            }
        )
        return cls(source, data.scale, data.matrix.user_ids, films)

    @cached_property
    def titles(self) -> TitleIndex:
        """The films by title."""
        films = self.films
        columns = (films[name].tolist() for name in ("movieId", "title", "n_ratings"))
        return TitleIndex(*columns)

    @cached_property
    def _places(self) -> dict[Id, int]:
        return {movie_id: place for place, movie_id in enumerate(self.films["movieId"].tolist())}

    def has(self, movie_id: Id) -> bool:
        """Whether there is a film of this id."""
        return movie_id in self._places

    def title(self, movie_id: Id) -> str:
        """The title of a film as people say it."""
        return spoken(str(self.films["title"].iloc[self._places[movie_id]]))

    def user(self, typed: str) -> Id:
        """Find the id of a user from what somebody typed. LookupError if there is no such user."""
        user_id = typed_id(typed, self.user_ids)
        if user_id in set(self.user_ids.tolist()):
            return user_id
        if self.user_ids.dtype.kind == "i":
            hint = f"the ids lie between {self.user_ids.min()} and {self.user_ids.max()}"
        else:
            near = get_close_matches(typed, self.user_ids.tolist(), n=3)
            some = near or self.user_ids[:3].tolist()
            hint = f"{'did you mean' if near else 'users are called'} {', '.join(map(shown, some))}"
        raise LookupError(f"no user {shortened(typed)} in {self.source}; {hint}")

    def movie(self, typed: str) -> Id:
        """Find the id of a film from its id or title. LookupError if there is no such film."""
        movie_id = typed_id(typed, self.films["movieId"].to_numpy())
        if self.has(movie_id):
            return movie_id
        try:
            return self.titles.one(typed)
        except TitleError as error:
            reason = str(error)
        if isinstance(movie_id, int):
            ids = self.films["movieId"]
            raise LookupError(
                f"no film {typed} in {self.source}; the ids lie between {ids.min()} and {ids.max()}"
            )
        found = self.titles.find(typed)
        hint = "" if found.items or found.near else "; `recsys movies` looks up words of titles"
        raise LookupError(f"{reason.removesuffix('?')} (in {self.source}){hint}")

    def named(self, typed: str) -> Id:
        """The id of the film whose title somebody typed; an id counts where no title matches."""
        try:
            return self.titles.one(typed)
        except TitleError:
            return self.movie(typed)

    def chosen(
        self,
        *,
        genres: Sequence[str] = (),
        years: tuple[int, int] | None = None,
        min_ratings: int = 0,
        exclude: Iterable[str] = (),
    ) -> Mask:
        """(n_films,): the films of all these genres and years, with enough ratings.

        LookupError for an unknown genre or title. ValueError if genres or years are not known.
        """
        films = self.films
        found = films["n_ratings"].to_numpy() >= min_ratings
        for genre in genres:
            found &= self._has_genre(genre)
        if years is not None:
            of_films = [Title.of(title).year for title in films["title"]]
            if not any(of_films):
                raise ValueError(f"the titles of {self.source} hold no years; leave out --year")
            first, last = years
            found &= np.array([year is not None and first <= year <= last for year in of_films])
        for typed in exclude:
            found &= (films["movieId"] != self.movie(typed)).to_numpy()
        return found

    def among(self, chosen: Mask) -> list[Id]:
        """The ids of the chosen films."""
        ids: list[Id] = self.films["movieId"][chosen].tolist()
        return ids

    def search(self, text: str) -> Mask:
        """(n_films,): the films whose titles hold every word of a text, or that it names.

        An id names its film.
        """
        words = folded(text).split()
        titles = [folded(spoken(title)) for title in self.films["title"]]
        found = np.array([all(word in title for word in words) for title in titles], np.bool_)
        found[list(self.titles.find(text).items)] = True
        movie_id = typed_id(text, self.films["movieId"].to_numpy())
        if self.has(movie_id):
            found[self._places[movie_id]] = True
        return found

    def _has_genre(self, genre: str) -> Mask:
        genres = self.films["genres"]
        if genres.isna().all() or (genres == NO_GENRES).all():
            raise ValueError(f"{self.source} has no genres; leave out --genre, or use --data")
        lists = genres.str.split("|")
        known = {folded(one): one for one in sorted(lists.explode().unique()) if one != NO_GENRES}
        if folded(genre) not in known:
            near = get_close_matches(folded(genre), known, n=1)
            hint = (
                f"did you mean {known[near[0]]}?"
                if near
                else f"there are {', '.join(known.values())}"
            )
            raise LookupError(f"no genre {shown(genre)}; {hint}")
        wanted = known[folded(genre)]
        return np.array([wanted in some for some in lists], np.bool_)
