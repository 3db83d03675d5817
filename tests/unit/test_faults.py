"""`docs/faults.md` is the whole list: every number that the project points to, and every test of a fault."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import ROOT
from tests.remedies.table import titles_in

LIST = ROOT / "docs" / "faults.md"
OPEN = "## Not guarded against yet"
POINTING = ("app", "analysis", "static", "templates", "tests", "docs", "benchmarks")


def _listed() -> dict[str, set[str]]:
    """The tests that the list names, by the number of their fault."""
    sections = re.split(r"^### (F\d\d): .+$", LIST.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    numbers = sections[::2]
    assert len(set(numbers)) == len(numbers), "a number is in the list twice"
    return {
        number: set(re.findall(r"^\* `(.+)`$", text, re.MULTILINE))
        for number, text in zip(numbers, sections[1::2], strict=True)
    }


def _tests_by_number() -> dict[str, set[str]]:
    """The tests that have a fault's number in their name, by that number."""
    numbers: dict[str, set[str]] = {}
    files = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "tests" / "js").glob("*.test.mjs")]
    for file in files:
        for title in titles_in(file):
            prefix = re.match(r"(?:test_)?((?:f\d\d[_:])+)", title)
            for number in re.findall(r"\d\d", prefix[1]) if prefix else []:
                numbers.setdefault(f"F{number}", set()).add(f"{file.relative_to(ROOT).as_posix()}::{title}")
    return numbers


def _files_that_point() -> list[Path]:
    return [
        file
        for folder in POINTING
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".js", ".mjs", ".css", ".html", ".md", ".toml"} and "vendor" not in file.parts
    ]


def test_every_test_of_a_fault_is_listed_and_every_listed_test_exists() -> None:
    guarded = {number: tests for number, tests in _listed().items() if tests}
    assert guarded == _tests_by_number()


def test_a_fault_without_a_test_is_listed_as_not_guarded_against() -> None:
    open_part = LIST.read_text(encoding="utf-8").split(OPEN)[1]
    assert {number for number, tests in _listed().items() if not tests} == set(
        re.findall(r"^### (F\d\d)", open_part, re.MULTILINE)
    )


def test_every_number_that_the_project_points_to_is_listed() -> None:
    listed = _listed()
    unknown = [
        f"{file.relative_to(ROOT)}: {number}"
        for file in _files_that_point()
        for number in re.findall(r"\bF\d\d\b", file.read_text(encoding="utf-8"))
        if number not in listed
    ]
    assert not unknown
