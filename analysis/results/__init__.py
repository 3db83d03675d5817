"""From raters' arrangements to all that page, bundle and report show.

Everything here keeps what raters saw apart from what a model predicts: `judged` decides which pairs count.
"""

from analysis.results.agreement import (
    COMPARATORS,
    Agreement,
    Influence,
    agreement,
    ceiling_rows,
    reliability_rows,
)
from analysis.results.measures import COMPARATOR_LABELS, LABELS, MEASURES, Measure
from analysis.results.pooled import GROUP, GroupRDM, group_rdm, group_set, judged, rater_set
from analysis.results.raters import estimate_rater, not_converged, observations
from analysis.results.working import TrialWork, group_quality_rows, quality_rows, rater_quality, trial_work

__all__ = [
    "COMPARATORS",
    "COMPARATOR_LABELS",
    "GROUP",
    "LABELS",
    "MEASURES",
    "Agreement",
    "GroupRDM",
    "Influence",
    "Measure",
    "TrialWork",
    "agreement",
    "ceiling_rows",
    "estimate_rater",
    "group_quality_rows",
    "group_rdm",
    "group_set",
    "judged",
    "not_converged",
    "observations",
    "quality_rows",
    "rater_quality",
    "rater_set",
    "reliability_rows",
    "trial_work",
]
