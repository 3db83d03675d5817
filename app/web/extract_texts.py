"""Which texts a participant can meet, and where.

`python -m app.web.extract_texts` brings the catalogues up to date and says what is left to translate.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from app.definition.question import DEFAULT_QUESTION
from app.i18n import wordings
from app.i18n.catalogues import FOLDER, LANGUAGES, SOURCE_LANGUAGE, catalogue
from app.participation import attention_checks
from app.participation.practice import NAMES
from app.web import error_answers

ROOT = Path(__file__).parents[2]
# Errors of these kinds reach the participant's message page; `failure` has its text in the third place.
PYTHON_KEYWORDS: dict[str, Any] = {
    "_": None,
    "translate": None,
    "Busy": None,
    "Crowded": None,
    "LinkRefused": None,
    "NoRoom": None,
    "NotFound": None,
    "NotProven": None,
    "NotYetOpen": None,
    "ReadAnother": None,
    "StudyClosed": None,
    "StudyFull": None,
    "Unauthorised": None,
    "failure": (3,),
}
SCRIPTS = ("static/arena/*.js", "static/task/*.js")
SOURCES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("templates/participant/*.html", "jinja2.ext:babel_extract", {"_": None}),
    ("app/web/participant.py", "python", PYTHON_KEYWORDS),
    ("app/web/default_texts.py", "python", PYTHON_KEYWORDS),
    ("app/web/error_answers.py", "python", PYTHON_KEYWORDS),
    ("app/db.py", "python", PYTHON_KEYWORDS),
    ("app/participation/consent.py", "python", PYTHON_KEYWORDS),
    ("app/participation/enrolment.py", "python", PYTHON_KEYWORDS),
    ("app/participation/drafts.py", "python", PYTHON_KEYWORDS),
    ("app/participation/rating_answers.py", "python", PYTHON_KEYWORDS),
    ("app/participation/session_log.py", "python", PYTHON_KEYWORDS),
    ("app/participation/places.py", "python", PYTHON_KEYWORDS),
    ("app/participation/submission.py", "python", PYTHON_KEYWORDS),
    ("app/participation/withdrawal.py", "python", PYTHON_KEYWORDS),
)
# Babel's own reading of JavaScript passes over calls inside template strings.
CALL = re.compile(r"""\bt\(\s*(['"])((?:(?!\1)[^\\\n])*)\1\s*[,)]""")


def extracted() -> Catalog:
    """A catalogue of all texts, with the files that use them and without translations."""
    template = Catalog()
    for pattern, method, keywords in SOURCES:
        for file in sorted(ROOT.glob(pattern)):
            for _, text, _, _ in extract_from_file(method, file, keywords=keywords):
                _add(template, text, file)
    for pattern in SCRIPTS:
        for file in sorted(ROOT.glob(pattern)):
            for call in CALL.finditer(file.read_text(encoding="utf-8")):
                _add(template, call[2], file)
    for text in (
        DEFAULT_QUESTION,
        *error_answers.TITLES.values(),
        *error_answers.TITLES_OF_CODES.values(),
        *error_answers.MESSAGES.values(),
    ):
        _add(template, text, ROOT / "app/web/participant.py")
    # These come with a trial; the page's script translates them.
    for text in (attention_checks.QUESTION, *NAMES.values()):
        _add(template, text, ROOT / "static/task/session.js")
    for text in wordings.wordings([message.id for message in template if isinstance(message.id, str) and message.id]):
        _add(template, text, ROOT / "app/i18n/wordings.py")
    return template


def update(language: str) -> Catalog:
    """The language's catalogue with today's texts: new ones empty, translations of those that stay kept."""
    file = FOLDER / language / "LC_MESSAGES" / "messages.po"
    old = catalogue(language) if file.exists() else Catalog(locale=language)
    # A fixed date: a catalogue changes only when a text does.
    new = Catalog(
        locale=language,
        header_comment=f"# The participant's pages, {language}. Kept in step by `python -m app.web.extract_texts`.",
        project="Asterism",
        version="1",
        msgid_bugs_address="Asterism",
        last_translator="Asterism",
        language_team="Asterism",
        creation_date=datetime(2026, 1, 1, tzinfo=UTC),
        revision_date=datetime(2026, 1, 1, tzinfo=UTC),
        fuzzy=False,
    )
    for message in extracted():
        if message.id:
            known = old.get(message.id)
            new.add(message.id, known.string if known else "", locations=message.locations)
            new[message.id].flags.clear()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as handle:
        write_po(handle, new, width=120, sort_by_file=True, include_lineno=False, omit_header=False)
    return new


def update_all() -> dict[str, list[str]]:
    """Update every catalogue; the texts that each still lacks."""
    languages = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]
    return {language: [str(m.id) for m in update(language) if m.id and not m.string] for language in languages}


def _add(template: Catalog, text: Any, file: Path) -> None:
    name = file.relative_to(ROOT).as_posix()
    known = template.get(text)
    if known is None or (name, 0) not in known.locations:
        template.add(text, locations=[(name, 0)])


if __name__ == "__main__":
    for one, missing in update_all().items():
        print(f"{one}: {len(missing)} to translate")
        for text in missing:
            print(f"  {text}")
