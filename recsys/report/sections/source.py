"""Where the page came from: data, seed, versions, command and times."""

from recsys.report.parts import Section, Text
from recsys.report.study import Study


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    return Section("source", "Where it came from", (Text("To be written."),))
