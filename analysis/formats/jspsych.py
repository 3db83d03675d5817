"""Read data of jsPsych's free-sort plugin: where each stimulus lay at the end of a trial.

The plugin saves, for each stimulus, the top left corner of its picture in pixels from the top left corner of the sort
area, with y downwards. The sizes of area and pictures are not in the data unless the experiment saved the trials'
parameters, so they have to be told: nothing here assumes the plugin's defaults.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..arrangement import Arrangement
from .cells import unescape_text
from .number_cells import NUMBER, is_missing
from .placement_table import EDGE
from .source import Source, SourceRater
from .table_columns import PERSON
from .text import read_table

LOCATIONS = "final_locations"
SIZES = ("sort_area_width", "sort_area_height", "stim_width", "stim_height")
KIND = "data of jsPsych's free-sort plugin"
DEFAULTS = "arena 300,300,700 for the plugin's own sizes: an area of 700 by 700 pixels and pictures of 100 by 100"

Arena = tuple[float, float, float]


def is_free_sort(value: Any) -> bool:
    """Whether a JSON value is jsPsych data in which a trial has final locations: trials, or lists of trials."""
    return any(LOCATIONS in trial for trial in _flat(value))


def read_json_data(
    file: str | Path, value: Any, *, arena: Arena | None = None, rater: str | None = None, names: Sequence[str] = ()
) -> Source:
    """Free-sort trials of a JSON value as jsPsych's `.json()` gives it: a list of trials, or a list of such lists.

    Lists in a list are one participant each. In one list of trials, participants are told apart by the field `rater`,
    or by the one field that looks like it and has several values.

    Parameters
    ----------
    arena
        Centre (x, y) and diameter of the arena for the pictures' top left corners, in pixels; None where each trial
        says its sizes.

    Raises
    ------
    ValueError
        Naming the file, the trial and the reason.
    """
    groups = value if isinstance(value, list) and value and all(isinstance(one, list) for one in value) else None
    trials = [trial for trial in _flat(value) if LOCATIONS in trial]
    labels = [f"trial {number}" for number in range(1, len(trials) + 1)]
    whose = None
    if groups is not None:
        whose = [f"participant {k}" for k, one in enumerate(groups, 1) for t in _flat(one) if LOCATIONS in t]
    return _source(str(file), trials, labels, arena, rater, whose, names)


def read_csv_data(
    file: str | Path, *, arena: Arena | None = None, rater: str | None = None, names: Sequence[str] = ()
) -> Source:
    """Free-sort trials of a CSV file as jsPsych's `.csv()` gives it, with JSON in the cells of locations.

    Raises
    ------
    ValueError
        Naming the file, the line and the reason.
    """
    table = read_table(file, lambda header: "" if LOCATIONS in header else f"no column is named {LOCATIONS}")
    rows = [(line, dict(zip(table.header, map(unescape_text, cells), strict=True))) for line, cells in table.rows]
    rows = [(line, row) for line, row in rows if not is_missing(row[LOCATIONS]) and row[LOCATIONS] != '""']
    return _source(str(file), [row for _, row in rows], [f"line {line}" for line, _ in rows], arena, rater, None, names)


def rater_field(columns: Mapping[str, str]) -> str | None:
    """Which field says whose trial it is, of the columns that were told.

    Raises
    ------
    ValueError
        When another column was told, too.
    """
    if unknown := columns.keys() - {"rater"}:
        raise ValueError(f"it is {KIND}, which has no column {sorted(unknown)[0]}; it can have rater")
    return columns.get("rater")


def _flat(value: Any) -> list[Mapping[str, Any]]:
    """The trials of a JSON value, however they are put together: [{...}], [[{...}]], {"trials": [...]}."""
    if isinstance(value, dict):
        inner = value.get("trials")
        return _flat(inner) if isinstance(inner, list) else [value]
    if isinstance(value, list):
        return [trial for one in value if isinstance(one, dict | list) for trial in _flat(one)]
    return []


def _source(
    file: str,
    trials: Sequence[Mapping[str, Any]],
    labels: Sequence[str],
    arena: Arena | None,
    rater: str | None,
    whose: Sequence[str] | None,
    names: Sequence[str],
) -> Source:
    if not trials:
        raise ValueError(f"{file}: no trial has {LOCATIONS}")
    column, people = _people(file, trials, rater) if whose is None or rater else (None, list(whose))
    if rater is None:
        _check_one_person_each(file, trials, labels, people)
    places = [_places(trial[LOCATIONS], f"{file}, {label}") for trial, label in zip(trials, labels, strict=True)]
    stimuli = [src for one in places for src in one]
    items = tuple(names) or tuple(dict.fromkeys(stimuli))
    place = {name: index for index, name in enumerate(items)}
    by_rater: dict[str, list[Arrangement]] = {}
    for trial, label, person, spots in zip(trials, labels, people, places, strict=True):
        where = f"{file}, {label}"
        if unknown := [src for src in spots if src not in place]:
            raise ValueError(f"{where}: the stimulus {unknown[0]!r} is not among the names")
        x0, y0, diameter = arena or _arena_of(trial, where)
        positions = (np.array(list(spots.values())) - (x0, y0)) / diameter * (1, -1)
        far = np.hypot(*positions.T) > EDGE
        if far.any():
            src = list(spots)[int(np.argmax(far))]
            raise ValueError(
                f"{where}: {src!r} at {spots[src]} lies outside the arena with the centre ({x0:g}, {y0:g}) and the "
                f"diameter {diameter:g}. Say where it was: arena x,y,diameter in pixels, where x and y are half of the "
                f"area minus half of a picture ({DEFAULTS}); of a square area the diameter is the diagonal"
            )
        by_rater.setdefault(person, []).append(Arrangement([place[src] for src in spots], positions))
    raters = tuple(SourceRater(name, tuple(done), ((None, None),) * len(done)) for name, done in by_rater.items())
    told = f"Participants are told apart by the field {column!r}." if column else ""
    return Source(KIND, items, raters, (told,) if told else ())


def _people(file: str, trials: Sequence[Mapping[str, Any]], rater: str | None) -> tuple[str | None, list[str]]:
    """Which field says whose trial it is, and whose each is."""
    fields = list(dict.fromkeys(key for trial in trials for key in trial))
    if rater is not None:
        if rater not in fields:
            raise ValueError(f"{file}: no field is named {rater}; there are {', '.join(fields)}")
        people = ["" if trial.get(rater) is None else str(trial[rater]).strip() for trial in trials]
        if "" in people:
            raise ValueError(f"{file}: the field {rater} is empty in a trial with {LOCATIONS}")
        return rater, people
    several = [
        name for name in fields if PERSON.fullmatch(name) and len({str(trial.get(name)) for trial in trials}) > 1
    ]
    if several:
        raise ValueError(
            f"{file}: {' and '.join(several)} may say whose trial it is; say which of them does (columns rater=NAME)"
        )
    one = [
        name for name in fields if PERSON.fullmatch(name) and str(trials[0].get(name) or "").strip() and name != "sub"
    ]
    return None, [str(trials[0][one[0]]) if len(one) == 1 else "participant 1"] * len(trials)


def _check_one_person_each(
    file: str, trials: Sequence[Mapping[str, Any]], labels: Sequence[str], people: Sequence[str]
) -> None:
    """Refuse trials of several people that nothing told apart: jsPsych counts the trials of each from 0."""
    first: dict[tuple[str, str], str] = {}
    for trial, label, person in zip(trials, labels, people, strict=True):
        index = trial.get("trial_index")
        if index is not None and (before := first.setdefault((person, str(index)), label)) != label:
            raise ValueError(
                f"{file}, {label}: has the trial_index {index}, as {before} has: several people are in the file, or "
                "one several times. Say which field tells whose trial it is (columns rater=NAME)"
            )


def _places(value: Any, where: str) -> dict[str, tuple[float, float]]:
    """The corner of each stimulus, by its source."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{where}: {LOCATIONS} is not JSON ({error})") from error
    if not isinstance(value, list) or not value:
        raise ValueError(f"{where}: {LOCATIONS} must be a list of locations")
    places: dict[str, tuple[float, float]] = {}
    for one in value:
        src = one.get("src") if isinstance(one, dict) else None
        if not isinstance(src, str):
            raise ValueError(f"{where}: a location has no src")
        if src in places:
            raise ValueError(f"{where}: {src!r} lies in two places")
        places[src] = (_pixels(one.get("x"), src, where), _pixels(one.get("y"), src, where))
    return places


