"""Reads lists of genres as people write them, and joins the genres by ``|``."""

import ast
import re
from collections.abc import Collection, Sequence
from typing import Any

NO_GENRES = "(no genres listed)"

# A list is parted at the first of these that occurs in any list of the column.
_SEPARATORS = ("|", ";", ",")
NOTHING = frozenset(("", "n/a", "na", "nan", "none", "null", "unknown", "\\n", NO_GENRES))


def joined_genres(
    lists: Sequence[Any], *, blanks: bool = False, nothing: Collection[str] = NOTHING
) -> list[str]:
    """Join the genres of each item by ``|``.

    Parameters
    ----------
    lists : sequence
        Text such as ``"Drama|War"``, ``"Action, Comedy"`` or ``"[{'id': 18, 'name': 'Drama'}]"``; a
        list of names; or a missing value.
    blanks : bool
        Whether a blank parts two genres.
    nothing : collection of str
        The names, in lower case, that mean "no genre".

    Returns
    -------
    list of str
        ``(no genres listed)`` for an item without genres.

    Examples
    --------
    >>> joined_genres(["Action, Comedy", "Sci-Fi & Fantasy", None])
    ['Action|Comedy', 'Sci-Fi & Fantasy', '(no genres listed)']
    >>> joined_genres(["[{'id': 18, 'name': 'Drama'}, {'id': 10752, 'name': 'War'}]", "[]"])
    ['Drama|War', '(no genres listed)']
    """
    texts = [text for text in lists if isinstance(text, str) and not text.startswith("[")]
    separator = " " if blanks else next((s for s in _SEPARATORS if any(s in t for t in texts)), "|")
    return [
        "|".join(dict.fromkeys(_names(each, separator, nothing))) or NO_GENRES for each in lists
    ]


def without_blanks(joined: str) -> str:
    """Leave blank names out of genres that are joined by ``|``.

    Examples
    --------
    >>> without_blanks("Drama||War"), without_blanks("| ")
    ('Drama|War', '(no genres listed)')
    """
    return "|".join(name for name in joined.split("|") if name.strip()) or NO_GENRES


def _names(found: Any, separator: str, nothing: Collection[str]) -> list[str]:
    if isinstance(found, str) and found.startswith("["):
        try:
            found = ast.literal_eval(found)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            found = re.findall(r"""['"]?name['"]?\s*:\s*['"]([^'"]+)""", found)
    if isinstance(found, str):
        found = found.split(separator)
    if not isinstance(found, list | tuple):
        return []
    names = (each.get("name", "") if isinstance(each, dict) else each for each in found)
    # A genre that holds the mark between genres would become two.
    texts = (str(name).replace("|", "/").strip() for name in names)
    return [text for text in texts if text.lower() not in nothing]
