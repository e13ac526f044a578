"""The answer first: in one paragraph, what people like, and how sure that is."""

from recsys.report.parts import Section, Text
from recsys.report.study import Study


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    return Section("answer", "What do they like?", (Text("To be written."),))
