"""A study of pictures or sounds does not speak of clips, in no language."""

from __future__ import annotations

import re

import pytest
from flask import Flask, g, render_template_string

from app.i18n.catalogues import LANGUAGES, catalogue, known_texts
from app.i18n.wordings import OTHER_KINDS, WRITTEN, Kind, worded, wordings
from app.participation import attention_checks
from app.web import language
from app.web.default_texts import default_consent, default_instructions


def texts_for_clips() -> list[str]:
    """The texts as templates, views and scripts have them."""
    made = {str(m.id) for m in catalogue("de") if any("wordings.py" in file for file, _ in m.locations)}
    return [text for text in known_texts() if text not in made]


def test_all_texts_that_are_written_out_are_texts_of_the_pages() -> None:
    known = set(texts_for_clips())
    for kind in OTHER_KINDS:
        assert set(WRITTEN[kind]) - known == set()


def test_every_wording_is_in_every_catalogue() -> None:
    for one in LANGUAGES[1:]:
        entries = {str(m.id): str(m.string) for m in catalogue(one)}
        assert [text for text in wordings(texts_for_clips()) if not entries.get(text)] == []


@pytest.mark.parametrize(
    ("kind", "own", "others"),
    [
        ("picture", {"de": "Bild", "fr": "image", "es": "imagen|imágenes"}, r"[Cc]lip|[Vv]ídeo|hear|heard|watch"),
        ("sound", {"de": "Kl[aä]ng", "fr": "son", "es": "sonido"}, r"[Cc]lip|[Vv]ídeo|watch"),
    ],
)
def test_no_wording_speaks_of_clips(kind: Kind, own: dict[str, str], others: str) -> None:
    changed = [(text, worded(text, kind)) for text in texts_for_clips() if worded(text, kind) != text]
    assert len(changed) >= 40
    assert [said for _, said in changed if re.search(others, said)] == []
    for one, noun in own.items():
        entries = {str(m.id): str(m.string) for m in catalogue(one)}
        said = [entries[text] for _, text in changed]
        assert [text for text in said if re.search(others, text)] == []
        assert sum(bool(re.search(noun, text, re.IGNORECASE)) for text in said) > 0.7 * len(said)


def test_an_article_fits_its_noun() -> None:
    assert worded("Drag a clip. Or tap it, then tap where it should go.", "item").startswith("Drag an item.")
    assert worded("Clip {n}", "sound") == "Sound {n}"
    assert worded("Clip {n}", "clip") == "Clip {n}"


def test_the_pages_and_their_scripts_use_the_wordings(app: Flask) -> None:
    with app.test_request_context("/?lang=de"):
        assert language.translate("clip") == "Clip"
        g.study_kind = "picture"
        assert language.translate("clip") == "Bild"
        assert render_template_string("{{ _('Watch') }}") == "Ansehen"
        assert "Bilder" in default_instructions()
        assert language.task_strings("de")["{n} clips moved."] == "{n} Bilder bewegt."
        assert language.task_strings("en")["{n} clips moved."] == "{n} pictures moved."
        assert "pictures" in language.task_strings("en")[attention_checks.QUESTION]
        assert "Undo" not in language.task_strings("en")
    with app.test_request_context("/?lang=en"):
        g.study_kind = "sound"
        assert "hear short sounds" in default_consent()


def test_a_studys_own_words_go_first_by_either_wording(app: Flask) -> None:
    with app.test_request_context("/?lang=de"):
        g.study_kind, g.study_texts = "picture", {"{n} pictures moved.": "verschoben", "Clip {n}": "Nr. {n}"}
        assert language.task_strings("de")["{n} clips moved."] == "verschoben"
        assert language.translate("Clip {n}") == "Nr. {n}"
