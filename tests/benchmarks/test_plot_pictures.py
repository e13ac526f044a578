"""The pictures of docs/plots.md: each shows what the steps before it have made."""

from matplotlib.figure import Figure

from benchmarks import plot_pictures


def test_each_picture_is_made_by_the_steps_before_it(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "```python\n>>> one = 1\n>>> picture = one\n\n```\n![a one](images/one.png)\n"
        "```python\n>>> picture = one + 1\n\n```\n![a two](images/two.gif)\n",
        "utf-8",
    )
    assert list(plot_pictures.pictures_of(page)) == [
        ("images/one.png", 1),
        ("images/two.gif", 2),
    ]


def test_a_picture_is_written_as_png(tmp_path):
    path = tmp_path / "images/empty.png"
    plot_pictures.write(Figure(figsize=(1, 1)).subplots(), path)
    assert path.read_bytes().startswith(b"\x89PNG")
