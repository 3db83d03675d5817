"""Agreement between raters, with intervals over raters."""

from analysis.reliability.growth import GrowthCurve, RatersNeeded, growth, raters_needed
from analysis.reliability.report import Coefficient, Reliability, reliability

__all__ = ["Coefficient", "GrowthCurve", "RatersNeeded", "Reliability", "growth", "raters_needed", "reliability"]
