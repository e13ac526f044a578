"""Tastes: a card for each group of people, and how sure the groups are."""

from recsys.report.parts import Section, Text
from recsys.report.study import Study


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    return Section("tastes", "Tastes", (Text("To be written."),))
