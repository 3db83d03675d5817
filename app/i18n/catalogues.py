"""The catalogues as they are read in the running app: texts of the participant's pages, by their English wording."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

SOURCE_LANGUAGE = "en"
LANGUAGES = (SOURCE_LANGUAGE, "de", "fr", "es")
FOLDER = Path(__file__).parent


@cache
def catalogue(locale: str) -> Catalog:
    """The catalogue of a language other than English, as its file has it."""
    with (FOLDER / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=locale)


def known_texts() -> list[str]:
    """Every text of the participant's pages in English: a test keeps each catalogue complete."""
    return [str(message.id) for message in catalogue("de") if message.id]
