"""Everything that the report shows, computed from an export bundle."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..arrangement import Floats
from ..formats.bundle import Bundle, BundleError, BundleTrial
from ..formats.source_bundle import GIVEN, Origin
from ..purposes import JUDGMENTS
from ..reliability import GrowthCurve, RatersNeeded, growth, raters_needed
from ..results import (
    Choice,
    Flow,
    Rater,
    RaterResult,
    StudyResults,
    chosen_raters,
    clip_map,
    cluster_order,
    counts_of_rows,
    flow_of,
    given_result,
    rater_result,
)
from ..similarity import similarity
from ..structure import MDS, Dimensionality, Tree, cluster_items, cluster_raters, dimensionality
from .working import Working, working

# Reliabilities of the mean for which the report says how many raters they take.
TARGETS = (0.8, 0.9)

Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Results(StudyResults):
    """A study's results with what only the report shows; R raters with an RDM, n clips.

    `between` (R, R) is Spearman's correlation of every two raters. `order` (n,) and `rater_order` (R,) put side by
    side what is alike. `map` and `tree` are None where missing pairs leave them undefined, `growth` and `dimensions`
    with fewer than three raters. `flow` is None for bundles that do not tell it. `otherwise` are the results
    with what was left out, or without it where this choice has it; None where nothing was left out.
    """

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
    flow: Flow | None
    otherwise: StudyResults | None

    @property
    def group(self) -> Floats:
        """The raters' RDMs as one, (P,), over what they saw."""
        return self.pooled.rdm


def analyse(bundle: Bundle, choice: Choice, progress: Progress, *, jobs: int = 0) -> Results:
    """Estimate every rater's RDM, pool them, and measure agreement and structure.

    Parameters
    ----------
    jobs
        The number of processes, 0 for as many as help.

    Raises
    ------
    ValueError
        When the bundle holds fewer than three clips, or no rater from whose trials an RDM can be estimated.
    """
    n_items = len(bundle.names)
    if n_items < 3:
        raise ValueError(f"{bundle.path}: an RDM needs at least three clips, the study has {n_items}")
    judged = judgments(bundle, replace(choice, with_excluded=True))
    given = {} if judged else given_rdms(bundle)
    if given:
        # No estimator was applied, whichever was asked for.
        choice = replace(choice, method=GIVEN, uncertainty=False)
    everybody = bundle_raters(bundle, {**judged, **dict.fromkeys(given, ())})
    trials = judgments(bundle, choice)
    chosen = [rater.name for rater in chosen_raters(everybody, choice)]
    found = {rater: given_result(given[rater], GIVEN) for rater in chosen if rater in given}
    found |= _each_rater(
        {rater: trials[rater] for rater in chosen if rater in trials},
        n_items,
        choice,
        progress,
        jobs,
        timed=Origin.of(bundle).times_known,
    )
    absent = _left_out_of(bundle)
    results = StudyResults(choice, bundle.names, everybody, found, absent)
    if not results.raters:
        reasons = "; ".join(f"{rater}: {reason}" for rater, reason in results.failures.items()) or "no trial was stored"
        if results.unfinished and not chosen:
            reasons = (
                f"no session is finished: {len(results.unfinished)} are not, and can be taken in with --with-unfinished"
            )
        raise ValueError(f"{bundle.path}: there is no RDM to report on ({reasons})")
    otherwise = _otherwise(bundle, results, given, progress, jobs)
    progress("Pooling the raters and measuring their agreement")
    table = results.table
    places = clip_map(results.pooled.rdm)
    progress("Mapping and clustering the clips, looking at how raters worked")
    return Results(
        choice,
        bundle.names,
        everybody,
        found,
        absent,
        growth=growth(table, rng=np.random.default_rng(choice.seed)) if len(results.raters) > 2 else None,
        needed={target: raters_needed(table, target) for target in TARGETS},
        between=similarity(table, method="spearman"),
        map=None if isinstance(places, str) else places,
        tree=_tree(results.pooled.rdm),
        order=cluster_order(results.pooled.rdm),
        rater_order=_rater_order(table),
        dimensions=_dimensions(table, choice.seed),
        working=working(bundle, trials, results.raters, table),
        attributes=_attributes(bundle),
        flow=_flow(bundle, results),
        otherwise=otherwise,
    )


