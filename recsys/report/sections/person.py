"""One person: what they rated, their groups, their list, and one prediction taken apart."""

from recsys.report.parts import Section, Text
from recsys.report.study import Study


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    return Section("person", "One person", (Text("To be written."),))
