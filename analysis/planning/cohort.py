"""The plan for more clips than one person can sort: many raters who do a few trials each, by simulating them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..designs import next_items_cohort, pair_counts
from ..estimators import estimate_rdm
from ..rdm import n_pairs
from ..similarity import similarity
from ..simulate import Behaviour, Session, individual, make_truth, overall, place_items, trial_seconds


@dataclass(frozen=True)
class CohortPlan:
    """What a cohort of so many raters is expected to yield; means over simulated studies.

    Attributes
    ----------
    n_raters : int
    accuracy, accuracy_se : float
        Pearson correlation of the group's RDM with the RDM that the raters have in common, and its standard error over
        the simulated studies (NaN with one).
    reliability : float
        Of the group's RDM, by Spearman-Brown from the correlation of two halves; NaN with one rater, or where the
        correlation is not positive.
    minutes, minutes_p95 : float
        Minutes of a rater: mean, and the time that 95 % of the raters stay under.
    trials, placements : float
        Per rater, means.
    seen : float
        Share of the pairs that at least one of the raters' sessions holds.
    """

    n_raters: int
    accuracy: float
    accuracy_se: float
    reliability: float
    minutes: float
    minutes_p95: float
    trials: float
    placements: float
    seen: float


def plan_cohort(
    n_items: int,
    n_raters: Sequence[int],
    *,
    trials_per_rater: int,
    size: int | None = None,
    truth: str | Floats = "gaussian_5",
    individual_share: float = 0.3,
    behaviour: Behaviour | None = None,
    method: str = "latent",
    n_studies: int = 4,
    rng: np.random.Generator,
) -> tuple[CohortPlan, ...]:
    """Accuracy, reliability and minutes to expect for each number of raters, from `n_studies` simulated studies.

    Trials come from `next_items_cohort`; the group's RDM is estimated from all raters' trials as if they were one
    person's.

    Parameters
    ----------
    trials_per_rater
        Trials of each rater, at least 1.
    size
        Items in each trial (`next_items_cohort`).
    n_items
        Number of clips, at least 4.
    n_raters
        Numbers of raters to compare; the smaller studies are parts of the largest, so that only their size differs.
    truth
        A kind of `make_truth`, or the RDM of a pilot study, (n_items(n_items-1)/2,).
    individual_share
        Share of a rater's squared dissimilarities that is the rater's own (`individual`).
    behaviour
        As in `place_items`.
    method
        Estimator of the group's RDM (`estimate_rdm`).

    Returns
    -------
    One CohortPlan for each of `n_raters`, in the order given.

    Raises
    ------
    ValueError
        When a number is too small, or the truth does not have `n_items` items.
    """
    _check(n_items, n_raters, truth, n_studies)
    if trials_per_rater < 1:
        raise ValueError(f"trials_per_rater must be at least 1, got {trials_per_rater}")
    behaviour = Behaviour() if behaviour is None else behaviour
    outcomes: list[list[tuple[float, float, float]]] = [[] for _ in n_raters]
    sessions: list[list[Session]] = []
    for study_rng in rng.spawn(n_studies):
        common = make_truth(truth, n_items, rng=study_rng) if isinstance(truth, str) else truth
        counts = np.zeros(n_pairs(n_items), dtype=np.int64)
        raters: list[Session] = []
        for _ in range(max(n_raters)):
            rdm = individual(common, individual_share, rng=study_rng)
            own_counts = np.zeros_like(counts)
            trials, seconds = [], []
            for _ in range(trials_per_rater):
                items = next_items_cohort(counts, own_counts=own_counts, size=size, rng=study_rng)
                trials.append(place_items(rdm, items, behaviour=behaviour, rng=study_rng))
                seconds.append(trial_seconds(items.size, behaviour=behaviour, rng=study_rng))
                shown = pair_counts([items], n_items)
                counts, own_counts = counts + shown, own_counts + shown
            raters.append(Session(tuple(trials), np.array(seconds)))
        for row, number in enumerate(n_raters):
            rdm = _of_all(raters[:number], n_items, method)
            accuracy = float(similarity(rdm, overall(common))[0, 0])
            halves = np.nan
            if number > 1:
                first, second = (_of_all(raters[half:number:2], n_items, method) for half in (0, 1))
                halves = float(similarity(first, second)[0, 0])
            outcomes[row].append((accuracy, halves, _seen(raters[:number], n_items)))
        sessions.append(raters)
    return tuple(
        _plan(number, np.array(outcomes[row]), [rater for study in sessions for rater in study[:number]])
        for row, number in enumerate(n_raters)
    )


def _check(n_items: int, n_raters: Sequence[int], truth: str | Floats, n_studies: int) -> None:
    if n_items < 4:
        raise ValueError(f"a plan needs at least 4 items, got {n_items}")
    if not n_raters or min(n_raters) < 1 or n_studies < 1:
        raise ValueError("n_raters and n_studies must be at least 1")
    if not isinstance(truth, str) and np.shape(truth)[-1] != n_pairs(n_items):
        raise ValueError(f"the truth has {np.shape(truth)[-1]} pairs, but {n_items} items have {n_pairs(n_items)}")


def _seen(raters: Sequence[Session], n_items: int) -> float:
    counts = pair_counts([trial.items for rater in raters for trial in rater.arrangements], n_items)
    return float((counts > 0).mean())


def _of_all(raters: Sequence[Session], n_items: int, method: str) -> Floats:
    return estimate_rdm([trial for rater in raters for trial in rater.arrangements], n_items, method=method).rdm


def _plan(n_raters: int, outcomes: Floats, sessions: list[Session]) -> CohortPlan:
    """`outcomes` (studies, 3): accuracy, correlation of two halves, share of pairs seen."""
    accuracy, correlation, seen = outcomes.T
    minutes = np.array([session.minutes for session in sessions])
    r = float(correlation.mean())
    return CohortPlan(
        n_raters=n_raters,
        accuracy=float(accuracy.mean()),
        accuracy_se=float(accuracy.std(ddof=1) / np.sqrt(accuracy.size)) if accuracy.size > 1 else np.nan,
        reliability=2 * r / (1 + r) if r > 0 else np.nan,
        minutes=float(minutes.mean()),
        minutes_p95=float(np.quantile(minutes, 0.95)),
        trials=float(np.mean([len(session.arrangements) for session in sessions])),
        placements=float(np.mean([session.n_placements for session in sessions])),
        seen=float(seen.mean()),
    )
