"""Models against raters: asked for, computed once by whoever holds the claim, kept with what it came from."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass, replace
from datetime import datetime
from typing import Any, get_args, get_origin, get_type_hints

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from analysis.formats.source_bundle import GIVEN
from analysis.results import Choice
from analysis.results.compared import ModelOptions
from analysis.results.joint_rdms import joint_rdms, joint_rdms_of_sets
from analysis.results.models import ModelFindings, compare_candidates
from app.accounts.account import Account
from app.accounts.audit import note
from app.db import Database
from app.definition.sets import clip_sets
from app.definition.study_toml import definition_of
from app.domain import WorkState
from app.errors import Invalid, NotFound
from app.json_numbers import finite
from app.models import ModelComparison, Study, now
from app.participation.arrangements import clip_order
from app.results.chosen import options_of
from app.results.cohort_rdm import judgments_together
from app.results.inputs import inputs_of
from app.results.model_files import attributes_of, candidates_of, model_marks
from app.results.model_sets import WITHIN_SETS, WITHIN_SETS_TOGETHER, trials_of_set
from app.results.model_settings import ModelSettings
from app.results.rater_halves import rater_halves
from app.results.stored import results_now
from app.results.work import ensure_results
from app.studies.origin import has_placements
from app.study_claims import TELL_SECONDS, Claim, compute_next, ensure, store, tell, waits
from app.version import VERSION

N_BOOT, N_PERMUTATIONS = 1000, 5000
# Raised whenever the same data come to other findings, so that parts are not added to earlier ones.
LAYOUT = 3

OnStep = Callable[[str, float], object]


@dataclass(frozen=True)
class Standing:
    """The state of a study's comparison.

    `findings` is what was computed last, None before the first time; `changes` says in sentences what has changed
    since. `asked` are the settings that were asked for last, `computed` those of the findings.
    """

    findings: ModelFindings | None
    computed_at: datetime | None
    changes: list[str]
    asked: ModelSettings
    computed: ModelSettings | None
    state: WorkState
    done: int
    step: str
    reason: str | None


def standing_of(db: Session, study: Study) -> Standing:
    """The comparison of the study, held against the study as it is now."""
    row = db.get(ModelComparison, study.id)
    if row is None:
        return Standing(None, None, [], ModelSettings(), None, WorkState.IDLE, 0, "", None)
    asked = ModelSettings.model_validate(row.asked)
    findings, computed, changes = None, None, []
    if row.content is not None:
        findings = findings_of(row.content["findings"])
        computed = ModelSettings.model_validate(row.content["asked"])
        changes = _changes(row.content["facts"], _facts(db, study, computed))
    reason = row.reason if row.state == WorkState.FAILED else None
    return Standing(findings, row.computed_at, changes, asked, computed, row.state, row.done, row.step, reason)


def request_comparison(db: Session, study: Study, settings: ModelSettings, *, by: Account | None = None) -> None:
    """Ask for a comparison, in place of any that was asked for before; commits once.

    Raises
    ------
    Invalid
        When there is neither a model nor an attribute to compare.
    """
    if (
        not settings.individuals
        and not model_marks(db, study)
        and not attributes_of(db, study, options_of(choice_of(study, settings)))
    ):
        raise Invalid("There is nothing to compare yet: add a model, or give the clips attributes.")
    row = db.get(ModelComparison, study.id, with_for_update=True)
    if row is None:
        row = ModelComparison(study_id=study.id)
        db.add(row)
    row.asked = settings.model_dump(mode="json")
    row.state, row.claim, row.requested_at = WorkState.WAITING, None, now()
    row.attempts, row.done, row.step, row.reason = 0, 0, "", None
    note(db, by, "models compared", study, comparator=settings.comparator)
    try:
        db.commit()
    except IntegrityError:
        # Another page asked in the same moment.
        db.rollback()


def choice_of(study: Study, settings: ModelSettings) -> Choice:
    """Whose RDMs the models are compared with, and by which estimator."""
    method = Choice.method if has_placements(study) else GIVEN
    return Choice(method, settings.with_simulated, settings.with_unfinished)


def model_options(settings: ModelSettings, *, jobs: int = 1) -> ModelOptions:
    """How the models are compared, for the analysis."""
    return ModelOptions(settings.comparator, N_BOOT, N_PERMUTATIONS, jobs=jobs, parts=settings.parts)


def comparison_waits(database: Database) -> bool:
    """Whether there is a comparison to compute; a look that takes no lock."""
    return waits(database, ModelComparison)


def compute_next_comparison(
    database: Database, *, study_id: int | None = None, on_step: OnStep | None = None, jobs: int = 1
) -> bool:
    """Compute and store the comparison that was asked for first (of this study, if given); False when there is none.

    One that cannot be computed is marked with the reason.

    Raises
    ------
    SQLAlchemyError, OSError
        When the machine or the database is at fault; the comparison waits again.
    """

    def compute(claim: Claim) -> None:
        _compute(database, claim, on_step, jobs)

    return compute_next(database, ModelComparison, compute, study_id=study_id)


def ensure_comparison(database: Database, study_id: int, *, on_step: OnStep | None = None, jobs: int = 1) -> None:
    """Return once the comparison that was asked for is stored: computed here, or waited for where somebody else does.

    Raises
    ------
    Invalid
        With the reason, when it cannot be computed.
    """

    def one_more() -> bool:
        return compute_next_comparison(database, study_id=study_id, on_step=on_step, jobs=jobs)

    ensure(database, ModelComparison, study_id, one_more, "The models cannot be compared")


def _compute(database: Database, claim: Claim, on_step: OnStep | None, jobs: int) -> None:
    with database.reading() as db:
        row, study = db.get(ModelComparison, claim.study_id), db.get(Study, claim.study_id)
        if row is None or study is None:
            raise NotFound("This study no longer exists.")
        settings = ModelSettings.model_validate(row.asked)
        choice = choice_of(study, settings)
    told, last = 0.0, ""

    def progress(step: str, share: float) -> None:
        """Say what is done and how far it is, and find out whether it is still wanted."""
        nonlocal told, last
        if on_step is not None:
            on_step(step, share)
        if step != last or time.monotonic() - told > TELL_SECONDS:
            told, last = time.monotonic(), step
            tell(database, claim, {"done": round(100 * share), "step": step})

    progress("Estimating the raters' RDMs", 0.0)
    ensure_results(
        database, claim.study_id, choice, on_rater=lambda n, of: progress("Estimating the raters' RDMs", n / of)
    )
    with database.reading() as db:
        whole = inputs_of(db, claim.study_id, choice)
    shared = whole.sets if whole.shares_pairs else ()
    for number, one in enumerate(shared):
        progress("Estimating the sets' RDMs", number / len(shared))
        ensure_results(database, claim.study_id, replace(choice, clip_set=one.name))
    with database.reading() as db:
        study = db.get(Study, claim.study_id)
        if study is None:
            raise NotFound("This study no longer exists.")
        of_sets = [trials_of_set(db, study.id, choice, one) for one in shared]
        begun, facts = now(), _facts(db, study, settings)
        results = results_now(db, study.id, choice)
        if not results.raters:
            raise Invalid("no rater has an RDM yet. Models can be compared once somebody has finished a session")
        candidates, problems = candidates_of(db, study)
        if definition_of(study).sets.column is not None:
            problems = [*problems, WITHIN_SETS_TOGETHER if of_sets else WITHIN_SETS]
        attributes = attributes_of(db, study, options_of(choice))
        table, raters, clips = results.table, results.raters, results.names
        trials = None if results.together is None else judgments_together(db, inputs_of(db, study.id, choice))
        halves = rater_halves(db, study.id, choice, raters) if settings.individuals else None
        sets = clip_sets(definition_of(study).sets, [clip.attributes for clip in clip_order(db, study.id)])
        known = _known(db.get(ModelComparison, study.id), settings, facts)
    joint = None
    if results.together is not None and trials is not None:
        joint = joint_rdms(
            results.together,
            trials,
            len(clips),
            choice.method,
            progress=lambda done, of: progress("Estimating without some of the raters", done / of),
        )
    if of_sets:
        joint = joint_rdms_of_sets(
            of_sets,
            len(clips),
            choice.method,
            progress=lambda done, of: progress("Estimating sets without some of the raters", done / of),
        )
    options = model_options(settings, jobs=jobs)
    findings = compare_candidates(
        table, raters, clips, candidates, attributes, options, progress, known, halves, sets, joint
    )
    if known is None:
        findings = replace(findings, remarks=(*problems, *findings.remarks))
    content = stored_content(findings, settings, facts)
    store(database, claim, {"content": content, "computed_at": begun, "done": 100})


def stored_content(findings: ModelFindings, settings: ModelSettings, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of findings: with the settings, and the facts that they follow from."""
    return {"findings": finite(asdict(findings)), "asked": settings.model_dump(mode="json"), "facts": dict(facts)}


