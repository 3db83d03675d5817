"""What is wrong with this machine, its settings, or an installation (running or not), in words."""

from __future__ import annotations

from pathlib import Path

from app.config import sqlite_file
from app.doctor.bucket import bucket
from app.doctor.content import look_into
from app.doctor.finding import Finding
from app.doctor.installation import backups, data_folder, server, settings_of_a_server
from app.doctor.machine import chromium, clock, codecs, disk, packages, python
from app.errors import ConfigurationError


def examine(data: Path, *, quick: bool = False) -> list[Finding]:
    """Look at everything; nothing is made or changed. With `quick` the content of clips and trials is not read."""
    of_machine = [python(), packages(), disk(data), clock(), codecs(), chromium()]
    try:
        settings, findings = data_folder(data)
    except ConfigurationError as error:
        return [*of_machine, Finding(False, "settings", error.message)]
    if settings is None:
        return [*of_machine, *findings]
    rest = [*settings_of_a_server(settings), *server(settings)]
    file = sqlite_file(settings)
    # To open a file of SQLite that is not there would make it.
    is_there = file is None or file.exists()
    if is_there and all(one.ok for one in findings if one.subject == "database"):
        rest += [*look_into(settings, quick=quick), *backups(settings), *bucket(settings)]
    return [*of_machine, *findings, *rest]
