"""Everything that the report shows, computed from an export bundle."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..arrangement import Floats
from ..formats.bundle import Bundle
from ..formats.source_bundle import GIVEN
from ..pooling import seen_by_anybody
from ..reliability import RatersNeeded, raters_needed
from ..results import (
    OWN_METHOD,
    Choice,
    Flow,
    Progress,
    StudyResults,
    attributes_of,
    chosen_raters,
    counts_of_rows,
    each_rater,
    flow_of,
    given_rdms,
    given_result,
    judgments,
    results_of_bundle,
    trials_together,
)
from ..structure import Dimensionality, dimensionality
from .rater_quality import QualityOfRaters, quality_of_raters

# Reliabilities of the mean for which the report says how many raters they take.
TARGETS = (0.8, 0.9)


@dataclass(frozen=True, eq=False, kw_only=True)
class Results(StudyResults):
    """A study's results with what only the report shows; R raters with an RDM, n clips.

    `dimensions` is None with fewer than three raters. `flow` is None for bundles that do not tell it. `otherwise` are
    the results with what was left out, or without it where this choice has it; None where nothing was left out.
    """

    needed: dict[float, RatersNeeded]
    dimensions: Dimensionality | None
    rater_quality: QualityOfRaters
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
    results = results_of_bundle(bundle, choice, progress, jobs=jobs)
    otherwise = _otherwise(bundle, results, progress, jobs)
    progress("Pooling the raters and measuring their agreement")
    table, seen = results.table, seen_by_anybody(results.table)
    progress("Mapping and clustering the clips, looking at how raters worked")
    return Results(
        results.choice,
        results.names,
        results.everybody,
        results.chosen,
        results.absent,
        results.together,
        needed={target: raters_needed(seen, target) for target in TARGETS} if results.together is None else {},
        dimensions=_dimensions(table, choice.seed) if results.together is None else None,
        rater_quality=quality_of_raters(bundle, judgments(bundle, results.choice), results.raters, results.quality),
        attributes=attributes_of(bundle),
        flow=_flow(bundle, results),
        otherwise=otherwise,
    )


def _otherwise(bundle: Bundle, results: StudyResults, progress: Progress, jobs: int) -> StudyResults | None:
    """The results of the same choice with what was left out, or without it."""
    everybody = results.everybody
    if not any(rater.is_left_out for rater in everybody):
        return None
    choice = replace(results.choice, with_excluded=not results.choice.with_excluded, uncertainty=False)
    chosen = [rater.name for rater in chosen_raters(everybody, choice)]
    trials = judgments(bundle, choice)
    same = {rater.name for rater in everybody if not rater.excluded_trials}
    by_rater = {name: one for name, one in results.chosen.items() if name in same}
    if choice.method == GIVEN:
        by_rater |= {name: given_result(rdm, GIVEN) for name, rdm in given_rdms(bundle).items() if name in chosen}
    shared = results.together is not None
    missing = {name: trials[name] for name in chosen if name not in by_rater}
    by_rater |= each_rater(bundle, missing, replace(choice, method=OWN_METHOD) if shared else choice, progress, jobs)
    theirs = {name: trials[name] for name in chosen if name in trials}
    together = trials_together(theirs, len(bundle.names), choice, progress) if shared else None
    return StudyResults(
        choice, bundle.names, everybody, {name: by_rater[name] for name in chosen}, results.absent, together
    )


def _flow(bundle: Bundle, results: StudyResults) -> Flow | None:
    counts = counts_of_rows(bundle.rows("flow"))
    return flow_of(counts, results.choice, without_rdm=len(results.failures)) if counts else None


def _dimensions(table: Floats, seed: int) -> Dimensionality | None:
    """Cross-validated number of dimensions, or None when raters are too few or share too little."""
    if len(table) < 3:
        return None
    try:
        return dimensionality(table, rng=np.random.default_rng(seed))
    except ValueError:
        return None
