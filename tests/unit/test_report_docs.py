"""docs/methods.md and docs/formats.md: their figures exist and are small, and what they name is in the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ("methods.md", "formats.md")


@pytest.mark.parametrize("name", DOCS)
def test_figures_are_there_and_small(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text):
        assert (ROOT / "docs" / path).stat().st_size < 100_000, path


def test_every_figure_that_the_script_makes_is_shown_with_its_numbers_beside_it():
    source = (ROOT / "docs" / "methods" / "make_figures.py").read_text(encoding="utf-8")
    made = re.findall(r'^    "(\w+)": \1,$', source, re.MULTILINE)
    shown = re.findall(r"\]\(methods/(\w+)\.svg\)", (ROOT / "docs" / "methods.md").read_text(encoding="utf-8"))
    assert sorted(made) == sorted(shown)
    for name in made:
        assert (ROOT / "docs" / "methods" / f"{name}.csv").read_text(encoding="utf-8").count("\n") > 5


@pytest.mark.parametrize("name", DOCS)
def test_every_name_in_code_is_in_the_package(name):
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "analysis").rglob("*.py"))
    known = set(re.findall(r"\w+", source))
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    for code in re.findall(r"`([a-z]\w*_\w+)[`(]", text):
        assert code in known, f"{name} names {code}"


def test_every_source_that_the_methods_cite_is_in_the_references():
    text = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    body, references = text.split("## References")
    listed = set(re.findall(r"^\* (\w+),.*?\((\d{4})\)", re.sub(r"\n  ", " ", references), re.MULTILINE))
    cited = set(
        re.findall(r"([A-Z]\w+)(?:,? (?:et al\.|[A-Z&][\w ,&]*?))? (1[89]\d\d|20\d\d)\b", " ".join(body.split()))
    )
    assert {name for name, _ in cited} <= {name for name, _ in listed} | {"Files", "Spearman", "Babington", "Smith"}
    assert len(listed) >= 15
