"""Who can begin right now, as an experimenter sees it: dates, places and quotas, and how many are taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.definition.moments import in_words, moment_of
from app.definition.questions import in_language
from app.definition.quotas import limits
from app.definition.study_toml import definition_of
from app.domain import StudyState
from app.models import Study
from app.participation.places import places_taken, quotas_taken
from app.participation.set_choice import set_counts


@dataclass(frozen=True)
class QuotaCount:
    """An answer with a limit: how many people hold a place with it, and how many may."""

    question: str
    answer: str
    taken: int
    most: int


@dataclass(frozen=True)
class Admission:
    """`sentence` says whether people can begin, and until when or from when on; `takes` is whether they can now.

    `sets` are how many sessions have each set of clips, where the study has several.
    """

    takes: bool
    sentence: str
    taken: int
    places: int | None
    quotas: tuple[QuotaCount, ...]
    sets: dict[str, int]


def admission_of(db: Session, study: Study, at: datetime) -> Admission:
    """Whether dates, places and quotas let somebody in."""
    definition = definition_of(study)
    recruitment = definition.recruitment
    questions = {one.name: one for one in definition.questions if one.name in recruitment.quotas}
    taken = quotas_taken(db, study, questions.values(), recruitment.quotas, at) if questions else {}
    quotas = [
        QuotaCount(in_language(one.ask, "en"), answer, taken[name].get(answer, 0), most)
        for name, one in questions.items()
        for answer, most in limits(one, recruitment.quotas[name]).items()
    ]
    takes, sentence = door(study, at)
    sets = set_counts(db, study, definition, at)
    return Admission(takes, sentence, places_taken(db, study, at), recruitment.places, tuple(quotas), sets)


def door(study: Study, at: datetime) -> tuple[bool, str]:
    """Whether the study's state and dates let people begin, and a sentence that says so."""
    recruitment = definition_of(study).recruitment
    opens = None if recruitment.opens is None else moment_of(recruitment.opens)
    closes = None if recruitment.closes is None else moment_of(recruitment.closes)
    dates = [f"from {in_words(opens)}"] if opens is not None and at < opens else []
    dates += [f"until {in_words(closes)}"] if closes is not None and at < closes else []
    if closes is not None and at >= closes:
        return False, f"Nobody new can begin: it closed on {in_words(closes)}. Those at the task can finish."
    if study.state != StudyState.OPEN:
        when = f" Once it is open people can begin {' '.join(dates)}." if dates else ""
        return (
            False,
            f"Nobody can begin: the study is {'a draft' if study.state == StudyState.DRAFT else 'closed'}.{when}",
        )
    if opens is not None and at < opens:
        return False, f"Nobody can begin yet: people can {' '.join(dates)}."
    return True, f"People can begin{' ' + ' '.join(dates) if dates else ''}."
