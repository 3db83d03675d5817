"""The report of a study, from its export bundle: results, tables, figures and one HTML page."""

from .results import Results, analyse
from .write import write_report

__all__ = ["Results", "analyse", "write_report"]
