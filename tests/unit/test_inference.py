"""Comparing models: samples with weights, tests, corrections, permutations, and the same numbers everywhere.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis import compare_models, noise_ceiling, reliability
from analysis.inference import adjust, mantel, weighted
from analysis.inference.scores import prepare, sample_of_items, scores
from analysis.pooling import pool
from analysis.rdm import to_condensed, to_square
from analysis.reliability import growth, raters_needed
from analysis.similarity import COEFFICIENTS, similarity

N_ITEMS = 9
ROW, COL = np.triu_indices(N_ITEMS, 1)


def study(seed: int, n_raters: int = 5, missing: float = 0.0, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Raters, and three models: the truth, categories (with ties), and chance."""
    rng = np.random.default_rng(seed)
    truth = rng.random(ROW.size)
    rdms = truth + noise * rng.random((n_raters, ROW.size))
    rdms[rng.random(rdms.shape) < missing] = np.nan
    return rdms, np.array([truth, (truth > 0.5).astype(float), rng.random(ROW.size)])


def with_copies(rdms: np.ndarray, items: np.ndarray) -> np.ndarray:
    """RDMs over the items drawn, copies and all; pairs of copies are left out."""
    drawn = np.repeat(np.arange(N_ITEMS), items)
    upper = np.triu_indices(drawn.size, 1)
    different = drawn[upper[0]] != drawn[upper[1]]
    return np.array([to_square(rdm)[np.ix_(drawn, drawn)][upper][different] for rdm in rdms])


