"""What participants said: `study ratings` and `study answers`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from math import isnan
from pathlib import Path
from typing import Any

import click

from analysis.formats.bundle_tables import TABLES, Column
from analysis.formats.tables import csv_lines
from analysis.ratings import ScaleRatings
from analysis.reliability import Coefficient
from analysis.words import counted
from app.cli.options import with_data
from app.cli.support import open_installation
from app.definition.find import find_study
from app.errors import Invalid
from app.participation.arrangements import clip_order
from app.results.answers import answer_counts, wide_columns, wide_rows
from app.results.chosen import Cells, ExportOptions
from app.results.ratings import RatedQuestion, attribute_rows, rated_questions, rating_rows
from app.results.ratings_words import agreement_lines, repeats_sentence

A_FILE = click.Path(path_type=Path, dir_okay=False)


def for_raters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which sessions are in, as `study results` asks; the command gets them as `options`."""

    @wraps(command)
    def with_options(*args: Any, no_simulated: bool, with_unfinished: bool, with_excluded: bool, **others: Any) -> Any:
        options = ExportOptions(not no_simulated, with_unfinished, with_excluded=with_excluded)
        return command(*args, options=options, **others)

    for option in (
        click.option("--with-excluded", is_flag=True, help="Count sessions that were left out of the results, too."),
        click.option("--with-unfinished", is_flag=True, help="Include unfinished sessions."),
        click.option("--no-simulated", is_flag=True, help="Exclude simulated raters."),
    ):
        with_options = option(with_options)
    return with_data(with_options)


@click.command("ratings")
@click.argument("name")
@click.option("--single", type=A_FILE, default=None, help="Write the single ratings to this CSV file.")
@click.option("--by-clip", type=A_FILE, default=None, help="Write what they come to for each clip to this CSV file.")
@for_raters
def study_ratings(
    name: str,
    single: Path | None,
    by_clip: Path | None,
    options: ExportOptions,
    data: Path | None,
) -> None:
    """Print how the clips of the study NAME were rated, and how far the raters agree."""
    with open_installation(data) as here, here.database.reading() as db:
        study = find_study(db, name)
        clips = [clip.file_name for clip in clip_order(db, study.id)]
        questions = rated_questions(db, study, options)
        if not questions:
            raise Invalid(f"The study {name} asks for no ratings of its clips.")
        for one in questions:
            _echo_question(one, clips)
        if single is not None:
            write_table(single, TABLES["ratings"], rating_rows(db, study, options))
        if by_clip is not None:
            write_table(by_clip, TABLES["attributes_from_ratings"], attribute_rows(db, study, options))


@click.command("answers")
@click.argument("name")
@click.option("--out", type=A_FILE, default=None, help="Write a CSV file with a row a session and a column a question.")
@for_raters
def study_answers(
    name: str,
    out: Path | None,
    options: ExportOptions,
    data: Path | None,
) -> None:
    """Print how many gave which answer to each question of the study NAME."""
    with open_installation(data) as here, here.database.reading() as db:
        study = find_study(db, name)
        for one in answer_counts(db, study, options):
            click.echo(f"{one.question.name}: {one.answered} of {one.asked} answered")
            if (numbers := one.numbers) is not None:
                sd = "" if numbers.sd is None else f"  sd {numbers.sd:.2f}"
                ends = f"from {numbers.least:g} to {numbers.most:g}"
                click.echo(f"  mean {numbers.mean:.2f}{sd}  median {numbers.median:g}  {ends}")
            for given in one.given:
                click.echo(f"  {given.value}: {given.count}")
        if out is not None:
            write_table(out, wide_columns(db, study), wide_rows(db, study, options))


def write_table(file: Path, columns: Sequence[Column], rows: Iterable[Cells]) -> None:
    """Write the rows as a CSV file, and say so.

    Raises
    ------
    Invalid
        When the file cannot be written.
    """
    part = file.with_name(file.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as out:
            out.writelines(csv_lines(tuple(columns), rows))
        part.replace(file)
    except OSError as error:
        raise Invalid(f"{error.filename or file}: cannot be written: {error.strerror}") from error
    click.echo(f"Written: {file}")


def _echo_question(one: RatedQuestion, clips: Sequence[str]) -> None:
    click.echo(f"{one.question.name}: {counted(one.n_raters, 'rater')}")
    for line in agreement_lines(one):
        click.echo(f"  {line.label:<22} {_in_words(line.coefficient)}")
    if (sentence := repeats_sentence(one)) is not None:
        click.echo(f"  {sentence}")
    width = max(map(len, clips), default=0)
    for item, clip in enumerate(clips):
        click.echo(f"  {clip:<{width}}  {_of_clip(one, item)}")


def _of_clip(one: RatedQuestion, item: int) -> str:
    summary = one.summary
    if isinstance(summary, ScaleRatings):
        return f"mean {_number(summary.mean[item])}  sd {_number(summary.sd[item])}  n {summary.n[item]}"
    counts = summary.counts[item].tolist()
    values = [choice.value for choice in getattr(one.question, "choices", [])]
    return ", ".join(f"{value} {count}" for value, count in zip(values, counts, strict=True)) + f"  n {sum(counts)}"


def _in_words(coefficient: Coefficient) -> str:
    low, high = coefficient.interval
    between = "" if isnan(low) else f" ({_number(low)} to {_number(high)})"
    return _number(coefficient.value) + between + ("" if coefficient.reason is None else f"  [{coefficient.reason}]")


def _number(value: float) -> str:
    return "-" if isnan(value) else f"{value:.2f}"
