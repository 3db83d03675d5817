"""A plan of a study: what simulated raters say of its length, its reliability and its power."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..arrangement import Floats
from ..estimators import NoUsableTrialsError, estimate_rdm
from ..rdm import n_pairs
from ..simulate import Behaviour, individual, make_truth
from .assumed import assumed_models, mixture_of, truth_between
from .budget import Budget, budget_for, longest_session
from .curve import (
    Needed,
    World,
    expected_accuracy,
    expected_pairwise,
    expected_reliability,
    raters_for,
    world_of,
)
from .power import Contest, contests, expected_power, without_noise
from .sessions import PlannedSession, Task, simulate_session
from .terms import Assumptions, CurvePoint, Plan, Wanted, check_assumed, spread_of
from .timing import Timing

# The raters at which curves are drawn, as long as they do not go far beyond what is asked about.
SIZES = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 500)
# Pairs of assumed models for each simulated group, and draws of the clips for the test's error.
MODEL_PAIRS, N_BOOT = 12, 100
# Numbers that one draw of the clips may hold; with more clips there are fewer models and draws.
MAX_NUMBERS = 400_000

Progress = Callable[[int, int], object]


@dataclass(eq=False)
class _Simulated:
    """What was simulated so far."""

    sessions: list[PlannedSession] = field(default_factory=list)
    worlds: list[World] = field(default_factory=list)
    contests: list[list[Contest]] = field(default_factory=list)
    no_rdm: int = 0


def plan_study(
    task: Task,
    timing: Timing,
    assumed: Assumptions,
    wanted: Wanted,
    *,
    models: Floats | None = None,
    method: str = "combined",
    budget: Budget | None = None,
    progress: Progress | None = None,
    rng: np.random.Generator,
) -> Plan:
    """Simulate a study, and say what to expect of it for each number of raters.

    Parameters
    ----------
    models : (2, P) float, optional
        Two models of these very clips. The raters' truth is then made to correlate with each as assumed; without them
        the models are made from the truth.
    method
        Estimator of each rater's RDM.
    budget
        By default what takes about a minute at 24 clips and a few at hundreds, whatever the study's rules are.
    progress
        Called as progress(sessions done, sessions in all).

    Raises
    ------
    ValueError
        When there are fewer than 4 clips, a number is out of range, no truth can correlate with the models as assumed,
        or simulated raters share too little for anything to be said.
    """
    _check(task, assumed, wanted, models)
    mixture = None if models is None else mixture_of(models, (assumed.model_a, assumed.model_b))
    behaviour = Behaviour(noise=assumed.noise, random_trials=assumed.random_trials)
    n_models, n_boot = _bootstrap_size(task.n_items, models)
    simulated = _Simulated()
    # How long sessions are decides how many there are.
    if budget is None:
        probe = _session(make_truth(assumed.truth, task.n_items, rng=rng), task, timing, assumed, behaviour, None, rng)
        budget = budget_for(task.n_items, probe.trials)
    total = budget.worlds * budget.raters
    for world_rng in rng.spawn(budget.worlds):
        if models is None or mixture is None:
            truth = make_truth(assumed.truth, task.n_items, rng=world_rng)
            correlations = (assumed.model_a, assumed.model_b)
            exact = wanted.resample == "raters"
            pairs = np.stack(
                [
                    assumed_models(truth, correlations, assumed.truth, exact=exact, rng=world_rng)
                    for _ in range(n_models)
                ]
            )
        else:
            truth, pairs = truth_between(models, mixture, assumed.truth, world_rng), models[None]
        rdms = []
        for _ in range(budget.raters):
            session = _session(truth, task, timing, assumed, behaviour, budget.max_trials, world_rng)
            simulated.sessions.append(session)
            if (rdm := _judged(session, task.n_items, method)) is None:
                simulated.no_rdm += 1
            else:
                rdms.append(rdm)
            if progress is not None:
                progress(len(simulated.sessions), total)
        if len(rdms) < min(budget.raters, 3):
            raise ValueError("most simulated sessions give no RDM: they end before enough clips are placed")
        table = np.stack(rdms)
        simulated.worlds.append(world_of(table, truth))
        simulated.contests.append(contests(table, pairs, method=wanted.comparator, n_boot=n_boot, rng=world_rng))
    return _plan(simulated, task, wanted, budget, len(pairs), n_boot, rng)


def _check(task: Task, assumed: Assumptions, wanted: Wanted, models: Floats | None) -> None:
    check_assumed(task.n_items, assumed, wanted)
    if models is not None and (models.shape != (2, n_pairs(task.n_items)) or not np.isfinite(models).all()):
        raise ValueError(f"models must hold two complete RDMs of {task.n_items} clips")


def _bootstrap_size(n_items: int, models: Floats | None) -> tuple[int, int]:
    """Pairs of models for each group, and draws of the clips: fewer with many clips, for the time that a draw takes."""
    rows = MAX_NUMBERS / n_pairs(n_items)
    pairs = 1 if models is not None else int(min(max(rows / 8, 2), MODEL_PAIRS))
    return pairs, int(min(max(N_BOOT * rows / 20, 20), N_BOOT))


def _session(
    truth: Floats,
    task: Task,
    timing: Timing,
    assumed: Assumptions,
    behaviour: Behaviour,
    max_trials: int | None,
    rng: np.random.Generator,
) -> PlannedSession:
    return simulate_session(
        individual(truth, assumed.individual, rng=rng),
        task,
        timing,
        behaviour=behaviour,
        max_trials=longest_session(task.n_items) if max_trials is None else max_trials,
        rng=rng,
    )


def _judged(session: PlannedSession, n_items: int, method: str) -> Floats | None:
    """The RDM (P,) of what the session has seen, NaN elsewhere; None where there is none."""
    try:
        estimate = estimate_rdm(session.arrangements, n_items, method=method)
    except NoUsableTrialsError:
        return None
    rdm = np.where(estimate.predicted, np.nan, estimate.rdm)
    return rdm if np.isfinite(rdm).sum() > 2 and np.nanstd(rdm) > 0 else None


def _plan(
    simulated: _Simulated,
    task: Task,
    wanted: Wanted,
    budget: Budget,
    model_pairs: int,
    n_boot: int,
    rng: np.random.Generator,
) -> Plan:
    sessions, worlds, level = simulated.sessions, simulated.worlds, wanted.level
    shares = np.array([session.seen.mean() for session in sessions])
    seen = float(shares.mean())
    needed = raters_for(worlds, wanted.reliability, seen=seen, level=level)
    fair = without_noise(simulated.contests, budget.raters)
    points = []
    for size in _sizes(wanted.raters, needed):
        points.append(
            CurvePoint(
                size,
                expected_reliability(worlds, size, seen=seen, level=level),
                expected_accuracy(worlds, size, seen=seen, level=level),
                expected_power(fair, size, resample=wanted.resample, alpha=wanted.alpha, level=level, rng=rng),
                1 - (1 - seen) ** size,
            )
        )
    ends = [session.ended_by for session in sessions]
    return Plan(
        sessions=len(sessions),
        worlds=len(worlds),
        n_items=task.n_items,
        minutes=spread_of(np.array([session.minutes for session in sessions])),
        trials=spread_of(np.array([float(session.trials) for session in sessions])),
        seen=spread_of(shares),
        reached=spread_of(np.array([session.reached for session in sessions])),
        ended_by={reason: ends.count(reason) for reason in dict.fromkeys(ends)},
        max_trials=budget.max_trials,
        no_rdm=simulated.no_rdm,
        pairwise=expected_pairwise(worlds, wanted.raters, level=level),
        curve=tuple(points),
        needed=needed,
        n_boot=n_boot,
        model_pairs=model_pairs,
    )


def _sizes(raters: int, needed: Needed) -> list[int]:
    """The raters of the curve: those thought of, those that are needed, and some beyond."""
    known = [each for each in (needed.value, needed.high) if each is not None]
    last = max(min(max([raters, *known]) * 1.5, SIZES[-1]), 12, raters)
    return sorted({size for size in SIZES if size <= last} | {raters})
