"""The science of the multi-arrangement task, as a library of its own: NumPy, SciPy and the standard library."""

from analysis.arrangement import Arrangement
from analysis.designs import StopRule, next_items, next_items_cohort, session_progress
from analysis.estimators import NoUsableTrialsError, RDMEstimate, connected_sets, estimate_group, estimate_rdm
from analysis.evidence import pair_evidence
from analysis.inference import compare_models, mantel
from analysis.models import attribute_effects, variance_partition
from analysis.noise_ceiling import noise_ceiling
from analysis.pooling import pool
from analysis.reliability import reliability
from analysis.similarity import similarity
from analysis.structure import indscal

__all__ = [
    "Arrangement",
    "NoUsableTrialsError",
    "RDMEstimate",
    "StopRule",
    "attribute_effects",
    "compare_models",
    "connected_sets",
    "estimate_group",
    "estimate_rdm",
    "indscal",
    "mantel",
    "next_items",
    "next_items_cohort",
    "noise_ceiling",
    "pair_evidence",
    "pool",
    "reliability",
    "session_progress",
    "similarity",
    "variance_partition",
]
