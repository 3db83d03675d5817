"""Figures of a study's results at a paper's sizes, and for each the Python script that remakes it from the bundle."""

from .draw import FIGURES, draw
from .script import script
from .tools import View

__all__ = ["FIGURES", "View", "draw", "script"]
