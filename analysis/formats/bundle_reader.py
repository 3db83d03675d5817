"""Read the export bundle: tables typed, arrangements by rater."""

from __future__ import annotations

import io
import zipfile
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
from .bundle_archive import FIRST_TABLES, MAX_TEXT, ZIP_ERRORS, BundleError, named_errors, verified_manifest, whole_file
from .bundle_tables import TABLES
from .rdm_set import RDMSet, without_predictions
from .tables import EDGE, read_npz, read_rows
from .text import csv_records

# More than the RDMs of one method need; `MAX_TEXT` is the same for texts.
MAX_RDMS = 1 << 32


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
        with named_errors(self.path, name), zipfile.ZipFile(self.path) as archive:
            return whole_file(archive, name, most)

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
    manifest = verified_manifest(path)
    bundle = Bundle(path, manifest, ())
    clips = sorted(bundle.rows("clips"), key=lambda row: int(row["item"]))
    if [row["item"] for row in clips] != list(range(len(clips))):
        raise BundleError(f"{path}: clips.csv: the items are not 0, 1, 2 ...")
    names = tuple(row["clip"] for row in clips)
    if len(set(names)) != len(names):
        raise BundleError(f"{path}: clips.csv: duplicate clip name")
    return Bundle(path, manifest, names)
