"""Read the export bundle: checksums verified, tables typed, arrangements by rater.

Over 300 lines: the checks of one file format, which are read against the writer's.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..arrangement import Arrangement
from ..clip_sets import ClipSet
from ..purposes import JUDGMENTS
from ..words import counted
from .bundle_tables import TABLES
from .bundle_writer import BLOCK, FORMAT, FORMAT_VERSION, MANIFEST
from .rdm_set import RDMSet, without_predictions
from .tables import EDGE, read_npz, read_rows
from .text import csv_records

# The tables of the first release, which every bundle holds. A table that came later is missing from older bundles, and
# then has no rows. This list never grows.
FIRST_TABLES = (
    "clips",
    "attributes",
    "participants",
    "trials",
    "placements",
    "moves",
    "plays",
    "reliability",
    "noise_ceiling",
    "quality",
)
ALWAYS_THERE = ("study.toml", "methods.md", *(f"{table}.csv" for table in FIRST_TABLES))

# More than any study needs of a manifest, a text or the RDMs of one method; a file that claims more is refused before
# it is unpacked into memory. Tables are read line by line and may be longer.
MAX_TEXT = 1 << 24
MAX_RDMS = 1 << 32
# What a damaged, forged or unusual archive makes zipfile raise while a file is unpacked.
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


class BundleError(ValueError):
    """A bundle cannot be read; the message names the file and the reason."""


@dataclass(frozen=True)
class BundleTrial:
    """One stored trial: its row of trials.csv, its arrangement over the bundle's items, and the seat of each item."""

    row: dict[str, Any]
    arrangement: Arrangement
    seats: tuple[int | None, ...]


