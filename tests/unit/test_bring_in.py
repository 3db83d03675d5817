"""Files of other programs: recognised by their contents, read exactly, or refused with what could be read.

Where the other program can be had its own writer is used (pandas' for multiarrangement, SciPy's and h5py's for
MATLAB); else files follow its public description. Over 300 lines: one test for each kind of file.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import io
from scipy.io import loadmat
from scipy.spatial.distance import pdist, squareform

from analysis import Arrangement, pair_evidence
from analysis.__main__ import main
from analysis.formats.bundle import Bundle, read_bundle
from analysis.formats.hints import HintsError, hints_of
from analysis.formats.recognise import Hints, bring_in, read_any
from analysis.formats.source import Source, SourceRater, merged
from analysis.formats.source_bundle import Origin, write_source
from analysis.report import write
from analysis.report.results import analyse
from analysis.results import Choice
from tests.conftest import ROOT

# As MATLAB saves; files without compression are read in a process of their own, which takes a while to start.
savemat = partial(io.savemat, do_compression=True)
DATA = ROOT.parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the real data are not beside the project")
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


def same_trials(actual, wanted):
    """The same items at the same places, whatever the order within a trial."""
    assert len(actual) == len(wanted)
    for one, other in zip(actual, wanted, strict=True):
        here, there = np.argsort(one.items), np.argsort(other.items)
        np.testing.assert_array_equal(one.items[here], other.items[there])
        np.testing.assert_allclose(one.positions[here], other.positions[there], atol=1e-12)


# Meadows


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


def as_json(folder, value, name="data.json"):
    file = folder / name
    file.write_text(json.dumps(value), encoding="utf-8")
    return file


FORM = {"task": {"name": "form", "task_type": "form"}, "age": 30}


@pytest.mark.parametrize(
    "participation",
    [
        lambda one: {"token": None, "tasks": [FORM, one]},
        lambda one: {"token": None, "tasks": {"form": {"age": 30}, "arrange": {**one, "task": {}}}},
        lambda one: one,
    ],
    ids=["tasks in a list", "tasks by name", "one task"],
)
def test_all_participants_of_meadows_in_one_file(tmp_path, participation):
    tree = {
        "quiet-heron": participation(task()),
        "brave-otter": participation(task(NAMES[::-1], trials(1))),
        "idle-newt": participation(task(arrangements=[])),
    }
    source = read_any(as_json(tmp_path, tree))
    assert source.names == tuple(NAMES)
    assert [rater.name for rater in source.raters] == ["quiet-heron", "brave-otter"]
    same_trials(source.raters[0].trials, trials())
    # Another order of the stimuli, the same items.
    same_trials(source.raters[1].trials, trials(1))
    start, end = source.raters[0].times[1]
    assert (end - start).total_seconds() == 30
    assert source.remarks == ("idle-newt has no trial and is left out.",)


def test_several_tasks_of_meadows_are_asked_for_and_trials_outside_the_arena_are_named(tmp_path):
    outside = [Arrangement([0, 1, 2], [[0.7, 0.0], [0.1, 0.1], [0.2, 0.2]]), *trials()]
    tree = {"tasks": [task(name="shape"), task(name="mood", arrangements=outside)]}
    file = as_json(tmp_path, tree, "Meadows_exp_v_v2_quiet-heron_tree.json")
    with pytest.raises(ValueError, match=r"_tree\.json: holds several tasks: shape, mood; say which is meant"):
        read_any(file)
    with pytest.raises(ValueError, match="holds no task 'taste', but shape, mood"):
        read_any(file, Hints(task="taste"))
    source = read_any(file, Hints(task="mood"))
    assert source.raters[0].name == "quiet-heron"
    same_trials(source.raters[0].trials, trials())
    assert source.remarks == ("Trial 1 of quiet-heron is left out: a.mp4 lies outside the arena.",)


@needs_data
def test_the_real_session_becomes_a_bundle_with_the_platforms_own_evidence(tmp_path):
    file = next(DATA.glob("*_tree.json"))
    bundle = bring_in([(file, file.name)], None, tmp_path / "out.zip")
    [(rater, arrangements)] = bundle.arrangements().items()
    assert (rater, len(arrangements), len(bundle.names)) == ("cuddly-bunny", 109, 118)
    logged = [one["min_evidence"] for one in json.loads(file.read_text())["trials"]]
    assert pair_evidence(arrangements, 118).min() == pytest.approx(logged[-1], abs=1e-9)
    origin = Origin.of(bundle)
    assert origin.times_known
    assert "sessions of the Meadows platform" in origin.sentences[0]
    assert file.name in origin.sentences[0]


@needs_data
def test_the_real_rdms_of_16_raters_are_those_that_scipy_loads():
    source = read_any(DATA / "92_behavRDMs.mat")
    (structs,) = loadmat(DATA / "92_behavRDMs.mat")["rdms_behav_92"]
    assert [rater.name for rater in source.raters] == [f"simJudge | subject{k}" for k in range(1, 17)]
    for rater, struct in zip(source.raters, structs, strict=True):
        np.testing.assert_array_equal(squareform(rater.rdm), struct["RDM"] * (1 - np.eye(92)))
    assert len(read_any(DATA / "92_brainRDMs.mat").raters) == 8
    one = read_any(next(DATA.glob("*_1D.mat")))
    assert (one.kind, one.raters[0].name) == ("RDMs of the Meadows platform", "cuddly-bunny")


# The MATLAB programs


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


def write_v73(file, variables):
    """A file of version 7.3 as MATLAB writes it: HDF5 behind a block of text, arrays turned over, classes as marks."""

    def put(group, name, value):
        if isinstance(value, dict):
            inner = group.create_group(name)
            inner.attrs["MATLAB_class"] = np.bytes_("struct")
            for key, one in value.items():
                put(inner, key, one)
        elif isinstance(value, str):
            made = group.create_dataset(name, data=np.array([[ord(letter)] for letter in value], dtype=np.uint16))
            made.attrs["MATLAB_class"] = np.bytes_("char")
        elif isinstance(value, list):
            cells = []
            for one in value:
                key = f"#refs#/{len(group.file.require_group('#refs#'))}"
                put(group.file, key, one)
                cells.append(group.file[key].ref)
            made = group.create_dataset(name, data=np.array([cells], dtype=object), dtype=h5py.ref_dtype)
            made.attrs["MATLAB_class"] = np.bytes_("cell")
        else:
            made = group.create_dataset(name, data=np.atleast_2d(value).T)
            made.attrs["MATLAB_class"] = np.bytes_("double")

    with h5py.File(file, "w", userblock_size=512) as handle:
        for key, one in variables.items():
            put(handle, key, one)
    with file.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def in_the_older_versions(file, variables):
    savemat(file, variables)


@pytest.mark.parametrize("save", [in_the_older_versions, write_v73])
@pytest.mark.parametrize("kind", [workspace, at_the_end])
def test_the_matlab_programs_distances_become_their_arrangements(tmp_path, save, kind):
    file = tmp_path / "7_AB_session1_trial3.mat"
    save(file, kind(trials()))
    source = read_any(file, Hints(names=tuple(NAMES)))
    (rater,) = source.raters
    assert rater.name == ("NK" if kind is at_the_end else "7_AB")
    np.testing.assert_allclose(distances(rater.trials), distances(trials()), atol=1e-9)
    np.testing.assert_allclose(pair_evidence(rater.trials, N), workspace(trials())["evidenceWeight_ltv"][0], atol=1e-12)
    assert [(end - start).total_seconds() for start, end in rater.times] == [60, 60, 60]
    assert rater.times[1][0].isoformat() == "2012-05-04T10:02:12.500000+00:00"
    assert source.names == tuple(NAMES)
    assert "up to rotation" in source.remarks[0]


def test_the_estimate_alone_and_a_single_trial_of_the_matlab_programs(tmp_path):
    estimate = rdms(1)
    savemat(tmp_path / "XX_session2.mat", {"estimate_dissimMat_ltv": estimate})
    source = read_any(tmp_path / "XX_session2.mat")
    np.testing.assert_array_equal(source.raters[0].rdm, estimate[0])
    assert (source.raters[0].name, source.names[0]) == ("XX", "item 1")
    assert source.remarks == (
        "The file names no items: they are numbered in its order.",
        "It holds the estimate alone, without the trials.",
    )
    savemat(tmp_path / "one.mat", workspace(trials()[:1]))
    np.testing.assert_allclose(distances(read_any(tmp_path / "one.mat").raters[0].trials), distances(trials()[:1]))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"distMatsForAllTrials_ltv": rdms(1).T[None]}, "trial 1: no points of a plane have these distances"),
        ({"distMatsForAllTrials_ltv": np.ones((1, 7, 2))}, "7 is not a number of pairs"),
        ({"distMatsForAllTrials_ltv": np.ones((3, 10))}, "must be 1 x pairs x trials, got 3 x 10"),
        ({"trialStartTimes": np.ones((2, 6))}, "trialStartTimes: must be 3 x 6, got 2 x 6"),
        ({"estimate_RDM_ltv": np.ones((1, 6))}, "estimate_RDM_ltv has 6 values, distMatsForAllTrials_ltv 10"),
        ({"story": 3.0}, "story must be a single struct"),
    ],
)
def test_what_the_matlab_programs_cannot_have_written_is_refused(tmp_path, changes, reason):
    savemat(tmp_path / "x.mat", workspace(trials()) | changes)
    with pytest.raises(ValueError, match=rf"x\.mat.*{reason}"):
        read_any(tmp_path / "x.mat")


# multiarrangement


def test_what_multiarrangement_saves_is_read(tmp_path):
    """Its writers are pandas' to_excel and to_csv and numpy.save, of a data frame with the names on both sides."""
    square = squares(rdms(1))[0]
    square[0, 3] = square[3, 0] = np.nan
    frame = pd.DataFrame(square, index=NAMES, columns=NAMES)
    frame.to_excel(tmp_path / "participant_7_results.xlsx")
    frame.to_csv(tmp_path / "participant_7_results.csv")
    np.save(tmp_path / "participant_7_rdm.npy", frame.to_numpy(dtype=float))
    wanted = square[np.triu_indices(N, 1)]
    for name in ("participant_7_results.xlsx", "participant_7_results.csv", "participant_7_rdm.npy"):
        source = read_any(tmp_path / name)
        np.testing.assert_allclose(source.raters[0].rdm, wanted, rtol=1e-14)
        named = tuple(NAMES) if "results" in name else tuple(f"item {k}" for k in range(1, N + 1))
        assert (source.names, source.raters[0].name) == (named, Path(name).stem)
    named = read_any(tmp_path / "participant_7_rdm.npy", Hints(names=tuple(NAMES)))
    assert (named.names, named.remarks) == (tuple(NAMES), ())


