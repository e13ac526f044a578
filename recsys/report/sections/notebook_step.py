"""Step: one step of the notebook, which the page shows folded."""

from dataclasses import dataclass

from recsys.report.parts import Block, Chart, Table
from recsys.report.render import render
from recsys.report.study import Study


@dataclass(frozen=True)
class Step:
    """A step of the notebook: what it does, its figures, and what is wrong with it.

    ``calls`` are the library calls that give the same figures. They follow those of earlier steps.
    """

    title: str
    says: tuple[str, ...]
    figures: tuple[Chart | Table, ...] = ()
    faults: tuple[str, ...] = ()
    calls: str = ""


def block(step: Step, study: Study) -> Block:
    """The HTML of a step. If the figures are of a sample, the calls say so."""
    note = f"# The page's figures: {study.sample_note}\n" if study.sample_note else ""
    calls = f"{note}{step.calls}" if step.calls else ""
    return Block(render("notebook_step.html", step=step, calls=calls))
