"""The science of the multi-arrangement task, as a separate library, without Flask and without a database."""

from .arrangement import Arrangement
from .designs import StopRule, next_items, next_items_cohort, session_progress
from .estimators import NoUsableTrialsError, RDMEstimate, connected_sets, estimate_group, estimate_rdm
from .evidence import pair_evidence
from .inference import compare_models, mantel
from .models import attribute_effects, variance_partition
from .noise_ceiling import noise_ceiling
from .pooling import pool
from .reliability import reliability
from .similarity import similarity
from .structure import indscal
from .version import __version__

__all__ = [
    "Arrangement",
    "NoUsableTrialsError",
    "RDMEstimate",
    "StopRule",
    "__version__",
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
