"""Everything that the report shows, computed from an export bundle."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.arrangement import Arrangement, Floats
from analysis.estimators import RDMEstimate
from analysis.formats.bundle import Bundle, Trial
from analysis.formats.bundle_reader import RDM_PURPOSES
from analysis.formats.rdm_set import RDMSet
from analysis.reliability import GrowthCurve, RatersNeeded, Reliability, growth, raters_needed
from analysis.report.working import Working, working
from analysis.results import (
    Agreement,
    GroupRDM,
    agreement,
    estimate_rater,
    group_rdm,
    group_set,
    judged,
    observations,
    rater_set,
)
from analysis.similarity import similarity
from analysis.structure import MDS, Dimensionality, Tree, cluster_items, cluster_raters, dimensionality, mds

# Reliabilities of the mean for which the report says how many raters they take.
TARGETS = (0.8, 0.9)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Choices:
    """What the report is made with.

    Unfinished sessions are out unless `with_unfinished`: a single round of one can turn every figure over.
    `uncertainty` adds standard errors and each RDM's correlation with the truth, which takes seconds to minutes for
    each rater; `jobs` is the number of processes, 0 for as many as help.
    """

    method: str = "combined"
    with_excluded: bool = False
    with_simulated: bool = True
    with_unfinished: bool = False
    uncertainty: bool = False
    seed: int = 0
    jobs: int = 0


@dataclass(frozen=True, eq=False)
class Results:
    """A study's results; R raters with an RDM, P pairs of n clips.

    `table` (R, P) holds what the raters saw, in the order of `raters` and each at a root mean square of 1 (`judged`);
    `failures` says why others have none, `unfinished` names the raters whose sessions are not finished. `pooled` is
    their pool, what was seen apart from what is predicted. `observations` (R, P) counts the trials that held a pair.
    `between` (R, R) is Spearman's correlation of every two raters. `order` (n,) and `rater_order` (R,) put side by
    side what is alike. `map` and `tree` are None where missing pairs leave them undefined, `growth` and `dimensions`
    with fewer than three raters.
    """

    choices: Choices
    names: tuple[str, ...]
    sessions: list[dict[str, Any]]
    trials: dict[str, list[Trial]]
    unfinished: list[str]
    estimates: dict[str, RDMEstimate]
    failures: dict[str, str]
    raters: tuple[str, ...]
    table: Floats
    pooled: GroupRDM
    observations: Floats
    agreement: Agreement
    growth: GrowthCurve | None
    needed: dict[float, RatersNeeded]
    between: Floats
    map: MDS | None
    tree: Tree | None
    order: list[int]
    rater_order: list[int]
    dimensions: Dimensionality | None
    working: Working
    attributes: dict[str, dict[str, str]]

    @property
    def group(self) -> Floats:
        """The raters' RDMs as one, (P,), over what they saw."""
        return self.pooled.rdm

    @property
    def reliability(self) -> Reliability:
        """Agreement between the raters, as it is to be shown."""
        return self.agreement.reliability

    @property
    def evidence(self) -> Floats:
        """Evidence of each pair for each rater, (R, P)."""
        return np.array([self.estimates[rater].evidence for rater in self.raters])

    def rdm_set(self) -> RDMSet:
        """The raters' RDMs with all that is known of each pair."""
        found = [self.estimates[rater] for rater in self.raters]
        return rater_set(found, self.names, self.raters, list(self.observations))

    def group_set(self) -> RDMSet:
        """The pooled RDM, with the mean evidence and the number of raters who saw each pair."""
        return group_set(self.pooled, self.names, self.choices.method)