@dataclass(frozen=True)
class Bundle:
    """An export bundle on disk whose files agree with its manifest.

    `names` are the clips in item order. Tables are read from the file when they are asked for.
    """

    path: Path
    manifest: dict[str, Any]
    names: tuple[str, ...]

    def text(self, name: str) -> str:
        """A file of the bundle as text, such as study.toml or methods.md.

        Raises
        ------
        BundleError
            When the bundle holds no such file, or it is too large to be a text, or not UTF-8.
        """
        return self._read(name, MAX_TEXT).decode()

    def _read(self, name: str, most: int) -> bytes:
        with _named_errors(self.path, name), zipfile.ZipFile(self.path) as archive:
            return _whole(archive, name, most)

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """Rows of a table of `bundle_tables.TABLES` as dictionaries of typed values, one at a time.

        A table or a column that is younger than the bundle is not an error: the table has no rows, the column's values
        are None.

        Raises
        ------
        BundleError
            Naming file and line, when a cell does not hold what the table's column holds.
        """
        name = f"{table}.csv"
        if name not in self.manifest["files"] and table not in FIRST_TABLES:
            return
        with self._table(table) as file:
            yield from read_rows(file, TABLES[table], name, version=self.manifest["format_version"])

    def unknown_columns(self, table: str) -> list[str]:
        """The columns of a table that this version of the program does not know, and `rows` leaves out."""
        if f"{table}.csv" not in self.manifest["files"]:
            return []
        with self._table(table) as file:
            _, header = next(csv_records(file, f"{table}.csv"), (1, []))
        known = {column.name for column in TABLES[table]}
        return [column for column in header if column not in known]

    @contextmanager
    def _table(self, table: str) -> Iterator[io.TextIOWrapper]:
        name = f"{table}.csv"
        with zipfile.ZipFile(self.path) as archive, archive.open(name) as file:
            try:
                yield io.TextIOWrapper(file, "utf-8", newline="")
            except UnicodeDecodeError as error:
                raise BundleError(f"{self.path}: {name} is not UTF-8 text") from error
            except ZIP_ERRORS as error:
                raise BundleError(f"{self.path}: {error}") from error

    def trials(self) -> dict[str, list[BundleTrial]]:
        """Every stored trial by participant: participants as in participants.csv, trials in the order of submission.

        Raises
        ------
        BundleError
            When a placement belongs to no trial or names no clip, or a trial belongs to no participant or does not have
            as many placements as it says.
        """
        place = {name: index for index, name in enumerate(self.names)}
        heads = {row["trial_key"]: row for row in self.rows("trials")}
        items: dict[str, list[int]] = {key: [] for key in heads}
        positions: dict[str, list[tuple[float, float]]] = {key: [] for key in heads}
        seats: dict[str, list[int | None]] = {key: [] for key in heads}
        for row in self.rows("placements"):
            if row["trial_key"] not in heads:
                raise BundleError(f"{self.path}: placements.csv: trial {row['trial_key']} is not in trials.csv")
            if row["clip"] not in place:
                raise BundleError(f"{self.path}: placements.csv: clip {row['clip']} is not in clips.csv")
            items[row["trial_key"]].append(place[row["clip"]])
            if row["x"] ** 2 + row["y"] ** 2 > EDGE**2:
                reason = f"({row['x']:g}, {row['y']:g}) lies outside the arena, whose diameter is 1"
                raise BundleError(f"{self.path}: placements.csv: trial {row['trial_key']}: {reason}")
            positions[row["trial_key"]].append((row["x"], row["y"]))
            seats[row["trial_key"]].append(row["seat"])
        by_participant: dict[str, list[BundleTrial]] = {row["participant"]: [] for row in self.rows("participants")}
        for key, head in sorted(heads.items(), key=lambda entry: (entry[1]["submitted_at"], entry[1]["number"])):
            if len(items[key]) != head["n_clips"]:
                counts = f"{counted(head['n_clips'], 'clip')} in trials.csv, {len(items[key])} in placements.csv"
                raise BundleError(f"{self.path}: trial {key} has {counts}")
            try:
                arrangement = Arrangement(items[key], positions[key])
            except ValueError as error:
                raise BundleError(f"{self.path}: trial {key}: {error}") from error
            if head["participant"] not in by_participant:
                raise BundleError(f"{self.path}: trial {key}: {head['participant']} is not in participants.csv")
            by_participant[head["participant"]].append(BundleTrial(head, arrangement, tuple(seats[key])))
        return {participant: trials for participant, trials in by_participant.items() if trials}

    def arrangements(
        self, *, purposes: Collection[str] = JUDGMENTS, with_excluded: bool = False, with_simulated: bool = True
    ) -> dict[str, list[Arrangement]]:
        """Arrangements of these purposes by rater, in the order of `trials`.

        Withdrawn sessions are never among them, and excluded ones and excluded trials only when asked for.

        Raises
        ------
        BundleError
            As `trials`.
        """
        left_out = {
            row["session"]
            for row in self.rows("participants")
            if row["state"] == "withdrawn"
            or (row["excluded"] and not with_excluded)
            or (row["is_simulated"] and not with_simulated)
        }
        chosen = {
            rater: [
                trial.arrangement
                for trial in trials
                if trial.row["purpose"] in purposes
                and trial.row["session"] not in left_out
                and (with_excluded or not trial.row["excluded"])
            ]
            for rater, trials in self.trials().items()
        }
        return {rater: trials for rater, trials in chosen.items() if trials}

    def sets(self) -> tuple[ClipSet, ...]:
        """The study's sets of clips in their order; none where the study has no sets, as in older bundles.

        Raises
        ------
        BundleError
            When one holds a clip that is not in clips.csv.
        """
        place = {name: index for index, name in enumerate(self.names)}
        names: dict[int, str] = {}
        items: dict[int, set[int]] = defaultdict(set)
        anchors: dict[int, set[int]] = defaultdict(set)
        for row in self.rows("sets"):
            if row["clip"] not in place:
                raise BundleError(f"{self.path}: sets.csv: clip {row['clip']} is not in clips.csv")
            names[row["number"]] = row["set"]
            items[row["number"]].add(place[row["clip"]])
            if row["is_anchor"]:
                anchors[row["number"]].add(place[row["clip"]])
        return tuple(
            ClipSet(names[number], tuple(sorted(items[number])), tuple(sorted(anchors[number])))
            for number in sorted(names)
        )

    def rdms(self, method: str, *, group: bool = False, clip_set: str | None = None) -> RDMSet:
        """The RDMs that the bundle holds for a method: every rater's, or the pooled one, as they were seen.

        A study of several sets has every rater's by `clip_set`, the name of a set. What a model predicted is in
        `completed`, also for older bundles, which kept both in one.

        Raises
        ------
        BundleError
            When the bundle holds none, or they are not RDMs of the bundle's clips.
        """
        names, folder = self.names, f"rdms/{method}/"
        if clip_set is not None:
            sets = self.sets()
            number = next((k for k, one in enumerate(sets, start=1) if one.name == clip_set), None)
            if number is None:
                raise BundleError(f"{self.path}: has no set of clips {clip_set!r}")
            names = tuple(self.names[item] for item in sets[number - 1].items)
            folder += f"set_{number:0{max(2, len(str(len(sets))))}d}/"
        name = f"{folder}{'group' if group else 'rdms'}.npz"
        if name not in self.manifest["files"]:
            raise BundleError(f"{self.path}: holds no {name}")
        data = io.BytesIO(self._read(name, MAX_RDMS))
        try:
            stored = read_npz(data, name=name)
        except ValueError as error:
            raise BundleError(f"{self.path}: {error}") from error
        if stored.names != names:
            raise BundleError(f"{self.path}: {name}: its clips are not those of clips.csv, in the same order")
        return stored if "predictions" in self.manifest else without_predictions(stored)


