"""Forms that a script handles cannot be sent before the script runs: the browser would send them itself, unasked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "templates" / "researcher").glob("*.html"))
# Their forms stand in something that is hidden until the script shows it, or have no button.
SHOWN_BY_A_SCRIPT = {"bring_in.html", "clip_dialog.html", "clip_tools.html", "results.html", "settings.html"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_form_that_needs_its_script_is_inert_until_then(page: Path) -> None:
    for form in re.findall(r"<form\b.*?>\n", page.read_text(encoding="utf-8"), re.DOTALL):
        by_script = 'method="post"' not in form and page.name not in SHOWN_BY_A_SCRIPT
        if "data-ask" in form or by_script:
            assert re.search(r"\b(inert|hidden)\b", form), form
