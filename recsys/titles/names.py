"""Takes titles apart: names, alternative names and the year; and writes them as people say them."""

import math
import re
import unicodedata
from dataclasses import dataclass

# Articles that catalogues write at the end: "Matrix, The".
_ARTICLES = (
    "the|a|an|le|la|les|l'|l\u2019|un|une|il|lo|i|gli|el|los|las|der|die|das|ein|eine|den|det|de|het|"
    "o|os|as|en|ett"
)
_ARTICLE_BEHIND = re.compile(rf"(?P<name>.+), (?P<article>{_ARTICLES})", re.IGNORECASE)
_ARTICLE_BEFORE = re.compile(rf"(?:(?:{_ARTICLES})\s+|l['\u2019])(?=\S)", re.IGNORECASE)

# "(1995)", "(1995-1999)" and "(2011- )" at the end of a title. The dash may be a long one.
_YEAR_BEHIND = re.compile(r"\s*\((\d{4})(?:\s*[-\u2013]\s*(?:\d{4})?\s*)?\)\s*$")
# A bracket in front belongs to the name, as in "(500) Days of Summer".
_BRACKETS = re.compile(r"(?<=\S)\s+\(([^()]*)\)")
_ALSO = re.compile(r"(?:a\.?k\.?a\.?|also known as)\s+", re.IGNORECASE)

# "Star Wars: Episode V - The Empire Strikes Back", "Dr. Strangelove or: How I ..."
_BETWEEN_PARTS = re.compile(r"(?: or)?\s*:\s+|\s+[-\u2013]\s+")
_FRACTION = re.compile("[\u00bc-\u00be\u2150-\u215e]")

# Letters that Unicode does not take apart.
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


@dataclass(frozen=True)
class Title:
    """A title in parts.

    Attributes
    ----------
    names : tuple of str
        The name as people say it, then the alternative names in brackets.
    year : int or None
        The year in brackets at the end.

    Examples
    --------
    >>> Title.of("City of Lost Children, The (Cité des enfants perdus, La) (1995)")
    Title(names=('The City of Lost Children', 'La Cité des enfants perdus'), year=1995)
    """

    names: tuple[str, ...]
    year: int | None

    @classmethod
    def of(cls, text: str) -> "Title":
        """Take a title apart."""
        found = _YEAR_BEHIND.search(text)
        year = int(found[1]) if found else None
        rest = text[: found.start()] if found else text
        main = _BRACKETS.sub("", rest).strip()
        others = (_ALSO.sub("", other) for other in _BRACKETS.findall(rest))
        names = [_article_first(name.strip()) for name in (main, *others) if name.strip()]
        return cls(tuple(names) or (text.strip(),), year)

    @property
    def exact(self) -> frozenset[str]:
        """The keys of all names."""
        return frozenset(map(key_of, self.names))

    @property
    def without_articles(self) -> frozenset[str]:
        """The keys of all names without the article in front."""
        return frozenset(key_of(_without_article(name)) for name in self.names)

    @property
    def parts(self) -> frozenset[str]:
        """The keys of what stands in front of and behind a colon or a dash."""
        texts = [part for name in self.names for part in _BETWEEN_PARTS.split(name)]
        return frozenset(filter(None, map(key_of, texts))) - self.exact


def year_of(title: str) -> float:
    """The year in brackets at the end of a title, or NaN.

    Examples
    --------
    >>> year_of("Seven (a.k.a. Se7en) (1995)"), year_of("Ronin")
    (1995.0, nan)
    """
    found = _YEAR_BEHIND.search(title)
    return float(found[1]) if found else math.nan


def spoken(title: str) -> str:
    """Write a title as people say it: its name with the article in front, and its year.

    Examples
    --------
    >>> spoken("Godfather, The (1972)"), spoken("Seven (a.k.a. Se7en) (1995)")
    ('The Godfather (1972)', 'Seven (a.k.a. Se7en) (1995)')
    """
    name, bracket, rest = title.partition(" (")
    return _article_first(name) + bracket + rest


def folded(text: str) -> str:
    """Write a text without case, accents and marks; ``&`` becomes ``and``.

    Examples
    --------
    >>> folded("Amélie & the WALL·E"), folded("Ocean's  Eleven")
    ('amelie and the wall e', 'oceans eleven')
    """
    # A fraction becomes 1/2. Without a blank, 9 and a half would become 91/2.
    text = _FRACTION.sub(r" \g<0>", text)
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub("['\u2019`\u00b4]", "", plain).replace("&", " and ")
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())


def key_of(text: str) -> str:
    """A name folded, without blanks: Spider-Man, Spider Man and Spiderman have one key.

    Numbers stay apart. A name of marks alone keeps them, such as $.
    """
    return re.sub(r"(?<!\d) | (?!\d)", "", folded(text)) or text.strip().casefold()


def _without_article(name: str) -> str:
    article = _ARTICLE_BEFORE.match(name)
    return name[article.end() :] if article else name


def _article_first(name: str) -> str:
    """Turn "Matrix, The" into "The Matrix"."""
    found = _ARTICLE_BEHIND.fullmatch(name)
    if not found:
        return name
    blank = "" if found["article"][-1] in "'\u2019" else " "
    return f"{found['article']}{blank}{found['name']}"
