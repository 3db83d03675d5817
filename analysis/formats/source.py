"""What was read from another program's file: raters with their placements, or with RDMs where no placements exist.

A source becomes an export bundle (`source_bundle`), so that everything that works on bundles works on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from ..arrangement import Arrangement, Floats
from ..rdm import subset
from .names_alike import names_alike
from .rdm_set import RDMSet

# Names of files are shown on pages and stored in a database.
MAX_NAME = 255


@dataclass(frozen=True, eq=False)
class SourceRater:
    """One rater of a file.

    `trials` in their order; `times` has start and end of each (None where the file does not say); `rdm` (P,) is what
    the file gives for a rater without trials, NaN where a pair is missing.
    """

    name: str
    trials: tuple[Arrangement, ...] = ()
    times: tuple[tuple[datetime | None, datetime | None], ...] = ()
    rdm: Floats | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """What a file holds, and what it was taken for.

    Parameters
    ----------
    kind
        What the file was taken for, in words: "a session of the Meadows platform".
    names
        The n items, in the order of items and RDMs.
    raters
        All with trials, or all with an RDM.
    remarks
        What a reader must know of how it was read, in sentences.

    Raises
    ------
    ValueError
        When there is no rater, two have the same name, or names that look the same, a name is empty or too long, or
        some have trials and some have none.
    """

    kind: str
    names: tuple[str, ...]
    raters: tuple[SourceRater, ...]
    remarks: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for label, texts in (("item", self.names), ("rater", tuple(rater.name for rater in self.raters))):
            if len(set(texts)) < len(texts):
                twice = next(text for text in texts if texts.count(text) > 1)
                raise ValueError(f"two {label}s are named {twice!r}")
            for text in texts:
                if not text.strip() or len(text) > MAX_NAME or not text.isprintable():
                    raise ValueError(
                        f"{label}s cannot be named {text[:40]!r}: a name is at most {MAX_NAME} characters in one line"
                    )
            if (alike := names_alike(texts)) is not None:
                raise ValueError(f"the {label}s {alike}")
        if not self.raters:
            raise ValueError("it holds no rater")
        if len({bool(rater.trials) for rater in self.raters}) > 1:
            empty = next(rater.name for rater in self.raters if not rater.trials)
            raise ValueError(f"{empty} has no trials, and others have")

    @property
    def has_placements(self) -> bool:
        """Whether raters' placements are known; otherwise their RDMs are."""
        return bool(self.raters[0].trials)

    @property
    def times_known(self) -> bool:
        """Whether the file says when each trial began and ended."""
        times = [pair for rater in self.raters for pair in rater.times]
        return self.has_placements and all(start is not None and end is not None for start, end in times)


def source_of_rdms(kind: str, rdms: RDMSet, remarks: Sequence[str] = (), *, unnamed: str = "rater 1") -> Source:
    """A source whose raters have RDMs alone; a single one without a name is called `unnamed`."""
    raters = tuple(SourceRater(name or unnamed, rdm=row) for name, row in zip(rdms.raters, rdms.rdms, strict=True))
    return Source(kind, rdms.names, raters, tuple(remarks))


def merged(sources: Mapping[str, Source]) -> Source:
    """Several files, by name, as one source; the order of the items is the first file's.

    Raters of the same name in two files are told apart by the files' names.

    Raises
    ------
    ValueError
        When some hold placements and others only RDMs, or RDMs are of different items.
    """
    parts = list(sources.items())
    first_file, first = parts[0]
    if len(parts) == 1:
        return first
    names = first.names
    for file, one in parts[1:]:
        if one.has_placements != first.has_placements:
            raise ValueError(f"{first_file} and {file}: one has placements, the other only RDMs; read them separately")
        if not one.has_placements and set(one.names) != set(names):
            other = sorted(set(one.names) ^ set(names))[0]
            raise ValueError(f"{first_file} and {file}: their RDMs are of different items ({other!r} is in one only)")
        names += tuple(name for name in one.names if name not in set(names))
    everybody = [rater.name for _, one in parts for rater in one.raters]
    raters: list[SourceRater] = []
    for file, one in parts:
        for rater in one.raters:
            name = rater.name if everybody.count(rater.name) == 1 else f"{file}: {rater.name}"
            raters.append(replace(_renumbered(rater, one.names, names), name=name))
    kinds = list(dict.fromkeys(one.kind for _, one in parts))
    remarks = dict.fromkeys(remark for _, one in parts for remark in one.remarks)
    return Source(" and ".join(kinds), names, tuple(raters), tuple(remarks))


def _renumbered(rater: SourceRater, before: Sequence[str], after: Sequence[str]) -> SourceRater:
    """The rater with items counted as in `after`, which has all those that are in `before`."""
    place = {name: number for number, name in enumerate(after)}
    new = np.array([place[name] for name in before], dtype=np.int64)
    trials = tuple(Arrangement(new[trial.items], trial.positions) for trial in rater.trials)
    rdm = None if rater.rdm is None else subset(rater.rdm, np.argsort(new))
    return replace(rater, trials=trials, rdm=rdm)
