"""Which of its sets a session arranges now, and how far it has come with all of them.

The sets are arranged one after another. Each has an equal share of the minutes and trials, and ends sooner when every
pair of it has the evidence; what is left of a share goes to the next set. A session without sets has one: all clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis import Arrangement, pair_evidence
from analysis.arrangement import within
from analysis.designs import SessionProgress, StopRule, session_progress
from app.definition.study_toml import Stop


@dataclass(frozen=True)
class Turn:
    """The set that is arranged now.

    `items` are the places of its clips among the session's clips; `arrangements` are those of this set alone, and their
    items are places in `items`. `progress` is the session's. `weakest` is the share of the evidence that the weakest
    pair has, from 0 to 1, over the whole session.
    """

    items: tuple[int, ...]
    arrangements: list[Arrangement]
    progress: SessionProgress
    weakest: float


def turn_of(
    sets: Sequence[tuple[int, ...]],
    arrangements: Sequence[Arrangement],
    stop: Stop,
    *,
    minutes: float,
    ends_by_evidence: bool = True,
) -> Turn:
    """The turn after these arrangements of the session's clips and `minutes` of work; the last one once all are done.

    Parameters
    ----------
    sets
        The places of each set's clips among the session's clips, in the order of the sets.
    ends_by_evidence
        Whether the rule of evidence is in use; in a cohort all participants gather the evidence together.
    """
    n, n_trials = len(sets), len(arrangements)
    by_count = max(minutes / stop.max_minutes, n_trials / stop.max_trials)
    reasons = []
    for place, items in enumerate(sets):
        own = within(arrangements, items) if n > 1 else list(arrangements)
        rule = StopRule(
            min_evidence=stop.min_evidence if ends_by_evidence else None,
            max_minutes=stop.max_minutes * (place + 1) / n,
            max_trials=max(stop.max_trials * (place + 1) // n, 1),
        )
        progress = session_progress(pair_evidence(own, len(items)), rule=rule, n_trials=n_trials, minutes=minutes)
        # A first trial that takes very long leaves none of the other sets without one, while there is time.
        done = progress.done and (bool(own) or by_count >= 1)
        reasons.append(progress.reason)
        if not done or place == n - 1:
            break
    weakest = min(progress.min_evidence / stop.min_evidence, 1.0) if ends_by_evidence else 0.0
    if n == 1:
        return Turn(items, own, progress, weakest)
    if done:
        by_rule = [reason for reason in reasons if reason != "evidence"]
        return Turn(items, own, replace(progress, reason=by_rule[-1] if by_rule else "evidence"), 1.0)
    share = session_progress(pair_evidence(own, len(items)), rule=StopRule(min_evidence=stop.min_evidence))
    fraction = min(max((place + share.fraction) / n, by_count), np.nextafter(1.0, 0.0))
    progress = SessionProgress(float(fraction), False, None, progress.min_evidence)
    return Turn(items, own, progress, (place + weakest) / n)


def one_of_several(stop: Stop, n: int) -> Stop:
    """The stop rules with the share of minutes and trials that one of a session's `n` sets has."""
    share = {"max_minutes": stop.max_minutes / n, "max_trials": max(stop.max_trials // n, 1)}
    return stop.model_copy(update=share)
