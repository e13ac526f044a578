"""The notebook's steps: each with its figure, its calls, and what is wrong with it."""

from collections.abc import Iterator

from recsys.report.parts import Part, Section, Text
from recsys.report.sections.notebook_films import (
    clusters_of,
    clusters_step,
    densest_step,
    matrix_step,
)
from recsys.report.sections.notebook_genre_groups import groups_step, three_genres_step
from recsys.report.sections.notebook_genres import (
    MOST_GENRES,
    contrast_step,
    genres_of,
    means_step,
)
from recsys.report.sections.notebook_lists import Lists, list_step, prediction_step
from recsys.report.sections.notebook_silhouettes import silhouette_step
from recsys.report.sections.notebook_step import Step, block
from recsys.report.study import Study


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    intro = (
        "This project began as a notebook that groups people by k-means and predicts ratings by "
        "the means of groups. Here are its steps, with what each does not tell. The calls of a "
        "step follow those of the steps above it."
    )
    notes = [note for note in (study.sample_note, *_left_out(study)) if note]
    steps = (block(step, study) for step in steps_of(study))
    parts: tuple[Part, ...] = (Text(intro), *(Text(note) for note in notes), *steps)
    return Section("notebook", "The notebook's steps", parts, styles=("notebook.css",))


def steps_of(study: Study) -> Iterator[Step]:
    """The steps that the ratings allow, in the notebook's order."""
    genres = genres_of(study) if _has_means(study) else None
    if genres is not None:
        yield means_step(study, genres)
        yield contrast_step(study, genres)
        yield groups_step(study, genres)
        yield silhouette_step(study, genres)
        if len(genres.names) == MOST_GENRES:
            yield three_genres_step(study, genres)
    yield matrix_step(study)
    yield densest_step(study)
    clusters = clusters_of(study)
    yield clusters_step(study, clusters)
    if study.ratings.scale.predicts:
        lists = Lists(study, clusters)
        yield prediction_step(lists)
        yield list_step(lists)


def _has_means(study: Study) -> bool:
    """Whether means of ratings differ: likes are all 1."""
    return study.ratings.scale.kind != "likes"


def _left_out(study: Study) -> Iterator[str]:
    """Which steps are left out, and why."""
    ratings, kind = study.ratings, study.ratings.scale.kind
    if not _has_means(study):
        yield "The steps about genres are left out, since a mean of likes is always 1."
    elif genres_of(study) is None:
        few = "only one genre" if ratings.has_genres else "no genres"
        yield f"The films have {few}, so the steps about genres are left out."
    if not ratings.scale.predicts:
        yield (
            f"The ratings are {kind}, which cannot be predicted, so the steps about predictions "
            "are left out."
        )
