"""Candidate models of a study: `study models`."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import get_args

import click

from analysis.formats.tables import csv_lines
from analysis.models.activations import DISTANCES, Distance, Frames
from analysis.results import COMPARATOR_LABELS
from analysis.results.model_parts import ModelParts
from analysis.results.model_tables import MODEL_TABLES, model_rows
from analysis.results.models import ModelFindings
from analysis.words import counted
from app.cli.options import with_data
from app.cli.support import echo_notes, open_installation
from app.definition.find import find_study
from app.errors import Invalid
from app.results.model_files import add_model, kept_models, remove_model
from app.results.model_settings import settings_of
from app.results.model_work import ensure_comparison, request_comparison, standing_of


@click.command("models")
@click.argument("name")
@click.option("--add", type=click.Path(path_type=Path, dir_okay=False), multiple=True, help="Keep this file of models.")
@click.option("--remove", multiple=True, help="Remove the models of this name.")
@click.option("--distance", type=click.Choice(DISTANCES), default="correlation", help="How activations become RDMs.")
@click.option("--frames", type=click.Choice(get_args(Frames)), help="The second axis of activations are frames.")
@click.option("--comparator", type=click.Choice(list(COMPARATOR_LABELS)), help="How a model is compared with a rater.")
@click.option("--no-simulated", is_flag=True, help="Exclude simulated raters.")
@click.option("--with-unfinished", is_flag=True, help="Include unfinished sessions.")
@click.option("--permutations", is_flag=True, help="Also test each model by permutation, and correct for noise.")
@click.option("--explain", multiple=True, help="Divide the variance between these models or groups (2 to 4).")
@click.option("--hold-constant", default="", metavar="MODEL", help="Also correlate the others with this held constant.")
@click.option("--individuals", is_flag=True, help="Also say how raters differ: by more than noise, in groups.")
@click.option("--weighted", is_flag=True, help="Also fit weighted sums of models, cross-validated.")
@click.option("--axes", is_flag=True, help="Also hold attributes' axes in models against those of the raters.")
@click.option("--predictions", is_flag=True, help="Also predict attributes and the map's axes, for clips left out.")
@click.option(
    "--tables", type=click.Path(path_type=Path, file_okay=False), help="Write the tables (CSV) into this folder."
)
@with_data
def study_models(
    name: str,
    add: tuple[Path, ...],
    remove: tuple[str, ...],
    distance: Distance,
    frames: Frames | None,
    comparator: str | None,
    no_simulated: bool,
    with_unfinished: bool,
    permutations: bool,
    explain: tuple[str, ...],
    hold_constant: str,
    weighted: bool,
    individuals: bool,
    axes: bool,
    predictions: bool,
    tables: Path | None,
    data: Path | None,
) -> None:
    """Compare candidate models and the clips' attributes with the raters of the study NAME."""
    with open_installation(data) as here:
        for gone in remove:
            with here.database.writing() as db:
                study = find_study(db, name)
                numbers = [one.number for one in kept_models(db, study) if gone in (one.name, one.file_name)]
                if not numbers:
                    raise Invalid(f"The study {name} has no model named {gone}.")
                remove_model(db, study, numbers[0])
        for file in add:
            if file.suffix.lower() == ".onnx":
                raise Invalid(f"{file.name} is a network: python3 run.py study activations {name} {file} --list")
            with here.database.reading() as db:
                study = find_study(db, name)
            row = add_model(here.database, study.id, file.name, file, distance=distance, frames=frames)
            click.echo(f"Added {row.name}: {len(row.models)} {'layers' if row.kind == 'layers' else 'models'}.")
        with here.database.reading() as db:
            study = find_study(db, name)
            standing = standing_of(db, study)
        asked = standing.asked.model_dump() | ({"comparator": comparator} if comparator else {})
        asked |= {"with_simulated": not no_simulated, "with_unfinished": with_unfinished}
        asked |= {"permutations": permutations, "weighted": weighted, "individuals": individuals}
        asked |= {"axes": axes, "predictions": predictions}
        wanted = settings_of(asked | {"explain": explain, "hold_constant": hold_constant})
        if standing.findings is None or standing.changes or wanted != standing.computed:
            with here.database.writing() as db:
                request_comparison(db, find_study(db, name), wanted)
            with click.progressbar(length=100, label="Comparing models") as bar:
                ensure_comparison(
                    here.database,
                    study.id,
                    on_step=lambda _, share: bar.update(round(100 * share) - bar.pos),
                    jobs=os.cpu_count() or 1,
                )
        with here.database.reading() as db:
            findings = standing_of(db, find_study(db, name)).findings
    if findings is None:
        raise Invalid("Nothing was compared.")
    _show(findings)
    if tables is not None:
        tables.mkdir(parents=True, exist_ok=True)
        for table, columns in MODEL_TABLES.items():
            with (tables / f"{table}.csv").open("w", encoding="utf-8", newline="") as out:
                out.writelines(csv_lines(columns, model_rows(findings, table)))


