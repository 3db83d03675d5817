"""Which sessions an export takes in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select

from analysis.results import Choice
from app.domain import LEFT_OUT, SessionState
from app.models import COUNTED, ParticipantSession, Study

# Rows read at once.
BATCH = 1000

Cells = dict[str, Any]


@dataclass(frozen=True)
class ExportOptions:
    """Which sessions are in, and whether the recruiter's ids of people are. A withdrawn session is never in.

    Unfinished sessions are out unless asked for, here as everywhere. Sessions and trials that were left out are in the
    tables always, marked; in RDMs and reliability only `with_excluded`. `uncertainty` adds standard errors to the RDMs.
    """

    with_simulated: bool = True
    with_unfinished: bool = False
    recruiter_ids: bool = False
    with_excluded: bool = False
    uncertainty: bool = False

    def choice(self, method: str) -> Choice:
        """The raters who are in, seen by an estimator."""
        return Choice(method, self.with_simulated, self.with_unfinished, self.with_excluded, self.uncertainty)


def options_of(choice: Choice) -> ExportOptions:
    """An export of the sessions that a choice of raters takes in."""
    return ExportOptions(
        with_simulated=choice.with_simulated,
        with_unfinished=choice.with_unfinished,
        with_excluded=choice.with_excluded,
        uncertainty=choice.uncertainty,
    )


def both_ways(options: ExportOptions) -> list[ExportOptions]:
    """The options, and the same without (or with) what was left out: an export holds figures of both.

    The other way is for comparison alone, so it has no standard errors.
    """
    return [options, replace(options, with_excluded=not options.with_excluded, uncertainty=False)]


def chosen_sessions(query: Select[Any], study: Study, options: ExportOptions) -> Select[Any]:
    """The query for the chosen sessions of the study, in the order of their numbers."""
    of_study = ParticipantSession.study_id == study.id
    query = query.where(of_study, COUNTED, ParticipantSession.state.not_in(LEFT_OUT))
    if not options.with_simulated:
        query = query.where(ParticipantSession.is_simulated.is_(False))
    if not options.with_unfinished:
        query = query.where(ParticipantSession.state == SessionState.FINISHED)
    return query.order_by(ParticipantSession.number)
