"""Sessions and RDMs of the Meadows platform."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.io import loadmat
from scipy.spatial.distance import squareform

from analysis import Arrangement, pair_evidence
from analysis.formats.recognise import Hints, bring_in, read_any
from analysis.formats.source_bundle import Origin
from tests.conftest import ROOT
from tests.other_programs import NAMES, as_json, same_trials, task, trials

DATA = ROOT.parent / "shared" / "data"


needs_data = pytest.mark.skipif(not DATA.exists(), reason="the real data are not beside the project")
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