def _show(findings: ModelFindings) -> None:
    label = COMPARATOR_LABELS[findings.comparator]  # type: ignore[index]
    whose = "the RDM of all trials" if findings.is_joint else "raters"
    click.echo(
        f"{counted(findings.n_raters, 'rater')}, {findings.n_clips} clips; similarity to {whose}: {label}; p "
        "adjusted (FDR)"
    )
    if math.isfinite(findings.ceiling_low):
        click.echo(f"Noise ceiling: {findings.ceiling_low:.3f} to {findings.ceiling_high:.3f}")
    for one in sorted(findings.scores, key=lambda score: -score.score):
        click.echo(
            f"  {one.model}: {_figure(one.score)}{_range(one.low, one.high)}, p above 0 {_figure(one.p_above_zero)}"
        )
    for profile in findings.profiles:
        click.echo(f"Best layer of {profile.source}: {profile.best} (between {profile.first} and {profile.last})")
    for effect in findings.effects:
        click.echo(
            f"Between less within, {effect.attribute}: {_figure(effect.effect, 2)} sd"
            f"{_range(effect.low, effect.high, 2)}, p {_figure(effect.p, 4)}, "
            f"against the largest {_figure(effect.p_max, 4)}"
        )
    for what, means in (
        ("Mean over sets", findings.in_sets.scores),
        ("Effect, mean over sets", findings.in_sets.effects),
    ):
        for mean in means:
            click.echo(f"{what}, {mean.name}: {_figure(mean.mean)}{_range(mean.low, mean.high)}, {mean.n_sets} sets")
    _show_parts(findings.parts)
    echo_notes([*findings.remarks, *findings.in_sets.remarks, *findings.parts.remarks])


def _show_parts(parts: ModelParts) -> None:
    for test in parts.tests:
        click.echo(
            f"By permutation, {test.model}: p {_figure(test.p, 4)}, against the largest {_figure(test.p_max, 4)}; "
            f"r without noise {_figure(test.corrected)}{_range(test.low, test.high)}"
        )
    for one in parts.partials:
        click.echo(
            f"With {parts.held_constant} held constant, {one.model}: {_figure(one.correlation)}"
            f"{_range(one.low, one.high)}, p {_figure(one.p, 4)}, against the largest {_figure(one.p_max, 4)}"
        )
    for share in parts.shares:
        which = f"{share.blocks[0]} alone" if len(share.blocks) == 1 else " & ".join(share.blocks)
        click.echo(f"Share of variance, {which}: {_figure(share.share)}")
    for fit in parts.weighted:
        click.echo(
            f"Weighted sum of {fit.block} ({len(fit.models)} models): {_figure(fit.cross_validated)} cross-validated, "
            f"{_figure(fit.equal_weights)} with equal weights"
        )
    for axis in parts.axes.with_raters:
        click.echo(
            f"Axis of {axis.attribute} in {axis.model}: congruence with the raters' {_figure(axis.congruence)}"
            f"{_range(axis.low, axis.high)}, p {_figure(axis.p, 4)}, against the largest {_figure(axis.p_max, 4)}"
        )
    for guess in parts.predictions.scores:
        click.echo(
            f"Predicted from {guess.model}, {guess.target}: r {_figure(guess.r)}, R² {_figure(guess.r2)}, "
            f"p {_figure(guess.p, 4)}, against the largest {_figure(guess.p_max, 4)}"
        )
    people = parts.individuals
    if people.n_tested:
        click.echo(
            f"Halves of one rater's trials: r {_figure(people.within)}, with noise alone {_figure(people.expected)}, "
            f"p {_figure(people.p, 4)}; agreement of raters without noise {_figure(people.without_noise)}"
        )
    if people.n_clusters:
        click.echo(f"Groups of raters: {people.n_clusters} (mean silhouette {_figure(people.silhouette, 2)})")
    for weight in people.weights:
        click.echo(f"Weight of {weight.attribute}: {_figure(weight.mean)}{_range(weight.low, weight.high)}")


def _range(low: float, high: float, digits: int = 3) -> str:
    """The interval in brackets, after a space; nothing where there is none."""
    return f" ({low:.{digits}f} to {high:.{digits}f})" if math.isfinite(low) and math.isfinite(high) else ""


def _figure(value: float, digits: int = 3) -> str:
    """A number, or a dash where it is not defined."""
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"
