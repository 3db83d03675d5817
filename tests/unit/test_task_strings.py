"""The catalogues are complete and in step with the texts, and the page's language is the one that was asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask, g, render_template_string

from app.definition.study_toml import parse_definition
from app.i18n.catalogues import known_texts
from app.i18n.renamed import RENAMED, current_texts
from app.participation import attention_checks
from app.participation.practice import NAMES
from app.web import language as strings
from app.web.extract_texts import extracted

ROOT = Path(__file__).parents[2]
TRANSLATED = [language for language in strings.LANGUAGES if language != strings.SOURCE_LANGUAGE]
HELP = "The texts have changed: run `python -m app.web.extract_texts` and translate what it lists."


def texts_of_scripts() -> set[str]:
    """Every text of a `t("…")` in the scripts, found in another way than the extraction's: character by character."""
    texts = set()
    for file in [*ROOT.glob("static/arena/*.js"), *ROOT.glob("static/task/*.js")]:
        source = file.read_text(encoding="utf-8")
        for start in (match.end() for match in re.finditer(r"(?<![\w.'\"`])t\(\s*(?=['\"`])", source)):
            quote = source[start]
            texts.add(source[start + 1 : source.index(quote, start + 1)])
    return texts


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    strings.init_app(app)
    return app


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_holds_every_text_and_no_other(language: str) -> None:
    wanted = {str(message.id) for message in extracted() if message.id}
    held = {str(message.id): str(message.string) for message in strings.catalogue(language) if message.id}
    assert set(held) == wanted, HELP
    assert [text for text, translation in held.items() if not translation.strip()] == []
    for text, translation in held.items():
        names = re.compile(r"\{\w+\}|\*\*|\n\n")
        assert sorted(names.findall(translation)) == sorted(names.findall(text)), text


# Words that agree in gender with what they are said of. A clip's name may be of any: "kleines Quadrat", "photo d’Ada".
GENDERED = {
    "de": r"\b(?:er|ihn|ihm|sein\w*)\b",
    "fr": r"\b(?:il|elle)\b|\{name\}(?: »)? (?!:)[^:.]*?\b(?!jusqu|au\b|nouveau)\w+(?:é|is|u)\b|Le plus",
    "es": r"\{name\}»?:? \w+[ai]do\b|\w+r[lo][oa]\b|El más",
}


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_said_of_a_clip_that_depends_on_the_gender_of_its_name(language: str) -> None:
    named = {str(m.id): str(m.string) for m in strings.catalogue(language) if "{name}" in str(m.id)}
    assert len(named) >= 9
    assert {text: said for text, said in named.items() if re.search(GENDERED[language], said)} == {}


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_scripts_get_exactly_the_texts_they_use(language: str) -> None:
    assert set(strings.task_strings(language)) == texts_of_scripts() | {attention_checks.QUESTION, *NAMES.values()}, (
        HELP
    )


def test_english_is_the_key_and_needs_no_catalogue() -> None:
    assert strings.task_strings("en") == {}
    assert len(texts_of_scripts()) > 100


@pytest.mark.parametrize(
    ("query", "study", "browser", "expected"),
    [
        ("?lang=fr", "de", "es", "fr"),
        ("", "de", "es", "de"),
        ("", None, "es-MX,en;q=0.5", "es"),
        ("?lang=DE-at", None, "en", "de"),
        ("?lang=tlh", None, "fr", "fr"),
        ("?lang=../../etc", None, "", "en"),
        ("", None, "ja", "en"),
    ],
)
def test_the_language_follows_the_link_then_the_study_then_the_browser(
    app: Flask, query: str, study: str | None, browser: str, expected: str
) -> None:
    with app.test_request_context(f"/{query}", headers={"Accept-Language": browser}):
        g.study_language = study
        assert strings.page_language() == expected


def test_texts_are_translated_in_templates_and_views(app: Flask) -> None:
    with app.test_request_context("/?lang=de"):
        assert strings.translate("I agree") == "Ich bin einverstanden"
        assert render_template_string("{{ _('I agree') }}") == "Ich bin einverstanden"
    assert strings.translate("I agree") == "I agree"


def test_a_study_may_say_it_in_its_own_words(app: Flask) -> None:
    with app.test_request_context("/?lang=de"):
        g.study_texts = {"I agree": "Ich mache mit", "Done": "Geschafft"}
        assert strings.translate("I agree") == "Ich mache mit"
        assert strings.task_strings("de")["Done"] == "Geschafft"
        assert strings.task_strings("de")["Undo"] == "Rückgängig"
        assert strings.task_strings("en") == g.study_texts


def test_the_direction_follows_the_language(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strings, "LANGUAGES", ("en", "ar"))
    with app.test_request_context("/?lang=ar"):
        assert strings.page_direction() == "rtl"
    with app.test_request_context("/?lang=en"):
        assert strings.page_direction() == "ltr"


def test_a_study_that_replaces_a_text_by_an_earlier_wording_still_does() -> None:
    definition = parse_definition('title = "x"\n[texts.replace]\n"Put down what you hold" = "Let it go"\n')
    assert definition.texts.replace == {"Drop the clip you are holding": "Let it go"}
    both = {"Put down what you hold": "earlier", "Drop the clip you are holding": "today"}
    assert current_texts(both) == {"Drop the clip you are holding": "today"}


def test_reworded_texts_lead_to_texts_that_the_pages_have() -> None:
    texts = set(known_texts())
    assert set(RENAMED.values()) <= texts
    assert not set(RENAMED) & texts
