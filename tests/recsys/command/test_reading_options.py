"""The options that say how to read a file, as users type them."""

from pathlib import Path

import pytest

from recsys.command.cli import run


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Recommends to user 1 of a file; returns the exit code and what is said of the file."""

    def recommend(text: str, *options: str) -> tuple[int, str]:
        path = tmp_path / "x.csv"
        path.write_text(text, encoding="utf-8")
        arguments = ["recommend", "--data", str(path), "--user", "1", "--method", "most-liked"]
        return run([*arguments, *options]), capsys.readouterr().err

    return recommend


@pytest.mark.parametrize("value", ["NULL", "", "-1", "nan"])
def test_what_means_not_rated_may_be_text(said, value: str) -> None:
    text = f"user,item,rating\n1,x,3\n1,y,{value}\n2,y,4\n2,z,5\n"
    code, message = said(text)
    assert code == 2
    assert f"--absent {value or repr(value)} " in message
    code, message = said(text, "--absent", value)
    assert code == 0
    assert "1 not rated" in message


def test_a_tab_is_typed_as_a_backslash_and_a_letter(said) -> None:
    code, message = said("user\titem\trating\n1\tx\t3\n2\ty\t4\n", "--sep", r"\t")
    assert code == 0
    assert "separated by tabs" in message


def test_what_is_no_separator_is_refused_in_one_line(said) -> None:
    code, message = said("user,item,rating\n1,x,3\n", "--sep", "||")
    assert code == 2
    assert message.count("\n") == 1
    assert "is no separator" in message
