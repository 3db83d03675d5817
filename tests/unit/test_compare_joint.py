"""Models against the one RDM of all raters' trials: its two sources of error, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from analysis.inference import compare_joint, compare_models
from analysis.inference.compare_joint import _with_groups
from analysis.models.attributes import between_less_within
from analysis.models.candidates import Candidates
from analysis.reliability.report import with_interval
from analysis.results.compared import ModelOptions
from analysis.results.joint_rdms import JointRDMs
from analysis.results.model_list import Attribute
from analysis.results.model_parts import AskedParts
from analysis.results.model_tables import model_rows, models_methods
from analysis.results.models import compare_candidates
from analysis.similarity import similarity

N, R = 16, 8
RNG = np.random.default_rng(5)
PLACES = RNG.normal(size=(N, 3))
TRUTH = pdist(PLACES)
RATERS = np.abs(TRUTH + 0.8 * RNG.normal(size=(R, TRUTH.size)))
# What is estimated jointly here is the mean, so that the bootstrap over raters is known.
JOINT = RATERS.mean(axis=0)
WITHOUT = (RATERS.sum(axis=0) - RATERS) / (R - 1)
MODELS = np.array([pdist(PLACES[:, :2]), pdist(RNG.normal(size=(N, 3)))])


@pytest.mark.parametrize("method", ["pearson", "rho_a"])
def test_over_clips_alone_it_is_the_comparison_of_a_single_rater(method) -> None:
    found = compare_joint(JOINT, np.empty((0, JOINT.size)), MODELS, method=method, n_boot=400)
    one = compare_models(JOINT[None], MODELS, method=method, n_boot=400, resample="items")
    assert found.resample == "items"
    np.testing.assert_allclose(found.similarity, one.similarity)
    np.testing.assert_allclose(found.standard_error, one.standard_error, rtol=0.15)


def test_raters_are_drawn_as_by_the_bootstrap_of_raters() -> None:
    many = 20
    raters = TRUTH + 0.5 * RNG.normal(size=(many, TRUTH.size))
    means = np.vstack([raters.mean(axis=0), (raters.sum(axis=0) - raters) / (many - 1)])
    drawn = RNG.multinomial(many, np.full(many, 1 / many), size=2000)
    scores = similarity(means, MODELS)
    linear = np.array([_with_groups(scores, one) for one in drawn])
    np.testing.assert_allclose(linear.std(axis=0), similarity(drawn @ raters, MODELS).std(axis=0), rtol=0.15)
    both = compare_joint(JOINT, WITHOUT, MODELS, method="pearson", n_boot=400)
    assert (both.resample, both.degrees_of_freedom) == ("both", R - 1)
    # Other people and other clips together are no surer than one of them alone.
    clips = compare_joint(JOINT, WITHOUT[:0], MODELS, method="pearson", n_boot=400)
    assert (both.standard_error > 0.95 * clips.standard_error).all()
    assert both.p_above_zero[0] < 0.001
    assert np.isnan(both.p_below_ceiling).all()


def test_pairs_that_nobody_saw_count_nowhere() -> None:
    seen = RNG.random(JOINT.size) < 0.7
    gaps = np.where(seen, JOINT, np.nan)
    found = compare_joint(gaps, WITHOUT, MODELS, n_boot=100)
    np.testing.assert_allclose(found.similarity, similarity(gaps, MODELS, method="rho_a")[0])
    other = compare_joint(gaps, np.where(seen, WITHOUT, 7.0), MODELS, n_boot=100)
    np.testing.assert_allclose(found.standard_error, other.standard_error)
    with pytest.raises(ValueError, match="too few to be resampled"):
        compare_joint(JOINT[:3], WITHOUT[:, :3], MODELS[:, :3])
    with pytest.raises(ValueError, match="does not vary"):
        compare_joint(np.ones(JOINT.size), WITHOUT, MODELS)


def test_findings_of_a_cohort_are_about_the_joint_rdm_and_say_so() -> None:
    few = np.where(RNG.random(RATERS.shape) < 0.2, RATERS, np.nan)
    names, clips = [f"P{k}" for k in range(R)], [f"c{k}" for k in range(N)]
    groups = (PLACES[:, 0] > 0).astype(int)
    attributes = [Attribute("side", tuple(map(str, groups.tolist())))]
    parts = AskedParts(
        permutations=True, weighted=True, individuals=True, hold_constant="side", explain=("m: near", "side")
    )
    found = compare_candidates(
        few,
        names,
        clips,
        [Candidates("m", "rdms", ("near", "far"), MODELS)],
        attributes,
        ModelOptions(comparator="pearson", n_boot=100, n_permutations=99, parts=parts),
        joint=JointRDMs(JOINT, WITHOUT, 0.81),
    )
    assert (found.is_joint, found.n_raters, found.resample) == (True, R, "both")
    np.testing.assert_allclose([one.score for one in found.scores[:2]], similarity(JOINT, MODELS)[0])
    assert np.isnan([found.ceiling_low, *(one.p_below_ceiling for one in found.scores)]).all()
    values = between_less_within(np.vstack([JOINT, WITHOUT]), {"side": groups.tolist()})[:, 0]
    interval = with_interval(values, 0.95, "difference").interval
    np.testing.assert_allclose((found.effects[0].effect, found.effects[0].low), (values[0], interval[0]))
    said = " ".join(found.remarks)
    assert "models are compared with the RDM of all trials and not with single raters" in said
    assert "leaving out each of 8 groups of raters" in said
    assert "correlate with it by about 0.90" in said
    (near, far, _), (partial, _) = found.parts.tests, found.parts.partials
    assert near.corrected == pytest.approx(near.similarity / 0.9)
    assert near.low < near.corrected < near.high
    assert far.p > 0.01
    assert partial.low < partial.correlation < partial.high
    assert found.parts.weighted[0].cross_validated > 0.3
    people = found.parts.individuals
    assert (people.n_tested, people.n_clusters, people.indscal_rounds) == (0, 0, 0)
    assert people.weights[0].attribute == "side"
    remarks = " ".join(found.parts.remarks)
    assert "too few in common to be compared" in remarks
    assert "tested on other clips alone" in remarks
    methods = " ".join(models_methods(found))
    assert "with one RDM, which was estimated from all trials of 8 raters" in methods
    assert "noise ceiling" not in methods
    assert {row["compared_with"] for row in model_rows(found, "models")} == {"joint"}
