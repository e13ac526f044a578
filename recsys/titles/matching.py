"""TitleIndex: finds the items that somebody means by a title, or the titles that are near it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property

from recsys.data.ids import Id
from recsys.printable import shown
from recsys.titles.names import Title, folded, key_of, spoken

# A film may have come out in another country in another year.
NEAR_YEARS = 1

# The least similarity of names (difflib's ratio): to be suggested, and to be taken for a misspelt
# name of a film of the same year.
SUGGESTED = 0.6
SAME = 0.88

N_SUGGESTED = 5


class TitleError(LookupError):
    """A title has no match or several; the message lists the nearest titles."""


@dataclass(frozen=True)
class Found:
    """The items that a title may mean: one, several, or none and then the nearest."""

    asked: str
    items: tuple[int, ...]
    near: tuple[int, ...] = ()


class TitleIndex:
    """The titles of items, by name and year.

    Parameters
    ----------
    ids : sequence of shape (n_items,)
    titles : sequence of str of shape (n_items,)
        Titles as in a catalogue: "Matrix, The (1999)".
    n_ratings : sequence of int of shape (n_items,)
        The number of ratings of each item. Items with more ratings are listed first.

    Examples
    --------
    >>> index = TitleIndex([1, 2, 3], ["Matrix, The (1999)", "Heat (1995)", "Heat (1986)"],
    ...                    [9, 8, 2])
    >>> index.one("the matrix"), index.one("Heat 1986"), index.find("Heat").items
    (1, 3, (1, 2))
    >>> index.one("Haet 1995")
    Traceback (most recent call last):
    recsys.titles.matching.TitleError: no film 'Haet 1995'; did you mean Heat (1995) [id 2] or Heat
    (1986) [id 3]?
    """

    def __init__(self, ids: Sequence[Id], titles: Sequence[str], n_ratings: Sequence[int]) -> None:
        self.ids = list(ids)
        self.titles = list(titles)
        self._n_ratings = list(n_ratings)
        self._parts = [Title.of(title) for title in self.titles]

    @cached_property
    def _by_key(self) -> tuple[dict[str, list[int]], ...]:
        """The items by the keys of names; by names without articles; by parts of names."""
        exact, plain, parts = (defaultdict[str, list[int]](list) for _ in range(3))
        for item, (text, title) in enumerate(zip(self.titles, self._parts, strict=True)):
            for keys, found in (
                (title.exact | {key_of(text)}, exact),
                (title.without_articles, plain),
                (title.parts, parts),
            ):
                for key in keys:
                    found[key].append(item)
        return exact, plain, parts

    @cached_property
    def _by_word(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for item, title in enumerate(self.titles):
            for word in folded(title).split():
                found[word].add(item)
        return dict(found)

    def find(self, asked: str, year: int | None = None) -> Found:
        """Find the items of a name, and of a year if there is one.

        Parameters
        ----------
        asked : str
            What somebody typed: "Heat", "heat 1995", "The Matrix (1999)".
        year : int, optional
            The year, if it is known apart.

        Returns
        -------
        Found
            The items, those with most ratings first. If there are none, ``near`` holds the items
            with similar names.
        """
        items = self._exact(asked, year)
        return Found(asked, items) if items else Found(asked, (), self._near(asked, year))

    def one(self, asked: str, year: int | None = None) -> Id:
        """The id of the only item that a title can mean.

        Raises
        ------
        TitleError
            If no item or several items have this title. The message lists them with their ids.
        """
        found = self.find(asked, year)
        if len(found.items) == 1:
            return self.ids[found.items[0]]
        name = shown(asked)
        if found.items:
            raise TitleError(
                f"{len(found.items)} films are called {name}: {self.listed(found.items)}; add the "
                "year or give the id"
            )
        meant = f"; did you mean {self.listed(found.near, 'or')}?" if found.near else ""
        raise TitleError(f"no film {name}{meant}")

    def sure(self, name: str, year: int | None) -> int | None:
        """The item of a name and year from another catalogue, or None if it is not certain.

        The year may differ by one. If it is the same, the name may be spelt slightly differently.
        """
        items = self._exact(name, year)
        if items or year is None:
            # Only ids could tell two films of one name and year apart.
            return items[0] if len(items) == 1 else None
        words = [word for word in folded(name).split() if len(word) > 2]
        shared = set[int]().union(*(self._by_word.get(word, set()) for word in words))
        similar = [
            item
            for item in shared
            if self._parts[item].year == year and self._similarity(item, folded(name)) >= SAME
        ]
        return similar[0] if len(similar) == 1 else None

    def listed(self, items: Sequence[int], last: str = "and") -> str:
        """Write items with titles and ids for a message."""
        texts = [f"{spoken(self.titles[item])} [id {self.ids[item]}]" for item in items[:10]]
        if len(items) > 10:
            texts.append(f"{len(items) - 10} more")
        return f" {last} ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))

    def _exact(self, asked: str, year: int | None) -> tuple[int, ...]:
        title = Title.of(asked)
        year = title.year if year is None else year
        items = self._named(title, asked, year)
        name, _, behind = asked.rstrip().rpartition(" ")
        if not items and year is None and name and behind.isdecimal() and len(behind) == 4:
            # "Heat 1995". But a film may be called "Blade Runner 2049".
            items = self._named(Title.of(name), name, int(behind))
        return items

    def _named(self, title: Title, text: str, year: int | None) -> tuple[int, ...]:
        asked = (title.exact | {key_of(text)}, title.without_articles, title.exact)
        for keys, by_key in zip(asked, self._by_key, strict=True):
            items = {item for key in keys for item in by_key.get(key, [])}
            found = self._of_year(items, year)
            if found:
                return self._best_known(found)
        return ()

    def _of_year(self, items: set[int], year: int | None) -> list[int]:
        """The items of this year, otherwise those of a year beside it or without a year."""
        if year is None:
            return list(items)
        years = [(item, self._parts[item].year) for item in items]
        same = [item for item, found in years if found == year]
        near = [item for item, found in years if found is None or abs(found - year) <= NEAR_YEARS]
        return same or near

    def _near(self, asked: str, year: int | None) -> tuple[int, ...]:
        words = [word for word in folded(asked).split() if not word.isdecimal()]
        # Items with all the words, then those with similar names.
        with_all = [self._by_word.get(word, set()) for word in words]
        full = set.intersection(*with_all) if with_all else set()
        keys = get_close_matches(
            key_of(" ".join(words) or asked), self._by_key[0], n=N_SUGGESTED, cutoff=SUGGESTED
        )
        similar = [item for key in keys for item in self._best_known(self._by_key[0][key])]
        found = dict.fromkeys([*self._best_known(full)[:N_SUGGESTED], *similar])
        return tuple(found)[:N_SUGGESTED]

    def _best_known(self, items: Iterable[int]) -> tuple[int, ...]:
        return tuple(sorted(set(items), key=lambda item: (-self._n_ratings[item], item)))

    def _similarity(self, item: int, asked: str) -> float:
        names = self._parts[item].names
        return max(SequenceMatcher(None, asked, folded(name)).ratio() for name in names)
