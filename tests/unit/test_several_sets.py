"""What is averaged over several sets of clips: profiles of layers, effects of attributes; and the simulated study."""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng as seeded
from scipy.spatial.distance import pdist, squareform
from scipy.stats import combine_pvalues, t

from analysis import attribute_effects, compare_models, variance_partition
from analysis.clip_sets import ClipSet
from analysis.figures.models import in_sets as in_sets_figure
from analysis.inference import LayerProfile, compare_joint, layer_profile, mean_profile
from analysis.models import AttributeEffects, mean_effects, mean_partition
from analysis.models.candidates import Candidates
from analysis.rdm import pairs_within, to_condensed
from analysis.results import estimate_together
from analysis.results.compared import ModelOptions
from analysis.results.joint_rdms import TrialsOfSet, joint_rdms_of_sets
from analysis.results.model_list import Attribute
from analysis.results.model_parts import AskedParts
from analysis.results.model_tables import model_rows, models_methods
from analysis.results.models import compare_candidates
from analysis.simulate import Behaviour, place_items
from benchmarks import seed as bench


def a_profile(seed: int, **options: object) -> LayerProfile:
    rng = np.random.default_rng(seed)
    seen = rng.normal(size=(12, 3))
    raters = np.array([pdist(seen + 0.3 * rng.normal(size=seen.shape)) for _ in range(5)])
    layers = np.array([pdist(seen + sd * rng.normal(size=seen.shape)) for sd in (3.0, 0.4, 1.0)])
    return layer_profile(raters, layers, ["early", "middle", "late"], n_boot=200, rng=rng, **options)


def some_effects(seed: int) -> AttributeEffects:
    rng = np.random.default_rng(seed)
    labels = {"sex": list("ab" * 6), "nothing": [str(k) for k in rng.permutation(np.arange(12) % 2)]}
    seen = np.column_stack([2.0 * (np.arange(12) % 2), rng.normal(size=(12, 2))])
    raters = np.array([pdist(seen + 0.3 * rng.normal(size=seen.shape)) for _ in range(4)])
    return attribute_effects(raters, labels, n_permutations=300, rng=rng)


def test_the_mean_of_one_profile_is_that_profile() -> None:
    profile = a_profile(1)
    mean, compared = mean_profile([profile]), profile.comparison
    assert mean.best == profile.best
    assert mean.not_worse == profile.not_worse
    assert mean.ceiling == compared.ceiling
    np.testing.assert_allclose(mean.similarity, compared.similarity)
    np.testing.assert_allclose(mean.interval, compared.interval)
    np.testing.assert_allclose(mean.p_difference, compared.p_difference)


def test_the_error_of_a_mean_shrinks_with_the_sets_and_has_their_degrees_of_freedom() -> None:
    profile = a_profile(1)
    four = mean_profile([profile] * 4)
    np.testing.assert_allclose(four.standard_error, profile.comparison.standard_error / 2)
    # Welch and Satterthwaite: equal variances add up their degrees of freedom. Here 4 x 4 = 16, t = 2.120.
    assert profile.comparison.degrees_of_freedom == 4
    np.testing.assert_allclose(four.interval[:, 1] - four.similarity, 2.1199 * four.standard_error, rtol=1e-4)
    assert four.n_sets == 4


def test_several_sets_are_surer_of_the_best_layer_than_one() -> None:
    profiles = [a_profile(seed) for seed in range(3)]
    mean = mean_profile(profiles)
    np.testing.assert_allclose(mean.similarity, np.mean([one.comparison.similarity for one in profiles], axis=0))
    assert mean.names[mean.best] == "middle"
    assert mean.not_worse == (1,)


def test_layers_that_score_the_same_do_not_differ() -> None:
    profile = a_profile(1)
    same = replace(
        profile.comparison,
        similarity=np.full(3, 0.5),
        difference=np.zeros((3, 3)),
        difference_error=np.zeros((3, 3)),
    )
    mean = mean_profile([replace(profile, comparison=same)] * 2)
    assert mean.not_worse == (0, 1, 2)
    np.testing.assert_array_equal(mean.p_difference[np.triu_indices(3, 1)], 1.0)


def test_profiles_that_differ_in_kind_are_not_averaged() -> None:
    with pytest.raises(ValueError, match="there is no profile"):
        mean_profile([])
    with pytest.raises(ValueError, match="agree in method"):
        mean_profile([a_profile(1), a_profile(2, method="pearson")])


