"""Writes the report: one HTML page that needs no other file and no network."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from kmeans_core.counts import is_int
from recsys.analysis.genres import check_genres
from recsys.data.ids import Id
from recsys.data.ratings import Ratings
from recsys.evaluation.stored import read_evaluation
from recsys.files import check_writable, write_text
from recsys.printable import printable, shown
from recsys.report.parts import Section
from recsys.report.render import render, static
from recsys.report.sections import SECTIONS
from recsys.report.sections.notebook_genres import FEWEST_GENRES, MOST_GENRES
from recsys.report.steps import OnStep, Steps
from recsys.report.study import Options, Study
from recsys.words import counted

PAGE_STYLES, PAGE_SCRIPTS = ("page.css", "charts.css"), ("page.js",)


def write_report(
    ratings: Ratings,
    path: Path | str,
    *,
    sections: Sequence[str] | None = None,
    n_groups: int | None = None,
    genres: Sequence[str] | None = None,
    user_id: Id | None = None,
    with_people: bool = False,
    evaluation: Path | str | None = None,
    seed: int = 0,
    command: str = "recsys.write_report",
    on_step: OnStep = lambda name, n_done, n_parts: None,
) -> Path:
    """Write a page about ratings: tastes, lists, and how far both can be trusted.

    Parameters
    ----------
    ratings : Ratings
        The ratings. Groups and lists are made from a sample of people if there are more than a
        million ratings; the page says so.
    path : path-like
        The HTML file. It appears only when it is complete.
    sections : sequence of str, optional
        The names of the sections to write, from ``answer``, ``rate``, ``data``, ``tastes``,
        ``map``, ``number``, ``person``, ``quality``, ``notebook`` and ``source``. The page has them
        in this order. The default is all.
    n_groups : int, optional
        The number of groups of taste. The default is 6.
    genres : sequence of str, optional
        The two or three genres that the notebook's steps compare. The default is Romance, Sci-Fi
        and Action if the films have them, otherwise the genres of most films.
    user_id : int or str, optional
        The user whom the page shows as the example. The default is an invented one.
    with_people : bool, default False
        Whether the page lets a reader look at each user. Such a page holds their ratings, so ask
        before you pass it on.
    evaluation : path-like, optional
        The CSV or JSON file that ``recsys evaluate --out FILE`` wrote for the same ratings. The
        page warns if it is of other ratings.
    seed : int, default 0
        The seed of all random numbers.
    command : str
        The command that makes the page; the page shows it.
    on_step : callable, optional
        Called with the name of each step before the step, the number of finished sections, and the
        number of all sections.

    Returns
    -------
    Path
        The absolute path of the file.

    Raises
    ------
    ValueError
        If a section or a genre does not exist, if the number of genres is not 2 or 3, if there are
        fewer people than groups, if the seed is not from 0 to 2**32 - 1, or if the evaluation is
        not one.
    KeyError
        If there is no such user.
    OSError
        If a file cannot be read or written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from recsys import make_ratings, write_report
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> with TemporaryDirectory() as folder:
    ...     path = write_report(ratings, folder + "/report.html", sections=["data"])
    ...     path.read_text("utf-8")[:15]
    '<!DOCTYPE html>'
    """
    path = Path(path).absolute()
    check_writable(path)
    chosen = _chosen(sections)
    options = Options(
        seed=seed,
        user_id=user_id,
        genres=None if genres is None else _listed("genres", genres),
        n_groups=n_groups,
        with_people=with_people,
        evaluation=None if evaluation is None else Path(evaluation),
        command=command,
        sections=tuple(chosen),
    )
    _check(ratings, options)
    steps = Steps(len(chosen) + 1, on_step)
    study = Study(ratings, options, steps)
    made = []
    for name, make in chosen.items():
        with steps.step(f"section {name}", is_part=True):
            made.append(make(study))
    with steps.step("page", is_part=True):
        styles = dict.fromkeys([*PAGE_STYLES, *(file for one in made for file in one.styles)])
        scripts = dict.fromkeys([*PAGE_SCRIPTS, *(file for one in made for file in one.scripts)])
        page = render(
            "page.html",
            title=_title(ratings),
            is_invented=study.is_invented,
            sections=made,
            styles=[static(name) for name in styles],
            scripts=[static(name) for name in scripts],
        )
    write_text(path, page)
    return path


def _chosen(names: Sequence[str] | None) -> dict[str, Callable[[Study], Section]]:
    """The sections of these names in the order of the page; all for None."""
    if names is None:
        return dict(SECTIONS)
    names = _listed("sections", names)
    unknown = [name for name in names if name not in SECTIONS]
    if unknown or not names:
        what = f"there is no section {shown(unknown[0])}" if unknown else "sections is empty"
        raise ValueError(f"{what}; choose from {', '.join(SECTIONS)}")
    return {name: make for name, make in SECTIONS.items() if name in names}


def _listed(name: str, given: Sequence[str]) -> list[str]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise ValueError(f"{name} must be a list of names, not {shown(given)}")
    return list(given)


def _check(ratings: Ratings, options: Options) -> None:
    """Find what the caller cannot mean before the work begins."""
    if not isinstance(ratings, Ratings):
        raise TypeError(f"ratings must be a Ratings, as load_ratings returns, not {shown(ratings)}")
    user_id, n_groups, seed = options.user_id, options.n_groups, options.seed
    if user_id is not None and not (
        (isinstance(user_id, str) or is_int(user_id))
        and (ratings.ratings["userId"] == user_id).any()
    ):
        raise KeyError(f"no user {shown(user_id)} in {printable(ratings.source)}")
    if not (is_int(seed) and 0 <= seed < 2**32):
        raise ValueError(f"seed must be a whole number from 0 to 2**32 - 1, not {shown(seed)}")
    if n_groups is not None and not (is_int(n_groups) and 1 <= n_groups <= ratings.n_users):
        people = counted(ratings.n_users, "person", "people")
        raise ValueError(
            f"{people} cannot make {shown(n_groups)} groups; ask for 1 to {ratings.n_users:,}"
        )
    if options.genres is not None:
        if not FEWEST_GENRES <= len(options.genres) <= MOST_GENRES:
            raise ValueError(f"the report compares two or three genres, not {len(options.genres)}")
        check_genres(ratings, options.genres)
    if options.evaluation is not None:
        read_evaluation(options.evaluation)


def _title(ratings: Ratings) -> str:
    people = counted(ratings.n_users, "person", "people")
    n_ratings = counted(len(ratings.ratings), "rating")
    return f"{people}, {n_ratings}: what do they like?"
