"""From raters' arrangements to all that page, bundle and report show: `StudyResults` of `Rater`s for a `Choice`.

Everything here keeps what raters saw apart from what a model predicts: `judged` decides which pairs count.
"""

from .agreement import (
    COMPARATORS,
    Agreement,
    Influence,
    agreement,
    ceiling_rows,
    reliability_rows,
)
from .both_ways import both_ways_rows
from .cohort_rdm import (
    OWN_METHOD,
    Together,
    estimate_together,
    is_over_cohort,
    together_sentences,
    without_uncertainty,
)
from .flow import Flow, SessionCount, Step, counts_of_rows, flow_of, flow_rows
from .group_estimates import (
    GROUP_ESTIMATE_COLUMNS,
    NOT_INDEPENDENT,
    POOLED,
    GroupEstimates,
    group_estimate_rows,
    group_estimates,
)
from .labels import COMPARATOR_LABELS, LABELS, MEASURES, SHARED_MEASURES, Measure
from .methods_text import ESTIMATOR_TEXTS, Task, methods_text, quoted_task, task_text
from .of_bundle import (
    Progress,
    arrangements_of,
    attributes_of,
    bundle_raters,
    each_rater,
    given_rdms,
    judgments,
    results_of_bundle,
    trials_together,
)
from .pooled import GROUP, Coverage, GroupRDM, at_unit_size, coverage, group_rdm, group_set, judged, rater_set
from .quality_measures import QUALITY_MEASURES, TRIAL_MEASURES, QualityMeasure
from .rater_quality import TrialWork, group_quality_rows, quality_rows, rater_quality, trials_work, uncertainty_rows
from .raters import Rater, RaterResult, Work, estimate_rater, given_result, observations, rater_result
from .remarks import excluded_sentence, listed, notes, repeated_sentence, unfinished_sentence
from .scales import not_converged, scale_sentences
from .sets import CEILING, MeanOfSets, SetResult, mean_of_sets, set_means, set_rows, sets_sentence
from .structure import attribute_ranks, clip_map, clip_tree, cluster_order, order_by, rater_order
from .study import Choice, StudyResults, chosen_raters

__all__ = [
    "CEILING",
    "COMPARATORS",
    "COMPARATOR_LABELS",
    "ESTIMATOR_TEXTS",
    "GROUP",
    "GROUP_ESTIMATE_COLUMNS",
    "LABELS",
    "MEASURES",
    "NOT_INDEPENDENT",
    "OWN_METHOD",
    "POOLED",
    "QUALITY_MEASURES",
    "SHARED_MEASURES",
    "TRIAL_MEASURES",
    "Agreement",
    "Choice",
    "Coverage",
    "Flow",
    "GroupEstimates",
    "GroupRDM",
    "Influence",
    "MeanOfSets",
    "Measure",
    "Progress",
    "QualityMeasure",
    "Rater",
    "RaterResult",
    "SessionCount",
    "SetResult",
    "Step",
    "StudyResults",
    "Task",
    "Together",
    "TrialWork",
    "Work",
    "agreement",
    "arrangements_of",
    "at_unit_size",
    "attribute_ranks",
    "attributes_of",
    "both_ways_rows",
    "bundle_raters",
    "ceiling_rows",
    "chosen_raters",
    "clip_map",
    "clip_tree",
    "cluster_order",
    "counts_of_rows",
    "coverage",
    "each_rater",
    "estimate_rater",
    "estimate_together",
    "excluded_sentence",
    "flow_of",
    "flow_rows",
    "given_rdms",
    "given_result",
    "group_estimate_rows",
    "group_estimates",
    "group_quality_rows",
    "group_rdm",
    "group_set",
    "is_over_cohort",
    "judged",
    "judgments",
    "listed",
    "mean_of_sets",
    "methods_text",
    "not_converged",
    "notes",
    "observations",
    "order_by",
    "quality_rows",
    "quoted_task",
    "rater_order",
    "rater_quality",
    "rater_result",
    "rater_set",
    "reliability_rows",
    "repeated_sentence",
    "results_of_bundle",
    "scale_sentences",
    "set_means",
    "set_rows",
    "sets_sentence",
    "task_text",
    "together_sentences",
    "trials_together",
    "trials_work",
    "uncertainty_rows",
    "unfinished_sentence",
    "without_uncertainty",
]
