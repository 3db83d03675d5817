"""Agreement between raters, with intervals over raters."""

from analysis.reliability.report import Coefficient, Reliability, reliability

__all__ = ["Coefficient", "Reliability", "reliability"]
