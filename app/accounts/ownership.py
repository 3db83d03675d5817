"""Which studies belong to whom."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models import Experimenter, Study


def own_studies(db: Session, account_id: int) -> list[Study]:
    """The studies of an experimenter, newest first."""
    return list(
        db.scalars(select(Study).where(_owned_by(account_id)).order_by(Study.created_at.desc(), Study.id.desc()))
    )


def own_study(db: Session, account_id: int, name: str) -> Study:
    """The study of that name, if it belongs to the experimenter.

    Raises
    ------
    NotFound
        When there is no such study or it is somebody else's: the answer does not tell which (F34, F43).
    """
    study = db.scalar(select(Study).where(Study.name == name.lower(), _owned_by(account_id)))
    if study is None:
        raise NotFound("There is no such study.")
    return study


def _owned_by(account_id: int) -> ColumnElement[bool]:
    """Studies made on the command line have no owner; they belong to the first experimenter."""
    first = select(func.min(Experimenter.id)).scalar_subquery()
    return or_(Study.owner_id == account_id, Study.owner_id.is_(None) & (first == account_id))
