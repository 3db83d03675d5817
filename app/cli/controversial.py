"""The clips that best tell models apart, and the study made of them: `study controversial`."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.options import with_data
from app.cli.support import open_installation
from app.definition.find import find_study
from app.definition.study_toml import definition_of
from app.results.controversial import choose_clips
from app.studies.duplication import duplicate_study


@click.command("controversial")
@click.argument("name")
@click.option("--model", "models", multiple=True, required=True, help="A model to be told from the others (2 to 6).")
@click.option(
    "--clips",
    "n_clips",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="How many clips are to be chosen.",
)
@click.option("--make", metavar="NEW", help="Make a study of this name of them.")
@with_data
def study_controversial(name: str, models: tuple[str, ...], n_clips: int, make: str | None, data: Path | None) -> None:
    """Choose the clips of the study NAME that best tell candidate models apart."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            chosen = choose_clips(db, find_study(db, name), models, n_clips)
        for clip in chosen.clips:
            click.echo(clip)
        click.echo(f"Separation {chosen.separation:.3f}, of random clips {chosen.of_random:.3f}.", err=True)
        click.echo(
            f"Raters needed: {_number(chosen.raters)}, with random clips {_number(chosen.raters_of_random)}.", err=True
        )
        if make:
            with here.database.writing() as db:
                study = find_study(db, name)
                title = f"{definition_of(study).title} (controversial clips)"[:200]
                made = duplicate_study(db, study, name=make, title=title, clips=chosen.clips)
            click.echo(f"The study {made} is a draft with these clips.", err=True)


def _number(raters: int | None) -> str:
    return "more than 1000" if raters is None else str(raters)
