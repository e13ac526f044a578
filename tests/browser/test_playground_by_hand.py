"""The playground in docs/learn: changes by mouse, touch, keys and links."""

from typing import Any

import numpy as np
import pytest
from opening import Open
from playground import PAGE, RUNS, inside, link_of, shown

from kmeans_core import reference, reference_scores

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


def test_keys_wait_for_the_end_of_a_drag_and_a_drag_ends_outside_too(open_page: Open) -> None:
    opened = open_page(PAGE)
    page = opened.page
    before = shown(opened)
    last = len(before["rows"]) - 1
    x, y = inside(opened, before["rows"][last])
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y)
    page.keyboard.press("Delete")  # the row that the pointer holds
    page.mouse.move(x + 40, y)
    page.mouse.up()
    assert_one_changed(before, shown(opened), "rows", last)
    page.keyboard.press("Delete")
    assert len(shown(opened)["rows"]) == last
    # A drag from an empty place ends outside of the plane.
    page.mouse.move(*inside(opened, [1, 39]))
    page.mouse.down()
    page.mouse.move(*inside(opened, [1, 48]))
    page.mouse.up()
    page.mouse.move(*inside(opened, before["centers"][0]))
    assert page.locator("#plane").get_attribute("class") == "over"
    assert opened.said == []


def test_a_second_finger_changes_nothing(open_page: Open) -> None:
    opened = open_page(PAGE, width=360)
    page = opened.page
    page.evaluate("playground.open('#data=empty')")
    before = shown(opened)
    x, y = inside(opened, [4, 36])
    events = [("pointerdown", True), ("pointerdown", False), ("pointerup", False)]
    page.evaluate(
        """([x, y, events]) => {
          const plane = document.getElementById("plane");
          plane.setPointerCapture = () => {}; // these pointers are made by the test
          for (const [name, isPrimary] of events) {
            const place = { clientX: x, clientY: y, bubbles: true, pointerType: "touch" };
            plane.dispatchEvent(new PointerEvent(name, { ...place, isPrimary }));
          }
        }""",
        [x, y, events],
    )
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
    assert reference_scores.adjusted_rand_score(one, other) < 0.8
    long = follow(3)
    bands = np.repeat([0, 1], 60)
    assert abs(reference_scores.adjusted_rand_score(bands, np.array(long["labels"]))) < 0.1
    page.locator("#start").select_option("bad")
    page.locator("#end").click()
    assert reference_scores.adjusted_rand_score(bands, np.array(shown(opened)["labels"])) == 1
    assert shown(opened)["inertia"] > long["inertia"]
    tied = follow(4, "next")
    middle = [
        label for row, label in zip(tied["rows"], tied["labels"], strict=True) if row[0] == 30
    ]
    assert middle == [0] * 6
