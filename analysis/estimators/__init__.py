"""From placements to dissimilarities."""

from analysis.estimators.estimate import METHODS, RDMEstimate, estimate_rdm
from analysis.estimators.group import GroupEstimate, estimate_group
from analysis.estimators.trials import ConnectedSet, NoUsableTrialsError, connected_sets
from analysis.estimators.uncertainty import Interval

__all__ = [
    "METHODS",
    "ConnectedSet",
    "GroupEstimate",
    "Interval",
    "NoUsableTrialsError",
    "RDMEstimate",
    "connected_sets",
    "estimate_group",
    "estimate_rdm",
]
