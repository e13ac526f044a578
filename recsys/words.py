"""Writes numbers in sentences."""


def counted(n: int, one: str, many: str = "") -> str:
    """Write a number and its noun; the plural is ``many``, or ``one`` and an s.

    Examples
    --------
    >>> counted(1, "user"), counted(1200, "person", "people")
    ('1 user', '1,200 people')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
