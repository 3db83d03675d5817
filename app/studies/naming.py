"""Names of studies: they are part of the participants' link, so they are short, plain and each there once."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Study

MAX_LENGTH = 63
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# Letters that lose no accent when they are taken apart, and how they are usually written without them.
SPELT_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i"}


def name_problem(db: Session, name: str) -> str | None:
    """Why a new study cannot have this name, as a sentence; None if it can."""
    if not name:
        return "Choose a name: it becomes part of the participants' link."
    if not NAME.fullmatch(name):
        return f"Use 1 to {MAX_LENGTH} of a-z, 0-9 and - (not at an end)."
    if name_is_taken(db, name):
        return f"There is a study named {name} already."
    return None


def propose_name(db: Session, title: str) -> str:
    """A free name that is like the title; empty where the title has no letter or digit that a link could have."""
    spelt = "".join(SPELT_OUT.get(letter, letter) for letter in title.lower())
    plain = unicodedata.normalize("NFKD", spelt)
    words = re.findall(r"[a-z0-9]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    base = "-".join(words)[:MAX_LENGTH].strip("-")
    if not base or not name_is_taken(db, base):
        return base
    number = 2
    while name_is_taken(db, numbered := f"{base[: MAX_LENGTH - len(str(number)) - 1].rstrip('-')}-{number}"):
        number += 1
    return numbered


def name_is_taken(db: Session, name: str) -> bool:
    """Whether there is a study of this name, whoever owns it."""
    return db.scalar(select(Study.id).where(Study.name == name)) is not None
