"""How many raters, and how many minutes of each, does a study need? By simulating it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrangement import Floats
from analysis.designs import StopRule
from analysis.designs.lift_the_weakest import Form
from analysis.estimators import estimate_rdm
from analysis.pooling import pool
from analysis.rdm import n_pairs
from analysis.similarity import similarity
from analysis.simulate.rater import Behaviour, Session, simulate_rater
from analysis.simulate.truths import individual, make_truth, overall


@dataclass(frozen=True)
class Plan:
    """What a study with so many raters is expected to yield; means over simulated studies.

    Attributes
    ----------
    n_raters : int
    accuracy, accuracy_se : float
        Pearson correlation of the group's RDM with the RDM that the raters have in common, and its standard error over
        the simulated studies (NaN with one).
    pairwise_r : float
        Mean Pearson correlation between two raters' RDMs; NaN with one rater.
    reliability : float
        Of the group's mean, by Spearman-Brown from `pairwise_r`; NaN with one rater, or where that is not positive.
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
    pairwise_r: float
    reliability: float
    minutes: float
    minutes_p95: float
    trials: float
    placements: float
    seen: float


def plan_study(
    n_items: int,
    n_raters: Sequence[int],
    *,
    truth: str | Floats = "gaussian_5",
    individual_share: float = 0.3,
    behaviour: Behaviour | None = None,
    design: str = "posterior_variance",
    max_items: int | None = None,
    size: int | None = None,
    form: Form = "2015",
    stop: StopRule | None = None,
    method: str = "latent",
    n_studies: int = 4,
    rng: np.random.Generator,
) -> tuple[Plan, ...]:
    """Accuracy, reliability and minutes to expect for each number of raters, from `n_studies` simulated studies.

    Parameters
    ----------
    n_items
        Number of clips, at least 4.
    n_raters
        Numbers of raters to compare; the smaller studies are parts of the largest, so that only their size differs.
    truth
        A kind of `make_truth`, or the RDM of a pilot study, (n_items(n_items-1)/2,).
    individual_share
        Share of a rater's squared dissimilarities that is the rater's own (`individual`).
    behaviour, design, max_items, size, form, stop
        As in `simulate_rater`.
    method
        Estimator of each rater's RDM (`estimate_rdm`).

    Returns
    -------
    One Plan for each of `n_raters`, in the order given.

    Raises
    ------
    ValueError
        When a number is too small, or the truth does not have `n_items` items.
    """
    if n_items < 4:
        raise ValueError(f"a plan needs at least 4 items, got {n_items}")
    if not n_raters or min(n_raters) < 1 or n_studies < 1:
        raise ValueError("n_raters and n_studies must be at least 1")
    if not isinstance(truth, str) and np.shape(truth)[-1] != n_pairs(n_items):
        raise ValueError(f"the truth has {np.shape(truth)[-1]} pairs, but {n_items} items have {n_pairs(n_items)}")
    outcomes: list[list[tuple[float, float, float]]] = [[] for _ in n_raters]
    sessions: list[list[Session]] = []
    for study_rng in rng.spawn(n_studies):
        common = make_truth(truth, n_items, rng=study_rng) if isinstance(truth, str) else truth
        raters = [
            simulate_rater(
                individual(common, individual_share, rng=study_rng),
                behaviour=behaviour,
                design=design,
                max_items=max_items,
                size=size,
                form=form,
                stop=stop,
                rng=study_rng,
            )
            for _ in range(max(n_raters))
        ]
        rdms = np.stack([estimate_rdm(rater.arrangements, n_items, method=method).rdm for rater in raters])
        between = similarity(rdms)
        evidence = np.stack([_seen(rater, n_items) for rater in raters])
        for row, number in enumerate(n_raters):
            accuracy = float(similarity(pool(rdms[:number]), overall(common))[0, 0])
            pairwise = (
                float(np.nanmean(between[:number, :number][np.triu_indices(number, 1)])) if number > 1 else np.nan
            )
            outcomes[row].append((accuracy, pairwise, float(evidence[:number].any(axis=0).mean())))
        sessions.append(raters)
    return tuple(
        _plan(number, np.array(outcomes[row]), [rater for study in sessions for rater in study[:number]])
        for row, number in enumerate(n_raters)
    )


def _seen(session: Session, n_items: int) -> Floats:
    together = np.zeros((n_items, n_items), dtype=bool)
    for trial in session.arrangements:
        together[np.ix_(trial.items, trial.items)] = True
    return together[np.triu_indices(n_items, 1)]


def _plan(n_raters: int, outcomes: Floats, sessions: list[Session]) -> Plan:
    """`outcomes` (studies, 3): accuracy, mean pairwise r, share of pairs seen."""
    accuracy, pairwise, seen = outcomes.T
    minutes = np.array([session.minutes for session in sessions])
    r = float(pairwise.mean())
    return Plan(
        n_raters=n_raters,
        accuracy=float(accuracy.mean()),
        accuracy_se=float(accuracy.std(ddof=1) / np.sqrt(accuracy.size)) if accuracy.size > 1 else np.nan,
        pairwise_r=r,
        reliability=n_raters * r / (1 + (n_raters - 1) * r) if r > 0 else np.nan,
        minutes=float(minutes.mean()),
        minutes_p95=float(np.quantile(minutes, 0.95)),
        trials=float(np.mean([len(session.arrangements) for session in sessions])),
        placements=float(np.mean([session.n_placements for session in sessions])),
        seen=float(seen.mean()),
    )
