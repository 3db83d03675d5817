"""Files as other programs write them, for the tests of bringing them in.

Where the other program can be had its own writer is used (pandas' for multiarrangement, SciPy's and h5py's for
MATLAB); else files follow its public description.
"""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pandas as pd
from scipy import io
from scipy.spatial.distance import pdist, squareform

from analysis import Arrangement

# As MATLAB saves; files without compression are read in a process of their own, which takes a while to start.
savemat = partial(io.savemat, do_compression=True)
NAMES = ["a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4"]
N = len(NAMES)


def trials(seed=0, sizes=(5, 4, 3)):
    """Arrangements inside an arena of diameter 1."""
    rng = np.random.default_rng(seed)
    return [Arrangement(np.sort(rng.permutation(N)[:m]), rng.uniform(-0.3, 0.3, (m, 2))) for m in sizes]


def distances(arrangements):
    """The distances of each trial, (T, P), NaN where a pair was not in it; SciPy's order, by SciPy."""
    rows = []
    for trial in arrangements:
        square = np.full((N, N), np.nan)
        square[np.ix_(trial.items, trial.items)] = squareform(pdist(trial.positions))
        rows.append(square[np.triu_indices(N, 1)])
    return np.array(rows)


def rdms(raters=3, seed=1):
    return np.random.default_rng(seed).uniform(0.1, 1, (raters, N * (N - 1) // 2))


def squares(rows):
    return np.array([squareform(row) for row in rows])


def cells(texts):
    """A column of texts as MATLAB has it."""
    column = np.empty((len(texts), 1), dtype=object)
    column[:, 0] = texts
    return column


def same_trials(actual, wanted):
    """The same items at the same places, whatever the order within a trial."""
    assert len(actual) == len(wanted)
    for one, other in zip(actual, wanted, strict=True):
        here, there = np.argsort(one.items), np.argsort(other.items)
        np.testing.assert_array_equal(one.items[here], other.items[there])
        np.testing.assert_allclose(one.positions[here], other.positions[there], atol=1e-12)


def as_json(folder, value, name="data.json"):
    file = folder / name
    file.write_text(json.dumps(value), encoding="utf-8")
    return file


def task(order=NAMES, arrangements=None, *, old=False, name="arrange", rdm=None):
    """A multi-arrangement task as the platform saves it: an arena of radius 1, or around (1.25, 0.63) as in 2017."""
    stimuli = [{"id": f"id-{stimulus}", "name": stimulus} for stimulus in order]
    saved = []
    for number, trial in enumerate(trials() if arrangements is None else arrangements):
        places = [
            {"id": f"id-{NAMES[item]}", "x": x + 1.25 if old else 2 * x, "y": y + 0.63 if old else 2 * y}
            for item, (x, y) in zip(trial.items.tolist(), trial.positions.tolist(), strict=True)
        ]
        start = 1_600_000_000_000 + 60_000 * number
        when = {"start": start, "end": start + 30_000}
        if not old:
            when = {"log": [[start, "logStarted", {}], [start + 30_000, "finish", {}]]}
        saved.append({"positions": places, **when})
    return {"task": {"name": name, "task_type": "multiarrange"}, "stimuli": stimuli, "trials": saved, "rdm": rdm}


def clock(number):
    return [2012.0, 5, 4, 10, number, 12.5]


def workspace(arrangements, *, estimate="estimate_RDM_ltv"):
    """What the programs save after a trial; the arena's diameter is 1, and there are no names."""
    rows = distances(arrangements)
    starts = np.array([clock(2 * number) for number in range(len(rows))])
    return {
        "distMatsForAllTrials_ltv": rows.T[None],
        estimate: np.nanmean(rows, axis=0)[None],
        "evidenceWeight_ltv": np.nansum(np.maximum(rows, 0.2) ** 2, axis=0)[None],
        "trialStartTimes": starts,
        "trialStopTimes": starts + np.array([0, 0, 0, 0, 1, 0]),
        "cTrial_itemIs": np.array([[1.0, 2, 3]]),
    }


def at_the_end(arrangements):
    whole = workspace(arrangements)
    kept = ("distMatsForAllTrials_ltv", "trialStartTimes", "trialStopTimes", "evidenceWeight_ltv")
    return {
        "estimate_dissimMat_ltv": whole["estimate_RDM_ltv"],
        "story": {name: whole[name] for name in kept},
        "options": {"subjectInitials": "NK", "sessionI": 1.0},
        "instructionString": "Please arrange these.",
    }


SIZES = {"sort_area_width": 700, "sort_area_height": 700, "stim_width": 100, "stim_height": 60}


def free_sort(arrangements, **fields):
    """Trials of the plugin: top left corners of pictures of 100 x 60 in an area of 700 x 700 pixels, y downwards."""
    return [
        {"trial_type": "html-keyboard-response", "rt": 300, **fields},
        *(
            {
                "trial_type": "free-sort",
                "trial_index": number,
                "final_locations": [
                    {"src": NAMES[item], "x": 300 + 700 * x, "y": 320 - 700 * y}
                    for item, (x, y) in zip(trial.items.tolist(), trial.positions.tolist(), strict=True)
                ],
                **fields,
            }
            for number, trial in enumerate(arrangements, start=1)
        ),
    ]


ARENA = (300.0, 320.0, 700.0)


def long_table(folder, columns=("rater", "trial", "item", "x", "y"), scale=1.0, shift=0.0, name="table.csv"):
    rows = [
        (rater, f"block {number}", NAMES[item], shift + scale * x, shift + scale * y)
        for rater, seed in (("r1", 0), ("r2", 1))
        for number, trial in enumerate(trials(seed), start=1)
        for item, (x, y) in zip(trial.items.tolist(), trial.positions.tolist(), strict=True)
    ]
    pd.DataFrame(rows, columns=list(columns)).to_csv(folder / name, index=False)
    return folder / name
