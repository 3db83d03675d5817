"""Layers of a network as candidate models: `study activations`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from analysis.models.activations import DISTANCES, Frames
from analysis.models.network_input import LAYOUTS, Colours, Fit
from app.cli.options import with_data
from app.cli.support import echo_notes, open_installation
from app.definition.find import find_study
from app.definition.study_toml import definition_of
from app.errors import Invalid
from app.results.activations import extract, layer_lines, megabytes, origin_file, prepare
from app.results.model_files import check_room, keep_models
from app.results.network_settings import network_file, wanted_of
from app.video import sha256_file


@click.command("activations")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--layers", multiple=True, metavar="A,B", help="The layers, by name, separated by commas; * is any part.")
@click.option("--list", "lists", is_flag=True, help="Print the layers that the network has, and do no more.")
@click.option("--frames", type=int, help="How many frames of each clip.")
@click.option("--over-frames", type=click.Choice(get_args(Frames)), help="What becomes of a layer's values for them.")
@click.option("--size", type=int, help="The side of the network's pictures, in pixels.")
@click.option("--resize", type=int, help="The length of the shorter side before the middle is cut out, in pixels.")
@click.option("--fit", type=click.Choice(get_args(Fit)), help="Cut the middle out, or stretch the whole picture.")
@click.option("--mean", metavar="R,G,B", help="Subtracted from values of 0 to 1.")
@click.option("--std", metavar="R,G,B", help="What values are then divided by.")
@click.option("--colours", type=click.Choice(get_args(Colours)), help="The order of the channels.")
@click.option("--layout", type=click.Choice(LAYOUTS), help="The order of the input's axes, where it cannot be told.")
@click.option("--distance", type=click.Choice(DISTANCES), help="How activations become RDMs.")
@click.option("--model", metavar="MODEL", help="What the models are called; by default as the file.")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Also write the activations (NPZ).")
@click.option("--no-keep", is_flag=True, help="Keep no models with the study.")
@with_data
def study_activations(
    name: str,
    file: Path,
    layers: tuple[str, ...],
    lists: bool,
    model: str | None,
    save: Path | None,
    no_keep: bool,
    data: Path | None,
    **given: Any,
) -> None:
    """Show the clips of the study NAME to the network FILE (ONNX), and keep the RDMs of its layers as candidate models.

    FILE may be the study's folder, if study.toml names the network there.
    """
    if save is not None and save.suffix != ".npz":
        raise Invalid(f"{save}: activations are written as .npz")
    if save is not None and not save.parent.is_dir():
        raise Invalid(f"{save}: there is no folder {save.parent}")
    if no_keep and save is None:
        raise Invalid("With --no-keep nothing is stored: give --save FILE.npz too.")
    with open_installation(data) as here:
        with here.database.reading() as db:
            study = find_study(db, name)
            section = definition_of(study).models
            network = network_file(section, file)
            if lists:
                click.echo("\n".join(layer_lines(network)))
                return
            named = [one for part in layers for one in part.split(",") if one]
            asked = prepare(db, here.settings, study, network, wanted_of(section, network, named, given))
            called = model or network.stem
            if not no_keep:
                check_room(db, study, called, len(asked.shapes))
        frames = f"{n} frames" if (n := asked.sampling.count) > 1 else "one frame"
        click.echo(f"{network.name} takes {asked.network.input.sentence}; it is shown {frames} of each clip.")
        for layer, shape in asked.shapes.items():
            click.echo(f"  {layer}: {' x '.join(map(str, shape))} units")
        click.echo(f"{len(asked.items)} clips: {megabytes(asked.n_bytes)} of activations on the disk while this runs.")
        with click.progressbar(length=len(asked.items), label="Showing clips") as bar:
            shown = extract(asked, here.settings.work_folder, save=save, on_clip=lambda: bar.update(1))
        if save is not None:
            click.echo(f"Written: {save}, and where it comes from: {origin_file(save)}")
        if no_keep:
            return
        digest = sha256_file(network)
        with here.database.writing() as db:
            keep_models(
                db,
                find_study(db, name),
                replace(shown, name=called),
                [item.name for item in asked.items],
                file_name=network.name,
                sha256=digest,
            )
        layers_said = "one layer" if len(shown.models) == 1 else f"{len(shown.models)} layers"
        click.echo(f"Kept {called}: {layers_said}. Compare them: python3 run.py study models {name}")
        echo_notes(shown.remarks)
