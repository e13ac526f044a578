"""Parameters by name, repr, and names of columns."""

import numpy as np
import pytest

from kmeans_core import KMeans
from kmeans_core.interface.protocol import Estimator
from kmeans_core.points.tables import feature_names


class Settings(Estimator):
    """An estimator with two parameters and no algorithm."""

    def __init__(self, *, first=1, second=None):
        self.first = first
        self.second = second


def test_parameters_come_and_go_by_name():
    settings = Settings(second="b")
    assert settings.get_params() == {"first": 1, "second": "b"}
    assert settings.get_params(deep=False) == settings.get_params()
    assert settings.set_params(first=5) is settings
    assert settings.set_params() is settings
    assert (settings.first, settings.second) == (5, "b")


def test_parameters_are_stored_as_they_are():
    anything = [np.zeros(3), {"a": 1}, "text", None, object()]
    for value in anything:
        assert Settings(first=value).first is value
        assert Settings().set_params(first=value).get_params()["first"] is value


def test_an_unknown_name_sets_nothing():
    settings = Settings()
    with pytest.raises(ValueError, match="Invalid parameter 'third' for") as caught:
        settings.set_params(first=9, third=3)
    assert str(caught.value) == (
        "Invalid parameter 'third' for estimator Settings(). "
        "Valid parameters are: ['first', 'second']."
    )
    assert settings.first == 1


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (KMeans(), "KMeans()"),
        (KMeans(3), "KMeans(n_clusters=3)"),
        (KMeans(n_clusters=8, tol=1e-4), "KMeans()"),
        (KMeans(init=np.array([[1, 2]])), "KMeans(init=array([[1, 2]]))"),
        (KMeans(tol=0, verbose=1), "KMeans(tol=0, verbose=1)"),
        (Settings(first="a", second=[1]), "Settings(first='a', second=[1])"),
    ],
)
def test_repr_shows_what_is_not_the_default(model, text):
    assert repr(model) == text


class Table:
    """An object with columns, like a data frame."""

    def __init__(self, *columns):
        self.columns = columns


def test_names_of_columns():
    assert feature_names(Table("a", "b")).tolist() == ["a", "b"]
    assert feature_names(Table("a", "b")).dtype == object
    for nameless in (np.zeros((2, 2)), [[1.0]], Table(0, 1), Table()):
        assert feature_names(nameless) is None
    with pytest.raises(TypeError, match=r"\['int', 'str'\] as feature name"):
        feature_names(Table("a", 1))
