"""The steps of the notebook that this project began with, folded."""

from recsys.report.parts import Section, Text
from recsys.report.study import Study


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    return Section("notebook", "The notebook's steps", (Text("To be written."),))
