"""The RDM of all raters' trials, and those without a part of the raters: what models are compared with in a cohort."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Arrangement, Floats
from ..estimators import NoUsableTrialsError, estimate_rdm
from ..reliability import Coefficient
from ..reliability.report import with_interval
from .cohort_rdm import Together

# Each group without which everything is estimated again takes as long as the RDM itself.
N_GROUPS = 10


@dataclass(frozen=True, eq=False)
class JointRDMs:
    """One RDM of the trials of all raters (P,), NaN where nobody saw a pair, and those without each of G groups of
    raters (G, P). `reliability` is that of the RDM of all, from two halves of the raters; NaN where it is unknown.
    """

    rdm: Floats
    without: Floats
    reliability: float = np.nan

    def coefficient(self, values: Floats, level: float) -> Coefficient:
        """A figure of the RDM, `values[0]`, with the jackknife's interval out of those without each group."""
        return with_interval(values, level, "difference", undefined="it is undefined for the joint RDM")

    @property
    def rows(self) -> Floats:
        """The RDM of all, and those without each group, (1 + G, P)."""
        return np.vstack([self.rdm, self.without])


def joint_rdms(
    together: Together,
    trials: Mapping[str, Sequence[Arrangement]],
    n_items: int,
    method: str,
    *,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> JointRDMs:
    """Estimate the RDM of all trials but those of one group of raters, for each of (at most) `N_GROUPS` groups.

    Parameters
    ----------
    together
        What these trials came to, by the same method.
    trials
        The trials of each rater by name.
    seed
        Deals the raters into groups.
    progress
        Called as progress(groups done, groups in all).
    """
    there = [list(theirs) for theirs in trials.values() if theirs]
    rdm = together.estimate.seen_rdm
    n_groups = min(N_GROUPS, len(there))
    group = np.random.default_rng(seed).permutation(len(there)) % max(n_groups, 1)
    without = []
    for number in range(n_groups):
        kept = [trial for theirs, mine in zip(there, group, strict=True) if mine != number for trial in theirs]
        try:
            estimate = estimate_rdm(kept, n_items, method=method)
        except NoUsableTrialsError:
            continue
        # What is left predicts pairs that the group alone saw, where the estimator can.
        without.append(np.where(np.isfinite(rdm), estimate.rdm, np.nan))
        if progress is not None:
            progress(number + 1, n_groups)
    return JointRDMs(rdm, np.array(without).reshape(-1, rdm.size), float(together.split_half_corrected.value))