# jsPsych


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


# Tables of placements, and of pairs


def long_table(folder, columns=("rater", "trial", "item", "x", "y"), scale=1.0, shift=0.0, name="table.csv"):
    rows = [
        (rater, f"block {number}", NAMES[item], shift + scale * x, shift + scale * y)
        for rater, seed in (("r1", 0), ("r2", 1))
        for number, trial in enumerate(trials(seed), start=1)
        for item, (x, y) in zip(trial.items.tolist(), trial.positions.tolist(), strict=True)
    ]
    pd.DataFrame(rows, columns=list(columns)).to_csv(folder / name, index=False)
    return folder / name


def test_placements_of_many_raters_in_one_table_whatever_its_columns_are_called(tmp_path):
    theirs = ("vp", "block", "stim", "px", "py")
    file = long_table(tmp_path, theirs, scale=560.0, shift=300.0)
    with pytest.raises(ValueError, match=r"columns are vp, block, stim, px, py\. Of a table of placements say which"):
        read_any(file)
    columns = dict(zip(("rater", "trial", "item", "x", "y"), theirs, strict=True))
    with pytest.raises(ValueError, match=r"line 2: the position .* lies outside the arena, whose centre is \(0, 0\)"):
        read_any(file, Hints(columns=columns))
    hints = Hints(columns=columns, arena=(300.0, 300.0, 560.0), names=tuple(NAMES))
    source = read_any(file, hints)
    for rater, seed in zip(source.raters, (0, 1), strict=True):
        same_trials(rater.trials, trials(seed))
    turned = read_any(file, Hints(columns=columns, arena=(300.0, 300.0, 560.0), names=tuple(NAMES), y_down=True))
    same_trials(turned.raters[0].trials, [Arrangement(t.items, t.positions * (1, -1)) for t in trials()])
    plain = read_any(long_table(tmp_path), Hints(names=tuple(NAMES)))
    same_trials(plain.raters[1].trials, trials(1))
    assert plain.remarks == ()


