"""The playground in docs/learn: its runs and regions are those of the textbook, for all readers."""

import math

import numpy as np
import pytest
from accessibility import violations
from measures import STICKS_OUT, TEXT_SIZES
from opening import Open
from playground import PAGE, RUNS, link_of, shown

from kmeans_core import reference, reference_weighted
from kmeans_core.palette import DARK, LIGHT

DATA = ("three", "far", "sizes", "long", "ring", "noise", "grid")

# Runs ---------------------------------------------------------------------------------------------


def links_of_data_sets() -> list[str]:
    return [
        f"#data={data}&k={k}&start={start}&seed={seed}"
        for data in DATA
        for k in (1, 3, 8)
        for start in ("random", "plusplus")
        for seed in (1, 2)
    ] + ["#data=three&start=bad", "#data=noise&start=first"]


def links_of_small_cases() -> list[str]:
    """Ties and duplicates on a grid, empty clusters, one row, more centers than distinct rows."""
    rng = np.random.default_rng(0)
    links = [link_of(np.zeros((0, 2)), [[3, 4]]), link_of([[5, 5]], [[1, 1], [1, 1], [9, 9]])]
    for n_rows in (1, 2, 3, 5, 8, 12, 20, 40):
        for k in (2, 4, 8):
            rows, centers = rng.integers(0, 6, (n_rows, 2)), rng.integers(0, 6, (k, 2))
            links.append(link_of(rows, centers))
            links.append(link_of(np.round(10 + rows * 0.1, 1), 10 + centers * 0.1))
    return links


@pytest.mark.parametrize("relocates", [False, True], ids=["stay", "move"])
def test_runs_are_those_of_the_textbook(open_page: Open, relocates: bool) -> None:
    opened = open_page(PAGE)
    links = links_of_data_sets() + links_of_small_cases()
    if relocates:
        links = [f"{link}&empty=move" for link in links]
    n_empty = n_relocated = n_kept_empty = n_tied = 0
    for found in opened.page.evaluate(RUNS, links):
        assert found["note"] == ""
        X = np.array(found["rows"], dtype=float).reshape(-1, 2)
        centers = np.array(found["run"][0]["centers"], dtype=float)
        expected = list(
            reference_weighted.weighted_lloyd(X, centers, np.ones(len(X)))
            if relocates
            else reference.lloyd(X, centers)
        )
        assert len(found["run"]) == len(expected), found["link"]
        for step, same in zip(found["run"], expected, strict=True):
            assert np.array_equal(step["centers"], same.centers), found["link"]
            assert step["labels"] == same.labels.tolist(), found["link"]
            assert step["moved"] == same.n_moved, found["link"]
            assert math.isclose(step["inertia"], same.inertia, rel_tol=1e-12), found["link"]
            n_empty += len(set(step["labels"])) < len(centers)
            n_kept_empty += len(set(step["nextLabels"])) < len(centers)
            if isinstance(same, reference_weighted.WeightedStep):
                n_relocated += len(same.relocated)
            two_least = np.sort(reference.squared_distances(X, same.centers), axis=1)[:, :2]
            n_tied += int(np.sum(np.ptp(two_least, axis=1) == 0)) if len(centers) > 1 else 0
    # The cases are those that a page could get wrong.
    assert min(n_empty, n_kept_empty, n_tied) > 20
    assert n_relocated > 20 or not relocates
    assert opened.said == []


def test_first_centers_follow_their_law(open_page: Open) -> None:
    opened = open_page(PAGE)
    rows = [[0, 0], [6, 0], [8, 0], [8, 0], [60, 40]]
    packed = link_of(rows, []).split("&")[2]
    links = [
        f"#data=own&k=3&start={start}&seed={seed}&{packed}"
        for start in ("plusplus", "random")
        for seed in range(200)
    ]
    found = opened.page.evaluate(RUNS, links)
    drawn = [[rows.index(center) for center in one["run"][0]["centers"]] for one in found]
    plus_plus, random = np.array(drawn[:200]), np.array(drawn[200:])
    assert all(len(set(chosen)) == 3 for chosen in plus_plus.tolist())  # never one place twice
    assert len(set(plus_plus[:, 0])) == len(set(random[:, 0])) == 4  # any place may be the first
    near = plus_plus[plus_plus[:, 0] < 4]
    assert len(near) > 100
    assert np.mean(near[:, 1] == 4) > 0.95  # the far row has at least 97 % of the sum of D^2
    assert 0.1 < np.mean(random[:, 1] == 4) < 0.3
    # The third: from (0, 0) and the far row, (6, 0) has 36 of 36 + 64 + 64 parts.
    rest = np.array([c[2] for c in plus_plus.tolist() if set(c[:2]) == {0, 4}])
    assert len(rest) > 40
    assert abs(np.mean(rest == 1) - 36 / 164) < 3 * math.sqrt(0.22 * 0.78 / len(rest))


