"""How many groups: every k from 2 to 15, by silhouette and stability."""

from recsys.report.parts import Section, Text
from recsys.report.study import Study


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    return Section("number", "How many groups?", (Text("To be written."),))
