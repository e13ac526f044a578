"""Rate some films: the visitor gives stars, and a list changes with each click."""

from recsys.report.parts import Section, Text
from recsys.report.study import Study


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    return Section("rate", "Rate some films", (Text("To be written."),))
