"""Write the export bundle: a zip made in one pass, in constant memory, on any writable stream.

Over 300 lines: what is written in which order is one thing, and each file of the bundle needs its few lines.
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
from itertools import chain
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Protocol

from . import matlab, rsatoolbox, tables
from .bundle_readme import Tally, readme
from .bundle_tables import (
    JSON_TABLES,
    RDM_COLUMNS,
    TABLES,
    Column,
)
from .data_dictionary import DICTIONARY_COLUMNS, dictionary_markdown, dictionary_rows
from .npz import write_npy
from .rdm_rows import RDMS, RDMs
from .square import square_lines

FORMAT = "asterism-bundle"
# 2: missing values are NA, booleans TRUE and FALSE, seeds texts; the manifest gives the rows of every table.
FORMAT_VERSION = 2
MANIFEST = "manifest.json"

BLOCK = 1 << 16
# Above this size a binary RDM file waits on disk rather than in memory while it is made.
SPOOL = 1 << 24

Row = Sequence[Any] | Mapping[str, Any]


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
    own_tables : columns and rows of tables whose columns are the study's own, by table name
    rdms : one `RDMSet`, or `RDMRows`, for each method, with every rater's RDM
    group_rdms : one for each method, with the RDM pooled over raters; its rater is "group"
    set_rdms : where the study has several sets of clips, for each method and set: the set's number from 1, how many
        sets there are, every rater's RDM of it, and the pooled one; they take the place of `rdms`
    methods_text : the methods section, Markdown
    software : name and version of the program that writes
    created_at : now, unless given
    about : further facts for the manifest, JSON values
    """

    study_name: str
    study_toml: str
    tables: Mapping[str, Iterable[Row]] = field(default_factory=dict)
    own_tables: Mapping[str, tuple[Sequence[Column], Iterable[Row]]] = field(default_factory=dict)
    rdms: Iterable[RDMs] = ()
    group_rdms: Iterable[RDMs] = ()
    set_rdms: Iterable[tuple[int, int, RDMs, RDMs]] = ()
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


def _members(contents: BundleContents, tally: Tally) -> Iterator[Member]:
    if unknown := contents.tables.keys() - TABLES.keys():
        raise ValueError(f"no table of the bundle is named {', '.join(sorted(unknown))}")
    own = {table: columns for table, (columns, _) in contents.own_tables.items()}
    yield "study.toml", [contents.study_toml.encode()], ""
    yield "methods.md", [contents.methods_text.encode()], ""
    yield "data_dictionary.md", [dictionary_markdown(own).encode()], ""
    lines = tables.csv_lines(DICTIONARY_COLUMNS, dictionary_rows(own))
    yield "data_dictionary.csv", _encoded("data_dictionary", lines), "data_dictionary"
    for table, columns in TABLES.items():
        rows: Iterable[Row] = tally.rows(table, contents.tables.get(table, ()))
        if table in JSON_TABLES:
            rows = list(rows)
            names = [column.name for column in columns]
            objects = [row if isinstance(row, Mapping) else _named(names, row) for row in rows]
            yield f"{table}.json", [(json.dumps([_jsonable(o) for o in objects], indent=1) + "\n").encode()], ""
        yield f"{table}.csv", _encoded(table, tables.csv_lines(columns, rows)), table
    for table, (columns_of_study, rows) in contents.own_tables.items():
        yield f"{table}.csv", _encoded(table, tables.csv_lines(tuple(columns_of_study), rows)), table
    for stem, sets in (("rdms", contents.rdms), ("group", contents.group_rdms)):
        seen: set[str] = set()
        for one in sets:
            if not re.fullmatch(r"[a-z0-9_]+", one.method) or one.method in seen:
                raise ValueError(f"RDMs must each name their own method in small letters, got {one.method!r}")
            seen.add(one.method)
            if stem == "rdms":
                tally.rdm_set(one)
            yield from _rdm_members(f"rdms/{one.method}/{stem}", one)
            if stem == "rdms":
                yield from _array_members(f"rdms/{one.method}/", "01", one)

    for number, of, raters, group in contents.set_rdms:
        tally.set_of_clips(raters)
        label = f"{number:0{max(2, len(str(of)))}d}"
        folder = f"rdms/{raters.method}/"
        for name, one in (("rdms", raters), ("group", group)):
            yield from _rdm_members(f"{folder}set_{label}/{name}", one)
        yield from _array_members(folder, label, raters)


def _rdm_members(stem: str, rdms: RDMs) -> Iterator[Member]:
    yield f"{stem}.csv", _encoded(stem, tables.csv_lines(RDM_COLUMNS, tables.rdm_rows(rdms))), stem
    yield f"{stem}.npz", _spooled(lambda file: tables.write_npz(file, rdms)), ""
    yield f"{stem}.mat", _spooled(lambda file: matlab.write_mat(file, rdms)), ""
    yield f"{stem}.hdf5", _spooled(lambda file: rsatoolbox.write_hdf5(file, rdms)), ""
    if "completed" in rdms.kinds and "predicted" in rdms.kinds and any(row.any() for row in rdms.rows("predicted")):
        whole = rdms.completed_only()
        yield f"{stem}_completed.hdf5", _spooled(lambda file: rsatoolbox.write_hdf5(file, whole)), ""
    if len(rdms.raters) == 1 and stem.endswith("/group"):
        yield f"{stem}_square.csv", _encoded(stem, square_lines(rdms.names, next(rdms.rows(RDMS)))), f"{stem}_square"


def _array_members(folder: str, label: str, rdms: RDMs) -> Iterator[Member]:
    """The layout of `sets.write_set_arrays`, for one set of clips."""
    yield f"{folder}{label}.npy", _spooled(lambda file: write_npy(file, rdms)), ""
    for what, texts in (("clips", rdms.names), ("raters", rdms.raters)):
        yield f"{folder}{label}_{what}.txt", (f"{' '.join(text.splitlines())}\n".encode() for text in texts), ""


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
    tally = Tally()
    manifest: dict[str, Any] = {
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
        for path, pieces, table in chain(_members(contents, tally), _readme_member(manifest, tally)):
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
                # The header line is no row.
                files[path]["rows"] = counter.pieces - 1
                if path == f"{table}.csv" and not table.endswith("_square") and table != "data_dictionary":
                    counts[table] = counter.pieces - 1
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    yield manifest


def _readme_member(manifest: Mapping[str, Any], tally: Tally) -> Iterator[Member]:
    """Made when all other files are written: it tells what is in them."""
    yield "README.md", [readme(manifest, tally).encode()], ""


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
