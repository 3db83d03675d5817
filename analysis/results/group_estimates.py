"""Each rater's RDM, helped by the others' where the rater saw little, and the RDM of all trials together.

They are computed only where somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrangement import Arrangement, Floats, Ints
from ..estimators import estimate_group
from ..formats.bundle_tables import Column
from .pooled import GROUP

NOT_INDEPENDENT = (
    "These RDMs are not independent of one another: each has borrowed from the others. "
    "No agreement, noise ceiling or reliability may be computed from them."
)
POOLED = (
    "The group's RDM is one estimate from the trials of all raters together, so whoever did more counts for more. "
    "Every rater is part of it: no rater's agreement with it, and no noise ceiling, may be computed from it."
)
GROUP_ESTIMATE_COLUMNS = (
    Column("rater", "text", "", "Participant; group for the RDM of all trials together", True),
    Column("clip_a", "text", "", "Name of the first clip of the pair", True),
    Column("clip_b", "text", "", "Name of the second clip of the pair", True),
    Column(
        "dissimilarity",
        "float",
        "",
        "Of the rater's RDM that borrows, or of the group's; its sum of squares over all pairs is 1",
        True,
    ),
    Column(
        "borrowed",
        "float",
        "",
        "How much of what the estimate rests on for this pair came from the others: 0 to 1; none of the group's RDM",
    ),
)


@dataclass(frozen=True, eq=False)
class GroupEstimates:
    """RDMs that borrow, of R raters and the P pairs of these clips.

    `rdms` (R, P) are complete. `borrowed` (R, P) says of each pair which share of its precision came from the others'
    RDM: 1 where only they saw it. `n_seen` (R,) counts the pairs that the raters saw themselves. `pooled` (P,) is the
    RDM of all trials in one model, complete, and `n_seen_by_anybody` counts the pairs that are in any of them.
    `unusable` are raters without an RDM, with the reason.
    """

    names: tuple[str, ...]
    raters: tuple[str, ...]
    rdms: Floats
    borrowed: Floats
    n_seen: Ints
    pooled: Floats
    n_seen_by_anybody: int
    unusable: dict[str, str]

    @property
    def mean_borrowed(self) -> Floats:
        """Each rater's share over all pairs, (R,)."""
        return np.asarray(self.borrowed.mean(axis=1))


def group_estimates(arrangements: Mapping[str, Sequence[Arrangement]], names: Sequence[str]) -> GroupEstimates:
    """The RDMs of raters from their own trials and the others'; `names` are those of the clips.

    Raises
    ------
    NoUsableTrialsError
        When no rater has a usable trial. Of a single one the RDM is made of the rater's trials alone.
    """
    group = estimate_group(arrangements, len(names), method="latent")
    estimates = group.raters.values()
    return GroupEstimates(
        names=tuple(names),
        raters=tuple(group.raters),
        rdms=np.array([estimate.rdm for estimate in estimates]),
        borrowed=np.array([group.shares[rater] for rater in group.raters]),
        n_seen=np.array([int(np.sum(~estimate.predicted)) for estimate in estimates]),
        pooled=group.group.rdm,
        n_seen_by_anybody=int(np.sum(~group.group.predicted)),
        unusable=group.unusable,
    )


def group_estimate_rows(estimates: GroupEstimates) -> Iterator[Sequence[Any]]:
    """Rows of `GROUP_ESTIMATE_COLUMNS`: one for each rater and pair, then one for each pair of the group's RDM."""
    first, second = np.triu_indices(len(estimates.names), 1)
    pairs = [(estimates.names[i], estimates.names[j]) for i, j in zip(first.tolist(), second.tolist(), strict=True)]
    for rater, rdm, borrowed in zip(
        estimates.raters, estimates.rdms.tolist(), estimates.borrowed.tolist(), strict=True
    ):
        for pair, value, share in zip(pairs, rdm, borrowed, strict=True):
            yield (rater, *pair, value, share)
    for pair, value in zip(pairs, estimates.pooled.tolist(), strict=True):
        yield (GROUP, *pair, value, None)
