"""The results of a study from its export bundle, as the page shows them of the database."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..arrangement import Arrangement, Floats, within
from ..clip_sets import ClipSet
from ..formats.bundle import Bundle, BundleError, BundleTrial
from ..formats.source_bundle import GIVEN, Origin
from ..purposes import JUDGMENTS
from .cohort_rdm import OWN_METHOD, Together, estimate_together, is_over_cohort, without_uncertainty
from .raters import Rater, RaterResult, given_result, rater_result
from .study import Choice, StudyResults, chosen_raters

Progress = Callable[[str], None]


def results_of_bundle(
    bundle: Bundle, choice: Choice, progress: Progress = lambda message: None, *, jobs: int = 0
) -> StudyResults:
    """Estimate the RDM of every rater whom the choice takes in.

    Parameters
    ----------
    progress
        Told in words what is done now.
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
    sets = bundle.sets()
    of = None
    if choice.clip_set is not None:
        of = next((one for one in sets if one.name == choice.clip_set), None)
        if of is None:
            raise ValueError(f"{bundle.path}: has no set of clips {choice.clip_set!r}")
    judged = judgments(bundle, replace(choice, with_excluded=True))
    given = {} if judged else given_rdms(bundle)
    if given:
        # No estimator was applied, whichever was asked for.
        choice = replace(choice, method=GIVEN, uncertainty=False)
    given_sets = sets_of_raters(bundle) if sets else {}
    everybody = bundle_raters(bundle, {**judged, **dict.fromkeys(given, ())})
    if of is not None:
        everybody = tuple(rater for rater in everybody if of.name in given_sets.get(rater.name, ()))
    trials = judgments(bundle, choice)
    chosen = [rater.name for rater in chosen_raters(everybody, choice)]
    by_rater = {rater: given_result(given[rater], GIVEN) for rater in chosen if rater in given}
    theirs = {rater: trials[rater] for rater in chosen if rater in trials}
    # Sets are put side by side, each by itself: nothing ties their clips together.
    shared = (of is not None or not sets) and shares_pairs(theirs)
    own = replace(choice, method=OWN_METHOD, uncertainty=False) if shared else choice
    if of is not None:
        names = tuple(bundle.names[item] for item in of.items)
        theirs = {rater: _of_set(some, of) for rater, some in theirs.items()}
        by_rater |= each_rater(bundle, theirs, own, progress, jobs, n_items=len(names))
    else:
        names = bundle.names
        several = {rater: [one.items for one in sets if one.name in given_sets[rater]] for rater in theirs if sets}
        by_rater |= each_rater(bundle, theirs, own, progress, jobs, n_items=n_items, sets=several)
    if shared and choice.uncertainty:
        by_rater = {rater: without_uncertainty(one) for rater, one in by_rater.items()}
    together = trials_together(theirs, len(names), choice, progress) if shared else None
    results = StudyResults(choice, names, everybody, by_rater, _left_out_of(bundle), together)
    if not results.raters:
        reasons = "; ".join(f"{rater}: {reason}" for rater, reason in results.failures.items()) or "no trial was stored"
        if results.unfinished and not chosen:
            reasons = (
                f"no session is finished: {len(results.unfinished)} are not, and can be taken in with --with-unfinished"
            )
        raise ValueError(f"{bundle.path}: there is no RDM to report on ({reasons})")
    return results


def shares_pairs(trials: Mapping[str, Sequence[BundleTrial]]) -> bool:
    """Whether raters were shown the pairs between them."""
    return any(is_over_cohort(trial.row["design"]) for some in trials.values() for trial in some)


def sets_of_raters(bundle: Bundle) -> dict[str, tuple[str, ...]]:
    """The names of the sets of clips that each rater was given; of a study without sets nobody was given any."""
    return {row["participant"]: tuple((row["clip_sets"] or "").split("; ")) for row in bundle.rows("participants")}


def _of_set(trials: Sequence[BundleTrial], one: ClipSet) -> list[BundleTrial]:
    """The trials of the set's clips alone; their items become places in the set."""
    own = []
    for trial in trials:
        for arrangement in within([trial.arrangement], one.items):
            own.append(replace(trial, arrangement=arrangement))
    return own


