"""An export bundle made of what was read from other programs' files: the one way to report and app."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ..purposes import Purpose
from ..version import __version__
from ..words import counted
from .bundle_reader import Bundle
from .bundle_writer import BundleContents, Row, write_bundle
from .rdm_set import RDMSet
from .source import Source, SourceRater

# The method of RDMs that came with the data: no estimator of ours was applied.
GIVEN = "given"
# The manifest's entry about where data came from that this program did not collect.
BROUGHT_IN = "brought_in"
# Where a file says no times, trials have these in the bundle, which wants some; `times_known` is then false.
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
BLOCK = 1 << 20
MAX_LISTED = 3


@dataclass(frozen=True)
class Origin:
    """Where the data of a bundle came from: `sentences` to be read with them, none where this program collected them.

    `times_known` is False where the bundle's times only give the order of the trials.
    """

    sentences: tuple[str, ...] = ()
    times_known: bool = True

    @classmethod
    def of(cls, bundle: Bundle) -> Origin:
        """As the bundle's manifest tells; nothing in it is taken for granted."""
        about = bundle.manifest.get("about")
        told = about.get(BROUGHT_IN) if isinstance(about, dict) else None
        return cls.told(told) if isinstance(told, dict) else cls()

    @classmethod
    def told(cls, told: Mapping[str, Any]) -> Origin:
        """Out of the manifest's entry."""
        files = [one for one in _list(told.get("files")) if isinstance(one, dict)]
        listed = "; ".join(f"{one.get('file')} (SHA-256 {str(one.get('sha256'))[:12]}…)" for one in files[:MAX_LISTED])
        more = f" and {len(files) - MAX_LISTED} more" if len(files) > MAX_LISTED else ""
        remarks = [remark for remark in _list(told.get("remarks")) if isinstance(remark, str)]
        first = f"These data were brought in: they are {told.get('kind')}, read from {listed}{more}."
        return cls((first, *remarks), told.get("times_known") is not False)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def write_source(source: Source, read_from: Sequence[tuple[Path, str]], out: Path) -> None:
    """Write the source as an export bundle that says where the data came from.

    `read_from` are the files that it was read from, each with the name that people know it by; names and SHA-256 are
    in the manifest.
    """
    files = [{"file": name, "sha256": sha256_of(file)} for file, name in read_from]
    sha256 = files[0]["sha256"] if len(files) == 1 else _key(*(one["sha256"] for one in files), length=64)
    names = files[0]["file"] if len(files) == 1 else f"{files[0]['file']} and {counted(len(files) - 1, 'more file')}"
    title = Path(files[0]["file"]).stem[:200].strip() or "Data brought in"
    sentence = f"The data were not collected by this program: they were read from {names}, taken for {source.kind}."
    about = {
        BROUGHT_IN: {
            "files": files,
            "kind": source.kind,
            "remarks": list(source.remarks),
            "times_known": source.times_known,
            "has_placements": source.has_placements,
        }
    }
    given = [] if source.has_placements else [_given(source)]
    write_bundle(
        out,
        BundleContents(
            study_name=title,
            study_toml=f"title = {json.dumps(title, ensure_ascii=False)}\n",
            tables=_tables(source, sha256),
            rdms=given,
            methods_text=f"# Methods\n\n## Task\n\n{' '.join([sentence, *source.remarks])}\n",
            software=f"{names}, read by Asterism's analysis library {__version__}",
            about=about,
        ),
    )


def _given(source: Source) -> RDMSet:
    return RDMSet(
        np.array([rater.rdm for rater in source.raters]), source.names, [rater.name for rater in source.raters], GIVEN
    )


def _tables(source: Source, sha256: str) -> dict[str, Iterator[Row]]:
    return {
        "clips": ({"item": item, "clip": name, "label": name} for item, name in enumerate(source.names)),
        "participants": _participants(source, sha256),
        "trials": _trials(source, sha256),
        "placements": _placements(source, sha256),
    }


def _key(*parts: object, length: int) -> str:
    """A name that is the same each time the same file is read."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:length]


def _heads(source: Source, sha256: str) -> Iterator[tuple[SourceRater, dict[str, Any]]]:
    for rater in source.raters:
        yield rater, {"participant": rater.name, "session": f"S-{_key(sha256, rater.name, length=16).upper()}"}


def _participants(source: Source, sha256: str) -> Iterator[Row]:
    for rater, head in _heads(source, sha256):
        times = [moment for pair in rater.times for moment in pair if moment is not None]
        known = {"started_at": min(times), "finished_at": max(times)} if times else {}
        yield (
            head
            | {
                "state": "finished",
                "is_simulated": False,
                "n_trials": len(rater.trials),
                "excluded": False,
            }
            | known
        )


def _trials(source: Source, sha256: str) -> Iterator[Row]:
    for rater, head in _heads(source, sha256):
        for number, (trial, (start, end)) in enumerate(zip(rater.trials, rater.times, strict=True), start=1):
            known = source.times_known
            yield head | {
                "trial_key": _key(sha256, rater.name, number, length=32),
                "number": number,
                "purpose": Purpose.MAIN.value,
                "n_clips": len(trial),
                "shown_at": start if known else None,
                "submitted_at": end if known else NO_TIME + timedelta(seconds=number),
                "duration_ms": (end - start).total_seconds() * 1000 if known and start and end else None,
            }


def _placements(source: Source, sha256: str) -> Iterator[Row]:
    for rater, head in _heads(source, sha256):
        for number, trial in enumerate(rater.trials, start=1):
            key = {"trial_key": _key(sha256, rater.name, number, length=32), "number": number}
            order = np.argsort(trial.items)
            for item, (x, y) in zip(trial.items[order].tolist(), trial.positions[order].tolist(), strict=True):
                yield head | key | {"clip": source.names[item], "x": x, "y": y}


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while block := handle.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