def analyse(bundle: Bundle, choices: Choices, progress: Progress) -> Results:
    """Estimate every rater's RDM, pool them, and measure agreement and structure.

    Raises
    ------
    ValueError
        When the bundle holds fewer than three clips, or no rater from whose trials an RDM can be estimated.
    """
    n_items = len(bundle.names)
    if n_items < 3:
        raise ValueError(f"{bundle.path}: an RDM needs at least three clips, the study has {n_items}")
    arrangements = bundle.arrangements(with_excluded=choices.with_excluded, with_simulated=choices.with_simulated)
    running = {row["participant"] for row in bundle.rows("participants") if row["state"] != "finished"}
    unfinished = [rater for rater in arrangements if rater in running]
    if not choices.with_unfinished:
        arrangements = {rater: trials for rater, trials in arrangements.items() if rater not in running}
    estimates, failures = _estimate_all(arrangements, n_items, choices, progress)
    if not estimates:
        reasons = "; ".join(f"{rater}: {reason}" for rater, reason in failures.items()) or "no trial was stored"
        if unfinished and not arrangements:
            reasons = f"no session is finished: {len(unfinished)} are not, and can be taken in with --with-unfinished"
        raise ValueError(f"{bundle.path}: there is no RDM to report on ({reasons})")
    raters = tuple(estimates)
    found = [estimates[rater] for rater in raters]
    table = judged(found)
    progress("Pooling the raters and measuring their agreement")
    pooled = group_rdm(found)
    between_raters = agreement(table, raters, seed=choices.seed)
    progress("Mapping and clustering the clips, looking at how raters worked")
    tree = _tree(pooled.rdm)
    trials = bundle.trials()
    in_use = {rater: [t for t in trials[rater] if t.row["purpose"] in RDM_PURPOSES] for rater in arrangements}
    return Results(
        choices=choices,
        names=bundle.names,
        sessions=list(bundle.rows("participants")),
        trials=in_use,
        unfinished=unfinished,
        estimates=estimates,
        failures=failures,
        raters=raters,
        table=table,
        pooled=pooled,
        observations=np.array([observations(arrangements[r], n_items, estimates[r]) for r in raters]),
        agreement=between_raters,
        growth=growth(table, rng=np.random.default_rng(choices.seed)) if len(raters) > 2 else None,
        needed={target: raters_needed(table, target) for target in TARGETS},
        between=similarity(table, method="spearman"),
        map=_map(pooled.rdm),
        tree=tree,
        order=list(range(n_items)) if tree is None else [int(leaf) for leaf in tree.order],
        rater_order=_rater_order(table),
        dimensions=_dimensions(table, choices.seed),
        working=working(bundle, in_use, raters, table),
        attributes=_attributes(bundle),
    )


def _estimate_all(
    arrangements: dict[str, list[Arrangement]], n_items: int, choices: Choices, progress: Progress
) -> tuple[dict[str, RDMEstimate], dict[str, str]]:
    """Each rater's estimate, or the reason why there is none; on several cores when there are many raters."""
    from joblib import Parallel, delayed

    # A process takes a second or two to start, which four raters are worth.
    jobs = choices.jobs or max(1, min(os.cpu_count() or 1, len(arrangements) // 4))
    found = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(estimate_rater)(trials, n_items, choices.method, uncertainty=choices.uncertainty, seed=choices.seed)
        for trials in arrangements.values()
    )
    estimates, failures = {}, {}
    for number, (rater, result) in enumerate(zip(arrangements, found, strict=True), start=1):
        progress(f"Estimating RDMs: {number} of {len(arrangements)} ({rater})")
        if isinstance(result, str):
            failures[rater] = result
        else:
            estimates[rater] = result
    return estimates, failures


def _map(group: Floats) -> MDS | None:
    """A two-dimensional map, or None when missing pairs leave groups of clips without a tie."""
    try:
        return mds(group)
    except ValueError:
        return None


def _tree(group: Floats) -> Tree | None:
    """The clips' tree, or None when a pair is missing."""
    try:
        return cluster_items(group)
    except ValueError:
        return None


def _rater_order(table: Floats) -> list[int]:
    """Raters with those who agree side by side, where every two of them can be compared."""
    try:
        return [int(rater) for rater in cluster_raters(table, similarity_method="spearman").order]
    except ValueError:
        return list(range(len(table)))


def _dimensions(table: Floats, seed: int) -> Dimensionality | None:
    """Cross-validated number of dimensions, or None when raters are too few or share too little."""
    if len(table) < 3:
        return None
    try:
        return dimensionality(table, rng=np.random.default_rng(seed))
    except ValueError:
        return None


def _attributes(bundle: Bundle) -> dict[str, dict[str, str]]:
    """Values of the clips by attribute and clip."""
    found: dict[str, dict[str, str]] = {}
    for row in bundle.rows("attributes"):
        found.setdefault(row["attribute"], {})[row["clip"]] = row["value"] or ""
    return found
