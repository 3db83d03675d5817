"""Figures of a study's results as files for a paper, and as the scripts that remake them."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from analysis.figures import DOUBLE, SINGLE, file_of
from analysis.paper import FIGURES, View, draw, script
from analysis.results import Choice
from app.errors import Invalid
from app.models import Clip, Study
from app.results.chosen import options_of
from app.results.inputs import inputs_of
from app.results.ratings import RATED, RATED_ON_PAGE, rated_attributes
from app.results.stored import results_now

# Widths on paper, in centimetres, by the name that addresses and commands use.
WIDTHS = {"single": SINGLE, "double": DOUBLE}
SCRIPT = "py"
MIME = {"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png", SCRIPT: "text/x-python"}
# Matplotlib's settings are those of the whole process while a figure is drawn.
drawing = threading.Lock()


def check_figure(name: str, kind: str) -> None:
    """Return if there is such a figure, and it is available as a file of that kind.

    Raises
    ------
    Invalid
        When not, with those that there are.
    """
    if name not in FIGURES:
        raise Invalid(f"There is no figure {name}; there are {', '.join(FIGURES)}.", field="figure")
    if kind not in MIME:
        raise Invalid(f"Figures are available as {', '.join(MIME)}, not as {kind}.", field="kind")


def figure_file(db: Session, study: Study, choice: Choice, name: str, view: View, kind: str) -> bytes:
    """A figure of a choice as a file: "svg", "pdf", "png", or "py" for the script that remakes it from the bundle.

    Raises
    ------
    Invalid
        As `check_figure`, and when the results do not define the figure, with the reason.
    """
    check_figure(name, kind)
    inputs = inputs_of(db, study.id, choice)
    if kind == SCRIPT:
        question, is_rated, _ = view.colour.partition(RATED_ON_PAGE)
        # The bundle has ratings by the question alone.
        view = replace(view, colour=f"{RATED}{question}") if is_rated else view
        return script(name, study.name, inputs.choice, view).encode()
    attributes = attributes_of_clips(inputs.clips)
    for clip, rated in rated_attributes(db, study, options_of(inputs.choice)).items():
        for attribute, value in rated.items():
            attributes.setdefault(attribute, {})[clip] = value
    results = results_now(db, study.id, choice)
    try:
        with drawing:
            return file_of(draw(name, results, attributes, view), kind)
    except ValueError as error:
        raise Invalid(str(error)) from error


def attributes_of_clips(clips: tuple[Clip, ...]) -> dict[str, dict[str, str]]:
    """The clips' values by attribute and file name, as the bundle holds them."""
    attributes: dict[str, Any] = {}
    for clip in clips:
        for name, value in clip.attributes.items():
            attributes.setdefault(name, {})[clip.file_name] = value
    return attributes