def test_raters_of_a_table_are_never_put_together(tmp_path):
    file = long_table(tmp_path, ("subject", "trial", "item", "x", "y"))
    with pytest.raises(ValueError, match=r"column 'subject' names several people \('r1', 'r2'\); say which column"):
        read_any(file)
    with pytest.raises(ValueError, match="no column is named person"):
        read_any(file, Hints(columns={"rater": "person"}))
    with pytest.raises(ValueError, match="the column 'x' cannot be x and y at once"):
        read_any(file, Hints(columns={"rater": "subject", "y": "x"}))
    assert len(read_any(file, Hints(columns={"rater": "subject"})).raters) == 2


def test_a_table_of_pairs_with_columns_of_other_names(tmp_path):
    rows = [
        (f"r{rater}", NAMES[i], NAMES[j], value)
        for rater, row in enumerate(rdms(), start=1)
        for i, j, value in zip(*np.triu_indices(N, 1), row, strict=True)
    ]
    pd.DataFrame(rows, columns=["who", "one", "other", "rating"]).to_csv(tmp_path / "pairs.csv", index=False)
    columns = {"rater": "who", "clip_a": "one", "clip_b": "other", "dissimilarity": "rating"}
    source = read_any(tmp_path / "pairs.csv", Hints(columns=columns))
    np.testing.assert_array_equal([rater.rdm for rater in source.raters], rdms())
    assert [rater.name for rater in source.raters] == ["r1", "r2", "r3"]


