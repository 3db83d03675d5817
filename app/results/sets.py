"""The results of a study's sets of clips side by side: each is computed and kept as if the set were a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from analysis.results import Choice, SetResult, StudyResults
from app.db import Database
from app.models import Study
from app.results.inputs import Inputs, inputs_of
from app.results.stored import Standing, results_now, standing_of, stored_overview
from app.results.work import request_results


@dataclass(frozen=True)
class OfSet:
    """One set's results as they were computed last, and the state of the work on newer ones."""

    inputs: Inputs
    standing: Standing
    result: SetResult


def results_of_sets(db: Session, study_id: int, choice: Choice) -> list[OfSet]:
    """What is there of each set, in the order of the sets; none where the study has no sets."""
    whole = inputs_of(db, study_id, replace(choice, clip_set=None))
    of_sets = []
    for one in whole.sets:
        inputs = whole.of_set(one)
        overview = stored_overview(db, inputs)
        agreement = None if overview is None else overview.agreement
        raters = 0 if agreement is None else len(agreement.raters)
        of_sets.append(OfSet(inputs, standing_of(db, inputs), SetResult(one, raters, agreement)))
    return of_sets


def request_sets(database: Database, sets: Sequence[OfSet]) -> None:
    """Ask for the results of the sets that have none, or older ones."""
    for one in sets:
        if one.standing.is_wanted:
            with database.writing() as db:
                request_results(db, one.inputs)


def set_results_now(db: Session, study: Study, choice: Choice) -> list[tuple[SetResult, StudyResults]]:
    """Each set's results of what the database holds now, computed where they are not kept."""
    of_sets = []
    for one in inputs_of(db, study.id, replace(choice, clip_set=None)).sets:
        results = results_now(db, study.id, replace(choice, clip_set=one.name))
        agreement = results.agreement if results.raters else None
        of_sets.append((SetResult(one, len(results.raters), agreement), results))
    return of_sets
