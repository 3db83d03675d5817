"""The rows of a bundle's tables, once no text is longer than the database takes and no number larger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from analysis.formats.bundle import Bundle
from analysis.formats.bundle_tables import TABLES
from analysis.words import counted
from app.clips.clip_files import is_storable
from app.studies.attributes import MAX_HEADER

# What the database wants a value for, and a bundle may not have.
MAY_BE_UNKNOWN = {
    "clips": ("label", "sha256"),
    "participants": ("language", "seed", "consented_at", "admitted_at", "person", "visit", "study_version"),
    "trials": (
        "design",
        "shown_at",
        "duration_ms",
        "hidden_ms",
        "active_ms",
        "viewport_width_px",
        "viewport_height_px",
        "arena_center_x_px",
        "arena_center_y_px",
        "arena_diameter_px",
        "item_size_px",
        "device_pixel_ratio",
        "sha256",
    ),
    "placements": ("seat",),
}
# Of a text column, by the longest that the database takes.
LONGEST = {
    "clip": 255,
    "label": 255,
    "language": 16,
    "ended_by": 16,
    "id_note": 16,
    "exclusion_reason": 200,
    "experimenter_note": 10_000,
    "design": 32,
    "watched": 16,
    "sha256": 64,
    "question": 64,
    "asked": 32,
    "attribute": MAX_HEADER,
    "reason": 200,
    "rule": 32,
    "decided_by": 254,
    "recruiter": 10_000,
    "recruiter_id": 200,
}
BIGGEST = 2**31 - 1
BIGGEST_SEED = 2**63 - 1

Row = Mapping[str, Any]


def checked(bundle: Bundle, table: str) -> Iterable[Row]:
    """The rows of a table, once no text is longer than the database takes and no number larger."""
    columns = {column.name: column.kind for column in TABLES[table]}
    for number, row in enumerate(bundle.rows(table), start=1):
        for name, value in row.items():
            if isinstance(value, str):
                if "\0" in value or (not is_storable(value) and name not in ("experimenter_note", "value")):
                    raise ValueError(f"{table}.csv, row {number}: {name} holds a character that a text cannot hold")
                if len(value) > LONGEST.get(name, 50_000):
                    raise ValueError(f"{table}.csv, row {number}: {name} is longer than {LONGEST.get(name, 50_000)}")
            elif columns[name] in ("int", "digits") and value is not None:
                most = BIGGEST_SEED if name == "seed" else BIGGEST
                if not 0 <= value <= most:
                    raise ValueError(f"{table}.csv, row {number}: {name} must be 0 to {most}, got {value}")
            elif isinstance(value, float) and not abs(value) < 1e15:
                raise ValueError(f"{table}.csv, row {number}: {name} must be a number, got {value}")
            elif isinstance(value, datetime) and not 1969 < value.year < 9000:
                raise ValueError(f"{table}.csv, row {number}: {name} is not a possible time: {value}")
        yield row


def without_values(rows: Sequence[Row], table: str) -> list[str]:
    """The columns without a value in any row.

    Raises
    ------
    ValueError
        When a column has a value in some rows and none in others: the database could not keep them apart.
    """
    unknown = []
    for name in MAY_BE_UNKNOWN[table]:
        missing = sum(row[name] is None for row in rows)
        if missing == len(rows):
            unknown.append(name)
        elif missing:
            raise ValueError(f"{table}.csv: {name} has no value in {missing} of {counted(len(rows), 'row')}")
    return unknown