def wide(rows: np.ndarray) -> np.ndarray:
    """Rows padded with missing pairs up to a number of pairs that some number of items has."""
    n = rows.shape[1]
    items = int(np.ceil((1 + np.sqrt(1 + 8 * n)) / 2))
    return np.hstack([rows, np.full((len(rows), items * (items - 1) // 2 - n), np.nan)])


@pytest.mark.parametrize("method", COEFFICIENTS)
@given(seed=st.integers(0, 10_000), missing=st.sampled_from([0.0, 0.25]))
@settings(max_examples=15, deadline=None)
def test_weights_are_copies(method, seed, missing):
    rdms, models = study(seed, missing=missing)
    rng = np.random.default_rng(seed)
    items = rng.multinomial(N_ITEMS, np.full(N_ITEMS, 1 / N_ITEMS))
    raters = rng.multinomial(5, np.full(5, 0.2))
    # Fewer items leave raters with two pairs, copied, which are no ground for a correlation.
    assume((items > 0).sum() >= 6)
    sample = sample_of_items(prepare(rdms, models, method), (items[ROW] * items[COL]).astype(float))
    copies = similarity(wide(with_copies(rdms, items)), wide(with_copies(models, items)), method=method)
    assert sample.similarities == pytest.approx(copies, nan_ok=True)
    means = scores(sample, raters[None].astype(float))[0]
    defined = np.isfinite(copies)
    by_hand = (raters[:, None] * np.where(defined, copies, 0)).sum(axis=0) / (raters[:, None] * defined).sum(axis=0)
    assert means[:3] == pytest.approx(by_hand, nan_ok=True)
    everyone = scores(sample, np.ones((1, 5)))[0]
    ceiling = noise_ceiling(wide(with_copies(rdms, items)), method=method)
    assert everyone[3:] == pytest.approx([ceiling.lower, ceiling.upper])


def test_tau_of_many_pairs_is_that_of_few(monkeypatch):
    rng = np.random.default_rng(0)
    x, y, w = rng.integers(0, 20, 120) * 1.0, rng.integers(0, 5, (3, 120)) * 1.0, rng.integers(1, 4, 120) * 1.0
    few = weighted.one_with_many(x, y, w, "tau_a")
    monkeypatch.setattr(weighted, "FEW_PAIRS", 10)
    assert weighted.one_with_many(x, y, w, "tau_a") == pytest.approx(few)


@pytest.mark.parametrize("missing", [0.0, 0.25])
@pytest.mark.parametrize("method", COEFFICIENTS)
def test_a_sample_of_raters_has_the_ceiling_of_its_members(method, missing):
    rdms, models = study(3, missing=missing)
    raters = np.array([2.0, 0, 1, 0, 2])
    whole = sample_of_items(prepare(rdms, models, method), np.ones(ROW.size))
    lower, upper = scores(whole, raters[None])[0, 3:]
    members = np.repeat(np.arange(5), raters.astype(int))
    best = pool(rdms[members], method)
    assert upper == pytest.approx(similarity(rdms[members], best, method=method).mean())
    left_out = [similarity(rdms[r], pool(rdms[members[members != r]], method), method=method)[0, 0] for r in members]
    assert lower == pytest.approx(np.mean(left_out))


@pytest.mark.parametrize("method", COEFFICIENTS)
def test_scores_are_means_over_raters_and_the_truth_wins(method):
    rdms, models = study(0, n_raters=8)
    comparison = compare_models(rdms, models, method=method, names=["truth", "categories", "chance"], n_boot=60)
    assert comparison.by_rater == pytest.approx(similarity(rdms, models, method=method))
    assert comparison.similarity == pytest.approx(comparison.by_rater.mean(axis=0))
    assert comparison.similarity.argmax() == 0
    ceiling = noise_ceiling(rdms, method=method)
    assert comparison.ceiling == ceiling
    assert comparison.difference[0, 2] == pytest.approx(comparison.similarity[0] - comparison.similarity[2])
    assert comparison.p_difference[0, 2] == comparison.p_difference[2, 0] < 0.12
    assert np.isnan(np.diag(comparison.p_difference)).all()
    assert comparison.p_above_zero[0] < 0.02
    assert comparison.p_below_ceiling[2] < 0.12
    assert (comparison.interval[:, 0] < comparison.similarity).all()
    assert comparison.degrees_of_freedom == 7


def test_the_standard_error_over_raters_is_the_standard_error_of_the_mean():
    rdms, models = study(1, n_raters=12)
    comparison = compare_models(rdms, models, resample="raters", n_boot=4000, method="pearson")
    by_rater = similarity(rdms, models)
    assert comparison.standard_error == pytest.approx(by_rater.std(axis=0, ddof=1) / np.sqrt(12), rel=0.06)
    paired = by_rater[:, 0] - by_rater[:, 1]
    assert comparison.difference_error[0, 1] == pytest.approx(paired.std(ddof=1) / np.sqrt(12), rel=0.06)


def test_the_standard_error_over_both_is_the_spread_over_new_studies():
    # New raters and new items: a truth and a model that are noisy functions of the items' places in a plane.
    rng = np.random.default_rng(2)

    def draw() -> tuple[np.ndarray, np.ndarray]:
        places = rng.normal(size=(14, 2))
        truth = to_condensed(np.abs(places[:, None] - places[None]).sum(axis=-1))
        model = to_condensed(np.abs(places[:, None, 0] - places[None, :, 0]))
        kind = rng.normal(size=(10, 1))
        return truth + 0.6 * kind * model + rng.normal(size=(10, truth.size)), model[None]

    studies = [draw() for _ in range(400)]
    spread = np.std([similarity(rdms, model).mean() for rdms, model in studies])
    errors = [
        compare_models(rdms, model, method="pearson", n_boot=100).standard_error[0] for rdms, model in studies[:40]
    ]
    assert np.mean(errors) == pytest.approx(spread, rel=0.3)


def test_a_model_and_its_copy_do_not_differ():
    rdms, models = study(2)
    comparison = compare_models(rdms, models[[0, 0]], n_boot=30, names=["a", "b"])
    assert comparison.difference[0, 1] == 0
    assert comparison.p_difference[0, 1] == 1


@pytest.mark.parametrize("resample", ["both", "items"])
@pytest.mark.parametrize("method", ["pearson", "cosine", "spearman", "rho_a", "tau_a"])
def test_a_sample_of_one_item_alone_counts_as_undefined(method, resample):
    """Of four items one in 64 samples is such."""
    rng = np.random.default_rng(0)
    comparison = compare_models(
        rng.random((2, 6)), rng.random((2, 6)), method=method, resample=resample, n_boot=200, rng=rng
    )
    assert 100 < comparison.n_defined < 200
    assert np.isfinite(comparison.standard_error).all()


@pytest.mark.parametrize("resample", ["both", "raters", "items"])
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_every_way_of_drawing_gives_numbers_with_missing_pairs_too(resample, missing):
    rdms, models = study(4, missing=missing)
    comparison = compare_models(rdms, models, resample=resample, n_boot=40)
    assert (comparison.standard_error > 0).all()
    assert comparison.n_defined == comparison.n_boot == 40
    assert np.isfinite(comparison.p_below_ceiling).all()
    assert comparison.degrees_of_freedom == {"both": 4, "raters": 4, "items": 8}[resample]


def test_both_is_never_surer_than_either():
    rdms, models = study(5)
    errors = {
        resample: compare_models(rdms, models, resample=resample, n_boot=400, method="pearson").standard_error
        for resample in ("both", "raters", "items")
    }
    assert (errors["both"] >= 0.9 * errors["raters"]).all()
    assert (errors["both"] >= 0.9 * errors["items"]).all()


def test_the_seed_decides_and_the_number_of_processes_does_not():
    rdms, models = study(6)
    seen = []
    one = compare_models(
        rdms, models, n_boot=120, rng=np.random.default_rng(3), progress=lambda done, total: seen.append((done, total))
    )
    two = compare_models(rdms, models, n_boot=120, rng=np.random.default_rng(3), n_jobs=2)
    other = compare_models(rdms, models, n_boot=120, rng=np.random.default_rng(4))
    assert seen == [(50, 120), (100, 120), (120, 120)]
    assert np.array_equal(one.standard_error, two.standard_error)
    assert np.array_equal(one.difference_error, two.difference_error)
    assert not np.array_equal(one.standard_error, other.standard_error)


def test_a_single_rater_is_compared_over_items_without_a_ceiling():
    rdms, models = study(7, n_raters=1)
    comparison = compare_models(rdms, models, resample="items", n_boot=40)
    assert np.isfinite(comparison.standard_error).all()
    assert "two raters" in comparison.ceiling.reason
    assert np.isnan(comparison.p_below_ceiling).all()


def call(**options):
    rdms, models = study(0)
    return compare_models(options.pop("rdms", rdms), options.pop("models", models), n_boot=10, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": np.ones((1, 36))}, "model 0 is constant"),
        ({"models": np.where(np.arange(36) == 3, np.nan, np.arange(36.0))}, "model 0 has 1 missing pairs"),
        ({"models": np.arange(10.0)}, "36 pairs, the models 10"),
        ({"names": ["a", "a", "b"]}, "different name"),
        ({"rdms": np.arange(36.0)}, "single rater"),
        ({"resample": "pairs"}, "both, raters or items"),
        ({"method": "kendall"}, "one of pearson"),
        ({"correction": "lsd"}, "one of fdr"),
        ({"level": 2}, "level"),
        ({"rdms": np.ones((2, 36))}, "no rater's RDM varies"),
        ({"rdms": np.random.default_rng(0).random((3, 3)), "models": np.arange(3.0)}, "3 items are too few"),
        ({"n_jobs": 0}, "n_jobs"),
    ],
)
def test_what_cannot_be_compared_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        call(**{"method": "pearson", **options})


def test_adjusted_p_values_are_their_definitions():
    p = np.array([0.01, 0.04, 0.03, np.nan, 0.005])
    assert adjust(p, "none") == pytest.approx(p, nan_ok=True)
    assert adjust(p, "bonferroni") == pytest.approx([0.04, 0.16, 0.12, np.nan, 0.02], nan_ok=True)
    assert adjust(p, "holm") == pytest.approx([0.03, 0.06, 0.06, np.nan, 0.02], nan_ok=True)
    assert adjust(p, "fdr") == pytest.approx([0.02, 0.04, 0.04, np.nan, 0.02], nan_ok=True)
    assert adjust([], "fdr").size == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust([1.5], "holm")


@pytest.mark.parametrize("method", COEFFICIENTS)
def test_mantel_approaches_the_share_of_all_permutations(method):
    rng = np.random.default_rng(1)
    model = np.round(rng.random(10), 1)
    rdms = model + rng.random((3, 10))
    square = to_square(model)
    every = np.array([to_condensed(square[np.ix_(order, order)]) for order in permutations(range(5))])
    null = similarity(pool(rdms, method), every, method=method)[0]
    exact = (null >= null[0] - 1e-12).mean()
    mantel_test = mantel(rdms, model, method=method, n_permutations=1000 if method == "tau_a" else 6000)
    assert mantel_test.similarity[0] == pytest.approx(null[0])
    assert mantel_test.p[0] == pytest.approx(exact, abs=0.04 if method == "tau_a" else 0.02)
    assert mantel_test.p_max[0] == pytest.approx(mantel_test.p[0])


def test_mantel_with_missing_pairs_and_the_maximum_over_models():
    rdms, models = study(8, missing=0.1)
    mantel_test = mantel(rdms, models, method="spearman", n_permutations=200)
    assert (mantel_test.p_max >= mantel_test.p - 1e-12).all()
    assert mantel_test.p[0] == pytest.approx(1 / 201)
    assert mantel_test.p[2] > 0.02
    again = mantel(rdms, models, method="spearman", n_permutations=200)
    assert np.array_equal(mantel_test.p_max, again.p_max)


def test_mantel_holds_its_error_rate_over_models():
    hits = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        mantel_test = mantel(rng.random((1, 28)), rng.random((5, 28)), method="pearson", n_permutations=99, rng=rng)
        hits += mantel_test.p_max.min() <= 0.05
    assert 1 <= hits <= 20


@pytest.mark.parametrize(
    ("rdms", "models", "message"),
    [
        (np.ones((2, 6)), np.arange(6.0), "no rater's RDM varies"),
        (np.arange(6.0), np.ones(6), "model 0 has no defined"),
        (np.arange(6.0), np.arange(10.0), "6 pairs, the models 10"),
        (np.arange(6.0), np.array([1, 2, np.nan, 4, 5, 6]), "model 0 has missing"),
    ],
)
def test_what_cannot_be_permuted_is_refused(rdms, models, message):
    with pytest.raises(ValueError, match=message):
        mantel(rdms, models, method="pearson")


def test_the_true_model_comes_out_below_the_ceiling_in_no_more_than_alpha_of_studies():
    """Two-sided, the true model was significant in half of the studies: for being above the lower bound."""
    truth = np.random.default_rng(0).uniform(0.5, 1.5, size=66)
    p_true, p_wrong = [], []
    for seed in range(60):
        rng = np.random.default_rng([1, seed])
        rdms = truth + 0.6 * rng.normal(size=(20, 66))
        wrong = truth + 0.6 * rng.normal(size=66)
        comparison = compare_models(
            rdms, [truth, wrong], method="pearson", resample="raters", n_boot=60, correction="none", rng=rng
        )
        p_true.append(comparison.p_below_ceiling[0])
        p_wrong.append(comparison.p_below_ceiling[1])
    # At a rate of .05 more than 7 of 60 come up in 1 of 100 runs of this test.
    assert np.sum(np.array(p_true) <= 0.05) <= 7
    assert np.mean(np.array(p_wrong) <= 0.05) > 0.9
    assert np.median(p_true) > 0.5


@pytest.mark.parametrize(("value", "said"), [(1e150, "too large"), (1e300, "too large"), (1e-150, "too small")])
def test_numbers_that_squares_cannot_hold_are_refused_by_name(value, said):
    rng = np.random.default_rng(0)
    rdms = rng.uniform(0.5, 1.5, size=(3, 15))
    extreme = rdms.copy()
    extreme[1] *= value
    model = rng.uniform(size=15)
    for compute in (
        lambda: similarity(extreme),
        lambda: similarity(rdms, value * model),
        lambda: noise_ceiling(extreme),
        lambda: reliability(extreme),
        lambda: growth(extreme),
        lambda: raters_needed(extreme, 0.8),
        lambda: compare_models(extreme, model, n_boot=10),
        lambda: compare_models(rdms, value * model, n_boot=10),
    ):
        with pytest.raises(ValueError, match=said):
            compute()


def test_a_rater_of_zeros_is_named():
    rng = np.random.default_rng(0)
    rdms = rng.uniform(0.5, 1.5, size=(4, 15))
    rdms[2] = 0.0
    with pytest.raises(ValueError, match="rater 2 is constant"):
        compare_models(rdms, rng.uniform(size=15), n_boot=10)
    assert "rater 2" in noise_ceiling(rdms).reason
    names = ["P001", "P002", "P003", "P004"]
    coefficients = reliability(rdms, names=names)
    assert "P003 (no variation" in coefficients.leave_one_out.reason
    assert "P003" in noise_ceiling(rdms, names=names).reason
    assert "3 pairs of raters" in coefficients.pairwise_pearson.reason


def test_two_opposite_raters_are_said_to_cancel_each_other_out():
    one = np.random.default_rng(0).uniform(0.5, 1.5, size=15)
    rdms = np.array([one, 2.0 - one])
    coefficients = reliability(rdms)
    assert coefficients.pairwise_pearson.value == pytest.approx(-1)
    assert coefficients.leave_one_out.value == pytest.approx(-1)
    for name in ("cronbach_alpha", "icc_3_k"):
        coefficient = getattr(coefficients, name)
        assert np.isnan(coefficient.value), name
        assert "cancel each other out" in coefficient.reason, name
    for method in ("pearson", "spearman"):
        ceiling = noise_ceiling(rdms, method=method)
        assert np.isnan(ceiling.upper)
        assert "cancel each other out" in ceiling.reason
