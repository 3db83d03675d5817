"""Several sets of clips in one study: which clip is in which set, and what is wrong with the sets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from analysis.clip_sets import ClipSet
from analysis.words import counted
from app.definition.section import Section
from app.domain import MIN_CLIPS

MAX_SETS = 200
MAX_NAME = 64
# Stands between the names of sets where one cell of a table holds several.
SEPARATOR = "; "
MAX_LISTED = 5

Row = Mapping[str, str]


class Sets(Section):
    """Clips in several sets: `column` is the attribute that names a clip's set, or none.

    A session gets `per_session` of the sets. Clips whose value is `anchors` are in every set.
    """

    column: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    per_session: int = Field(default=1, ge=1, le=MAX_SETS)
    anchors: Annotated[str, Field(min_length=1, max_length=MAX_NAME)] | None = None


def clip_sets(sets: Sets, attributes: Sequence[Row]) -> tuple[ClipSet, ...]:
    """The sets of clips with these attributes, by name in natural order; none where the study has no sets.

    A clip without a value is in no set.
    """
    if sets.column is None:
        return ()
    values = [row.get(sets.column, "") for row in attributes]
    names = sorted(
        {value for value in values if value and value != sets.anchors}, key=lambda name: (natural_order(name), name)
    )
    anchors = tuple(k for k, value in enumerate(values) if value == sets.anchors)
    return tuple(
        ClipSet(name, tuple(k for k, value in enumerate(values) if value in (name, sets.anchors)), anchors)
        for name in names
    )


def set_problems(sets: Sets, attributes: Iterable[Row] | None, max_trials: int) -> Iterator[tuple[str, str]]:
    """What is wrong with the sets, as pairs of a setting and a sentence.

    Parameters
    ----------
    attributes
        Those of all clips that can be shown; None where they are not known yet.
    max_trials
        The most trials that a session can have.
    """
    if sets.column is None:
        if sets != Sets():
            yield "sets.column", "says which attribute names each clip's set; without it there are no sets"
        return
    if max_trials < sets.per_session:
        yield "sets.per_session", f"is {sets.per_session}, but sessions end after {counted(max_trials, 'trial')}"
    if attributes is not None:
        yield from _problems_of_clips(sets, list(attributes))


def _problems_of_clips(sets: Sets, rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    values = [row.get(sets.column or "", "") for row in rows]
    sets_of_clips = clip_sets(sets, rows)
    if not any(values):
        known = ", ".join(sorted({column for row in rows for column in row})) or "none"
        yield "sets.column", f"no clip has the attribute {sets.column!r}; attributes that there are: {known}"
        return
    if without := values.count(""):
        yield (
            "sets.column",
            f"{without} of the {len(values)} clips {'has' if without == 1 else 'have'} no {sets.column!r}: each "
            "clip must have its set",
        )
    if sets.anchors is not None and sets.anchors not in values:
        yield "sets.anchors", f"no clip has {sets.anchors!r} as its {sets.column!r}"
    if len(sets_of_clips) > MAX_SETS:
        yield "sets.column", f"{sets.column!r} makes {len(sets_of_clips)} sets; a study can have {MAX_SETS}"
    for name in (one.name for one in sets_of_clips):
        if len(name) > MAX_NAME or SEPARATOR.strip() in name or not name.isprintable():
            yield "sets.column", f"the set {name[:MAX_NAME]!r} needs a name of at most {MAX_NAME} characters without ;"
    small = [one for one in sets_of_clips if len(one.items) < MIN_CLIPS]
    if small:
        listed = ", ".join(f"{one.name} ({len(one.items)})" for one in small[:MAX_LISTED])
        more = " and others" if len(small) > MAX_LISTED else ""
        yield "sets.column", f"each set needs at least {MIN_CLIPS} clips; too few are in {listed}{more}"
    if sets.per_session > len(sets_of_clips):
        yield "sets.per_session", f"is {sets.per_session}, but there {_are(len(sets_of_clips))}"


def _are(n: int) -> str:
    return "is one set" if n == 1 else f"are {n} sets"


def natural_order(name: str) -> list[tuple[int, int | str]]:
    """A key that sorts set2 before set10."""
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]