def test_effects_are_averaged_and_their_p_added_up_as_scipy_does() -> None:
    sets = [some_effects(seed) for seed in range(4)]
    mean = mean_effects(sets)
    of_sets = np.array([[effect.value for effect in one.effects] for one in sets])
    np.testing.assert_allclose(mean.effects, of_sets.mean(axis=0))
    for k in range(2):
        one_sided = [one.p[k] / 2 if one.effects[k].value > 0 else 1 - one.p[k] / 2 for one in sets]
        greater = combine_pvalues(one_sided, method="stouffer").pvalue
        np.testing.assert_allclose(mean.p[k], 2 * min(greater, 1 - greater))
    assert mean.p[0] < 0.001
    assert mean.p[1] > 0.05
    low, high = mean.intervals[0]
    assert low < mean.effects[0] < high


def test_a_single_set_gives_its_own_p_and_no_interval_over_sets() -> None:
    one = some_effects(1)
    mean = mean_effects([one])
    np.testing.assert_allclose(mean.p, one.p)
    assert np.isnan(mean.intervals).all()


def test_effects_of_other_attributes_are_not_averaged() -> None:
    one = some_effects(1)
    with pytest.raises(ValueError, match="same attributes"):
        mean_effects([one, replace(one, names=("sex", "other"))])
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_effects([one], level=1.0)


def test_the_simulated_study_finds_what_was_put_in() -> None:
    options = argparse.Namespace(
        sets=2, clips=18, raters=8, runs=1, small_clips=8, small_raters=3, minutes=4.0, seed=0, processes=1
    )
    measured = bench.measure(options)
    assert measured["sizes"] == [18, 17]
    assert measured["layers"]["best"] in {"fc6", "fc7"}
    assert "conv1" not in measured["layers"]["not_worse"]
    assert measured["effects"]["gender"]["p"] < bench.ALPHA
    assert min(measured["recovered"]) > 0.6
    parts = measured["partition"]
    assert parts["network"] > parts["early layer"]
    assert sum(parts.values()) == pytest.approx(measured["adjusted_r2"]["attributes + early layer + network"])
    assert "best layer: " in bench.report(measured)


def test_models_and_attributes_are_compared_in_each_set_and_averaged() -> None:
    rng = np.random.default_rng(4)
    sets = [ClipSet("a", tuple(range(8))), ClipSet("b", tuple(range(8, 16))), ClipSet("c", tuple(range(16, 24)))]
    labels = np.arange(24) % 2
    seen = np.column_stack([2.0 * labels, rng.normal(size=(24, 2))])
    pairs = [pairs_within(np.array(one.items), 24) for one in sets]
    table = np.full((9, 276), np.nan)
    for rater, row in enumerate(table):
        mine = pairs[rater % 3]
        row[mine] = pdist(seen + 0.3 * rng.normal(size=seen.shape))[mine]
    models = np.array([pdist(seen[:, 1:]), pdist(rng.normal(size=(24, 3)))])
    options = ModelOptions("pearson", n_boot=100, n_permutations=99, parts=AskedParts(explain=("m: one", "m: two")))
    found = compare_candidates(
        table,
        [f"P{k}" for k in range(9)],
        [f"c{k}" for k in range(24)],
        [Candidates("m", "layers", ("one", "two"), models)],
        [Attribute("sex", tuple("mf"[label] for label in labels))],
        options,
        sets=sets,
    )
    in_sets = found.in_sets
    assert [(one.name, one.n_raters, one.n_clips) for one in in_sets.sets] == [("a", 3, 8), ("b", 3, 8), ("c", 3, 8)]
    alone = compare_models(table[1::3, pairs[1]], models[:, pairs[1]], method="pearson", n_boot=100)
    np.testing.assert_allclose([one.value for one in in_sets.sets[1].scores[:2]], alone.similarity)
    assert in_sets.sets[1].ceiling_low == pytest.approx(alone.ceiling.lower)
    of_first = [one.scores[0].value for one in in_sets.sets]
    reach = t.ppf(0.975, 2) * np.std(of_first, ddof=1) / np.sqrt(3)
    mean = in_sets.scores[0]
    assert (mean.name, mean.n_sets) == ("m: one", 3)
    np.testing.assert_allclose((mean.mean, mean.high), (np.mean(of_first), np.mean(of_first) + reach))
    effects = [
        attribute_effects(table[k::3, mine], {"sex": labels[list(one.items)].tolist()}, n_permutations=9)
        for k, (one, mine) in enumerate(zip(sets, pairs, strict=True))
    ]
    assert in_sets.effects[0].mean == pytest.approx(mean_effects(effects).effects[0])
    # Shares of variance are those of each set, averaged.
    partitions = [
        variance_partition(table[k::3, mine], {"m: one": models[0, mine], "m: two": models[1, mine]})
        for k, mine in enumerate(pairs)
    ]
    expected = mean_partition(partitions)
    assert {one.blocks: one.share for one in found.parts.shares} == pytest.approx(expected.parts)
    assert found.parts.n_pairs == 3 * 28
    rows = model_rows(found, "models_in_sets")
    assert [row["set"] for row in rows if row["name"] == "m: one"] == ["a", "b", "c", None]
    assert len(in_sets_figure(found, in_sets.scores, "r").axes[0].lines) == 3 * 3 + 1
    assert "each of 3 sets of clips by itself" in " ".join(models_methods(found))


