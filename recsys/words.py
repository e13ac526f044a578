"""Numbers in sentences."""


def counted(n: int, one: str, many: str = "") -> str:
    """A number and its noun: ``counted(1, "user")`` is "1 user".

    Parameters
    ----------
    n : int
    one : str
    many : str
        ``one`` and an s if not given.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "person", "people"), counted(1200, "person", "people")
    ('1 person', '1,200 people')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
