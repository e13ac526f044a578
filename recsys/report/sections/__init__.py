"""The sections of the report in the order of the page: one file each."""

from collections.abc import Callable, Mapping

from recsys.report.parts import Section
from recsys.report.sections import (
    answer,
    data,
    film_map,
    notebook,
    number,
    person,
    quality,
    rate,
    source,
    tastes,
)
from recsys.report.study import Study

SECTIONS: Mapping[str, Callable[[Study], Section]] = {
    "answer": answer.section,
    "rate": rate.section,
    "data": data.section,
    "tastes": tastes.section,
    "map": film_map.section,
    "number": number.section,
    "person": person.section,
    "quality": quality.section,
    "notebook": notebook.section,
    "source": source.section,
}