def test_in_a_cohort_each_set_is_compared_by_the_rdm_of_all_its_trials() -> None:
    rng = np.random.default_rng(6)
    sets = [ClipSet("a", tuple(range(10))), ClipSet("b", tuple(range(9, 19))), ClipSet("c", (18, 19, 20))]
    seen = rng.normal(size=(21, 3))
    truth = squareform(pdist(seen))
    parts = []
    for number, one in enumerate(sets[:2]):
        of_set = to_condensed(truth[np.ix_(one.items, one.items)])
        trials = {
            f"P{rater}": [
                place_items(of_set, np.sort(rng.permutation(10)[:6]), behaviour=Behaviour(noise=0.05), rng=rng)
                for _ in range(3)
            ]
            # Four raters have both sets.
            for rater in range(8 * number, 8 * number + 12)
        }
        parts.append(TrialsOfSet(one, estimate_together(trials, 10, "combined"), trials))
    joint = joint_rdms_of_sets([*parts, TrialsOfSet(sets[2], None, {})], 21, "combined")
    assert joint is not None
    assert (joint.n_raters, [one.n_raters for one in joint.sets]) == (20, [12, 12, 0])
    assert joint.without.shape == (10, 210)
    pairs = [pairs_within(np.array(one.items), 21) for one in sets]
    for part, mine in zip(parts, pairs, strict=False):
        of_set = part.together.estimate.seen_rdm
        np.testing.assert_allclose(joint.rdm[mine], of_set / np.sqrt(np.nanmean(of_set**2)))
    # Clips of different sets were never judged against one another, nor those of the set that nobody had.
    assert np.isnan(np.delete(joint.rdm, np.concatenate(pairs))).all()
    models = np.array([pdist(seen), pdist(rng.normal(size=(21, 3)))])
    found = compare_candidates(
        np.full((20, 210), np.nan),
        [f"P{k}" for k in range(20)],
        [f"c{k}" for k in range(21)],
        [Candidates("m", "rdms", ("true", "other"), models)],
        [Attribute("sex", tuple("mf"[k % 2] for k in range(21)))],
        ModelOptions("pearson", n_boot=100, n_permutations=99),
        sets=sets,
        joint=joint,
    )
    assert (found.is_joint, found.scores[0].score > 0.7) == (True, True)
    assert found.scores[0].low > found.scores[1].score
    first = found.in_sets.sets[0]
    alone = compare_joint(
        joint.sets[0].rdm, joint.sets[0].without, models[:, pairs[0]], method="pearson", n_boot=100, rng=seeded(0)
    )
    np.testing.assert_allclose([one.value for one in first.scores[:2]], alone.similarity)
    np.testing.assert_allclose([one.low for one in first.scores[:2]], alone.interval[:, 0])
    assert [(one.n_raters, len(one.scores), len(one.effects)) for one in found.in_sets.sets] == [
        (12, 3, 1),
        (12, 3, 1),
        (0, 0, 0),
    ]
    assert found.in_sets.scores[0].n_sets == 2
    assert "Set c: Models are not compared: there are too few raters and clips." in found.in_sets.remarks
    assert "The RDMs of the sets have a mean reliability" in " ".join(found.remarks)
    assert "with the RDM of each of 3 sets" in " ".join(models_methods(found))
    assert joint_rdms_of_sets([TrialsOfSet(sets[2], None, {})], 21, "combined") is None
