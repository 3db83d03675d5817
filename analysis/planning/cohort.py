"""The plan for more clips than one person can sort: many raters who share the pairs, by simulating them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..arrangement import Arrangement, Floats, Ints
from ..designs import later_size, pair_counts
from ..estimators import NoUsableTrialsError, estimate_rdm
from ..rdm import n_pairs
from ..similarity import similarity
from ..simulate import Behaviour, individual, make_truth, overall
from .cohort_budget import MAX_TRIALS, CohortBudget, cohort_budget
from .curve import Expected, Needed, prediction
from .sessions import PlannedSession, Task, simulate_session
from .terms import Assumptions, Spread, Wanted, check_assumed, spread_of
from .timing import Timing

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class CohortPoint:
    """What is expected of a cohort of so many raters.

    Attributes
    ----------
    raters : int
    accuracy : Expected
        Pearson correlation, over all pairs, of the RDM of all trials with the one that the raters have in common.
    seen : float
        Share of the pairs that somebody saw.
    together : float
        In how many trials a pair is shown, the mean over all pairs.
    together_low, together_high : float
        Between which values nine in ten pairs lie.
    """

    raters: int
    accuracy: Expected
    seen: float
    together: float
    together_low: float
    together_high: float


@dataclass(frozen=True)
class CohortPlan:
    """What simulated raters say of a study whose pairs they share.

    Attributes
    ----------
    sessions, cohorts : int
        Simulated sessions, in so many cohorts that each have a truth.
    n_items : int
    minutes, trials, placements, seen : Spread
        Of a participant; `seen` is the share of the pairs.
    ended_by : dict
        How many sessions each rule ended; "cut" are those that the simulation ended.
    max_trials : int
        After how many it does.
    raters : int
        The raters thought of, or those for whom there was time.
    reliability : float
        Of the RDM of that many, as results have it: by Spearman-Brown from two halves of the raters; NaN if they do not
        agree.
    curve : tuple of CohortPoint
    needed : Needed
        Raters for the accuracy that is wanted; None where it is more than were simulated.
    """

    sessions: int
    cohorts: int
    n_items: int
    minutes: Spread
    trials: Spread
    placements: Spread
    seen: Spread
    ended_by: dict[str, int]
    max_trials: int
    raters: int
    reliability: float
    curve: tuple[CohortPoint, ...]
    needed: Needed


@dataclass(eq=False)
class _Simulated:
    """What was simulated so far: sessions, and of each cohort (one row each) what its sizes (S) came to."""

    sessions: list[PlannedSession] = field(default_factory=list)
    accuracy: list[list[float]] = field(default_factory=list)
    # Share of pairs seen, mean, 5 % and 95 % of the trials that show a pair.
    shown: list[list[tuple[float, float, float, float]]] = field(default_factory=list)
    halves: list[float] = field(default_factory=list)


def plan_cohort(
    task: Task,
    timing: Timing,
    assumed: Assumptions,
    wanted: Wanted,
    *,
    method: str = "combined",
    budget: CohortBudget | None = None,
    progress: Progress | None = None,
    rng: np.random.Generator,
) -> CohortPlan:
    """Simulate cohorts of raters who come one after the other, and say what to expect of the RDM of all their trials.

    Parameters
    ----------
    task
        With a design over a cohort, and a stop rule without evidence.
    assumed, wanted
        Of models, comparator and reliability nothing is used.
    method
        Estimator of the RDM of all trials.
    budget
        By default what takes about a minute at 24 clips and a few at hundreds, whatever the study's rules are.
    progress
        Called as progress(sessions done, sessions in all).

    Raises
    ------
    ValueError
        When there are fewer than 4 clips, or a number is out of range.
    """
    check_assumed(task.n_items, assumed, wanted)
    behaviour = Behaviour(noise=assumed.noise, random_trials=assumed.random_trials)

    def sit(common: Floats, shown: Ints, rng: np.random.Generator) -> PlannedSession:
        """The session of the next rater, who gets what `shown` (P,) says was shown least."""
        own = individual(common, assumed.individual, rng=rng)
        return simulate_session(own, task, timing, behaviour=behaviour, max_trials=MAX_TRIALS, shown=shown, rng=rng)

    if budget is None:
        probe = sit(
            make_truth(assumed.truth, task.n_items, rng=rng), np.zeros(n_pairs(task.n_items), dtype=np.int64), rng
        )
        size = later_size(task.design, task.n_items, max_items=min(task.max_items, task.n_items))
        budget = cohort_budget(task.n_items, size, probe.trials, wanted.raters)
    simulated = _Simulated()
    total = budget.cohorts * budget.sizes[-1]
    for cohort_rng in rng.spawn(budget.cohorts):
        common = make_truth(assumed.truth, task.n_items, rng=cohort_rng)
        truth, raters = overall(common), list[Sequence[Arrangement]]()
        shown = np.zeros(n_pairs(task.n_items), dtype=np.int64)
        accuracy, counts = [], []
        while len(raters) < budget.sizes[-1]:
            session = sit(common, shown, cohort_rng)
            shown = shown + pair_counts([trial.items for trial in session.arrangements], task.n_items)
            raters.append(session.arrangements)
            simulated.sessions.append(session)
            if len(raters) in budget.sizes:
                accuracy.append(float(similarity(_of_all(raters, task.n_items, method), truth)[0, 0]))
                low, high = np.quantile(shown, [0.05, 0.95])
                counts.append((float((shown > 0).mean()), float(shown.mean()), float(low), float(high)))
            if len(raters) == budget.raters:
                halves = (_of_all(raters[half::2], task.n_items, method) for half in (0, 1))
                both = [np.where(shown > 0, rdm, np.nan) for rdm in halves]
                simulated.halves.append(float(similarity(*both)[0, 0]))
            if progress is not None:
                progress(len(simulated.sessions), total)
        simulated.accuracy.append(accuracy)
        simulated.shown.append(counts)
    return _plan(simulated, task, wanted, budget)


def _of_all(raters: Sequence[Sequence[Arrangement]], n_items: int, method: str) -> Floats:
    try:
        return estimate_rdm([trial for theirs in raters for trial in theirs], n_items, method=method).rdm
    except NoUsableTrialsError:
        return np.full(n_pairs(n_items), np.nan)


def _plan(simulated: _Simulated, task: Task, wanted: Wanted, budget: CohortBudget) -> CohortPlan:
    sessions, shown = simulated.sessions, np.array(simulated.shown).mean(axis=0)
    ends = [session.ended_by for session in sessions]
    points = tuple(
        CohortPoint(size, _expected(correlations, wanted.level), *map(float, counts))
        for size, correlations, counts in zip(budget.sizes, np.array(simulated.accuracy).T, shown, strict=True)
    )
    r = float(np.mean(simulated.halves))
    return CohortPlan(
        sessions=len(sessions),
        cohorts=budget.cohorts,
        n_items=task.n_items,
        minutes=spread_of([session.minutes for session in sessions]),
        trials=spread_of([session.trials for session in sessions]),
        placements=spread_of([sum(map(len, session.arrangements)) for session in sessions]),
        seen=spread_of([float(session.seen.mean()) for session in sessions]),
        ended_by={reason: ends.count(reason) for reason in dict.fromkeys(ends)},
        max_trials=MAX_TRIALS,
        raters=budget.raters,
        reliability=2 * r / (1 + r) if r > 0 else float("nan"),
        curve=points,
        needed=raters_needed(points, wanted.accuracy),
    )


def _expected(correlations: Floats, level: float) -> Expected:
    """The correlation expected of one more cohort, from those of a few, on the scale of Fisher's z."""
    middle, reach = prediction(np.arctanh(np.clip(correlations, -0.999999, 0.999999)), 0.0, level)
    return Expected(*(float(np.tanh(z)) for z in (middle, middle - reach, middle + reach)))


def raters_needed(points: Sequence[CohortPoint], target: float) -> Needed:
    """The raters at which the expected accuracy, and the ends of its band, reach the target; None if none of them does.

    Between two points Fisher's z goes straight over the logarithm of the number of raters; where the first point is
    above the target already, it is its number.
    """

    def least(end: str) -> int | None:
        """The least number of raters at which this end of the band is at the target."""
        z = [float(np.arctanh(getattr(point.accuracy, end))) for point in points]
        goal = float(np.arctanh(target))
        if z[0] >= goal:
            return points[0].raters
        for (before, after), (first, last) in zip(pairwise(z), pairwise(points), strict=True):
            if before < goal <= after:
                share = (goal - before) / (after - before)
                return int(np.ceil(first.raters * (last.raters / first.raters) ** share - 1e-9))
        return None

    return Needed(least("value"), least("high"), least("low"))
