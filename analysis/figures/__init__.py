"""Publication figures: each function draws one figure and returns it; `save` writes it as PDF, SVG and PNG.

Matplotlib is imported when a figure is drawn, and used without pyplot: no state is shared, no window is opened.
"""

from .agreement import coefficients, noise_ceilings, raters_with_others
from .canvas import MAX_NAMES
from .lines import curve, histogram, timeline
from .matrices import evidence_map, pair_matrix, rater_matrix, rdm_gallery, rdm_heat_map
from .structure import dendrogram, item_map
from .style import DOUBLE, PAGE, SINGLE, file_of, page_svg, save

__all__ = [
    "DOUBLE",
    "MAX_NAMES",
    "PAGE",
    "SINGLE",
    "coefficients",
    "curve",
    "dendrogram",
    "evidence_map",
    "file_of",
    "histogram",
    "item_map",
    "noise_ceilings",
    "page_svg",
    "pair_matrix",
    "rater_matrix",
    "raters_with_others",
    "rdm_gallery",
    "rdm_heat_map",
    "save",
    "timeline",
]