# Stacks of RDMs


STACKS = [
    (squares(rdms()), None),
    (np.moveaxis(squares(rdms()), 0, 2), None),
    (rdms(4), None),
    (rdms(4).T, None),
    (rdms(3), "rows"),
    (rdms(10), "rows"),
    (rdms(10).T, "columns"),
    (squares(rdms(5)), None),
]


@pytest.mark.parametrize(
    ("kind", "array", "raters"),
    # A CSV has two dimensions.
    [(kind, *stack) for kind in ("npy", "mat", "csv") for stack in STACKS if kind != "csv" or stack[0].ndim == 2],
    ids=lambda value: str(getattr(value, "shape", value)),
)
def test_stacks_of_rdms_in_every_shape(tmp_path, kind, array, raters):
    file = tmp_path / f"stack.{kind}"
    if kind == "npy":
        np.save(file, array)
    elif kind == "mat":
        savemat(file, {"D": array})
    else:
        np.savetxt(file, array, delimiter=",", fmt="%.17g")
    wanted = rdms(4 if 4 in array.shape else 10 if array.shape == (10, 10) else 5 if array.shape == (5, 5, 5) else 3)
    source = read_any(file, Hints(raters=raters))
    np.testing.assert_allclose([rater.rdm for rater in source.raters], wanted, rtol=1e-15)
    assert source.names[0] == "item 1"


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (rdms(3), r"3 x 10 numbers can be RDMs of 5 items by 3 raters \(raters rows\) or RDMs of 3 items by 10 raters"),
        (rdms(10) + np.eye(10), "10 x 10 numbers can be .*raters rows.* or .*raters columns"),
        (rdms(2)[:, :9], "has the shape 2 x 9, which holds no RDMs: they are n x n, raters x n x n"),
        (np.eye(4), "its diagonal is 1, not 0: these are similarities"),
        (np.arange(16.0).reshape(4, 4) * (1 - np.eye(4)), "is not symmetric: the pair"),
        (-rdms(4), r"rater 1: the pair \(item 1, item 2\) has -0\.\d+: a dissimilarity is not negative"),
        (np.c_[1:6, squares(rdms(1))[0]], "5 x 6 numbers can be an RDM of 5 items with other numbers beside it"),
        (np.r_[squares(rdms(1))[0], [[1, 2, 3, 4, 5]]], "6 x 5 numbers can be an RDM of 5 items with other numbers"),
    ],
    ids=["three", "ten", "no pairs", "similarities", "asymmetric", "negative", "row numbers", "means"],
)
def test_what_can_be_read_in_two_ways_or_none_is_not_guessed(tmp_path, array, reason):
    np.save(tmp_path / "stack.npy", array)
    with pytest.raises(ValueError, match=rf"stack\.npy.*{reason}"):
        read_any(tmp_path / "stack.npy")


def test_a_table_that_is_as_wide_as_it_is_long_is_not_taken_for_a_square(tmp_path):
    """Five columns and five rows of placements: what helps is to say which column is which."""
    (tmp_path / "five.csv").write_text(
        "who,round,clip,across,up\n" + "".join(f"r1,1,{clip},0.{k},0\n" for k, clip in enumerate("abcd"))
    )
    with pytest.raises(
        ValueError, match=r"columns are who, round, clip, across, up\. Of a table of placements say which"
    ):
        read_any(tmp_path / "five.csv")


