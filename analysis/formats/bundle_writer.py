"""Write the export bundle: a zip made in one pass, in constant memory, on any writable stream.

Over 300 lines: half of it is the text of the bundle's README and manifest, which say what the code writes.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Protocol

from . import matlab, rsatoolbox, tables
from .bundle_tables import (
    DICTIONARY_COLUMNS,
    JSON_TABLES,
    RDM_COLUMNS,
    TABLES,
    dictionary_markdown,
    dictionary_rows,
)
from .rdm_set import RDMSet, completed_only
from .square import square_lines

FORMAT = "asterism-bundle"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"

BLOCK = 1 << 16
# Above this size a binary RDM file waits on disk rather than in memory while it is made.
SPOOL = 1 << 24

Row = Sequence[Any] | Mapping[str, Any]

README = """Asterism export bundle (format version {version})
Study: {name}

manifest.json         format version, counts, and the SHA-256 of every other file
study.toml            the study: question, playback rules, design, stop rules
clips.csv             the clips; their order is the order of every RDM
attributes.csv        attributes of the clips, as the study gives them
participants.csv      one row a session; simulated raters are marked in is_simulated
trials.csv            one row a stored trial, with times and the geometry of the arena in pixels
placements.csv        one row a clip in a trial: where it was put
moves.csv plays.csv   every move and every play of a clip
answers.*             answers to the study's questions, one row an answer; free text is personal data
ratings.csv           participants' ratings of clips, one row a clip and question
attributes_from_ratings.*   what they come to for each clip: mean, sd and number of raters
decisions.csv         what was left out of the results, and taken in again: by whom, when, and why
with_and_without.csv  reliability and noise ceilings without and with what was left out; empty if nothing was
flow.csv              how many agreed, began, finished, withdrew, and were left out
quality.csv           how each participant worked
reliability.* noise_ceiling.*   agreement between raters
rdms/<method>/rdms.*  each rater's RDM: CSV (pairs), NPZ, MAT and HDF5 (the layout of rsatoolbox)
rdms/<method>/group.* the RDM pooled over raters, in the same four formats
rdms/<method>/group_square.csv   the pooled RDM as a square table
rdms/<method>/*_completed.hdf5   the RDMs completed by the estimator's model, where it predicted any pair
methods.md            what was done, in words, with the literature
data_dictionary.*     every column, its unit and meaning

Units: the arena's centre is (0, 0) and its diameter is 1, so a position lies within 0.5 of the centre; x grows to the
right and y grows upwards. Condensed RDMs are in row-major upper triangle order (SciPy, rsatoolbox, MATLAB squareform).
An RDM holds what was seen; pairs that were not are missing (NaN, empty). What a model predicts for them stands apart,
as "completed". The scale of an RDM is arbitrary: the sum of squares of a completed RDM is 1, which is that of the RDM
itself where nothing was predicted. (The pages show RDMs at a root mean square of 1.)
Times are UTC; durations are milliseconds of the participant's monotonic clock.
The report: python -m analysis BUNDLE.zip --out DIR
(in the program's folder; where its analysis is installed as a library: python -m asterism_analysis)
"""


class Writable(Protocol):
    """Anything that takes bytes; it need not seek."""

    def write(self, data: bytes, /) -> Any:
        """Take bytes, all of them."""


@dataclass(frozen=True, kw_only=True)
class BundleContents:
    """What goes into a bundle.

    Parameters
    ----------
    study_name : short name of the study
    study_toml : text of the study's study.toml
    tables : rows by table name, with the names and columns of `bundle_tables.TABLES`; each row is a sequence in column
        order or a mapping by column name. Rows may come from a generator: they are taken one at a time and written at
        once. A table that is not given has no rows.
    rdms : one `RDMSet` for each method, with every rater's RDM
    group_rdms : one `RDMSet` for each method, with the RDM pooled over raters; its rater is "group"
    methods_text : the methods section, Markdown
    software : name and version of the program that writes
    created_at : now, unless given
    about : further facts for the manifest, JSON values
    """

    study_name: str
    study_toml: str
    tables: Mapping[str, Iterable[Row]] = field(default_factory=dict)
    rdms: Iterable[RDMSet] = ()
    group_rdms: Iterable[RDMSet] = ()
    methods_text: str = ""
    software: str = "asterism"
    created_at: datetime | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


def write_bundle(file: str | Path | Writable, contents: BundleContents) -> dict[str, Any]:
    """Write an export bundle in one pass and return its manifest.

    Memory does not grow with the tables. Checksums are computed while writing; the manifest is the last file. A path
    that exists is overwritten; when writing to a path fails, the part written so far is removed.

    Raises
    ------
    ValueError
        Naming the table and row, when a row does not fit its table's columns; when a table is not known, or two sets of
        RDMs have the same method.
    """
    if not isinstance(file, str | Path):
        return _last(_write(file, contents))
    try:
        with open(file, "wb") as stream:
            return _last(_write(stream, contents))
    except BaseException:
        Path(file).unlink(missing_ok=True)
        raise


def iter_bundle(contents: BundleContents) -> Iterator[bytes]:
    """The bytes of a bundle as they are made, for a streamed response.

    Raises what `write_bundle` raises, in mid-stream: the bytes given out so far are then a zip without its directory,
    which no reader opens, so a broken export is never taken for a whole one.
    """
    buffer = _Buffer()
    for _ in _write(buffer, contents):
        if buffer.size:
            yield buffer.take()


class _Buffer:
    """A sink that keeps what is written until it is taken."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        """Keep a copy of the bytes; their number, as files answer."""
        self.parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing to do: the bytes are already here."""

    def take(self) -> bytes:
        """All bytes since the last time, which are then forgotten."""
        data = b"".join(self.parts)
        self.parts, self.size = [], 0
        return data


# A member of the zip: its path, its pieces of bytes, and the table whose lines the pieces are ("" for no table).
Member = tuple[str, Iterable[bytes], str]


def _members(contents: BundleContents) -> Iterator[Member]:
    if unknown := contents.tables.keys() - TABLES.keys():
        raise ValueError(f"no table of the bundle is named {', '.join(sorted(unknown))}")
    readme = README.format(version=FORMAT_VERSION, name=contents.study_name)
    yield "README.txt", [readme.encode()], ""
    yield "study.toml", [contents.study_toml.encode()], ""
    yield "methods.md", [contents.methods_text.encode()], ""
    yield "data_dictionary.md", [dictionary_markdown().encode()], ""
    yield (
        "data_dictionary.csv",
        _encoded("data_dictionary", tables.csv_lines(DICTIONARY_COLUMNS, dictionary_rows())),
        "",
    )
    for table, columns in TABLES.items():
        rows: Iterable[Row] = contents.tables.get(table, ())
        if table in JSON_TABLES:
            rows = list(rows)
            names = [column.name for column in columns]
            objects = [row if isinstance(row, Mapping) else _named(names, row) for row in rows]
            yield f"{table}.json", [(json.dumps([_jsonable(o) for o in objects], indent=1) + "\n").encode()], ""
        yield f"{table}.csv", _encoded(table, tables.csv_lines(columns, rows)), table
    for stem, sets in (("rdms", contents.rdms), ("group", contents.group_rdms)):
        seen: set[str] = set()
        for one in sets:
            if not re.fullmatch(r"[a-z0-9_]+", one.method) or one.method in seen:
                raise ValueError(f"RDMs must each name their own method in small letters, got {one.method!r}")
            seen.add(one.method)
            yield from _rdm_members(f"rdms/{one.method}/{stem}", one)


def _rdm_members(stem: str, rdms: RDMSet) -> Iterator[Member]:
    yield f"{stem}.csv", _encoded(stem, tables.csv_lines(RDM_COLUMNS, tables.rdm_rows(rdms))), stem
    yield f"{stem}.npz", _spooled(lambda file: tables.write_npz(file, rdms)), ""
    yield f"{stem}.mat", _spooled(lambda file: matlab.write_mat(file, rdms)), ""
    yield f"{stem}.hdf5", _spooled(lambda file: rsatoolbox.write_hdf5(file, rdms)), ""
    if rdms.completed is not None and rdms.predicted is not None and rdms.predicted.any():
        whole = completed_only(rdms)
        yield f"{stem}_completed.hdf5", _spooled(lambda file: rsatoolbox.write_hdf5(file, whole)), ""
    if len(rdms.raters) == 1 and stem.endswith("/group"):
        yield f"{stem}_square.csv", _encoded(stem, square_lines(rdms.names, rdms.rdms[0])), ""


def _encoded(table: str, lines: Iterator[str]) -> Iterator[bytes]:
    try:
        for line in lines:
            yield line.encode()
    except ValueError as error:
        raise ValueError(f"table {table}, {error}") from error


def _named(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """A row by column; columns at the end may be left out, as in the CSV."""
    return dict(zip(names, [*row, *[None] * (len(names) - len(row))], strict=True))


def _jsonable(row: Mapping[str, Any]) -> dict[str, Any]:
    """NaN is not JSON: an undefined measure is null. Times are written as in the CSV."""
    return {
        key: None
        if isinstance(value, float) and math.isnan(value)
        else value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        if isinstance(value, datetime)
        else value
        for key, value in row.items()
    }


def _spooled(make: Callable[[IO[bytes]], None]) -> Iterator[bytes]:
    with SpooledTemporaryFile(SPOOL) as file:
        make(file)
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


def _write(stream: Writable, contents: BundleContents) -> Iterator[dict[str, Any]]:
    """Write the bundle, giving control back after each block; the last manifest yielded is the whole one."""
    created = contents.created_at or datetime.now(UTC)
    files: dict[str, dict[str, Any]] = {}
    counts: dict[str, int] = {}
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "software": contents.software,
        "created_at": created.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "study": contents.study_name,
        "position_unit": "arena diameters from the arena's centre, x to the right, y upwards",
        # Bundles without this hold predicted pairs among the dissimilarities.
        "predictions": "in completed alone; RDMs hold what was seen",
        "about": dict(contents.about),
        "counts": counts,
        "files": files,
    }
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:  # type: ignore[call-overload]
        for path, pieces, table in _members(contents):
            digest, size = hashlib.sha256(), 0
            counter = _Counter(pieces)
            with archive.open(path, "w", force_zip64=True) as target:
                for block in _blocks(counter):
                    target.write(block)
                    digest.update(block)
                    size += len(block)
                    yield manifest
            files[path] = {"sha256": digest.hexdigest(), "bytes": size}
            if table:
                counts[table] = counter.pieces - 1  # the header line is no row
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    yield manifest


class _Counter:
    """Iterates over pieces of bytes and counts them."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.source = pieces
        self.pieces = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.source:
            self.pieces += 1
            yield piece


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces joined into blocks of at least `BLOCK` bytes, but for the last: compressing line by line is slow."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def _last(steps: Iterator[dict[str, Any]]) -> dict[str, Any]:
    manifest: dict[str, Any] = {}
    for step in steps:
        manifest = step
    return manifest
