"""The picture of docs/taken-apart.md: its bars are the parts of the prediction on the page."""

from matplotlib.figure import Figure

from benchmarks import taken_apart_picture
from recsys.recommenders.types import Part


def test_each_bar_begins_where_the_last_one_ended():
    axes = Figure().subplots()
    parts = [Part("mean", 3.5), Part("user", -0.25), Part("film", 1.0)]
    taken_apart_picture.waterfall(axes, parts, "rating", "stars")
    bars = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    assert bars == [(0.0, 3.5), (3.5, -0.25), (3.25, 1.0), (0.0, 4.25)]
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == ["mean", "user", "film", "rating"]
    assert [text.get_text() for text in axes.texts] == ["3.50", "-0.25", "1.00", "4.25"]


def test_a_page_is_run_up_to_its_prediction(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\n>>> x = 2\n>>> told = x + 1\n>>> 1 / 0\n\n```\n", "utf-8")
    assert taken_apart_picture.prediction_of(page) == 3
