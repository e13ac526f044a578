"""Text from outside, made safe to print: nothing in it moves a cursor, rings a bell or hides."""

import re

# Values from files are shown up to this length, so that one bad row cannot fill the screen.
LONGEST_VALUE = 80
# No message is longer than this, whatever is in it.
LONGEST_MESSAGE = 2000

# Control characters (C0, DEL, C1), line and paragraph separators, marks that turn the direction
# of writing round, and lone surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# How Python keeps bytes of a file name that it could not decode.
_RAW_BYTES = re.compile("[\udc80-\udcff]+")


def printable(text: str, keep: str = "") -> str:
    r"""The text with every character that a terminal acts on written as an escape.

    Parameters
    ----------
    text : str
    keep : str
        Characters to leave as they are, such as a line end.

    Returns
    -------
    str
        Bytes of a file name that are UTF-8 become their letters, other bytes an escape.

    Examples
    --------
    >>> print(printable("Up\x1b[31m"), printable("caf\udce9"), printable("caf\udcc3\udca9"))
    Up\x1b[31m caf\xe9 café
    """
    # Most text is safe, and this is asked for every title.
    if not _UNSAFE.search(text):
        return text
    text = _RAW_BYTES.sub(_decoded, text)
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)


def shortened(text: str, longest: int = LONGEST_VALUE) -> str:
    """The text, cut to so many characters, the cut shown.

    Parameters
    ----------
    text : str
    longest : int

    Returns
    -------
    str

    Examples
    --------
    >>> shortened("0123456789", 5)
    '0123…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"


def shown(value: object) -> str:
    """A value as an error shows it: its repr, short and printable.

    Parameters
    ----------
    value : object

    Returns
    -------
    str

    Examples
    --------
    >>> shown(4.5), shown("Up"), shown(10**5000)
    ('4.5', "'Up'", 'an int that is too long to show')
    """
    try:
        return printable(shortened(repr(value)))
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        kind = type(value).__name__
        return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} that is too long to show"


def message(text: str) -> str:
    r"""One line for an error: printable, and its middle left out if it is very long.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> print(message("no file a\x07b\nhere"))
    no file a\x07b here
    """
    lines = (line.strip(" ") for line in re.split("[\r\n]+", text))
    text = printable(" ".join(line for line in lines if line))
    if len(text) <= LONGEST_MESSAGE:
        return text
    half = LONGEST_MESSAGE // 2
    return f"{text[:half]} … {text[-half + 3 :]}"


def _decoded(found: re.Match[str]) -> str:
    return found[0].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
