"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from analysis.formats.hints import HINTS, SWITCHES, Hints, HintsError, hints_of
from app.errors import Invalid


def with_data(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option --data behind the command's name, as in `serve --data DIR`; it goes before that of the group."""

    def choose(context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
        """The folder given behind the command, else the group's, which is None when neither was given."""
        chosen: Path | None = value if value is not None else context.find_root().obj
        return chosen

    kind = click.Path(path_type=Path, file_okay=False)
    return click.option("--data", type=kind, default=None, callback=choose, help="The data folder.")(command)


def serving(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--no-browser", is_flag=True, help="Do not open a browser."),
        click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on."),
        click.option("--port", type=click.IntRange(0, 65535), default=None, help="The port; by default from 8000 on."),
    ):
        command = option(command)
    return with_data(command)


def for_other_programs(command: Callable[..., Any]) -> Callable[..., Any]:
    """What other programs' files do not say themselves, as options."""
    for name, text in reversed(SWITCHES.items()):
        command = click.option(f"--{name}", is_flag=True, help=f"{text[:1].upper()}{text[1:]}.")(command)
    for name, (metavar, text) in reversed(HINTS.items()):
        told = f"{text[:1].upper()}{text[1:]}."
        command = click.option(f"--{name}", metavar=metavar, default=None, help=told)(command)
    return command


def hints_of_options(given: Mapping[str, Any]) -> Hints:
    """The hints that the options of `for_other_programs` make.

    Raises
    ------
    Invalid
        Naming the option, when it cannot be understood.
    """
    switches = {name: bool(given[name.replace("-", "_")]) for name in SWITCHES}
    try:
        return hints_of({name: given[name] for name in HINTS}, switches)
    except HintsError as error:
        raise Invalid(f"--{error}") from error
