"""Numbers in words, and that no message counts "1 trials"."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from analysis.words import counted, percent

ROOT = Path(__file__).parents[2]
# What is counted in messages that may well be about one of them.
NOUNS = "trials|participants|sessions|raters|minutes|seconds|days|rounds|rows|columns|files|questions"
PLURAL = re.compile(rf" ({NOUNS})\b")
LIKELY = re.compile(rf"\}} ({NOUNS})\b")
# What is never one: of planned studies, limits, numbers from and to, and what is worded otherwise where it is one.
NEVER_ONE = ("plan[", "asked[", "needed", "last[", "at['raters']", "_from_to(", "_range(", "seen.mean()", "most")
NEVER_ONE += ("joints + 1", "len(results.raters)")


def test_a_count_has_a_singular():
    assert [counted(n, "trial") for n in (0, 1, 2)] == ["0 trials", "1 trial", "2 trials"]
    assert [counted(n, "person has", "people have") for n in (1, 2)] == ["1 person has", "2 people have"]


def test_shares_are_written_in_one_way():
    assert (percent(0.0), percent(0.95), percent(0.0123, 1)) == ("0 %", "95 %", "1.2 %")


def test_messages_count_by_the_helper():
    bare = [
        f"{path.relative_to(ROOT)}:{value.lineno}: {{{ast.unparse(value.value)}}}{text.value[:20]}"
        for folder in ("app", "analysis")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if LIKELY.search(source := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.JoinedStr)
        for value, text in zip(node.values, node.values[1:], strict=False)
        if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant) and PLURAL.match(text.value)
        if not ast.unparse(value.value).isupper() and not ast.unparse(value.value).startswith(NEVER_ONE)
    ]
    assert bare == [], "count with analysis.words.counted:\n" + "\n".join(bare)
