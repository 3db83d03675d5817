"""What a study has found so far, for pages and export: `analysis.results` of the raters in the database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from sqlalchemy.orm import Session

from analysis import RDMEstimate
from analysis.arrangement import Floats
from analysis.formats.rdm_set import RDMSet
from analysis.rdm import n_items_of
from analysis.results import (
    COMPARATORS,
    GROUP,
    Agreement,
    GroupRDM,
    group_set,
    judged,
    not_converged,
    observations,
    rater_set,
)
from analysis.results import agreement as agreement_of
from analysis.results import group_rdm as group_of
from analysis.structure import MDS, mds
from app.errors import Invalid
from app.participation.arrangements import session_arrangements
from app.results.estimates import Estimates

__all__ = [
    "GROUP",
    "Agreement",
    "Coverage",
    "GroupRDM",
    "agreement",
    "clip_map",
    "cluster_order",
    "coverage",
    "group_rdm",
    "notes",
    "pooled_rdm",
    "rater_rdms",
    "rdm_table",
]

# Turning the leaves takes time with the cube of their number: half a second here.
MOST_TURNED = 250


@dataclass(frozen=True)
class Coverage:
    """How many pairs there are, how many of them nobody saw, and how many have less evidence than the target."""

    pairs: int
    never_seen: int
    below_target: int


def group_rdm(estimates: Estimates) -> GroupRDM | None:
    """The raters' RDMs as one, of what they saw, with the completed one beside it; None when there is no rater."""
    return group_of([estimate for _, estimate in estimates.usable]) if estimates.usable else None


def rdm_table(estimates: Estimates) -> Floats:
    """What the raters that have an RDM saw, (R, P), NaN = not seen, each row at a root mean square of 1."""
    return judged([estimate for _, estimate in estimates.usable])


def agreement(estimates: Estimates) -> Agreement | None:
    """Agreement between the raters, or None without any; one rater gives coefficients that say why they are NaN."""
    if not estimates.usable:
        return None
    table = np.ascontiguousarray(rdm_table(estimates))
    return _agreement(table.shape, table.tobytes(), tuple(rater.name for rater, _ in estimates.usable))


@lru_cache(maxsize=8)
def _agreement(shape: tuple[int, int], table: bytes, raters: tuple[str, ...]) -> Agreement:
    return agreement_of(np.frombuffer(table).reshape(shape), raters, comparators=COMPARATORS)


def rater_rdms(db: Session, estimates: Estimates) -> RDMSet | None:
    """Each rater's RDM with what is known of its pairs; None when there is none."""
    usable = estimates.usable
    if not usable:
        return None
    n_items = len(estimates.clips)
    return rater_set(
        [estimate for _, estimate in usable],
        [clip.file_name for clip in estimates.clips],
        [rater.name for rater, _ in usable],
        [observations(session_arrangements(db, rater.session), n_items, estimate) for rater, estimate in usable],
    )


def pooled_rdm(estimates: Estimates) -> RDMSet | None:
    """The RDM pooled over the raters; None when no rater has one."""
    group = group_rdm(estimates)
    if group is None:
        return None
    return group_set(group, [clip.file_name for clip in estimates.clips], estimates.choice.method)


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
        found.append(not_converged())
    if predicted := int(estimate.predicted.sum()):
        found.append(
            f"{predicted} pairs were never seen together: they enter no figure; the completed RDM shows what the model "
            "predicts for them."
        )
    found += [f"Trial {number + 1} was left out: {reason}." for number, reason in estimate.dropped]
    return found
