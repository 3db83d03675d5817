"""Planning a study: `study plan`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click

from app.cli.options import with_data
from app.cli.support import echo_notes, open_installation
from app.definition.find import find_study
from app.errors import Invalid
from app.planning.basis import basis_of
from app.planning.cohort_words import is_of_cohort
from app.planning.plan_settings import PlanSettings, models_of_files, settings_of
from app.planning.stored import standing_of
from app.planning.words import needed_sentence, sentences_of, table_of
from app.planning.work import ensure_plan, request_plan


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each setting of a plan."""
    for key, field in reversed(PlanSettings.model_fields.items()):
        name = "--" + key.replace("_", "-")
        kind = field.annotation
        words = f"{field.title}; usually {field.default}."
        if kind is bool:
            option = click.option(f"{name}/--no-{key.replace('_', '-')}", key, default=None, help=words)
        else:
            choices = click.Choice(get_args(kind)) if get_origin(kind) is Literal else kind
            option = click.option(name, key, type=choices, default=None, help=words)
        command = option(command)
    return command


@click.command("plan")
@click.argument("name")
@with_settings
@click.option("--models", nargs=2, type=click.Path(path_type=Path), help="Model RDMs A and B: square CSV tables.")
@click.option("--again", is_flag=True, help="Compute it anew, even if nothing has changed.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole plan as JSON.")
@with_data
def study_plan(
    name: str, models: tuple[Path, Path] | None, again: bool, as_json: bool, data: Path | None, **given: Any
) -> None:
    """Simulate the study NAME before anybody takes part: minutes, reliability by number of raters, and power.

    Where participants share the pairs (method = "cohort"): the correlation of the RDM of all trials with the truth.
    """
    chosen = {key: value for key, value in given.items() if value is not None}
    with open_installation(data) as here:
        with here.database.reading() as db:
            study = find_study(db, name)
            basis = basis_of(db, study)
            standing = standing_of(db, study, basis)
        new = bool(chosen or models or again) or standing.content is None or bool(standing.changes)
        if new:
            settings = settings_of(standing.asked | chosen)
            with here.database.writing() as db:
                request_plan(
                    db,
                    find_study(db, name),
                    settings,
                    models_of_files(models, basis.clips) if models else None,
                    keep_models=not models,
                )
        with click.progressbar(length=1, label="Simulating sessions") as bar:

            def show(done: int, of: int, bar: Any = bar) -> None:
                """Move the bar to where the work is."""
                bar.length = of
                bar.update(done - bar.pos)

            ensure_plan(here.database, study.id, on_session=show)
        with here.database.reading() as db:
            content = standing_of(db, find_study(db, name), basis).content
    if content is None:
        raise Invalid("There is no plan.")
    if as_json:
        click.echo(json.dumps(content, indent=2))
        return
    plan = content["plan"]
    click.echo("A participant (median, and where nine of ten lie):")
    click.echo(f"  minutes of work                     {_spread(plan['minutes'], '.0f')}")
    click.echo(f"  trials                              {_spread(plan['trials'], '.0f')}")
    click.echo(f"  pairs of clips seen                 {_spread(plan['seen'], '.0%')}")
    if is_of_cohort(content):
        click.echo(f"  placements                          {_spread(plan['placements'], '.0f')}")
    else:
        click.echo(f"  pairs with the evidence asked for   {_spread(plan['reached'], '.0%')}")
    click.echo(needed_sentence(content))
    rows = table_of(content)
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        click.echo("  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    echo_notes(sentences_of(content))


def _spread(figure: dict[str, Any], form: str) -> str:
    if figure["median"] is None:
        return "an unknown share"
    median, low, high = (format(figure[key], form) for key in ("median", "low", "high"))
    return median if low == median == high else f"{median} ({low} to {high})"
