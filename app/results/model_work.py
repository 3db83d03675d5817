"""Models against raters: asked for, computed once by whoever holds the claim, kept with what it came from.

As for plans (`app.planning.work`): a claim without a heartbeat is taken over, and who asks for something else takes the
claim away.

Over 300 lines: settings, claim, work and what is stored of it are one way, read from top to bottom.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from analysis.formats.source_bundle import GIVEN
from analysis.results import Choice
from analysis.results.models import (
    Effect,
    ModelFindings,
    ModelOptions,
    ModelPair,
    ModelScore,
    Profile,
    compare_candidates,
)
from app.accounts.account import Account
from app.accounts.audit import note
from app.claims import CLAIM_LEASE, heartbeat
from app.db import Database
from app.domain import WorkState
from app.errors import Invalid, NotFound
from app.models import ModelComparison, Study, now
from app.results.chosen import options_of
from app.results.inputs import inputs_of
from app.results.model_files import attributes_of, candidates_of, model_marks
from app.results.stored import results_now
from app.results.work import ensure_results
from app.studies.origin import has_placements
from app.version import VERSION

MAX_ATTEMPTS = 3
PAUSE_SECONDS, TELL_SECONDS = 0.2, 0.5
N_BOOT, N_PERMUTATIONS = 1000, 5000

log = structlog.get_logger()
OnStep = Callable[[str, float], object]


class ClaimLost(Exception):
    """Something else was asked for, or another worker has taken over: what is being computed is not to be stored."""


class ModelSettings(BaseModel):
    """How models are compared with the raters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    comparator: Literal["rho_a", "spearman", "pearson", "cosine", "tau_a"] = Field(
        default="rho_a",
        title="Compared by",
        description="ρa does not favour models that predict ties, as attributes do.",
    )
    with_simulated: bool = Field(default=True, title="with simulated raters", description="Simulated raters are in.")
    with_unfinished: bool = Field(
        default=False, title="with unfinished sessions", description="Unfinished sessions are in."
    )


@dataclass(frozen=True)
class Standing:
    """How a study's comparison stands.

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


@dataclass(frozen=True)
class Claim:
    """The right to compute a study's comparison."""

    token: str
    study_id: int


def settings_of(values: Mapping[str, Any]) -> ModelSettings:
    """The settings that these values ask for; the others have their usual value.

    Raises
    ------
    Invalid
        Naming the setting and the reason.
    """
    try:
        return ModelSettings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise Invalid(f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}", field=name) from error


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
    if not model_marks(db, study) and not attributes_of(db, study, options_of(choice_of(study, settings))):
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


def comparison_waits(database: Database) -> bool:
    """Whether there is a comparison to claim; a look that takes no lock."""
    with database.reading() as db:
        return db.scalar(select(ModelComparison.study_id).where(_claimable()).limit(1)) is not None


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
    with database.writing() as db:
        claim = _claim(db, study_id)
    if claim is None:
        return False
    try:
        with heartbeat(database, lambda db: _update(db, claim, {"worked_at": now()})):
            _compute(database, claim, on_step, jobs)
    except (ClaimLost, NotFound):
        log.info("comparison_claim_lost", study=claim.study_id)
    except (SQLAlchemyError, OSError):
        _end(database, claim, WorkState.WAITING, None)
        raise
    except Exception as error:
        known = isinstance(error, ValueError | Invalid)
        if not known:
            log.error("comparison_failed", study=claim.study_id, exc_info=error)
        _end(database, claim, WorkState.FAILED, str(error) if known else f"{type(error).__name__}: {error}")
    return True


def ensure_comparison(database: Database, study_id: int, *, on_step: OnStep | None = None, jobs: int = 1) -> None:
    """Return once the comparison that was asked for is stored: computed here, or waited for where somebody else does.

    Raises
    ------
    Invalid
        With the reason, when it cannot be computed.
    """
    while True:
        with database.reading() as db:
            row = db.get(ModelComparison, study_id)
            if row is None or row.state == WorkState.IDLE:
                return
            if row.state == WorkState.FAILED:
                raise Invalid(f"The models cannot be compared: {row.reason}")
        if not compute_next_comparison(database, study_id=study_id, on_step=on_step, jobs=jobs):
            time.sleep(PAUSE_SECONDS)


