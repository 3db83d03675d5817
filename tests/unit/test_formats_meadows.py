"""Meadows files: a real session of the platform, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist

from analysis import pair_evidence
from analysis.arrangement import Arrangement
from analysis.formats.enclosing_circle import enclosing_circle
from analysis.formats.meadows import read_1d_mat, read_tree
from analysis.formats.meadows_writer import all_participants_name, one_task_name, tree_name, write_1d_mat, write_tree
from analysis.formats.petnames import petname
from analysis.formats.rdm_set import RDMSet

DATA = Path(__file__).parents[2].parent / "shared" / "data"
SESSION = DATA / "Meadows_myExp_v_v1_cuddly-bunny_3_tree.json"
needs_data = pytest.mark.skipif(
    not SESSION.exists(), reason=f"the real session {SESSION.name} is not beside the project"
)


@needs_data
def test_the_real_session_gives_the_platforms_own_evidence_exactly():
    (task,) = read_tree(SESSION)
    assert (len(task.arrangements), len(task.names), task.names[0]) == (109, 118, "stim118.png")
    so_far = [pair_evidence(task.arrangements[: number + 1], 118).min() for number in range(109)]
    np.testing.assert_allclose(so_far, task.min_evidence, rtol=0, atol=1e-9)
    assert task.rdm is not None
    assert np.sum(task.rdm**2) == pytest.approx(1)
    # The largest of the circles that fit is the arena, now around (0, 0); it is a little smaller than ours.
    furthest = max(np.linalg.norm(trial.positions, axis=1).max() for trial in task.arrangements)
    assert furthest == pytest.approx(0.492, abs=1e-3)
    assert np.diff(task.times_ms).min() > 0


@needs_data
def test_the_real_1d_mat_holds_the_same_rdm_as_the_session():
    rdms = read_1d_mat(DATA / "Meadows_myExp_v_v1_cuddly-bunny_3_1D.mat")
    (task,) = read_tree(SESSION)
    assert rdms.raters == ("cuddly-bunny",)
    assert rdms.names == task.names
    np.testing.assert_array_equal(rdms.rdms[0], task.rdm)


def bare(**changes):
    task = {
        "task": {"name": "t", "task_type": "multiarrange"},
        "stimuli": [{"id": "a", "name": "one.png"}, {"id": "b", "name": "two.png"}],
        "trials": [{"positions": [{"id": "a", "x": 1.0, "y": 2.0}, {"id": "b", "x": 1.5, "y": 2.0}]}],
        "rdm": [1.0],
    }
    return task | changes


def wrapped(**changes):
    return {"tasks": [{"task": {"task_type": "form"}}, bare(**changes)]}


def saved(tmp_path, tree):
    file = tmp_path / "tree.json"
    file.write_text(tree if isinstance(tree, str) else json.dumps(tree))
    return file


def test_the_old_layout_is_moved_and_the_new_one_is_halved(tmp_path):
    (old,) = read_tree(saved(tmp_path, bare()))
    np.testing.assert_allclose(old.arrangements[0].positions, [[-0.25, 0], [0.25, 0]])
    (new,) = read_tree(saved(tmp_path, wrapped()))
    np.testing.assert_allclose(new.arrangements[0].positions, [[0.5, 1], [0.75, 1]])
    assert np.isnan(new.times_ms).all()
    assert np.isnan(new.min_evidence).all()


def test_missing_pairs_and_absent_rdms_are_read_as_such(tmp_path):
    (task,) = read_tree(saved(tmp_path, wrapped(rdm=[None])))
    assert np.isnan(task.rdm).all()
    (task,) = read_tree(saved(tmp_path, wrapped(rdm=None)))
    assert task.rdm is None


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ("{", "not a JSON file"),
        ([], "must hold an object"),
        ({"tasks": []}, "no multi-arrangement task"),
        (bare(rdm=[1.0, 2.0]), "rdm has 2 values for 2 stimuli"),
        (bare(stimuli=[{"id": "a"}]), "must have a list of stimuli, each with an id and a name"),
        (
            wrapped(trials=[{"positions": [{"id": "z", "x": 0, "y": 0}]}]),
            "task 2, trial 1: the stimulus 'z' is not among",
        ),
        (
            wrapped(trials=[{"positions": [{"id": "a", "x": None, "y": 0}]}]),
            "task 2, trial 1: x must be a number, got None",
        ),
        (wrapped(trials=[{"positions": [{"id": "a", "x": 0, "y": 0}] * 2}]), "duplicate item"),
    ],
)
def test_a_tree_that_does_not_fit_is_refused_by_name(tmp_path, tree, reason):
    with pytest.raises(ValueError, match=reason) as error:
        read_tree(saved(tmp_path, tree))
    assert "tree.json" in str(error.value)


def test_file_names_follow_the_platforms_rules():
    assert one_task_name("exp", "3", "able-fly", 1) == "Meadows_exp_v_v3_able-fly_1_1D.mat"
    assert all_participants_name("exp", "3", "sort") == "Meadows_exp_v_v3_sort_1D.mat"
    assert tree_name("exp", "3", "able-fly") == "Meadows_exp_v_v3_able-fly_tree.json"
    with pytest.raises(ValueError, match="experiment must not be empty or hold"):
        tree_name("my_exp", "3", "able-fly")
    with pytest.raises(ValueError, match="version"):
        tree_name("exp", "3.1", "able-fly")
    with pytest.raises(ValueError, match="task must not be a number"):
        all_participants_name("exp", "3", "4")


def test_what_the_loaders_could_not_read_is_not_written(tmp_path):
    file = tmp_path / "x.mat"
    with pytest.raises(ValueError, match="'b' has none"):
        write_1d_mat(file, RDMSet([[1.0]], ("a.mp4", "b"), ("P001",)))
    with pytest.raises(ValueError, match="names must differ before the dot"):
        write_1d_mat(file, RDMSet([[1.0]], ("a.mp4", "a.avi"), ("P001",)))
    with pytest.raises(ValueError, match="names like able-fly"):
        write_1d_mat(file, RDMSet([[1.0], [2.0]], ("a.mp4", "b.mp4"), ("P001", "P002")))
    one = {"task_name": "t", "names": ("a.mp4", "b.mp4"), "arrangements": [Arrangement([0, 1], [[0, 0], [0.1, 0]])]}
    with pytest.raises(ValueError, match=r"rdm lacks 1 pair,.*1D\.mat"):
        write_tree(file, **one, times_ms=[[0, 1]], rdm=[np.nan])
    with pytest.raises(ValueError, match="times_ms must have shape"):
        write_tree(file, **one, times_ms=[0, 1], rdm=[1.0])
    with pytest.raises(ValueError, match="rdm must have shape"):
        write_tree(file, **one, times_ms=[[0, 1]], rdm=[1.0, 2.0])
    assert not file.exists()


def test_min_evidence_is_in_the_unit_of_the_files_own_positions(tmp_path):
    """The stored session of the platform is of one unit: its evidence follows from its positions. So must ours."""
    rng = np.random.default_rng(0)
    trials = [Arrangement(np.arange(4), rng.uniform(-0.3, 0.3, size=(4, 2))) for _ in range(2)]
    file = tmp_path / tree_name("exp", "1", petname(0))
    names = [f"clip{i}.mp4" for i in range(4)]
    times = [[0, 1], [2, 3]]
    write_tree(file, task_name="faces", names=names, arrangements=trials, times_ms=times, rdm=np.ones(6))
    (task,) = json.loads(file.read_text())["tasks"]
    total = np.zeros(6)
    for trial in task["trials"]:
        places = np.array([[p["x"], p["y"]] for p in trial["positions"]])
        total += np.maximum(pdist(places) ** 2, 0.2**2)
        assert trial["min_evidence"] == pytest.approx(total.min(), rel=1e-12)
    assert read_tree(file)[0].min_evidence == pytest.approx([t["min_evidence"] for t in task["trials"]])


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(1, 12), st.just(2)), elements=st.integers(-8, 8).map(lambda v: v / 8)))
def test_the_enclosing_circle_holds_all_points_and_none_smaller_does(points):
    center, radius = enclosing_circle(points)
    distances = np.linalg.norm(points - center, axis=1)
    assert distances.max() <= radius + 1e-9
    # A smallest circle leans on points that no half-plane through its centre avoids: no step makes all of them nearer.
    for angle in np.linspace(0, 2 * np.pi, 48, endpoint=False):
        moved = center + 1e-4 * np.array([np.cos(angle), np.sin(angle)])
        assert np.linalg.norm(points - moved, axis=1).max() > radius - 1e-9
