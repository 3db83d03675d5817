"""Figures of a study's results at a paper's sizes, and for each the Python script that remakes it from the bundle."""

from .draw import FIGURES, draw
from .model_draw import MODEL_FIGURES, draw_model_figure
from .script import model_script, script
from .tools import View

__all__ = ["FIGURES", "MODEL_FIGURES", "View", "draw", "draw_model_figure", "model_script", "script"]
