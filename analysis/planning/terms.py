"""What a plan assumes, what it is asked, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..similarity import Method
from .curve import Expected, Needed
from .power import Resample

MIN_ITEMS = 4


@dataclass(frozen=True)
class Assumptions:
    """What nobody knows before a study, and a plan has to assume.

    Attributes
    ----------
    noise : float
        Placement noise: standard deviation per coordinate, as a share of the largest distance in a trial.
    individual : float
        Share of a rater's squared dissimilarities that is the rater's own. With the default two raters of 24 clips
        correlate by about .37, as the 16 people with 92 pictures did whose RDMs are published (.36).
    random_trials : float
        Share of trials in which a rater puts clips anywhere.
    truth : str
        The kind of RDM that raters share, of `make_truth`.
    model_a, model_b : float
        Correlations of two models with that RDM.
    """

    noise: float = 0.1
    individual: float = 0.55
    random_trials: float = 0.0
    truth: str = "gaussian_5"
    model_a: float = 0.6
    model_b: float = 0.5


@dataclass(frozen=True)
class Wanted:
    """What the plan is to say.

    Attributes
    ----------
    reliability : float
        Of the group's RDM.
    accuracy : float
        Where raters share the pairs: the correlation of the RDM of all trials with what they have in common.
    raters : int
        How many raters are thought of; curves reach beyond them.
    comparator : str
        How a model is compared with a rater.
    resample : str
        "both" for a test that speaks of other raters and other clips, "raters" for one of these clips only.
    alpha, level : float
        Of the test of two models; of the bands.
    """

    reliability: float = 0.9
    raters: int = 20
    comparator: Method = "rho_a"
    resample: Resample = "both"
    alpha: float = 0.05
    level: float = 0.95
    accuracy: float = 0.9


@dataclass(frozen=True)
class Spread:
    """A figure of single participants: the median, and between which values nine of ten lie."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class CurvePoint:
    """What is expected of a study with so many raters."""

    raters: int
    reliability: Expected
    accuracy: Expected
    power: Expected
    seen: float


@dataclass(frozen=True)
class Plan:
    """What simulated raters say of a study.

    Attributes
    ----------
    sessions, worlds : int
        Simulated sessions, in so many groups that each share a truth.
    n_items : int
    minutes, trials : Spread
        Of a participant.
    seen, reached : Spread
        Shares of the pairs that a session holds, and that reach the evidence of the stop rule.
    ended_by : dict
        How many sessions each rule ended; "cut" are those that the simulation ended.
    max_trials : int
        After how many it does.
    no_rdm : int
        Sessions from which no RDM can be estimated.
    pairwise : Expected
        Mean correlation of two raters, with the band of one study of `Wanted.raters`.
    curve : tuple of CurvePoint
    needed : Needed
        Raters for the wanted reliability.
    n_boot, model_pairs : int
        Draws of clips and pairs of models behind the power.
    """

    sessions: int
    worlds: int
    n_items: int
    minutes: Spread
    trials: Spread
    seen: Spread
    reached: Spread
    ended_by: dict[str, int]
    max_trials: int
    no_rdm: int
    pairwise: Expected
    curve: tuple[CurvePoint, ...]
    needed: Needed
    n_boot: int
    model_pairs: int


def check_assumed(n_items: int, assumed: Assumptions, wanted: Wanted) -> None:
    """Raise ValueError where a number is out of range."""
    if n_items < MIN_ITEMS:
        raise ValueError(f"a plan needs at least {MIN_ITEMS} clips; there are {n_items}")
    for name in ("noise", "individual", "random_trials"):
        if not 0 <= getattr(assumed, name) <= 1:
            raise ValueError(f"{name} must lie between 0 and 1, got {getattr(assumed, name)}")
    for name in ("model_a", "model_b"):
        if not -1 < getattr(assumed, name) < 1:
            raise ValueError(f"{name} is a correlation between -1 and 1, got {getattr(assumed, name)}")
    for name in ("reliability", "accuracy"):
        if not 0 < getattr(wanted, name) < 1:
            raise ValueError(f"the wanted {name} must lie between 0 and 1, got {getattr(wanted, name)}")
    if wanted.raters < 2:
        raise ValueError(f"a plan needs at least 2 raters, got {wanted.raters}")


def spread_of(values: Sequence[float] | Floats) -> Spread:
    """The median, and between which values nine of ten lie."""
    low, median, high = np.quantile(values, [0.05, 0.5, 0.95])
    return Spread(float(median), float(low), float(high))