def _otherwise(
    bundle: Bundle,
    results: StudyResults,
    given: Mapping[str, Floats],
    progress: Progress,
    jobs: int,
) -> StudyResults | None:
    """The results of the same choice with what was left out, or without it."""
    everybody = results.everybody
    if not any(rater.is_left_out for rater in everybody):
        return None
    choice = replace(results.choice, with_excluded=not results.choice.with_excluded, uncertainty=False)
    chosen = [rater.name for rater in chosen_raters(everybody, choice)]
    trials = judgments(bundle, choice)
    same = {rater.name for rater in everybody if not rater.excluded_trials}
    found = {name: one for name, one in results.chosen.items() if name in same}
    found |= {name: given_result(given[name], GIVEN) for name in chosen if name in given}
    wanted = {name: trials[name] for name in chosen if name not in found}
    timed = Origin.of(bundle).times_known
    found |= _each_rater(wanted, len(bundle.names), choice, progress, jobs, timed=timed)
    return StudyResults(choice, bundle.names, everybody, {name: found[name] for name in chosen}, results.absent)


def _flow(bundle: Bundle, results: StudyResults) -> Flow | None:
    counts = counts_of_rows(bundle.rows("flow"))
    return flow_of(counts, results.choice, without_rdm=len(results.failures)) if counts else None


def judgments(bundle: Bundle, choice: Choice) -> dict[str, list[BundleTrial]]:
    """The trials that enter RDMs by rater, in the order of submission; withdrawn sessions are not among them.

    Who has judgments stays, even if the choice leaves all of them out.
    """
    withdrawn = {row["session"] for row in bundle.rows("participants") if row["state"] == "withdrawn"}
    chosen = {
        rater: [t for t in trials if t.row["purpose"] in JUDGMENTS and t.row["session"] not in withdrawn]
        for rater, trials in bundle.trials().items()
    }
    return {
        rater: [trial for trial in trials if choice.with_excluded or not trial.row["excluded"]]
        for rater, trials in chosen.items()
        if trials
    }


def given_rdms(bundle: Bundle) -> dict[str, Floats]:
    """The RDMs (P,) of raters that came with the data in place of trials, by rater; none in bundles of studies."""
    if f"rdms/{GIVEN}/rdms.npz" not in bundle.manifest["files"]:
        return {}
    found = bundle.rdms(GIVEN)
    withdrawn = {row["participant"] for row in bundle.rows("participants") if row["state"] == "withdrawn"}
    return {rater: row for rater, row in zip(found.raters, found.rdms, strict=True) if rater not in withdrawn}


def bundle_raters(bundle: Bundle, trials: Mapping[str, Sequence[BundleTrial]]) -> tuple[Rater, ...]:
    """The raters of these trials (none, where an RDM came in their place), as the bundle's participants tell of them.

    Raises
    ------
    BundleError
        When one is not among the participants.
    """
    rows = {row["participant"]: row for row in bundle.rows("participants")}
    if unknown := [rater for rater in trials if rater not in rows]:
        raise BundleError(f"{bundle.path}: the rater {unknown[0]} is not in participants.csv")
    return tuple(
        Rater(
            rater,
            is_finished=rows[rater]["state"] == "finished",
            is_simulated=rows[rater]["is_simulated"],
            exclusion=(rows[rater]["exclusion_reason"] or "no reason given") if rows[rater]["excluded"] else None,
            person=rows[rater].get("person"),
            excluded_trials=tuple(
                (trial.row["number"], trial.row["exclusion_reason"] or "no reason given")
                for trial in theirs
                if trial.row["excluded"]
            ),
        )
        for rater, theirs in trials.items()
    )


def _left_out_of(bundle: Bundle) -> int:
    """How many unfinished sessions the program that wrote the bundle left out of it."""
    about = bundle.manifest.get("about")
    count = about.get("unfinished_sessions_left_out") if isinstance(about, dict) else None
    return count if isinstance(count, int) else 0


def _each_rater(
    trials: Mapping[str, Sequence[BundleTrial]],
    n_items: int,
    choice: Choice,
    progress: Progress,
    jobs: int,
    *,
    timed: bool,
) -> dict[str, RaterResult]:
    """What follows from each rater's trials; on several cores when there are many raters."""
    from joblib import Parallel, delayed

    # A process takes a second or two to start, which four raters are worth.
    jobs = jobs or max(1, min(os.cpu_count() or 1, len(trials) // 4))
    results = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(rater_result)(
            [trial.arrangement for trial in theirs],
            _minutes(theirs) if timed else [np.nan] * len(theirs),
            n_items,
            choice.method,
            uncertainty=choice.uncertainty,
            seed=choice.seed,
        )
        for theirs in trials.values()
    )
    found = {}
    for number, (rater, result) in enumerate(zip(trials, results, strict=True), start=1):
        progress(f"Estimating RDMs: {number} of {len(trials)} ({rater})")
        found[rater] = result
    return found


def _minutes(trials: Sequence[BundleTrial]) -> list[float]:
    """When each trial was stored, in minutes since the first was shown (server clock)."""
    rows = [trial.row for trial in trials]
    if not rows:
        return []
    start = min(row["shown_at"] or row["submitted_at"] for row in rows)
    return [(row["submitted_at"] - start).total_seconds() / 60 for row in rows]


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
