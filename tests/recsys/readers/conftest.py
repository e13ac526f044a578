"""Fixtures for tests of `load_ratings` on tables of any form."""

import pytest

from recsys import RatingsError, load_ratings


@pytest.fixture
def write(tmp_path, in_folder):
    """Writes files into a folder; returns the path of the first one."""

    def files_in(files):
        in_folder(tmp_path, files)
        return tmp_path / next(iter(files))

    return files_in


@pytest.fixture
def load(write):
    """Loads a file with some text."""

    def loaded(text, name="x.csv", **options):
        return load_ratings(write({name: text}), **options)

    return loaded


@pytest.fixture
def refused(write):
    """Loads a file that must be refused; returns the message behind its name."""

    def message(text, name="x.csv", **options):
        path = write({name: text})
        with pytest.raises(RatingsError) as caught:
            load_ratings(path, **options)
        found = str(caught.value)
        assert found.startswith(str(path))
        assert found.isprintable()
        return found.removeprefix(str(path))

    return message
