"""From placements to dissimilarities."""

from .estimate import ESTIMATORS, RDMEstimate, estimate_rdm
from .group import GroupEstimate, estimate_group
from .trials import ConnectedSet, NoUsableTrialsError, connected_sets
from .uncertainty import Interval

__all__ = [
    "ESTIMATORS",
    "ConnectedSet",
    "GroupEstimate",
    "Interval",
    "NoUsableTrialsError",
    "RDMEstimate",
    "connected_sets",
    "estimate_group",
    "estimate_rdm",
]