def test_matlab_files_of_version_4_are_read(tmp_path):
    savemat(tmp_path / "old.mat", {"RDM": squares(rdms())[0]}, format="4")
    np.testing.assert_allclose(read_any(tmp_path / "old.mat").raters[0].rdm, rdms()[0])


def test_one_of_several_variables_is_asked_for(tmp_path):
    savemat(tmp_path / "x.mat", {"humans": squares(rdms()), "models": squares(rdms(2)), "note": "hello"})
    with pytest.raises(ValueError, match=r"RDMs can be in humans or models: say which is meant"):
        read_any(tmp_path / "x.mat")
    assert len(read_any(tmp_path / "x.mat", Hints(variable="models")).raters) == 2
    with pytest.raises(ValueError, match="no variable note holds RDMs; there are humans, models, note"):
        read_any(tmp_path / "x.mat", Hints(variable="note"))


# What all have in common


def test_files_are_known_by_what_is_in_them_not_by_their_names(tmp_path):
    frame = pd.DataFrame(squares(rdms(1))[0], index=NAMES, columns=NAMES)
    frame.to_excel(tmp_path / "x.xlsx")
    np.save(tmp_path / "x.npy", squares(rdms()))
    savemat(tmp_path / "x.mat", workspace(trials()))
    as_json(tmp_path, task(), "x.json")
    kinds = set()
    for file in sorted(tmp_path.glob("x.*")):
        nameless = file.rename(tmp_path / f"{file.suffix[1:]}.dat")
        kinds.add(read_any(nameless).kind)
    assert len(kinds) == 4
    assert isinstance(read_any(ROOT / "tests" / "data" / "bundle-v1.zip"), Bundle)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04nonsense", "truncated or corrupt ZIP"),
        (b'{"a": 1}', r"a JSON file that holds an object with a\. What can be read: an export bundle"),
        (b"Dear all,\nplease find the data below.\n", "What can be read: an export bundle"),
        (b"\xff\xd8\xff\xe0 a picture", "is a picture"),
        (b"\x89HDF\r\n\x1a\n", "not an HDF5 file of RDMs"),
    ],
)
def test_what_cannot_be_read_is_answered_by_what_could(tmp_path, content, reason):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=rf"file\b.*{reason}"):
        read_any(tmp_path / "file")


def test_a_hint_that_a_file_does_not_need_is_not_passed_over(tmp_path):
    np.save(tmp_path / "x.npy", squares(rdms()))
    with pytest.raises(ValueError, match=r"x\.npy: it is an array of NumPy, for which arena and task cannot be given"):
        read_any(tmp_path / "x.npy", Hints(arena=ARENA, task="t"))
    with pytest.raises(ValueError, match="there is no column 'trail' to say; there are rater, trial"):
        read_any(long_table(tmp_path), Hints(columns={"trail": "x"}))


def test_hints_are_taken_from_texts(tmp_path):
    (tmp_path / "names.txt").write_text("one\n\ntwo \n", encoding="utf-8")
    hints = hints_of(
        {"columns": "rater=vp, trial=-", "arena": "1,2,3", "names": str(tmp_path / "names.txt"), "raters": "rows"},
        {"y-down": True},
    )
    assert hints == Hints({"rater": "vp", "trial": "-"}, (1.0, 2.0, 3.0), True, ("one", "two"), "rows")
    for wrong in ({"columns": "vp"}, {"columns": "x=a,x=b"}, {"arena": "1,2"}, {"arena": "0,0,0"}, {"raters": "both"}):
        with pytest.raises(HintsError, match=next(iter(wrong))):
            hints_of(wrong, {})


def test_several_files_are_one_study(tmp_path):
    one = Source("a", ("a", "b", "c"), (SourceRater("r", rdm=np.array([1.0, 2.0, 3.0])),), ("Said.",))
    other = Source("a", ("c", "a", "b"), (SourceRater("r", rdm=np.array([2.0, 3.0, 1.0])),), ("Said.",))
    both = merged({"1.csv": one, "2.csv": other})
    assert [rater.name for rater in both.raters] == ["1.csv: r", "2.csv: r"]
    np.testing.assert_array_equal(both.raters[1].rdm, both.raters[0].rdm)
    assert (both.names, both.remarks) == (("a", "b", "c"), ("Said.",))
    three = Arrangement([2, 0, 1], [[0.1, 0.0], [0.0, 0.2], [0.3, 0.0]])
    placed = Source("b", ("b", "d", "e"), (SourceRater("s", (three,), ((None, None),)),))
    with pytest.raises(ValueError, match=r"1\.csv and 3\.json: one has placements, the other only RDMs"):
        merged({"1.csv": one, "3.json": placed})
    with pytest.raises(ValueError, match="their RDMs are of different items"):
        merged({"1.csv": one, "2.csv": Source("a", ("a", "b", "x"), other.raters)})
    more = merged({"3.json": placed, "4.json": Source("b", ("e", "f", "b"), placed.raters)})
    assert more.names == ("b", "d", "e", "f")
    assert more.raters[1].trials[0].items.tolist() == [0, 2, 3]


