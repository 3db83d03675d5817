"""Simulated sessions of a study: its design, repeats, checks and stop rule, and raters who take their time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Arrangement, Floats, Ints
from ..designs import DEFAULT_DESIGN, StopRule, next_items, repeat_due, session_progress
from ..evidence import evidence_weights
from ..rdm import pairs_within
from ..simulate import Behaviour, place_items
from .timing import Timing, trial_seconds


@dataclass(frozen=True, eq=False)
class Task:
    """What a study asks of a participant.

    Attributes
    ----------
    clip_seconds : (n,) float
        How long each clip lasts.
    design, max_items, stop
        As in `next_items` and `session_progress`.
    repeats : int
        Trials that are shown a second time.
    checks : tuple of int
        The numbers of trials, from 0, from which on an attention check comes. A check takes time and is no judgment.
    check_items : int
        Clips of a check.
    """

    clip_seconds: Floats
    design: str = DEFAULT_DESIGN
    max_items: int = 20
    stop: StopRule = field(default_factory=StopRule)
    repeats: int = 0
    checks: tuple[int, ...] = ()
    check_items: int = 4

    @property
    def n_items(self) -> int:
        """Number of clips."""
        return len(self.clip_seconds)


@dataclass(frozen=True, eq=False)
class PlannedSession:
    """A simulated session.

    Attributes
    ----------
    arrangements : tuple of Arrangement
        The judgments, repeats among them.
    trials : int
        All trials, checks among them.
    minutes : float
        Minutes of work at the trials.
    ended_by : str
        "evidence", "minutes" or "trials"; "cut" where the simulation ended it.
    reached : float
        Share of the pairs that have the evidence of the stop rule.
    seen : (P,) bool
        Pairs that stood together in a judgment.
    """

    arrangements: tuple[Arrangement, ...]
    trials: int
    minutes: float
    ended_by: str
    reached: float
    seen: NDArray[np.bool_]


def simulate_session(
    rdm: Floats,
    task: Task,
    timing: Timing,
    *,
    behaviour: Behaviour,
    max_trials: int,
    shown: Ints | None = None,
    rng: np.random.Generator,
) -> PlannedSession:
    """A whole session of a rater with a known RDM, (P,), at a pace of the rater's own.

    As in a real session, the stop rules are held against the judgments that are in after each trial, and all trials
    take time; repeats that are still missing when the evidence is enough come at the end.

    Parameters
    ----------
    max_trials
        The session is cut after so many, whatever the study's rules say.
    shown : (P,) int, optional
        For a design over a cohort: in how many trials of those who came before each pair was shown.
    """
    n, size = task.n_items, min(task.max_items, task.n_items)
    pace = timing.pace * float(np.exp(timing.pace_spread * rng.normal()))
    watched = np.zeros(n, dtype=bool)
    evidence = np.zeros(rdm.shape[-1])
    shown = None if shown is None else shown.copy()
    judged: list[Arrangement] = []
    repeat_of: list[int | None] = []
    seconds, number, checks_done, reason = 0.0, 0, 0, None
    while reason is None:
        progress = session_progress(evidence, rule=task.stop, n_trials=len(judged), minutes=seconds / 60)
        repeat = repeat_due([one.items for one in judged], repeat_of, task.repeats, at_end=progress.done, rng=rng)
        if progress.done and (repeat is None or progress.reason != "evidence"):
            reason = progress.reason
        elif number >= max_trials:
            reason = "cut"
        else:
            is_check = repeat is None and checks_done < len(task.checks) and number >= task.checks[checks_done]
            if repeat is not None:
                items = judged[repeat].items
            elif is_check:
                items = np.sort(rng.choice(n, size=min(task.check_items, n), replace=False))
            else:
                items = next_items(judged, n, design=task.design, max_items=size, shown=shown, rng=rng)
            spread = float(np.exp(timing.trial_spread * rng.normal()))
            seconds += trial_seconds(items, watched, task.clip_seconds, timing) * pace * spread
            watched[items] = True
            if is_check:
                checks_done += 1
            else:
                trial = place_items(rdm, items, behaviour=behaviour, rng=rng)
                judged.append(trial)
                repeat_of.append(repeat)
                pairs = pairs_within(trial.items, n)
                evidence[pairs] += evidence_weights(trial.distances())
                if shown is not None:
                    shown[pairs] += 1
            number += 1
    target = task.stop.min_evidence
    return PlannedSession(
        arrangements=tuple(judged),
        trials=number,
        minutes=seconds / 60,
        ended_by=reason,
        reached=float((evidence >= target).mean()) if target is not None else float("nan"),
        seen=evidence > 0,
    )