def arrangements_of(bundle: Bundle, results: StudyResults) -> dict[str, list[Arrangement]]:
    """The trials of each rater from which these results of the bundle follow.

    Raises
    ------
    ValueError
        When there are none: RDMs came in their place, or each of several sets of clips was estimated by itself.
    """
    choice, sets = results.choice, bundle.sets()
    if choice.method == GIVEN:
        raise ValueError(f"{bundle.path}: holds RDMs, and no trials from which others could be estimated")
    if sets and choice.clip_set is None:
        raise ValueError(f"{bundle.path}: has several sets of clips; choose one with --set")
    trials = judgments(bundle, choice)
    theirs = {rater: trials[rater] for rater in results.chosen if rater in trials}
    for one in sets:
        if one.name == choice.clip_set:
            theirs = {rater: _of_set(some, one) for rater, some in theirs.items()}
    return {rater: [trial.arrangement for trial in some] for rater, some in theirs.items()}


def trials_together(
    trials: Mapping[str, Sequence[BundleTrial]], n_items: int, choice: Choice, progress: Progress
) -> Together | None:
    """The RDM of all of these trials as one."""
    progress("Estimating the RDM of all trials")
    arrangements = {rater: [trial.arrangement for trial in theirs] for rater, theirs in trials.items()}
    return estimate_together(arrangements, n_items, choice.method, seed=choice.seed)


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
    stack = bundle.rdms(GIVEN)
    withdrawn = {row["participant"] for row in bundle.rows("participants") if row["state"] == "withdrawn"}
    return {rater: row for rater, row in zip(stack.raters, stack.rdms, strict=True) if rater not in withdrawn}


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


def each_rater(
    bundle: Bundle,
    trials: Mapping[str, Sequence[BundleTrial]],
    choice: Choice,
    progress: Progress,
    jobs: int,
    *,
    n_items: int | None = None,
    sets: Mapping[str, Sequence[Sequence[int]]] | None = None,
) -> dict[str, RaterResult]:
    """What follows from each rater's trials over `n_items` (all clips); on several cores when there are many raters.

    `sets` are the items of each rater's sets of clips, where the study has several.
    """
    from joblib import Parallel, delayed

    timed = Origin.of(bundle).times_known
    # A process takes a second or two to start, which four raters are worth.
    jobs = jobs or max(1, min(os.cpu_count() or 1, len(trials) // 4))
    results = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(rater_result)(
            [trial.arrangement for trial in theirs],
            _minutes(theirs) if timed else [np.nan] * len(theirs),
            len(bundle.names) if n_items is None else n_items,
            choice.method,
            uncertainty=choice.uncertainty,
            seed=choice.seed,
            sets=(sets or {}).get(rater, ()),
        )
        for rater, theirs in trials.items()
    )
    by_rater = {}
    for number, (rater, result) in enumerate(zip(trials, results, strict=True), start=1):
        progress(f"Estimating RDMs: {number} of {len(trials)} ({rater})")
        by_rater[rater] = result
    return by_rater


def _minutes(trials: Sequence[BundleTrial]) -> list[float]:
    """When each trial was stored, in minutes since the first was shown (server clock)."""
    rows = [trial.row for trial in trials]
    if not rows:
        return []
    start = min(row["shown_at"] or row["submitted_at"] for row in rows)
    return [(row["submitted_at"] - start).total_seconds() / 60 for row in rows]


def attributes_of(bundle: Bundle, *, with_rated: bool = False) -> dict[str, dict[str, str]]:
    """Values of the clips by attribute and clip.

    `with_rated` adds what the ratings come to; their names are "rated_" and the question's.
    """
    attributes: dict[str, dict[str, str]] = {}
    for row in bundle.rows("attributes"):
        attributes.setdefault(row["attribute"], {})[row["clip"]] = row["value"] or ""
    for row in bundle.rows("attributes_from_ratings") if with_rated else ():
        value = row["choice"] or "" if row["mean"] is None else f"{row['mean']:.6g}"
        attributes.setdefault(row["attribute"], {})[row["clip"]] = value
    return attributes
