"""The language of the participant's pages: gettext catalogues, read as they are (.po) at first use.

The English text is the key. Templates call `_("…")`, views `translate("…")`; the page's scripts call `t("…")` and get
the texts they use from `task_strings`. Nothing is compiled by hand: a catalogue is parsed once per process.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any

from babel import Locale
from babel.messages.mofile import write_mo
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from markupsafe import escape

from app.i18n.catalogues import LANGUAGES, SOURCE_LANGUAGE, catalogue
from app.i18n.wordings import Kind, worded


def init_app(app: Flask) -> None:
    """Give every template `_`, `page_language`, `page_direction` and `task_strings`."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(_translate_in_template, _translate_plural, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(page_language=page_language, page_direction=page_direction, task_strings=task_strings)


def page_language() -> str:
    """The language of this request's page: the link's `lang`, else `g.study_language`, else the browser's.

    A language without a catalogue is passed over; English is the last resort.
    """
    if not has_request_context():
        return SOURCE_LANGUAGE
    # Werkzeug lists the browser's languages by preference; its `best_match` would pass over es-MX for a later en.
    wishes = (request.values.get("lang"), g.get("study_language"), *request.accept_languages.values())
    return next(filter(None, map(_known, wishes)), SOURCE_LANGUAGE)


def page_direction() -> str:
    """`rtl` or `ltr`, for the `dir` of the page."""
    return "rtl" if Locale.parse(page_language()).text_direction == "rtl" else "ltr"


def translate(text: str) -> str:
    """`text` in the page's language and in the words for what the study shows (`g.study_kind`).

    A study's own wording (`g.study_texts`, keyed by the English text) goes first.
    """
    own = _own_text(text)
    return own if own is not None else _translations(page_language()).gettext(worded(text, _study_kind()))


def _translate_in_template(text: str) -> str:
    """Jinja takes a translation for HTML that is safe; a study's own wording is text, so it is escaped here (F38)."""
    own = _own_text(text)
    # Jinja fills in what follows a percent sign; no text of the templates has such a place.
    return translate(text) if own is None else str(escape(own)).replace("%", "%%")


def task_strings(locale: str) -> dict[str, str]:
    """The texts of the task page's scripts in `locale`, keyed by the English text; English needs none of its own."""
    kind = _study_kind()
    strings: dict[str, str] = {}
    # English has no catalogue of its own; which texts the scripts use, any other one says.
    for message in catalogue(LANGUAGES[1] if locale == SOURCE_LANGUAGE else locale):
        if any(file.startswith("static/") for file, _ in message.locations):
            text = str(message.id)
            translated = _translations(locale).gettext(worded(text, kind))
            if locale != SOURCE_LANGUAGE or translated != text:
                strings[text] = translated
            if (own := _own_text(text)) is not None:
                strings[text] = own
    return strings | _study_texts()


@cache
def _translations(locale: str) -> NullTranslations:
    if locale == SOURCE_LANGUAGE:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(locale))
    compiled.seek(0)
    return Translations(compiled)


def _translate_plural(one: str, many: str, n: int) -> str:
    return _translations(page_language()).ngettext(one, many, n)


def _own_text(text: str) -> str | None:
    """The study's own wording; its key may be the text for clips, or that for what the study shows."""
    texts = _study_texts()
    return texts.get(worded(text, _study_kind()), texts.get(text))


def _study_kind() -> Kind:
    kind: Kind = g.get("study_kind", "clip") if has_request_context() else "clip"
    return kind


def _study_texts() -> dict[str, str]:
    texts: Any = g.get("study_texts") if has_request_context() else None
    return texts or {}


def _known(wanted: str | None) -> str | None:
    """`de` for `de`, `de-AT` and `DE_at`; None for a language that has no catalogue."""
    language = (wanted or "").replace("_", "-").split("-")[0].lower()
    return language if language in LANGUAGES else None