def _compute(database: Database, claim: Claim, on_step: OnStep | None, jobs: int) -> None:
    with database.reading() as db:
        row, study = db.get(ModelComparison, claim.study_id), db.get(Study, claim.study_id)
        if row is None or study is None:
            raise NotFound("There is no such study any more.")
        settings = ModelSettings.model_validate(row.asked)
        choice = choice_of(study, settings)
    told, last = 0.0, ""

    def tell(step: str, share: float) -> None:
        """Say what is done and how far it is, and find out whether it is still wanted."""
        nonlocal told, last
        if on_step is not None:
            on_step(step, share)
        if step != last or time.monotonic() - told > TELL_SECONDS:
            told, last = time.monotonic(), step
            with database.writing() as db:
                if not _update(db, claim, {"done": round(100 * share), "step": step, "worked_at": now()}):
                    raise ClaimLost
                db.commit()

    tell("Estimating the raters' RDMs", 0.0)
    ensure_results(database, claim.study_id, choice, on_rater=lambda n, of: tell("Estimating the raters' RDMs", n / of))
    with database.reading() as db:
        study = db.get(Study, claim.study_id)
        if study is None:
            raise NotFound("There is no such study any more.")
        begun, facts = now(), _facts(db, study, settings)
        results = results_now(db, study.id, choice)
        if not results.raters:
            raise Invalid("no rater has an RDM yet. Models can be compared once somebody has finished a session")
        candidates, problems = candidates_of(db, study)
        attributes = attributes_of(db, study, options_of(choice))
        table, raters, clips = results.table, results.raters, results.names
    options = ModelOptions(settings.comparator, N_BOOT, N_PERMUTATIONS, jobs=jobs)
    found = compare_candidates(table, raters, clips, candidates, attributes, options, tell)
    content = stored_content(replace(found, remarks=(*problems, *found.remarks)), settings, facts)
    values = {"content": content, "computed_at": begun, "state": WorkState.IDLE, "claim": None, "attempts": 0}
    with database.writing() as db:
        if not _update(db, claim, values | {"reason": None, "done": 100}):
            raise ClaimLost
        db.commit()


def stored_content(found: ModelFindings, settings: ModelSettings, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of findings: with the settings, and the facts that they follow from."""
    return {"findings": _finite(asdict(found)), "asked": settings.model_dump(mode="json"), "facts": dict(facts)}


def findings_of(stored: Mapping[str, Any]) -> ModelFindings:
    """Findings out of what is stored of them; None becomes NaN where a number was not finite."""

    def rows(kind: type, key: str) -> tuple[Any, ...]:
        return tuple(kind(**_numbers(kind, row)) for row in stored[key])

    plain = _numbers(ModelFindings, stored)
    parts = {
        "scores": rows(ModelScore, "scores"),
        "pairs": rows(ModelPair, "pairs"),
        "profiles": rows(Profile, "profiles"),
        "effects": rows(Effect, "effects"),
    }
    return ModelFindings(**(plain | parts | {"remarks": tuple(stored["remarks"])}))


def _numbers(kind: type, row: Mapping[str, Any]) -> dict[str, Any]:
    floats = {field.name for field in fields(kind) if field.type == "float"}
    return {
        key: math.nan if value is None and key in floats else tuple(value) if isinstance(value, list) else value
        for key, value in row.items()
    }


def _facts(db: Session, study: Study, settings: ModelSettings) -> dict[str, Any]:
    """What a comparison follows from, in short names."""
    choice = choice_of(study, settings)
    attributes = json.dumps([asdict(one) for one in attributes_of(db, study, options_of(choice))])
    return {
        "raters": inputs_of(db, study.id, choice).of_study(),
        "models": model_marks(db, study),
        "attributes": hashlib.sha256(attributes.encode()).hexdigest(),
        "version": VERSION,
    }


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    told = {
        "raters": "Sessions, their trials or the clips have changed.",
        "models": "Models were added or removed.",
        "attributes": "Attributes or ratings of the clips have changed.",
    }
    return [sentence for key, sentence in told.items() if before.get(key) != after.get(key)]


def _claimable() -> ColumnElement[bool]:
    left = and_(ModelComparison.state == WorkState.COMPUTING, ModelComparison.worked_at < now() - CLAIM_LEASE)
    return or_(ModelComparison.state == WorkState.WAITING, left)


def _claim(db: Session, study_id: int | None) -> Claim | None:
    query = select(ModelComparison).where(_claimable()).order_by(ModelComparison.requested_at)
    if study_id is not None:
        query = query.where(ModelComparison.study_id == study_id)
    row = db.scalars(query.with_for_update(skip_locked=True).limit(1)).first()
    if row is None:
        return None
    if row.attempts >= MAX_ATTEMPTS:
        row.state, row.claim = WorkState.FAILED, None
        row.reason = f"the worker ended {row.attempts} times while it computed it; its log says more"
        db.commit()
        return None
    row.state, row.worked_at, row.attempts = WorkState.COMPUTING, now(), row.attempts + 1
    row.claim = secrets.token_hex(16)
    claim = Claim(row.claim, row.study_id)
    db.commit()
    return claim


def _update(db: Session, claim: Claim, values: Mapping[str, object]) -> bool:
    """Change the row that the claim is for; whether it still is."""
    result = db.execute(update(ModelComparison).where(ModelComparison.claim == claim.token).values(values))
    return bool(result.rowcount)  # type: ignore[attr-defined]


def _end(database: Database, claim: Claim, state: WorkState, reason: str | None) -> None:
    with database.writing() as db:
        # An attempt that the machine cut short does not count.
        fewer = 1 if state == WorkState.WAITING else 0
        attempts = ModelComparison.attempts - fewer
        _update(db, claim, {"state": state, "claim": None, "reason": reason, "attempts": attempts})
        db.commit()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
