"""When a session ends, and how far along the participant is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from .covering import covering_schedule
from .registry import DESIGNS
from .selection import check_design, later_size

# With this many placements for each item the designs of fixed size give a more accurate RDM than lift the weakest does
# with the ten or so that its evidence rule takes (docs/benchmarks/recovery.md).
PLACEMENTS_PER_ITEM = 6
# Evidence of every pair at which a study ends a session if its study.toml says nothing else.
DEFAULT_EVIDENCE = 0.2


@dataclass(frozen=True)
class StopRule:
    """A session ends as soon as one of the rules that are set is met.

    Attributes
    ----------
    min_evidence : float or None
        Evidence that every pair must reach (Kriegeskorte & Mur 2012 use 0.5).
    max_minutes : float or None
        Minutes of work, breaks left out.
    max_trials : int or None
        Number of trials.

    Raises
    ------
    ValueError
        When no rule is set, or one is not positive.
    """

    min_evidence: float | None = 0.5
    max_minutes: float | None = None
    max_trials: int | None = None

    def __post_init__(self) -> None:
        rules = {"min_evidence": self.min_evidence, "max_minutes": self.max_minutes, "max_trials": self.max_trials}
        if all(value is None for value in rules.values()):
            raise ValueError("a session needs a rule that ends it: min_evidence, max_minutes or max_trials")
        for name, value in rules.items():
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise ValueError(f"{name} must be a positive number, got {value}")


def default_stop(design: str, n_items: int, *, max_items: int | None = None, size: int | None = None) -> StopRule:
    """The rule that suits a design, where a study sets none.

    Lift the weakest ends when every pair has an evidence of 0.5 (Kriegeskorte & Mur 2012): it aims at the weakest pair.
    The other designs do not, and would take twice as long until the last similar pair has it; they end after six
    placements for each item. A schedule ends when it has been shown once.

    Raises
    ------
    ValueError
        As `check_design`.
    """
    check_design(design, n_items, max_items=max_items, size=size)
    if DESIGNS[design].aims_at_the_weakest:
        return StopRule()
    later = later_size(design, n_items, max_items=max_items, size=size)
    first = later if DESIGNS[design].first_is_like_others else min(max_items or n_items, n_items)
    if DESIGNS[design].is_scheduled:
        return StopRule(min_evidence=None, max_trials=max(len(covering_schedule(n_items, later)), 1))
    return StopRule(min_evidence=None, max_trials=1 + math.ceil((PLACEMENTS_PER_ITEM * n_items - first) / later))


@dataclass(frozen=True)
class SessionProgress:
    """How far a session has come.

    Attributes
    ----------
    fraction : float
        From 0 to 1, and 1 only when the session is done: the share to show the participant.
    done : bool
    reason : str or None
        Which rule ended the session: "evidence", "minutes" or "trials".
    min_evidence : float
        Evidence of the weakest pair; infinite for a study without pairs.
    """

    fraction: float
    done: bool
    reason: str | None
    min_evidence: float


def session_progress(
    evidence: Floats, *, rule: StopRule | None = None, n_trials: int = 0, minutes: float = 0.0
) -> SessionProgress:
    """How far a session has come by its stop rules; the rule that is nearest to its end counts.

    The evidence rule's fraction is the mean over pairs of min(E / target, 1): it grows with every trial, whereas the
    weakest pair's evidence does not move for most of a session and then jumps.

    Parameters
    ----------
    evidence : (P,) float
        From `pair_evidence`.
    rule : StopRule
        Default: every pair reaches an evidence of 0.5.
    n_trials, minutes
        Trials finished and minutes worked so far.

    Raises
    ------
    ValueError
        When the evidence holds a negative value or NaN.
    """
    rule = StopRule() if rule is None else rule
    if not (evidence >= 0).all():
        raise ValueError("evidence must not be negative or NaN")
    weakest = float(evidence.min()) if evidence.size else math.inf
    fractions: dict[str, float] = {}
    if rule.min_evidence is not None:
        share = np.minimum(evidence / rule.min_evidence, 1.0)
        # A mean that rounds up to 1 must not claim the end while one pair lacks evidence.
        part = min(float(share.mean()), math.nextafter(1.0, 0.0)) if share.size else 0.0
        met = weakest >= rule.min_evidence if share.size else n_trials > 0
        fractions["evidence"] = 1.0 if met else part
    if rule.max_minutes is not None:
        fractions["minutes"] = min(minutes / rule.max_minutes, 1.0)
    if rule.max_trials is not None:
        fractions["trials"] = min(n_trials / rule.max_trials, 1.0)
    reason, fraction = max(fractions.items(), key=lambda item: item[1])
    done = fraction >= 1.0
    return SessionProgress(fraction=fraction, done=done, reason=reason if done else None, min_evidence=weakest)
