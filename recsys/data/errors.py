"""The error for ratings that cannot be used, and the record of a bad row."""

from dataclasses import dataclass

from recsys.printable import message, printable


class RatingsError(ValueError):
    """Ratings cannot be used; the message says in one line where and why.

    Parameters
    ----------
    reason : str
        Where and why. Characters that a terminal would act on are escaped.
    """

    def __init__(self, reason: str) -> None:
        # Names and values come from files, and a traceback prints a message as it is.
        super().__init__(message(reason))


@dataclass(frozen=True)
class BadRow:
    """One row of a file that breaks a rule.

    Attributes
    ----------
    file : str
        The path of the file, as it was opened.
    line : int
        The line of the file on which the row starts. The first line is 1, even if it is a header.
    value : str
        The text that breaks the rule.
    reason : str
        The rule.

    Examples
    --------
    >>> print(BadRow("ratings.csv", 7, "abc", "rating is not a number"))
    ratings.csv, line 7: rating is not a number: 'abc'
    """

    file: str
    line: int
    value: str
    reason: str

    def __str__(self) -> str:
        # repr does not escape the marks that change the direction of writing.
        return printable(f"{self.file}, line {self.line}: {self.reason}: {self.value!r}")