def test_a_source_written_as_a_bundle_comes_back_and_says_where_it_is_from(tmp_path):
    file = as_json(tmp_path, {"r1": task(), "r2": task(arrangements=trials(1))})
    source = read_any(file)
    write_source(source, [(file, "theirs.json")], tmp_path / "out.zip")
    bundle = read_bundle(tmp_path / "out.zip")
    assert bundle.names == source.names
    for rater in source.raters:
        same_trials(bundle.arrangements()[rater.name], rater.trials)
    assert "taken for sessions of the Meadows platform" in bundle.text("methods.md")
    # Read again, the same file gives the same sessions and trials.
    write_source(source, [(file, "theirs.json")], tmp_path / "again.zip")
    assert list(read_bundle(tmp_path / "again.zip").rows("trials")) == list(bundle.rows("trials"))


def quiet(message: str) -> None:
    """No progress is shown."""


def test_rdms_without_trials_get_the_same_statistics(tmp_path):
    stack = squares(rdms(4))
    stack[0, 0, 1] = stack[0, 1, 0] = np.nan
    np.save(tmp_path / "x.npy", stack)
    bundle = bring_in([(tmp_path / "x.npy", "x.npy")], None, tmp_path / "out.zip")
    analysed = analyse(bundle, Choice(), quiet, jobs=1)
    assert analysed.choice.method == "given"
    table = np.array([row / np.sqrt(np.nanmean(row**2)) for row in stack[:, *np.triu_indices(N, 1)]])
    np.testing.assert_allclose(analysed.table, table)
    # Pearson correlations by pandas, over the pairs that both have.
    between = pd.DataFrame(table.T).corr().to_numpy()[np.triu_indices(4, 1)]
    assert analysed.reliability.pairwise_pearson.value == pytest.approx(between.mean())
    assert analysed.pooled.n_raters.tolist() == [3] + [4] * 9


def test_the_report_of_another_programs_file_says_where_the_data_came_from(tmp_path, capsys, monkeypatch):
    # Figures take seconds, and are those of any bundle.
    monkeypatch.setattr(write, "draw", lambda results: iter(()))
    file = long_table(tmp_path, ("vp", "trial", "item", "x", "y"), name="their <data>.csv")
    out = tmp_path / "report"
    options = ["--columns", "rater=vp", "--method", "weighted_average", "--jobs", "1"]
    assert main([str(file), "--out", str(out), *options]) == 0
    html = (out / "report.html").read_text(encoding="utf-8")
    assert "These data were brought in: they are a table of placements, read from their" in html
    assert "Columns: vp was taken for rater." in html
    assert "<data>" not in html
    assert "minutes" not in (out / "methods.md").read_text(encoding="utf-8")
    assert main([str(file), "--out", str(out), "--raters", "rows"]) == 1
    assert "cannot be given" in capsys.readouterr().err


def is_read(file):
    """Whether the file is read; if not, with an error that names it."""
    try:
        read_any(file)
    except ValueError as error:
        if str(file) not in str(error):
            raise
        return False
    return True


def test_no_damaged_file_ends_in_anything_but_an_error_that_names_it(tmp_path):
    np.save(tmp_path / "a.npy", squares(rdms()))
    savemat(tmp_path / "b.mat", at_the_end(trials()))
    as_json(tmp_path, {"r1": task(), "r2": task()}, "c.json")
    as_json(tmp_path, free_sort(trials(), **SIZES), "d.json")
    long_table(tmp_path, name="e.csv")
    rng = np.random.default_rng(3)
    refused = 0
    for file in sorted(tmp_path.glob("[a-e].*")):
        whole = file.read_bytes()
        for _ in range(60):
            damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)] if rng.random() < 0.3 else whole)
            for place in rng.integers(0, len(damaged), 4):
                damaged[place] = rng.integers(0, 256)
            file.write_bytes(damaged)
            refused += not is_read(file)
    assert refused > 150
