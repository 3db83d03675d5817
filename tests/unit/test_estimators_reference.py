"""The reference estimate against one participant's real session, with the platform's own figures as the oracle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from analysis import Arrangement, estimate_rdm, pair_evidence

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SESSION = DATA / "Meadows_myExp_v_v1_cuddly-bunny_3_tree.json"
# The centre of the smallest circle around the file's items; its distances are already in the platform's own unit.
CENTRE = np.array([1.250, 0.626])

needs_session = pytest.mark.skipif(not SESSION.exists(), reason="the real session is not here (shared/data is absent)")


@pytest.fixture(scope="module")
def session():
    task = json.loads(SESSION.read_text())
    index = {stimulus["id"]: number for number, stimulus in enumerate(task["stimuli"])}
    trials = [
        Arrangement(
            [index[p["id"]] for p in trial["positions"]],
            np.array([[p["x"], p["y"]] for p in trial["positions"]]) - CENTRE,
        )
        for trial in task["trials"]
    ]
    logged = np.array([trial["min_evidence"] for trial in task["trials"]])
    return trials, len(index), np.array(task["rdm"], dtype=float), logged


@needs_session
def test_weighted_average_is_the_platforms_own_rdm(session):
    trials, n_items, theirs, _ = session
    estimate = estimate_rdm(trials, n_items, method="weighted_average")
    assert np.corrcoef(estimate.rdm, theirs)[0, 1] > 0.99999
    assert np.abs(estimate.rdm - theirs).max() < 5e-6
    assert np.sum(estimate.rdm**2) == pytest.approx(1)
    assert estimate.converged
    assert estimate.n_components == 1
    assert not estimate.dropped
    assert not estimate.predicted.any()


@needs_session
def test_another_unit_of_length_gives_a_visibly_worse_agreement(session):
    """The floor of the evidence is in arena diameters, so positions in radii give another RDM."""
    trials, n_items, theirs, _ = session
    doubled = [Arrangement(t.items, 2 * t.positions) for t in trials]
    estimate = estimate_rdm(doubled, n_items, method="weighted_average")
    assert np.corrcoef(estimate.rdm, theirs)[0, 1] < 0.999


@needs_session
def test_evidence_is_the_minimum_that_the_platform_logged_at_each_trial(session):
    trials, n_items, _, logged = session
    ours = [pair_evidence(trials[: number + 1], n_items).min() for number in range(len(trials))]
    assert len(ours) == 109
    np.testing.assert_allclose(ours, logged, rtol=0, atol=1e-9)