def findings_of(stored: Mapping[str, Any]) -> ModelFindings:
    """Findings out of what is stored of them; None becomes NaN where a number was not finite."""
    findings: ModelFindings = _restored(ModelFindings, stored)
    return findings


def _restored(kind: Any, stored: Any) -> Any:
    """What was stored of a value of a type: a dataclass, a tuple of one type, a number or text."""
    if is_dataclass(kind):
        types = get_type_hints(kind)
        return kind(**{key: _restored(types[key], value) for key, value in stored.items()})  # type: ignore[operator]
    if get_origin(kind) is tuple:
        return tuple(_restored(get_args(kind)[0], each) for each in stored)
    return math.nan if kind is float and stored is None else stored


def _known(row: ModelComparison | None, settings: ModelSettings, facts: Mapping[str, Any]) -> ModelFindings | None:
    """What was computed last, where it follows from the same data, models and settings but for the parts."""
    if row is None or row.content is None or row.content["facts"] != facts:
        return None
    return findings_of(row.content["findings"]) if ModelSettings(**row.content["asked"]).base == settings.base else None


def _facts(db: Session, study: Study, settings: ModelSettings) -> dict[str, Any]:
    """What a comparison follows from, in short names."""
    choice = choice_of(study, settings)
    attributes = json.dumps([asdict(one) for one in attributes_of(db, study, options_of(choice))])
    return {
        "raters": inputs_of(db, study.id, choice).of_study(),
        "models": model_marks(db, study),
        "attributes": hashlib.sha256(attributes.encode()).hexdigest(),
        "version": VERSION,
        "layout": LAYOUT,
    }


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    told = {
        "raters": "Sessions, their trials or the clips have changed.",
        "models": "Models were added or removed.",
        "attributes": "Attributes or ratings of the clips have changed.",
    }
    return [sentence for key, sentence in told.items() if before.get(key) != after.get(key)]
