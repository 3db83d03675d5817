"""From placements to dissimilarities."""

from analysis.estimators.estimate import METHODS, RDMEstimate, estimate_rdm
from analysis.estimators.trials import NoUsableTrialsError

__all__ = ["METHODS", "NoUsableTrialsError", "RDMEstimate", "estimate_rdm"]
