"""The playground in docs/learn: the runs of the textbook, by mouse, touch, keys and link."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from accessibility import violations
from measures import STICKS_OUT, TEXT_SIZES
from opening import Open, Opened

from kmeans_core import reference
from kmeans_core.palette import DARK, LIGHT

PAGE = Path(__file__).parents[2] / "docs/learn/playground.html"
DATA = ("three", "far", "sizes", "long", "ring", "noise", "grid")

# The state and the run of each link.
RUNS = """links => links.map((link) => {
  playground.open(link);
  const { rows } = playground.state();
  return { link, rows, run: playground.run(), note: document.getElementById("note").textContent };
})"""

# In the plane, y grows upward. The drawing is 60 wide and 40 high.
IN_WINDOW = """([x, y]) => {
  const drawing = document.getElementById("drawing");
  const at = new DOMPoint(x, 40 - y).matrixTransform(drawing.getScreenCTM());
  return [at.x, at.y];
}"""


def digits(value: float) -> str:
    """A coordinate in a link: times ten, in base 36."""
    high, low = divmod(round(value * 10), 36)
    return "".join("0123456789abcdefghijklmnopqrstuvwxyz"[digit] for digit in (high, low))


def link_of(rows: Any, centers: Any) -> str:
    """A link with these rows and first centers."""
    packed = "".join(digits(value) for value in np.ravel(rows))
    flat = ",".join(repr(float(value)) for value in np.ravel(centers))
    return f"#data=own&start=hand&rows={packed}&centers={flat}"


def shown(opened: Opened) -> Any:
    return opened.page.evaluate("playground.state()")


def inside(opened: Opened, place: list[float]) -> tuple[float, float]:
    """Where a place of the plane is in the window."""
    x, y = opened.page.evaluate(IN_WINDOW, place)
    return x, y


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
            reference.weighted_lloyd(X, centers, np.ones(len(X)))
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
            if isinstance(same, reference.WeightedStep):
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


# Changes by hand ----------------------------------------------------------------------------------


def assert_one_changed(before: Any, after: Any, kind: str, i: int) -> None:
    """Nothing moved but one thing, and the run is a new one from the centers that are shown."""
    for each in ("rows", "centers"):
        differ = [
            j for j, (a, b) in enumerate(zip(before[each], after[each], strict=True)) if a != b
        ]
        assert differ == ([i] if each == kind else [])
    assert after["step"] == min(before["step"], 1)
    X, centers = np.array(after["rows"]), np.array(after["centers"])
    assert after["steps"] == len(list(reference.lloyd(X, centers)))
    if after["labels"] is not None:
        assert after["labels"] == reference.nearest(X, centers).tolist()


@pytest.mark.parametrize("by", ["mouse", "touch"])
@pytest.mark.parametrize(("kind", "i"), [("centers", 1), ("rows", 40)])
def test_a_thing_is_dragged(open_page: Open, by: str, kind: str, i: int) -> None:
    opened = open_page(PAGE, width=360 if by == "touch" else 1280)
    page = opened.page
    # This row is far from others and from the centers.
    page.evaluate("link => playground.open(link)", "#data=grid&k=3&start=random&seed=4&step=2.5")
    page.locator("#plane").scroll_into_view_if_needed()
    before = shown(opened)
    scrolled = page.evaluate("scrollY")
    x, y = inside(opened, before[kind][i])
    to_x, to_y = inside(opened, [33.3, 21.7])
    if by == "mouse":
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move((x + to_x) / 2, (y + to_y) / 2)
        page.mouse.move(to_x, to_y)
        page.mouse.up()
    else:
        touch(page, [(x, y), ((x + to_x) / 2, (y + to_y) / 2), (to_x, to_y)])
    after = shown(opened)
    assert_one_changed(before, after, kind, i)
    assert np.allclose(after[kind][i], [33.3, 21.7], atol=0.15)
    assert page.evaluate("scrollY") == scrolled
    page.locator("#undo").click()
    assert shown(opened) == {**before, "selected": after["selected"]}


def touch(page: Any, way: list[tuple[float, float]]) -> None:
    session = page.context.new_cdp_session(page)
    for i, (x, y) in enumerate(way):
        event = {"type": "touchMove" if i else "touchStart", "touchPoints": [{"x": x, "y": y}]}
        session.send("Input.dispatchTouchEvent", event)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_on_an_empty_place_scrolls_and_a_tap_adds_a_row(open_page: Open) -> None:
    opened = open_page(PAGE, width=360)
    page = opened.page
    before = shown(opened)
    x, y = inside(opened, [4, 36])
    touch(page, [(x, y), (x, y - 30), (x, y - 90), (x, y - 150)])
    page.wait_for_function("scrollY > 0")
    assert shown(opened)["rows"] == before["rows"]
    page.locator("#plane").scroll_into_view_if_needed()
    page.touchscreen.tap(*inside(opened, [4, 36]))
    after = shown(opened)
    assert after["rows"][:-1] == before["rows"]
    assert np.allclose(after["rows"][-1], [4, 36], atol=0.15)
    assert after["centers"] == before["centers"]


def test_a_click_adds_a_row_and_a_drag_from_an_empty_place_does_not(open_page: Open) -> None:
    opened = open_page(PAGE)
    page = opened.page
    page.evaluate("playground.open('#data=empty')")
    before = shown(opened)
    start, end = inside(opened, [4, 36]), inside(opened, [9, 30])
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end)
    page.mouse.up()
    assert shown(opened) == before
    page.mouse.click(*start)
    after = shown(opened)
    assert np.allclose(after["rows"], [[4, 36]], atol=0.15)
    assert (after["data"], after["centers"]) == ("own", before["centers"])
    page.locator("#undo").click()
    assert shown(opened) == before


def test_everything_works_by_keys_alone(open_page: Open) -> None:
    opened = open_page(PAGE)
    page = opened.page
    press = page.keyboard.press
    for _ in range(20):
        press("Tab")
        if page.evaluate("document.activeElement.id") == "plane":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press("n")
    for key, kind, i, feature, by in [
        ("2 ArrowRight", "centers", 1, 0, 0.5),
        ("3 Shift+ArrowUp", "centers", 2, 1, 4),
        ("PageDown ArrowDown", "rows", 0, 1, -0.5),
        ("PageUp Shift+ArrowLeft", "centers", 2, 0, -4),
    ]:
        before = shown(opened)
        for one in key.split():
            press(one)
        after = shown(opened)
        assert_one_changed(before, after, kind, i)
        assert after[kind][i][feature] == pytest.approx(before[kind][i][feature] + by)
        assert after[kind][i][1 - feature] == before[kind][i][1 - feature]
        place = ", ".join(f"{value:g}" for value in after[kind][i])
        assert f"{i + 1} is selected, at {place}." in page.locator("#chosen").text_content()
        press("Control+z")
        assert shown(opened) == {**before, "selected": after["selected"]}
        press(one)
    n_rows = len(shown(opened)["rows"])
    press("a")
    assert len(shown(opened)["rows"]) == n_rows + 1
    press("Delete")
    assert len(shown(opened)["rows"]) == n_rows
    press("1")
    press("Delete")
    assert len(shown(opened)["centers"]) == 2
    press("+")
    press("+")
    press("-")
    assert len(shown(opened)["centers"]) == 3
    for key, step in [("e", shown(opened)["steps"]), ("b", None), ("r", 0), ("s", 1), ("n", 1.5)]:
        press(key)
        assert shown(opened)["step"] == step or step is None
    for name in ("z", "z", "z"):
        press(name)
    press("p")
    assert page.locator("#play").text_content() == "Pause"
    press("p")
    page.locator("#start").focus()
    press("e")  # in a menu, letters choose
    assert shown(opened)["step"] < shown(opened)["steps"]
    page.locator("#start").select_option("random")
    page.locator("#plane").focus()
    seed, centers = shown(opened)["seed"], shown(opened)["centers"]
    press("d")
    assert shown(opened)["seed"] == seed + 1
    assert shown(opened)["centers"] != centers
    assert opened.said == []


# Links --------------------------------------------------------------------------------------------


def test_a_link_holds_all_that_is_shown(open_page: Open) -> None:
    opened = open_page(PAGE)
    page = opened.page
    links = [
        "#data=three&start=bad&step=2",
        "#data=ring&k=5&start=plusplus&seed=77&step=2.5&empty=move",
        "#data=empty",
        link_of([[1.5, 2], [60, 40], [0, 0]], [[1 / 3, 2 / 3], [1e-7, 40]]) + "&step=1",
    ]
    for link in links:
        page.evaluate("link => playground.open(link)", link)
        state, own = shown(opened), page.evaluate("playground.link()")
        page.evaluate("link => { playground.open(''); playground.open(link); }", own)
        assert shown(opened) == state
        assert page.evaluate("playground.link()") == own
    # The address follows what is done, and what is done follows the address.
    page.locator("#next").click()
    page.wait_for_function("location.hash === playground.link()")
    state = shown(opened)
    assert state["step"] == 1.5
    page.reload()
    assert shown(opened) == state
    page.evaluate("location.hash = '#data=long&k=4&step=1'")
    page.wait_for_function("playground.state().data === 'long'")
    assert (len(shown(opened)["centers"]), shown(opened)["step"]) == (4, 1)


def test_broken_links_give_the_default_and_one_message(open_page: Open) -> None:
    opened = open_page(PAGE)
    default = shown(opened)
    broken = [
        "#nothing", "#=", "#data=constructor", "#data=__proto__", "#start=toString", "#k=9", "#k=0",
        "#k=1e1", "#seed=-1", "#seed=99999999999999999999", "#step=NaN", "#step=-1", "#data=own",
        "#rows=0000", "#data=own&rows=000", "#data=own&rows=zzzz", "#start=hand", "#k=3&k=4",
        "#start=hand&centers=1,2,3", "#start=hand&centers=1,NaN", "#start=hand&centers=99,1",
        "#start=hand&centers=--,e", "#start=hand&k=3&centers=1,2", "#centers=1,2", "#empty=yes",
        "#data=%E0%A4%A", "#data=<img src=x onerror=alert(1)>", "#" + "x" * 100_000,
        "#data=own&rows=" + "0000" * 401, "#start=hand&centers=" + "1,2," * 9 + "1,2",
    ]  # fmt: skip
    for found, link in zip(opened.page.evaluate(RUNS, broken), broken, strict=True):
        assert found["note"].startswith("The address of this page has an error"), link[:60]
        assert found["rows"] == default["rows"]
    assert shown(opened) == default
    opened.page.goto(PAGE.as_uri() + "#k=99")
    opened.page.reload()
    assert shown(opened) == default
    assert opened.said == []


def test_the_experiments_show_what_they_say(open_page: Open) -> None:
    opened = open_page(PAGE)
    page = opened.page
    links = page.locator("#experiments a")
    groups = np.repeat([0, 1, 2], 30)

    def follow(i: int, button: str = "end") -> Any:
        links.nth(i).click()
        page.wait_for_function(
            "href => playground.state().step === 0 && location.hash.startsWith(href)",
            arg=links.nth(i).get_attribute("href"),
        )
        page.locator(f"#{button}").click()
        return shown(opened)

    assert links.count() == 5
    bad = follow(0)
    in_groups = [set(groups[np.array(bad["labels"]) == c].tolist()) for c in range(3)]
    assert sorted(map(len, in_groups)) == [1, 1, 2]
    page.locator("#start").select_option("plusplus")
    page.locator("#end").click()
    assert shown(opened)["inertia"] < bad["inertia"] / 3
    empty = follow(1)
    assert set(empty["labels"]) == {0, 1, 2}
    assert "Center 4 has no rows, so it stays." in page.evaluate(
        "(document.getElementById('back').click(), document.getElementById('words').textContent)"
    )
    page.locator("#relocate").check()
    page.locator("#end").click()
    assert set(shown(opened)["labels"]) == {0, 1, 2, 3}
    noise = follow(2)
    assert set(noise["labels"]) == {0, 1, 2, 3}
    page.locator("#draw").click()
    page.locator("#end").click()
    one, other = np.array(noise["labels"]), np.array(shown(opened)["labels"])
    assert reference.adjusted_rand_score(one, other) < 0.8
    long = follow(3)
    bands = np.repeat([0, 1], 60)
    assert abs(reference.adjusted_rand_score(bands, np.array(long["labels"]))) < 0.1
    page.locator("#start").select_option("bad")
    page.locator("#end").click()
    assert reference.adjusted_rand_score(bands, np.array(shown(opened)["labels"])) == 1
    assert shown(opened)["inertia"] > long["inertia"]
    tied = follow(4, "next")
    middle = [
        label for row, label in zip(tied["rows"], tied["labels"], strict=True) if row[0] == 30
    ]
    assert middle == [0] * 6


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
