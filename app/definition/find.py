"""Which study a name means."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NoStudy
from app.models import Study


def find_study(db: Session, name: str) -> Study:
    """The study of that name, whatever its state; names are in lower case, so that typed links may have capitals.

    Raises
    ------
    NoStudy
        When there is none.
    """
    study = db.scalar(select(Study).where(Study.name == name.lower()))
    if study is None:
        raise NoStudy(name)
    return study
