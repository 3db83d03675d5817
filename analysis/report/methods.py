"""The methods section of a report: what `analysis.results` writes, and how structure was looked for."""

from __future__ import annotations

from ..formats.bundle import Bundle
from ..results import methods_text, quoted_task
from ..results.model_tables import models_methods
from ..results.models import ModelFindings
from ..structure import MDS, Tree
from .facts import number
from .results import Results


def report_methods(bundle: Bundle, results: Results, models: ModelFindings | None = None) -> str:
    """Markdown. The text about the task is the bundle's own: the program that showed the task knows how."""
    return methods_text(
        quoted_task(bundle.text("methods.md")),
        [results],
        software=str(bundle.manifest.get("software", "an export bundle")),
        structure=_structure(results),
        models=models_methods(models) if models is not None else (),
        flow=results.flow,
    )


def _structure(results: Results) -> list[str]:
    sentences = []
    if isinstance(results.map, MDS):
        sentences.append(
            "The group's RDM was mapped into two dimensions by metric multidimensional scaling (SMACOF from a "
            f"classical start; Borg & Groenen, 2005), with a stress-1 of {results.map.stress:.3f}."
        )
    if isinstance(results.tree, Tree):
        sentences.append(
            "Clips were clustered by average linkage; the cophenetic correlation (Sokal & Rohlf, 1962) is "
            f"{number(results.tree.cophenetic_correlation)}."
        )
    if results.dimensions is not None:
        sentences.append(
            "Maps of 1 to 6 dimensions made from some of the raters were compared with the RDMs of the others; the "
            f"fewest dimensions within one standard error of the best were {results.dimensions.simplest}."
        )
    return sentences or ["Missing pairs left no map and no clustering of the clips."]
