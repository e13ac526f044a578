"""Writes numbers and lists in sentences."""

from collections.abc import Sequence

# fmt: off
_WORDS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
)
# fmt: on


def counted(n: int, one: str, many: str = "") -> str:
    """Write a number and its noun; the plural is ``many``, or ``one`` and an s.

    Examples
    --------
    >>> counted(1, "user"), counted(1200, "person", "people")
    ('1 user', '1,200 people')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def worded(n: int) -> str:
    """Write a number as a word up to twelve, and in digits beyond.

    Examples
    --------
    >>> worded(0), worded(6), worded(1200)
    ('no', 'six', '1,200')
    """
    return _WORDS[n] if n < len(_WORDS) else f"{n:,}"


def joined(names: Sequence[str], word: str = "and") -> str:
    """Write a list of names, with a word before the last one.

    Examples
    --------
    >>> joined(["Up"]), joined(["Up", "Big", "Jaws"]), joined(["Up", "Big"], "or")
    ('Up', 'Up, Big and Jaws', 'Up or Big')
    """
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last


def percent(part: float, whole: float) -> str:
    """Write a share in percent. Only nothing is 0 %, and only everything is 100 %.

    Examples
    --------
    >>> percent(1, 3), percent(1, 300), percent(299, 300), percent(1, 3000), percent(3, 3)
    ('33 %', '0.3 %', '99.7 %', 'less than 0.1 %', '100 %')
    """
    share = 100 * part / whole
    if part in (0, whole) or 0.995 <= share <= 99.5:
        return f"{share:.0f} %"
    if share < 0.095:
        return "less than 0.1 %"
    return "more than 99.9 %" if share > 99.9 else f"{share:.1f} %"
