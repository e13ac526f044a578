"""Writes numbers in sentences."""


def counted(n: int, one: str, many: str = "") -> str:
    """Write a number and its noun: ``counted(1, "user")`` is "1 user".

    Parameters
    ----------
    n : int
        The number.
    one : str
        The noun in the singular.
    many : str
        The noun in the plural. The default is ``one`` and an s.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "user"), counted(1200, "person", "people")
    ('1 user', '1,200 people')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
