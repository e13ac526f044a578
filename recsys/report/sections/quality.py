"""How good the lists and predictions are: the evaluation as a chart."""

from recsys.report.parts import Section, Text
from recsys.report.study import Study


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    return Section("quality", "How good is it?", (Text("To be written."),))
