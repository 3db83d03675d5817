"""The tables of remedies fit the program, and the script tells a test that notices from one that does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.remedies.__main__ import noticed
from tests.remedies.table import BadRow, Row, check, read_rows

ROW = Row(
    name="limit",
    what="no more than ten",
    file="limit.py",
    old="min(n, 10)",
    new="n",
    tests=("test_limit.py::test_many", "test_limit.py::test_few"),
)


@pytest.mark.parametrize("row", read_rows(), ids=lambda row: row.name)
def test_each_remedy_is_where_its_row_says_and_its_tests_exist(row: Row) -> None:
    check(row)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one remedy and two tests, of which one notices."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "limit.py").write_text("def limited(n: int) -> int:\n    return min(n, 10)\n")
    (root / "test_limit.py").write_text(
        "from limit import limited\n\ndef test_many():\n    assert limited(11) == 10\n\n"
        "def test_few():\n    assert limited(3) == 3\n"
    )
    return root


def test_a_row_is_noticed_by_the_tests_that_fail_and_by_no_other(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(ROW, project)
    assert noticed(ROW, root=project)
    said = capsys.readouterr().out
    assert said.startswith("NOTICED     limit")
    assert "test_many" in said
    assert "test_few" not in said
    assert not noticed(replace(ROW, tests=("test_limit.py::test_few",)), root=project)
    assert (project / "limit.py").read_text().endswith("min(n, 10)\n"), "the project itself stays as it is"


def test_a_program_that_does_not_start_proves_nothing(project: Path) -> None:
    broken = replace(ROW, old="def limited", new="def another")
    with pytest.raises(BadRow, match="limit: the tests did not run"):
        noticed(broken, root=project)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"old": "max(n, 10)"}, "is in limit.py 0 times, not once"),
        ({"old": "i"}, "times, not once"),
        ({"new": "min(n"}, "is not Python"),
        ({"new": "min(n, 10)"}, "takes something out"),
        ({"tests": ()}, "names a test"),
        ({"tests": ("test_limit.py::test_none",)}, "there is no test test_limit.py::test_none"),
        ({"tests": ("test_limit.py",)}, "there is no test test_limit.py"),
        ({"tests": ("nowhere.py::test_many",)}, "there is no test nowhere.py::test_many"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_name(project: Path, change: dict[str, object], reason: str) -> None:
    with pytest.raises(BadRow, match=f"limit: .*{reason}"):
        check(replace(ROW, **change), project)  # type: ignore[arg-type]
