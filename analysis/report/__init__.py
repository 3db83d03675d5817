"""The report of a study, from its export bundle: results, tables, figures and one HTML page."""

from analysis.report.results import Choices, Results, analyse
from analysis.report.write import write_report

__all__ = ["Choices", "Results", "analyse", "write_report"]