def read_bundle(path: str | Path) -> Bundle:
    """Open a bundle after comparing every file with the manifest's sizes and SHA-256.

    Raises
    ------
    OSError
        When there is no such file, or it cannot be read.
    BundleError
        Naming file and reason: not a zip, no manifest, another format or a newer version, a file that is missing, not
        listed, or does not have its checksum, or a table that does not fit its columns.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive, path)
            _verify(archive, manifest, path)
    except zipfile.BadZipFile as error:
        raise BundleError(f"{path}: truncated or corrupt ZIP file ({error})") from error
    except NotImplementedError as error:
        raise BundleError(f"{path}: not a zip file that can be read ({error})") from error
    bundle = Bundle(path, manifest, ())
    clips = sorted(bundle.rows("clips"), key=lambda row: int(row["item"]))
    if [row["item"] for row in clips] != list(range(len(clips))):
        raise BundleError(f"{path}: clips.csv: the items are not 0, 1, 2 ...")
    names = tuple(row["clip"] for row in clips)
    if len(set(names)) != len(names):
        raise BundleError(f"{path}: clips.csv: duplicate clip name")
    return Bundle(path, manifest, names)


@contextmanager
def _named_errors(path: Path, name: str) -> Iterator[None]:
    """What goes wrong with a file of the archive as an error that names archive, file and reason."""
    try:
        yield
    except BundleError:
        raise
    except KeyError as error:
        raise BundleError(f"{path}: holds no {name}") from error
    except (*ZIP_ERRORS, RecursionError) as error:
        raise BundleError(f"{path}: {name} is damaged ({error or type(error).__name__})") from error


def _whole(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A file of the archive, unpacked in memory, if it has at most `most` bytes."""
    with archive.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it has more than the {most >> 20} MB that such a file can have")
    return data


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    if MANIFEST not in archive.namelist():
        deeper = [name for name in archive.namelist() if name.endswith(f"/{MANIFEST}")]
        if deeper:
            folder = deeper[0].removesuffix(MANIFEST)
            raise BundleError(f"{path}: was repacked: its files must be at the top level of the zip, not in {folder}")
        raise BundleError(f"{path}: holds no {MANIFEST}, so it is not an export bundle, or an incomplete one")
    for info in archive.infolist():
        # The other kinds may ask for gigabytes of memory to be unpacked.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(f"{path}: {info.filename} is not compressed as in plain zip files (Deflate)")
    with _named_errors(path, MANIFEST):
        manifest = json.loads(_whole(archive, MANIFEST, MAX_TEXT))
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(f"{path}: {MANIFEST} does not describe a {FORMAT}")
    version = manifest.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BundleError(f"{path}: {MANIFEST} has no format_version")
    if version > FORMAT_VERSION:
        raise BundleError(
            f"{path}: has format version {version}, and this program reads up to {FORMAT_VERSION}: use a newer program"
        )
    if not isinstance(manifest.get("files"), dict) or not isinstance(manifest.get("counts"), dict):
        raise BundleError(f"{path}: {MANIFEST} lists no files or counts")
    return manifest


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _verify(archive: zipfile.ZipFile, manifest: dict[str, Any], path: Path) -> None:
    present = [info.filename for info in archive.infolist() if info.filename != MANIFEST]
    if len(set(present)) != len(present):
        raise BundleError(f"{path}: holds a file twice")
    if missing := sorted(manifest["files"].keys() - set(present)):
        raise BundleError(f"{path}: {missing[0]} is listed in {MANIFEST} but missing")
    if unlisted := sorted(set(present) - manifest["files"].keys()):
        raise BundleError(f"{path}: {unlisted[0]} is not listed in {MANIFEST}")
    if absent := sorted(set(ALWAYS_THERE) - set(present)):
        raise BundleError(f"{path}: holds no {absent[0]}")
    for name, listed in manifest["files"].items():
        if not isinstance(listed, dict) or not _is_count(listed.get("bytes")):
            raise BundleError(f"{path}: {MANIFEST} does not give the size of {name}")
        digest, size = hashlib.sha256(), 0
        with _named_errors(path, name), archive.open(name) as file:
            # Reading stops at the listed size, so a file that unpacks to far more than it should does no harm.
            lines = _Lines()
            while size <= listed["bytes"] and (block := file.read(BLOCK)):
                digest.update(block)
                lines.take(block)
                size += len(block)
        if size != listed["bytes"]:
            raise BundleError(f"{path}: {name} is longer or shorter than the {listed['bytes']} bytes in {MANIFEST}")
        if digest.hexdigest() != listed.get("sha256"):
            raise BundleError(f"{path}: {name} does not have the SHA-256 in {MANIFEST}: it was changed or damaged")
        # Tables of version 1 are not listed with their rows.
        if name.endswith(".csv") and manifest["format_version"] > 1 and listed.get("rows") != lines.ended - 1:
            raise BundleError(
                f"{path}: {name} has {counted(lines.ended - 1, 'row')}, and {listed.get('rows')} by {MANIFEST}"
            )


class _Lines:
    """Counts the lines of a CSV file; a line end in a cell with quotes around it ends no line."""

    def __init__(self) -> None:
        self.ended = 0
        self.in_quotes = False

    def take(self, block: bytes) -> None:
        """Count on in the next bytes of the file."""
        pieces = block.split(b'"')
        self.ended += sum(piece.count(b"\n") for piece in pieces[self.in_quotes :: 2])
        self.in_quotes ^= len(pieces) % 2 == 0
