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
    click.echo(f"{findings.n_raters} raters, {findings.n_clips} clips; similarity: {label}; p adjusted (FDR)")
    if math.isfinite(findings.ceiling_low):
        click.echo(f"Noise ceiling: {findings.ceiling_low:.3f} to {findings.ceiling_high:.3f}")
    for one in sorted(findings.scores, key=lambda score: -score.score):
        click.echo(
            f"  {one.model}: {one.score:.3f} ({one.low:.3f} to {one.high:.3f}), p above 0 {one.p_above_zero:.3f}"
        )
    for profile in findings.profiles:
        click.echo(f"Best layer of {profile.source}: {profile.best} (between {profile.first} and {profile.last})")
    for effect in findings.effects:
        click.echo(
            f"Between less within, {effect.attribute}: {effect.effect:.2f} sd ({effect.low:.2f} to {effect.high:.2f}), "
            f"p {effect.p:.4f}, against the largest {effect.p_max:.4f}"
        )
    _show_parts(findings.parts)
    echo_notes([*findings.remarks, *findings.parts.remarks])


def _show_parts(parts: ModelParts) -> None:
    for test in parts.tests:
        click.echo(
            f"By permutation, {test.model}: p {test.p:.4f}, against the largest {test.p_max:.4f}; "
            f"r without noise {test.corrected:.3f} ({test.low:.3f} to {test.high:.3f})"
        )
    for one in parts.partials:
        click.echo(
            f"With {parts.held_constant} held constant, {one.model}: {one.correlation:.3f} "
            f"({one.low:.3f} to {one.high:.3f}), p {one.p:.4f}, against the largest {one.p_max:.4f}"
        )
    for share in parts.shares:
        which = f"{share.blocks[0]} alone" if len(share.blocks) == 1 else " & ".join(share.blocks)
        click.echo(f"Share of variance, {which}: {share.share:.3f}")
    for fit in parts.weighted:
        click.echo(
            f"Weighted sum of {fit.block} ({len(fit.models)} models): {fit.cross_validated:.3f} cross-validated, "
            f"{fit.equal_weights:.3f} with equal weights"
        )
    for axis in parts.axes.with_raters:
        click.echo(
            f"Axis of {axis.attribute} in {axis.model}: congruence with the raters' {axis.congruence:.3f} "
            f"({axis.low:.3f} to {axis.high:.3f}), p {axis.p:.4f}, against the largest {axis.p_max:.4f}"
        )
    for guess in parts.predictions.scores:
        click.echo(
            f"Predicted from {guess.model}, {guess.target}: r {guess.r:.3f}, R² {guess.r2:.3f}, p {guess.p:.4f}, "
            f"against the largest {guess.p_max:.4f}"
        )
    people = parts.individuals
    if people.n_tested:
        click.echo(
            f"Halves of one rater's trials: r {people.within:.3f}, with noise alone {people.expected:.3f}, "
            f"p {people.p:.4f}; agreement of raters without noise {people.without_noise:.3f}"
        )
    if people.n_clusters:
        click.echo(f"Groups of raters: {people.n_clusters} (mean silhouette {people.silhouette:.2f})")
    for weight in people.weights:
        click.echo(f"Weight of {weight.attribute}: {weight.mean:.3f} ({weight.low:.3f} to {weight.high:.3f})")
