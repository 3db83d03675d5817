"""The RDM of all raters' trials, and those without a part of the raters: what models are compared with in a cohort."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Arrangement, Floats, Ints
from ..clip_sets import ClipSet
from ..estimators import NoUsableTrialsError, estimate_rdm
from ..rdm import n_pairs, pairs_within
from ..reliability import Coefficient
from ..reliability.report import with_interval
from .across_sets import mean_of_parts
from .cohort_rdm import Together

# Each group without which everything is estimated again takes as long as the RDM itself.
N_GROUPS = 10


@dataclass(frozen=True, eq=False)
class JointRDMs:
    """One RDM of the trials of all raters (P,), NaN where nobody saw a pair, and those without each of G groups of
    raters (G, P). `reliability` is that of the RDM of all, from two halves of the raters; NaN where it is unknown.

    Of a study with several sets of clips `sets` holds those of each set, over its own pairs, and the others are these
    side by side, each at a root mean square of 1; `reliability` is the mean over sets. `n_raters` have a trial in it.
    """

    rdm: Floats
    without: Floats
    reliability: float = np.nan
    n_raters: int = 0
    sets: tuple[JointRDMs, ...] = ()

    def coefficient(self, values: Floats, level: float) -> Coefficient:
        """A figure of the RDM, `values[0]`, with the jackknife's interval out of those without each group."""
        return with_interval(values, level, "difference", undefined="it is undefined for the joint RDM")

    @property
    def rows(self) -> Floats:
        """The RDM of all, and those without each group, (1 + G, P)."""
        return np.vstack([self.rdm, self.without])


@dataclass(frozen=True, eq=False)
class TrialsOfSet:
    """One of several sets of clips: its trials by rater, of its clips alone, and what all of them came to, if anything
    did.
    """

    of: ClipSet
    together: Together | None
    trials: Mapping[str, Sequence[Arrangement]]


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
    groups = _dealt([name for name, theirs in trials.items() if theirs], seed)
    of = len(set(groups.values()))
    tell = None if progress is None else lambda done: progress(done, of)
    return _of_one(together, _without_each(together, trials, n_items, method, groups, tell))


def joint_rdms_of_sets(
    sets: Sequence[TrialsOfSet],
    n_items: int,
    method: str,
    *,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> JointRDMs | None:
    """The same in each of several sets, and side by side over the pairs of all `n_items`; None where no set has an RDM.

    A rater is in one group in all of the rater's sets. A set that holds no rater of a group, or nobody else, stays as
    it is where that group is left out.
    """
    groups = _dealt(list(dict.fromkeys(name for one in sets for name, theirs in one.trials.items() if theirs)), seed)
    found, wholes = [], []
    rows: list[list[tuple[Ints, Floats]]] = [[] for _ in range(len(set(groups.values())))]
    for done, one in enumerate(sets):
        n_here = len(one.of.items)
        if one.together is None:
            found.append(JointRDMs(np.full(n_pairs(n_here), np.nan), np.empty((0, n_pairs(n_here)))))
            continue
        without = _without_each(one.together, one.trials, n_here, method, groups, None)
        found.append(_of_one(one.together, without))
        pairs = pairs_within(np.array(one.of.items, dtype=np.int64), n_items)
        wholes.append((pairs, _at_one(found[-1].rdm)))
        for group, row in enumerate(rows):
            row.append((pairs, _at_one(without.get(group, found[-1].rdm))))
        if progress is not None:
            progress(done + 1, len(sets))
    if not wholes:
        return None
    total = n_pairs(n_items)
    known = [one.reliability for one in found if np.isfinite(one.reliability)]
    return JointRDMs(
        mean_of_parts(total, wholes),
        np.array([mean_of_parts(total, row) for row in rows]),
        float(np.mean(known)) if known else np.nan,
        len(groups),
        tuple(found),
    )


def _dealt(raters: Sequence[str], seed: int) -> dict[str, int]:
    """The group of each rater."""
    n_groups = min(N_GROUPS, len(raters))
    numbers = np.random.default_rng(seed).permutation(len(raters)) % max(n_groups, 1)
    return dict(zip(raters, numbers.tolist(), strict=True))


def _without_each(
    together: Together,
    trials: Mapping[str, Sequence[Arrangement]],
    n_items: int,
    method: str,
    groups: Mapping[str, int],
    tell: Callable[[int], object] | None,
) -> dict[int, Floats]:
    """The RDM without each group of which a rater has trials here, where others have some too."""
    there = {name: list(theirs) for name, theirs in trials.items() if theirs}
    rdm, without = together.estimate.seen_rdm, {}
    for done, group in enumerate(sorted({groups[name] for name in there}), start=1):
        kept = [trial for name, theirs in there.items() if groups[name] != group for trial in theirs]
        try:
            estimate = estimate_rdm(kept, n_items, method=method)
        except NoUsableTrialsError:
            continue
        # What is left predicts pairs that the group alone saw, where the estimator can.
        without[group] = np.where(np.isfinite(rdm), estimate.rdm, np.nan)
        if tell is not None:
            tell(done)
    return without


def _of_one(together: Together, without: Mapping[int, Floats]) -> JointRDMs:
    rdm = together.estimate.seen_rdm
    rows = np.array(list(without.values())).reshape(-1, rdm.size)
    return JointRDMs(rdm, rows, float(together.split_half_corrected.value), len(together.raters))


def _at_one(rdm: Floats) -> Floats:
    """The RDM at a root mean square of 1: nothing else ties the scales of sets."""
    return np.asarray(rdm / np.sqrt(np.nanmean(rdm**2)))
