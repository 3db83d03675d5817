"""Free-sort trials of jsPsych."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis import Arrangement
from analysis.formats.recognise import Hints, read_any
from tests.other_programs import ARENA, NAMES, SIZES, as_json, free_sort, same_trials, trials


def csv_of(folder, rows):
    """As jsPsych's .csv() writes it: JSON in the cells of what is no number or text."""
    cells = [{k: json.dumps(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows]
    pd.DataFrame(cells).to_csv(folder / "data.csv", index=False)
    return folder / "data.csv"


@pytest.mark.parametrize("save", [as_json, csv_of])
def test_jspsych_free_sort_of_many_participants(tmp_path, save):
    rows = [*free_sort(trials(), subject_id="s1"), *free_sort(trials(1), subject_id="s2")]
    file = save(tmp_path, rows)
    with pytest.raises(ValueError, match=r"data\.\w+: subject_id may say whose trial it is; say which of them does"):
        read_any(file, Hints(arena=ARENA))
    source = read_any(file, Hints(arena=ARENA, columns={"rater": "subject_id"}))
    assert [rater.name for rater in source.raters] == ["s1", "s2"]
    assert set(source.names) == set(NAMES)
    place = [source.names.index(name) for name in NAMES]
    for rater, wanted in zip(source.raters, (trials(), trials(1)), strict=True):
        same_trials(rater.trials, [Arrangement(np.array(place)[t.items], t.positions) for t in wanted])
    assert not source.times_known
    with pytest.raises(ValueError, match=r"locations are in pixels, and the sizes .* were not saved.*300,300,700"):
        read_any(file, Hints(columns={"rater": "subject_id"}))
    with pytest.raises(ValueError, match=r"lies outside the arena with the centre \(0, 0\) and the diameter 700"):
        read_any(file, Hints(arena=(0.0, 0.0, 700.0), columns={"rater": "subject_id"}))


def test_jspsych_of_one_participant_with_saved_sizes_and_lists_of_participants(tmp_path):
    source = read_any(as_json(tmp_path, free_sort(trials(), participant="P9", **SIZES)), Hints(names=tuple(NAMES)))
    assert [rater.name for rater in source.raters] == ["P9"]
    same_trials(source.raters[0].trials, trials())
    both = [free_sort(trials(), **SIZES), free_sort(trials(1), **SIZES)]
    source = read_any(as_json(tmp_path, both), Hints(names=tuple(NAMES)))
    assert [rater.name for rater in source.raters] == ["participant 1", "participant 2"]
    same_trials(source.raters[1].trials, trials(1))


@pytest.mark.parametrize(
    ("locations", "reason"),
    [
        ([], "trial 1: final_locations must be a list of locations"),
        ([{"src": "a", "x": 1, "y": None}], "the location of 'a' must have numbers, got None"),
        ([{"x": 1, "y": 2}], "a location has no src"),
        ([{"src": "a", "x": 1, "y": 2}] * 2, "'a' lies in two places"),
        ("[{", "final_locations is not JSON"),
    ],
)
def test_jspsych_locations_that_are_none(tmp_path, locations, reason):
    with pytest.raises(ValueError, match=rf"data\.json, .*{reason}|data\.json.*{reason}"):
        read_any(as_json(tmp_path, [{"final_locations": locations}]), Hints(arena=ARENA))
