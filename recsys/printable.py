"""Makes text from outside safe to print, so that no character moves a cursor or rings a bell."""

import re

# Longer values from files are cut, so that one bad row cannot fill the screen.
LONGEST_VALUE = 80
# No message is longer than this.
LONGEST_MESSAGE = 2000

# Control characters (C0, DEL, C1), line and paragraph separators, marks that change the direction
# of writing, and lone surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Python turns the bytes of a file name that it cannot decode into these surrogates.
_RAW_BYTES = re.compile("[\udc80-\udcff]+")


def printable(text: str, keep: str = "") -> str:
    r"""Write every character that a terminal acts on as an escape, except those in ``keep``.

    Bytes of a file name that Python could not decode become letters if they are UTF-8, and escapes
    otherwise.

    Examples
    --------
    >>> print(printable("Up\x1b[31m"), printable("caf\udce9"), printable("caf\udcc3\udca9"))
    Up\x1b[31m caf\xe9 café
    """
    # This function is called for every title, and most text is safe.
    if not _UNSAFE.search(text):
        return text
    text = _RAW_BYTES.sub(_decoded, text)
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)


def shortened(text: str, longest: int = LONGEST_VALUE) -> str:
    """Cut a text to at most ``longest`` characters; … marks the cut.

    Examples
    --------
    >>> shortened("0123456789", 5)
    '0123…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"


def shown(value: object) -> str:
    """Write a value for an error message: its repr, shortened and printable.

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
    r"""Turn a text into one printable line for an error.

    If it is longer than 2,000 characters, … stands for the middle.

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
