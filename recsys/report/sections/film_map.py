"""A map of films: films that the same people like lie close together."""

from recsys.report.parts import Section, Text
from recsys.report.study import Study


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    return Section("map", "A map of films", (Text("To be written."),))
