"""The figures of the results page as files for a paper, and as the scripts that remake them."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from analysis.paper import View
from app.accounts.members import require_study
from app.domain import Role
from app.errors import Invalid
from app.results.figures import MIME, SCRIPT, WIDTHS, check_figure, figure_file
from app.web.context import database
from app.web.downloads import download, wait_page
from app.web.login import account_id
from app.web.query import choice_of_request, dimensions_of_request, switch

# A part of the experimenter's pages: guarded and answered as all of them.
blueprint = Blueprint("figures", __name__, url_prefix="/studies/<name>/figures")


@blueprint.get("/<figure>.<any(svg, pdf, png, py):kind>")
def figure(name: str, figure: str, kind: str) -> Response:
    """A figure with the choices of the page, as SVG, PDF, PNG or Python script."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
    check_figure(figure, kind)
    choice, view = choice_of_request(), view_of_request()
    if kind != SCRIPT and (waiting := wait_page(study, [choice])) is not None:
        return waiting
    with database().reading() as db:
        content = figure_file(db, study, choice, figure, view, kind)
    # A script says in its text how it is called.
    saved = f"{figure}.py" if kind == SCRIPT else f"{study.name}_{figure}.{kind}"
    return download([content], MIME[kind], saved)


def view_of_request() -> View:
    """What the address asks a figure to show.

    Raises
    ------
    Invalid
        When there is no such width or number of dimensions.
    """
    asked = request.args
    width = asked.get("width", "single")
    if width not in WIDTHS:
        raise Invalid(f"A figure is {' or '.join(WIDTHS)} wide, not {width}.", field="width")
    return View(
        whose=asked.get("rater", View.whose),
        completed=switch("completed", default=False),
        order=asked.get("order", View.order),
        colour=asked.get("colour", View.colour),
        dims=dimensions_of_request(),
        width=WIDTHS[width],
    )
