"""From a rater's arrangements to their RDM, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..arrangement import Arrangement, Floats
from ..estimators import NoUsableTrialsError, RDMEstimate, estimate_rdm
from ..quality import ParticipantQuality
from ..rdm import n_pairs, pairs_within
from .across_sets import estimate_in_sets

NOTHING_IN = "all of its trials were left out"


@dataclass(frozen=True)
class Rater:
    """A session with judgments, as far as results depend on it; never a withdrawn one.

    `exclusion` is the experimenter's reason for leaving the rater out, None for one who is in; `excluded_trials` are
    the numbers (from 1) and reasons of single trials that are left out. Raters with the same `person` (a number) are
    sessions of one person; None where that is not known.
    """

    name: str
    is_finished: bool = True
    is_simulated: bool = False
    exclusion: str | None = None
    person: int | None = None
    excluded_trials: tuple[tuple[int, str], ...] = ()

    @property
    def is_left_out(self) -> bool:
        """Whether the rater, or any trial, is left out."""
        return self.exclusion is not None or bool(self.excluded_trials)


@dataclass(frozen=True, eq=False)
class Work:
    """How much a rater did in the T trials that enter the RDM.

    `sizes` (T,) are the numbers of items, `minutes` (T,) when each trial was stored, since the first was shown.
    """

    sizes: tuple[int, ...]
    minutes: Floats

    @property
    def trials(self) -> int:
        """Number of trials."""
        return len(self.sizes)

    @property
    def placements(self) -> int:
        """Number of placements in them."""
        return sum(self.sizes)

    @property
    def duration(self) -> float:
        """Minutes from the first trial shown to the last one stored; NaN without a trial."""
        return float(self.minutes.max()) if self.minutes.size else float("nan")


@dataclass(frozen=True, eq=False)
class RaterResult:
    """All that follows from one rater's trials alone: the work, and an estimate or the problem why there is none.

    `observations` (P,) counts the trials that hold each pair, without those that the estimate left out. `quality` is
    how the rater worked in all trials, also those that somebody left out, with the numbers (from 1) `numbers`; None
    where it was not looked at.
    """

    work: Work
    estimate: RDMEstimate | None
    problem: str | None
    observations: Floats
    quality: ParticipantQuality | None = None
    numbers: tuple[int, ...] = ()


def rater_result(
    arrangements: Sequence[Arrangement],
    minutes: Sequence[float] | Floats,
    n_items: int,
    method: str,
    *,
    uncertainty: bool = False,
    seed: int = 0,
    sets: Sequence[Sequence[int]] = (),
) -> RaterResult:
    """What follows from a rater's judgments, in the order of the trials, stored at these `minutes`.

    With `sets`, the items of each of the rater's sets of clips, every set is estimated by itself (`estimate_in_sets`).

    Raises
    ------
    ValueError
        As `estimate_rater`.
    """
    # A rater has a judgment, or is none: only leaving out takes them all away, or that another set comes first.
    outcome: RDMEstimate | str = NOTHING_IN
    if arrangements:
        estimate = partial(estimate_rater, method=method, uncertainty=uncertainty, seed=seed)
        outcome = estimate_in_sets(arrangements, n_items, sets, estimate) if sets else estimate(arrangements, n_items)
    work = Work(tuple(len(trial) for trial in arrangements), np.asarray(minutes, dtype=np.float64))
    if isinstance(outcome, str):
        return RaterResult(work, None, outcome, np.zeros(n_pairs(n_items)))
    return RaterResult(work, outcome, None, observations(arrangements, n_items, outcome))


def estimate_rater(
    arrangements: Sequence[Arrangement], n_items: int, method: str, *, uncertainty: bool = False, seed: int = 0
) -> RDMEstimate | str:
    """A rater's RDM from their judgments in the order of the trials, or in words why there is none.

    Each rater has the same seed, so that a rater's result does not depend on who else is in the study.

    Raises
    ------
    ValueError
        When the method is unknown, or a trial holds an item that is not below `n_items`.
    """
    try:
        if uncertainty:
            return estimate_rdm(arrangements, n_items, method=method, uncertainty=True, rng=np.random.default_rng(seed))
        return estimate_rdm(arrangements, n_items, method=method)
    except NoUsableTrialsError as error:
        return str(error)


def given_result(rdm: Floats, method: str) -> RaterResult:
    """The result of a rater whose RDM (P,) came with the data, without any trial: no estimator was applied.

    Evidence and the number of trials of a pair that has a value are not known (NaN); a missing pair has none (0).
    """
    there = np.isfinite(rdm)
    unknown = np.where(there, np.nan, 0.0)
    size = np.sqrt(np.nansum(rdm**2))
    work = Work((), np.zeros(0))
    if not there.any() or size == 0:
        return RaterResult(work, None, "the RDM holds no value other than 0", unknown)
    estimate = RDMEstimate(
        rdm=rdm / size,
        evidence=unknown,
        standard_error=None,
        correlation_with_truth=None,
        method=method,
        n_iter=0,
        converged=True,
        dropped=(),
        components=np.where(there, 0, -1),
        predicted=np.zeros(rdm.shape, dtype=np.bool_),
    )
    return RaterResult(work, estimate, None, unknown)


def observations(arrangements: Sequence[Arrangement], n_items: int, estimate: RDMEstimate) -> Floats:
    """Number of the rater's trials that hold each pair, (P,); trials that the estimate left out do not count."""
    left_out = {number for number, _ in estimate.dropped}
    counts = np.zeros(n_pairs(n_items))
    for number, trial in enumerate(arrangements):
        if number not in left_out:
            counts[pairs_within(trial.items, n_items)] += 1
    return counts