def _pixels(value: Any, src: str, where: str) -> float:
    """A number, or the text of one with "px" behind it, as forks of the plugin save it."""
    text = value.removesuffix("px").strip() if isinstance(value, str) else value
    is_number = NUMBER.fullmatch(text) if isinstance(text, str) else isinstance(text, int | float) and abs(text) < 1e300
    number = float(text) if is_number and not isinstance(text, bool) else np.nan
    if not np.isfinite(number):
        raise ValueError(f"{where}: the location of {src!r} must have numbers, got {value!r}")
    return number


def _arena_of(trial: Mapping[str, Any], where: str) -> Arena:
    """The arena for top left corners, from the parameters that a trial saved."""
    try:
        width, height, picture_width, picture_height = (float(trial[name]) for name in SIZES)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError(
            f"{where}: locations are in pixels, and the sizes ({', '.join(SIZES)}) were not saved with the trial. Say "
            f"where the arena was: {DEFAULTS}"
        ) from None
    if not (np.isfinite([width, height, picture_width, picture_height]).all() and width == height and width > 0):
        raise ValueError(
            f"{where}: the sort area is {width:g} by {height:g} pixels, not as wide as high: say which circle counts "
            "as the arena (arena x,y,diameter)"
        )
    diameter = width * 2**0.5 if trial.get("sort_area_shape") == "square" else width
    return (width - picture_width) / 2, (height - picture_height) / 2, diameter