def test_buttons_go_forward_and_back(open_page: Open) -> None:
    opened = open_page(PAGE)
    page = opened.page
    page.evaluate("playground.open('#data=far&k=4&start=random&seed=2')")
    first = shown(opened)
    assert (first["step"], first["labels"]) == (0, None)
    expected = list(reference.lloyd(np.array(first["rows"]), np.array(first["centers"])))

    def click(button: str) -> None:
        page.locator(f"#{button}").dispatch_event("click")  # also if it is switched off

    seen = [first]
    for step in expected:
        assert page.locator("#next").text_content() == "Assign"
        click("next")
        assigned = shown(opened)
        assert assigned["centers"] == step.centers.tolist()
        assert assigned["labels"] == step.labels.tolist()
        assert page.locator("#fact-moved").text_content() == str(step.n_moved)
        assert page.locator("#fact-inertia").text_content() == f"{step.inertia:,.1f}"
        assert page.locator(".changed").count() == (step.n_moved if len(seen) > 1 else 0)
        seen.append(assigned)
        if step.n_moved:
            click("next")
            moved = shown(opened)
            X, labels = np.array(moved["rows"]), step.labels
            assert moved["labels"] == labels.tolist()
            assert moved["centers"] == reference.means(X, labels, step.centers).tolist()
            assert moved["inertia"] <= assigned["inertia"]
            seen.append(moved)
    words = f"no row changed cluster. Inertia {expected[-1].inertia:,.1f}. The run is done."
    assert words in page.locator("#words").text_content()
    assert page.locator("#chart .assigned").count() == len(expected)
    click("next")  # there is no further step
    for earlier in reversed(seen):
        assert shown(opened) == earlier
        click("back")
    for step in expected:  # each whole step is one of `lloyd`
        click("step")
        assert shown(opened)["labels"] == step.labels.tolist()
        assert shown(opened)["centers"] == step.centers.tolist()
    click("reset")
    assert shown(opened) == first
    click("end")
    assert shown(opened) == seen[-1]


def test_the_run_plays_to_its_end(open_page: Open) -> None:
    opened = open_page(PAGE)
    page = opened.page
    page.clock.install()
    page.locator("#play").click()
    assert page.locator("#play").text_content() == "Pause"
    assert shown(opened)["step"] == 1
    page.clock.run_for(60_000)
    assert shown(opened)["step"] == shown(opened)["steps"] > 2
    assert page.locator("#play").text_content() == "Play"


def test_centers_glide_if_motion_is_welcome(open_page: Open) -> None:
    opened = open_page(PAGE)
    page = opened.page
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    drawn = "document.querySelector('#centers .center').getAttribute('transform')"
    for motion, glides in [("no-preference", True), ("reduce", False)]:
        page.emulate_media(reduced_motion=motion)
        page.evaluate("playground.open('#data=far&step=1')")
        start = page.evaluate(drawn)
        page.locator("#next").dispatch_event("click")
        page.clock.run_for(200)
        way = page.evaluate(drawn)
        page.clock.run_for(1000)
        end = page.evaluate(drawn)
        assert end != start
        assert (way not in (start, end)) == glides
        x, y = shown(opened)["centers"][0]
        assert end.startswith(f"translate({x} {40 - y})")


# The drawing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_regions_are_those_of_the_nearest_center(open_page: Open, dark: bool) -> None:
    opened = open_page(PAGE, dark=dark)
    grid = np.array([[x + 0.37, y + 0.41] for x in range(0, 60, 2) for y in range(0, 40, 2)])
    links = [
        "#data=noise&k=8&start=plusplus",
        "#data=noise&k=8&start=plusplus&step=3.5",
        "#data=three&k=1",
        link_of([[9, 9]], [[20, 20], [20, 20], [40.5, 3], [0, 40], [20, 20]]),  # at one place
    ]
    for link in links:
        opened.page.evaluate("link => playground.open(link)", link)
        found = opened.page.evaluate(
            """places => [...document.querySelectorAll("#regions polygon")].map((region) =>
              places.map(([x, y]) => region.isPointInFill(new DOMPoint(x, 40 - y))))""",
            grid.tolist(),
        )
        distances = reference.squared_distances(grid, np.array(shown(opened)["centers"]))
        nearest = np.argmin(distances, axis=1)
        others = np.where(distances > distances.min(axis=1, keepdims=True), distances, np.inf)
        clear = others.min(axis=1) - distances.min(axis=1) > 1e-3
        assert np.sum(clear) > 550
        expected = nearest[None, :] == np.arange(len(found))[:, None]
        assert np.array_equal(np.array(found)[:, clear], expected[:, clear]), link
    opened.page.evaluate("playground.open('#data=noise&k=8&step=1')")
    for kind in ("region", "row", "center"):
        for c, color in enumerate((DARK if dark else LIGHT).clusters):
            one = opened.page.locator(f"#drawing .{kind}.c{c}").first
            assert one.evaluate("one => getComputedStyle(one).fill") == "rgb({}, {}, {})".format(
                *bytes.fromhex(color[1:])
            )
    shapes = opened.page.locator("#rows use").evaluate_all(
        "all => all.map(one => [one.getAttribute('href'), one.getAttribute('class')])"
    )
    labels = shown(opened)["labels"]
    assert shapes == [[f"#m{label}", f"row c{label}"] for label in labels]


def test_paper_shows_the_state_in_light_colors(open_page: Open) -> None:
    page = open_page(PAGE, dark=True).page
    page.emulate_media(media="print")
    color = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(color) == "rgb(255, 255, 255)"
    assert page.locator("button, select, nav").filter(visible=True).count() == 0
    assert page.locator("#drawing").is_visible()
    assert page.locator("#chart").is_visible()


# The page -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(open_page: Open, dark: bool) -> None:
    opened = open_page(PAGE, dark=dark, width=360 if dark else 1280)
    opened.page.evaluate("playground.open('#data=ring&k=8&step=2')")
    opened.page.locator("#plane").press("1")
    assert violations(opened) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_it_is_silent_small_and_fits(open_page: Open, width: int) -> None:
    opened = open_page(PAGE, width=width)
    page = opened.page
    page.evaluate("playground.open('#data=ring&k=8&start=plusplus&step=2')")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(STICKS_OUT) == []
    sizes = page.evaluate(TEXT_SIZES)
    assert len(sizes) > 30
    assert [text for text in sizes if text[0] < 11.99] == []
    for target in page.locator("button, select, input, nav a, #plane").all():
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 24, target
    assert opened.said == []
    assert opened.asked == [PAGE.as_uri()]
    assert PAGE.stat().st_size < 60_000
