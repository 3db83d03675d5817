"""Many raters' RDMs on disk: what holds one rater's in memory at a time, and what every writer takes."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import Any, Protocol

import numpy as np

from ..arrangement import Floats
from ..rdm import n_pairs
from ..words import counted
from .rdm_set import OPTIONAL_ROWS, completed_method

RDMS = "rdms"
KINDS = (RDMS, *OPTIONAL_ROWS)
NUMBER = np.dtype(np.float64)
# Numbers of a block that is read across all raters.
BLOCK = 1 << 18


class RDMs(Protocol):
    """RDMs of R raters over P pairs, and what is known of each pair: an `RDMSet`, or `RDMRows`.

    `kinds` are "rdms" and those of OPTIONAL_ROWS that are there.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the items."""

    @property
    def raters(self) -> tuple[str, ...]:
        """Names of the R raters."""

    @property
    def method(self) -> str:
        """Estimator of the rows."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is there of each rater."""

    def rows(self, kind: str) -> Iterator[Floats]:
        """One (P,) vector after the other, in the order of the raters."""

    def columns(self, kind: str, pairs: slice) -> Floats:
        """All raters' values of neighbouring pairs, (R, pairs)."""

    def completed_only(self) -> RDMs:
        """The completed RDMs as if they were the RDMs."""


class _File:
    """A temporary file of numbers, which goes when nobody holds it any longer."""

    def __init__(self) -> None:
        self.file = TemporaryFile()  # noqa: SIM115 - it is open as long as this is held
        weakref.finalize(self, self.file.close)


@dataclass(frozen=True, eq=False)
class RDMRows:
    """RDMs in a temporary file (`rows_on_disk`), as an `RDMSet` holds them in memory.

    `places` says where in a rater's part of the file the row of a kind is.
    """

    names: tuple[str, ...]
    raters: tuple[str, ...]
    method: str
    places: Mapping[str, int]
    kept: _File

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is there of each rater."""
        return tuple(self.places)

    def rows(self, kind: str) -> Iterator[Floats]:
        """One (P,) vector after the other, in the order of the raters."""
        for rater in range(len(self.raters)):
            yield self._read(rater, kind, 0, n_pairs(len(self.names)))

    def columns(self, kind: str, pairs: slice) -> Floats:
        """All raters' values of neighbouring pairs, (R, pairs)."""
        start, stop, _ = pairs.indices(n_pairs(len(self.names)))
        values = np.empty((len(self.raters), stop - start))
        for rater in range(len(self.raters)):
            values[rater] = self._read(rater, kind, start, stop)
        return values

    def completed_only(self) -> RDMRows:
        """The completed RDMs as if they were the RDMs, out of the same file."""
        if "completed" not in self.places:
            raise ValueError("these RDMs come without completed ones")
        places = {RDMS: self.places["completed"]}
        if "predicted" in self.places:
            places["predicted"] = self.places["predicted"]
        return replace(self, method=completed_method(self.method), places=places)

    def _read(self, rater: int, kind: str, start: int, stop: int) -> Floats:
        row = rater * len(KINDS) + self.places[kind]
        self.kept.file.seek((row * n_pairs(len(self.names)) + start) * NUMBER.itemsize)
        return np.frombuffer(self.kept.file.read((stop - start) * NUMBER.itemsize), dtype=NUMBER)


def rows_on_disk(
    names: Sequence[str], raters: Sequence[str], method: str, rows: Iterable[Mapping[str, Any]]
) -> RDMRows:
    """RDMs as they come, one rater's at a time, put into a temporary file.

    Parameters
    ----------
    names, raters, method
        As in `RDMSet`.
    rows
        What is there of each rater, (P,) by kind, in the order of the raters. A kind that only some raters have is NaN
        for the others.

    Raises
    ------
    ValueError
        When there is not one row for each rater, or not one value for each pair.
    """
    kept, there, written = _File(), {RDMS}, 0
    unknown = np.full(n_pairs(len(names)), np.nan)
    for row in rows:
        written += 1
        there |= {kind for kind in KINDS if row.get(kind) is not None}
        for kind in KINDS:
            values = unknown if row.get(kind) is None else np.asarray(row[kind], dtype=NUMBER)
            if values.shape != unknown.shape:
                raise ValueError(f"{kind} must have {unknown.size} values, got the shape {values.shape}")
            kept.file.write(values.tobytes())
    if written != len(raters):
        raise ValueError(
            f"there must be as many rows as raters: {counted(written, 'row')} for {counted(len(raters), 'rater')}"
        )
    places = {kind: place for place, kind in enumerate(KINDS) if kind in there}
    return RDMRows(tuple(names), tuple(raters), method, places, kept)


def blocks(rdms: RDMs, kind: str) -> Iterator[Floats]:
    """All of a kind as (R, pairs) blocks, pair after pair, each of about BLOCK numbers."""
    total = n_pairs(len(rdms.names))
    step = max(1, BLOCK // max(1, len(rdms.raters)))
    for start in range(0, total, step):
        yield rdms.columns(kind, slice(start, start + step))
