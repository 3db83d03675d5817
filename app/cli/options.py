"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


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
