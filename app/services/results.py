"""What a study has found so far: the group's RDM, agreement between raters, the map, and orders for looking at them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage

from analysis import RDMEstimate, noise_ceiling, reliability
from analysis.arrangement import Floats, Ints
from analysis.noise_ceiling import NoiseCeiling
from analysis.pooling import pool, raters_per_pair
from analysis.rdm import n_items_of
from analysis.reliability import Reliability
from analysis.structure import MDS, mds
from app.errors import Invalid
from app.services.estimates import Estimates

GROUP = "group"
# Turning the leaves takes time with the cube of their number: half a second here.
MOST_TURNED = 250


@dataclass(frozen=True, eq=False)
class GroupRDM:
    """The raters' RDMs as one.

    `rdm` (P,) has a sum of squares of 1 like each rater's, NaN where nobody saw the pair; `evidence` (P,) is the mean
    over raters; `n_raters` (P,) says how many stand behind each pair.
    """

    rdm: Floats
    evidence: Floats
    n_raters: Ints


@dataclass(frozen=True)
class Agreement:
    """How far raters agree: the coefficients, and the noise ceiling of a model compared by Pearson's r."""

    reliability: Reliability
    ceiling: NoiseCeiling


@dataclass(frozen=True)
class Coverage:
    """How many pairs there are, how many of them nobody saw, and how many have less evidence than the target."""

    pairs: int
    never_seen: int
    below_target: int


def group_rdm(estimates: Estimates) -> GroupRDM | None:
    """The mean over raters of their RDMs at equal size (RMS over a rater's own pairs), or None when there is no rater.

    Equal size, because the scale of an RDM is arbitrary: a rater who used more of the arena must not count for more.
    """
    usable = estimates.usable
    if not usable:
        return None
    table = rdm_table(estimates)
    mean = pool(table, "cosine")
    return GroupRDM(
        rdm=mean / np.sqrt(np.nansum(mean**2)),
        evidence=np.mean([estimate.evidence for _, estimate in usable], axis=0),
        n_raters=raters_per_pair(table),
    )


def rdm_table(estimates: Estimates) -> Floats:
    """The RDMs of the raters that have one, (R, P), NaN = missing."""
    return np.array([estimate.rdm for _, estimate in estimates.usable])


def agreement(estimates: Estimates) -> Agreement | None:
    """Agreement between the raters, or None without any; one rater gives coefficients that say why they are NaN."""
    if not estimates.usable:
        return None
    table = np.ascontiguousarray(rdm_table(estimates))
    return _agreement(table.shape, table.tobytes())


@lru_cache(maxsize=8)
def _agreement(shape: tuple[int, int], table: bytes) -> Agreement:
    rdms = np.frombuffer(table).reshape(shape)
    return Agreement(reliability(rdms), noise_ceiling(rdms, method="pearson"))


def coverage(evidence: Floats, target: float) -> Coverage:
    """Counts over the pairs of one `evidence` vector (P,)."""
    return Coverage(
        pairs=evidence.size, never_seen=int((evidence <= 0).sum()), below_target=int((evidence < target).sum())
    )


def clip_map(rdm: Floats) -> MDS:
    """A map of the clips whose distances come near the dissimilarities of `rdm` (P,), in two dimensions.

    Raises
    ------
    Invalid
        When there are too few clips, or the pairs seen so far do not tie all clips together.
    """
    if n_items_of(rdm.size) < 3:
        raise Invalid("A map needs at least three clips.")
    try:
        return mds(rdm)
    except ValueError as error:
        raise Invalid(
            "The pairs seen so far do not tie all clips together, so their places on a map are open."
        ) from error


def cluster_order(rdm: Floats) -> list[int]:
    """Items in an order that puts alike ones side by side: average linkage, leaves turned to lie next to their likes.

    Missing pairs count as average for the order only (Bar-Joseph et al. 2001 for the turning of leaves).
    """
    n_items = n_items_of(rdm.size)
    if n_items < 3 or not np.isfinite(rdm).any():
        return list(range(n_items))
    filled = np.where(np.isfinite(rdm), rdm, np.nanmean(rdm))
    tree = linkage(filled, method="average", optimal_ordering=n_items <= MOST_TURNED)
    return [int(item) for item in leaves_list(tree)]


def notes(estimate: RDMEstimate) -> list[str]:
    """What a reader has to know about a rater's RDM, in sentences; none when all is well."""
    found = []
    if estimate.n_components > 1:
        found.append(
            f"The trials fall into {estimate.n_components} groups that share no pair, so the scale between these "
            "groups is not determined by the data."
        )
    if not estimate.converged:
        found.append(f"The estimate did not settle within {estimate.n_iter} rounds.")
    if predicted := int(estimate.predicted.sum()):
        found.append(f"{predicted} pairs were never seen together: their values are predicted from the others.")
    found += [f"Trial {number + 1} was left out: {reason}." for number, reason in estimate.dropped]
    return found
