"""The raters' RDMs side by side and as one, what was seen kept apart from what is predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Floats, Ints
from ..estimators import RDMEstimate
from ..formats.rdm_set import RDMSet
from ..pooling import mean_present, pool, raters_per_pair
from ..rdm import scale_to_rms

GROUP = "group"


@dataclass(frozen=True, eq=False)
class GroupRDM:
    """The raters' RDMs as one; P pairs in condensed order.

    `rdm` (P,) is made of what was seen, NaN where nobody saw the pair. `completed` (P,) holds the same values, and
    where nobody saw the pair the mean of what the raters' models predict; its sum of squares is 1. `predicted` (P,) is
    True for these pairs. `evidence` (P,) is the mean over raters, 0 for a rater who did not see the pair; `n_raters`
    (P,) says how many saw it.
    """

    rdm: Floats
    completed: Floats
    predicted: NDArray[np.bool_]
    evidence: Floats
    n_raters: Ints


@dataclass(frozen=True)
class Coverage:
    """How many pairs there are, how many of them nobody saw, and how many have less evidence than the target."""

    pairs: int
    never_seen: int
    below_target: int


def coverage(evidence: Floats, target: float) -> Coverage:
    """Counts over the pairs of one `evidence` vector (P,)."""
    return Coverage(
        pairs=evidence.size, never_seen=int((evidence <= 0).sum()), below_target=int((evidence < target).sum())
    )


def judged(estimates: Sequence[RDMEstimate]) -> Floats:
    """What the raters saw, (R, P), NaN = not seen, each row at a root mean square of 1 over its own pairs.

    Everything about a group starts here. Rows of equal size, because the scale of an RDM is arbitrary: at a sum of
    squares of 1 a rater who saw few pairs would have the largest dissimilarities, and dominate alpha and the ICCs.
    """
    return np.array([scale_to_rms(estimate.seen_rdm) for estimate in estimates])


def at_unit_size(seen: Floats, completed: Floats) -> tuple[Floats, Floats]:
    """Both RDMs (P,) in the unit in which what was seen has a root mean square of 1."""
    scaled = scale_to_rms(seen)
    return scaled, np.where(np.isfinite(scaled), scaled, completed / np.sqrt(np.nanmean(seen**2)))


def group_rdm(estimates: Sequence[RDMEstimate]) -> GroupRDM:
    """The mean over raters of their RDMs at equal size, each pair over the raters who saw it.

    Raises
    ------
    ValueError
        When there is no rater.
    """
    table = judged(estimates)
    seen = pool(table, "cosine")
    # Predictions on the scale on which the rater's own pairs have a root mean square of 1.
    sizes = np.array([np.sqrt(np.nanmean(estimate.seen_rdm**2)) for estimate in estimates])
    predictions = np.array([np.where(estimate.predicted, estimate.rdm, np.nan) for estimate in estimates])
    guessed = mean_present(predictions / np.where(sizes > 0, sizes, np.nan)[:, None])
    predicted = np.isnan(seen) & np.isfinite(guessed)
    completed = np.where(predicted, guessed, seen)
    size = np.sqrt(np.nansum(completed**2))
    return GroupRDM(
        rdm=seen / size,
        completed=completed / size,
        predicted=predicted,
        evidence=np.mean([estimate.evidence for estimate in estimates], axis=0),
        n_raters=raters_per_pair(table),
    )


def rater_set(
    estimates: Sequence[RDMEstimate],
    names: Sequence[str],
    raters: Sequence[str],
    observations: Sequence[Floats],
    method: str | None = None,
) -> RDMSet:
    """Each rater's RDM with what is known of its pairs; standard errors are NaN for raters who have none.

    `observations` are those of `raters.observations`, one (P,) for each rater. `method` is what the set is called by,
    the raters' own where it is None.
    """
    errors = [estimate.standard_error for estimate in estimates]
    unknown = np.full(observations[0].shape, np.nan)
    return RDMSet(
        np.array([estimate.seen_rdm for estimate in estimates]),
        names,
        raters,
        method or estimates[0].method,
        evidence=np.array([estimate.evidence for estimate in estimates]),
        standard_error=(
            None
            if all(error is None for error in errors)
            else np.array([unknown if error is None else error for error in errors])
        ),
        observations=np.array(observations),
        predicted=np.array([estimate.predicted for estimate in estimates]),
        completed=np.array([estimate.rdm for estimate in estimates]),
    )


def rater_row(estimate: RDMEstimate, observations: Floats) -> dict[str, Floats | NDArray[np.bool_] | None]:
    """What `rater_set` has of one rater, by kind."""
    return {
        "rdms": estimate.seen_rdm,
        "evidence": estimate.evidence,
        "standard_error": estimate.standard_error,
        "observations": observations,
        "predicted": estimate.predicted,
        "completed": estimate.rdm,
    }


def group_set(group: GroupRDM, names: Sequence[str], method: str) -> RDMSet:
    """The pooled RDM, with the mean evidence and the number of raters who saw each pair."""
    return RDMSet(
        group.rdm,
        names,
        [GROUP],
        method,
        evidence=group.evidence,
        observations=group.n_raters,
        predicted=group.predicted,
        completed=group.completed,
    )
