"""Figures and RDMs of a study's results as files: `study figure`, `study rdms`."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.estimators import ESTIMATORS
from analysis.formats.source_bundle import GIVEN
from analysis.paper import FIGURES, View
from analysis.results import Choice
from app.cli.options import with_data
from app.cli.support import open_installation
from app.definition.find import find_study
from app.errors import Invalid
from app.results.export import MEADOWS, RDM_FORMATS, check_kind, meadows_file, rdm_file, rdms_to_download
from app.results.figures import SCRIPT, WIDTHS, check_figure, figure_file
from app.results.work import ensure_results
from app.studies.origin import has_placements


@click.command("figure")
@click.argument("name")
@click.argument("figure", type=click.Choice(list(FIGURES)))
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file: .svg, .pdf, .png or .py."
)
@click.option("--width", type=click.Choice(list(WIDTHS)), default="single", help="One column of a journal, or two.")
@click.option("--method", type=click.Choice([*ESTIMATORS, GIVEN]), default=Choice.method, help="The estimator.")
@click.option("--rater", default=View.whose, help="Whose RDM, such as P001 (default: the group's).")
@click.option("--order", default=View.order, help="Order of clips: similarity, study, or an attribute.")
@click.option("--colour", default=View.colour, help="Attribute that colours the map.")
@click.option("--dims", type=click.Choice(["2", "3"]), default="2", help="Dimensions of the map.")
@click.option("--completed", is_flag=True, help="With the pairs that the estimator's model predicts.")
@click.option("--no-simulated", is_flag=True, help="Exclude simulated raters.")
@click.option("--with-unfinished", is_flag=True, help="Include unfinished sessions.")
@click.option("--with-excluded", is_flag=True, help="Include what was left out.")
@click.option("--set", "clip_set", metavar="NAME", help="Only this set of clips, in a study of several sets.")
@with_data
def study_figure(
    name: str,
    figure: str,
    out: Path,
    width: str,
    method: str,
    rater: str,
    order: str,
    colour: str,
    dims: str,
    completed: bool,
    no_simulated: bool,
    with_unfinished: bool,
    with_excluded: bool,
    clip_set: str | None,
    data: Path | None,
) -> None:
    """Write a FIGURE of the study NAME at a paper's size, or the Python script that remakes it from the bundle."""
    kind = out.suffix[1:].lower()
    check_figure(figure, kind)
    view = View(rater, completed, order, colour, int(dims), WIDTHS[width])
    with open_installation(data) as here:
        with here.database.reading() as db:
            study = find_study(db, name)
        method = method if has_placements(study) else GIVEN
        choice = Choice(method, not no_simulated, with_unfinished, with_excluded, clip_set=clip_set)
        if kind != SCRIPT:
            ensure_results(here.database, study.id, choice)
        with here.database.reading() as db:
            content = figure_file(db, study, choice, figure, view, kind)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Invalid(f"{out}: cannot be written: {error.strerror}") from error
    click.echo(f"{out}: {FIGURES[figure].title} of the study {name}.")


@click.command("rdms")
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help=f"The file, by its ending: {', '.join(f'.{kind}' for kind in (*RDM_FORMATS, MEADOWS))}.",
)
@click.option("--group", is_flag=True, help="The group's RDM in place of each rater's.")
@click.option("--method", type=click.Choice([*ESTIMATORS, GIVEN]), default=Choice.method, help="The estimator.")
@click.option("--completed", is_flag=True, help="With the pairs that the estimator's model predicts.")
@click.option("--no-simulated", is_flag=True, help="Exclude simulated raters.")
@click.option("--with-unfinished", is_flag=True, help="Include unfinished sessions.")
@click.option("--with-excluded", is_flag=True, help="Include what was left out.")
@click.option("--set", "clip_set", metavar="NAME", help="Only this set of clips, in a study of several sets.")
@click.option("--uncertainty", is_flag=True, help="Add standard errors (takes seconds to minutes for each rater).")
@with_data
def study_rdms(
    name: str,
    out: Path,
    group: bool,
    method: str,
    completed: bool,
    no_simulated: bool,
    with_unfinished: bool,
    with_excluded: bool,
    clip_set: str | None,
    uncertainty: bool,
    data: Path | None,
) -> None:
    """Write the RDMs of the study NAME as one file, as the results page gives them."""
    fitting = [kind for kind in (*RDM_FORMATS, MEADOWS) if out.name.lower().endswith(f".{kind}")]
    kind = fitting[0] if fitting else out.suffix[1:].lower()
    check_kind(kind)
    if kind == MEADOWS and group:
        raise Invalid("Meadows' files are of raters, not of the group.")
    with open_installation(data) as here:
        with here.database.reading() as db:
            study = find_study(db, name)
        method = method if has_placements(study) else GIVEN
        choice = Choice(method, not no_simulated, with_unfinished, with_excluded, uncertainty, clip_set=clip_set)
        ensure_results(here.database, study.id, choice)
        with here.database.reading() as db:
            if kind == MEADOWS:
                pieces = meadows_file(db, study, choice)
            else:
                rdms = rdms_to_download(db, study, choice, group=group, kind=kind, completed=completed)
                pieces = rdm_file(rdms, kind)
    try:
        with out.open("wb") as file:
            file.writelines(pieces)
    except OSError as error:
        raise Invalid(f"{out}: cannot be written: {error.strerror}") from error
    click.echo(f"{out}: RDMs of the study {name}.")
