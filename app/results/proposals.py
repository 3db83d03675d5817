"""What the rules of study.toml propose to leave out. People decide: nothing is left out by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.words import counted
from app.definition.study_toml import QualityRules
from app.domain import Verdict
from app.participation.attention_checks import Checks
from app.participation.decisions import Decided

OUTLIER, REPEATS, CHECKS, TOO_FAST = "outlier_z", "repeats", "failed_checks", "seconds_per_item"


@dataclass(frozen=True)
class Proposal:
    """A session, or one trial of it (its number from 1), that a rule proposes to leave out, and why in words."""

    rater: str
    session: str
    trial: int | None
    rule: str
    reason: str


def proposals(
    workers: Sequence[Mapping[str, Any]],
    checks: Mapping[str, Checks],
    rules: QualityRules,
    decided: Iterable[Decided],
) -> list[Proposal]:
    """What is still to be decided: what the rules propose, without what is left out or was decided about before.

    Parameters
    ----------
    workers
        As `app.results.overview.Overview.quality`.
    checks
        Attention checks by session's public id.
    decided
        All decisions, oldest first.
    """
    out: dict[tuple[str, int | None], bool] = {}
    settled: set[tuple[str, int | None, str | None]] = set()
    for one in decided:
        about = one.session, one.trial
        if one.verdict == Verdict.DISMISS:
            settled.add((*about, one.rule))
        else:
            out[about] = one.verdict == Verdict.EXCLUDE
    proposed = []
    for worker in workers:
        session, rater = worker["session"], worker["rater"]
        if out.get((session, None)):
            continue
        of_worker = [
            Proposal(rater, session, None, rule, reason)
            for rule, reason in _of_session(worker, checks.get(session, Checks(0, 0)), rules)
        ]
        if not any(one.rule == TOO_FAST for one in of_worker):
            of_worker += [
                Proposal(rater, session, number, TOO_FAST, reason) for number, reason in _of_trials(worker, rules)
            ]
        # Who took something in again has looked at it: no rule asks once more.
        proposed += [
            one
            for one in of_worker
            if (session, one.trial) not in out and (session, one.trial, one.rule) not in settled
        ]
    return proposed


def _of_session(worker: Mapping[str, Any], checks: Checks, rules: QualityRules) -> Iterator[tuple[str, str]]:
    values = worker["values"]
    z, repeats, seconds = values.get("robust_z"), values.get("repeats"), values.get("seconds_per_item")
    if rules.outlier_z and z is not None and z < -rules.outlier_z:
        yield OUTLIER, f"agrees with the others far less than raters do here (robust z {z:.1f})".replace("-", "−")
    if rules.repeats and repeats is not None and (worker["repeats_consistent"] is False or repeats <= 0):
        p = "" if worker["repeats_p"] is None else f", p = {worker['repeats_p']:.2f}"
        yield REPEATS, f"repeated trials do not agree (mean r = {repeats:.2f}{p})".replace("-", "−")
    failed = checks.done - checks.passed
    if rules.failed_checks and failed >= rules.failed_checks:
        yield CHECKS, f"failed {failed} of {counted(checks.done, 'attention check')}"
    if rules.seconds_per_item and seconds is not None and seconds < rules.seconds_per_item:
        yield TOO_FAST, f"too fast, with {seconds:.1f} s per clip (median over trials)"


def _of_trials(worker: Mapping[str, Any], rules: QualityRules) -> Iterator[tuple[int, str]]:
    for trial in worker["trials"]:
        seconds = trial.get("seconds_per_item")
        if rules.seconds_per_item and seconds is not None and seconds < rules.seconds_per_item:
            yield trial["number"], f"too fast, with {seconds:.1f} s per clip"
