"""Attributes, variance partitioning, partial correlations, and weighted models."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata, spearmanr

from analysis.models import (
    attribute_effects,
    attribute_rdm,
    fit_weights,
    mean_partition,
    partial_correlation,
    partial_tests,
    variance_partition,
    weighted_model,
)
from analysis.pooling import pool
from analysis.rdm import to_condensed, to_square
from analysis.similarity import similarity

N = 8
ROW, COL = np.triu_indices(N, 1)
GENDER = ["f", "m", "f", "m", "f", "m", "f", "m"]
AGE = ["old", "old", "old", "young", "young", "young", "young", "old"]


def raters(seed: int, n_raters: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return attribute_rdm(GENDER) + 0.5 * rng.random((n_raters, ROW.size))


def test_an_attributes_effect_is_between_less_within_in_z():
    x = raters(0)
    effects = attribute_effects(x, {"gender": GENDER, "age": AGE}, n_permutations=50)
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    for column, labels in enumerate((GENDER, AGE)):
        differ = attribute_rdm(labels) == 1
        by_hand = z[:, differ].mean(axis=1) - z[:, ~differ].mean(axis=1)
        assert effects.by_rater[:, column] == pytest.approx(by_hand)
        assert effects.effects[column].value == pytest.approx(by_hand.mean())
        reach = 2.7764451 * by_hand.std(ddof=1) / np.sqrt(5)
        assert effects.effects[column].interval == pytest.approx((by_hand.mean() - reach, by_hand.mean() + reach))
    assert effects.names == ("gender", "age")
    assert effects.effects[0].value > 1.5


def test_labels_are_permuted():
    x = raters(1, n_raters=2)
    effects = attribute_effects(x, {"gender": GENDER}, n_permutations=3000)
    z = ((x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)).mean(axis=0)
    every = []
    for order in set(permutations(GENDER)):
        differ = attribute_rdm(list(order)) == 1
        every.append(z[differ].mean() - z[~differ].mean())
    every = np.array(every) - np.mean(every)
    observed = effects.effects[0].value - np.mean(every)
    exact = (np.abs(every) >= observed - 1e-9).mean()
    assert effects.p[0] == pytest.approx(exact, abs=0.02)
    assert effects.p_max[0] == effects.p[0]


def test_the_largest_attribute_holds_the_error_rate():
    hits = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        labels = {str(a): rng.permutation([0, 0, 0, 0, 1, 1, 1, 1]).tolist() for a in range(4)}
        effects = attribute_effects(rng.random((2, ROW.size)), labels, n_permutations=99, rng=rng)
        assert (effects.p_max >= effects.p).all()
        hits += effects.p_max.min() <= 0.05
    assert 0 < hits <= 12


def test_unknown_labels_and_missing_pairs_are_left_out():
    x = raters(2)
    x[0, :5] = np.nan
    labels = [*GENDER[:6], None, ""]
    effects = attribute_effects(x, {"gender": labels}, n_permutations=60)
    z = (x - np.nanmean(x, axis=1, keepdims=True)) / np.nanstd(x, axis=1, keepdims=True)
    known = (ROW < 6) & (COL < 6)
    differ = attribute_rdm(GENDER) == 1
    for rater in range(5):
        here = known & np.isfinite(x[rater])
        by_hand = z[rater, here & differ].mean() - z[rater, here & ~differ].mean()
        assert effects.by_rater[rater, 0] == pytest.approx(by_hand)
    assert 0 < effects.p[0] <= 1


@pytest.mark.parametrize("unknown", [float("nan"), "", pd.NA])
def test_an_empty_cell_is_no_label_whatever_a_table_has_there(unknown):
    rdms = raters(0)
    known = attribute_effects(rdms, {"gender": [None, None, *GENDER[2:]]}, n_permutations=50)
    found = attribute_effects(rdms, {"gender": [unknown, unknown, *GENDER[2:]]}, n_permutations=50)
    np.testing.assert_array_equal(found.by_rater, known.by_rater)
    assert found.p == known.p
    with pytest.raises(ValueError, match="clip 1 has no value"):
        attribute_rdm(["a", unknown, unknown])


def test_attribute_rdms():
    assert attribute_rdm(["a", "b", "a"]).tolist() == [1, 0, 1]
    assert attribute_rdm([1, 4, 6], kind="number").tolist() == [3, 5, 2]


def test_the_unit_of_ratings_moves_no_rank_measure():
    rng = np.random.default_rng(2)
    ratings = rng.integers(0, 6, N)
    whole, tenths = attribute_rdm(ratings, kind="number"), attribute_rdm(ratings / 10, kind="number")
    assert tenths == pytest.approx(whole / 10)
    row = whole + rng.normal(size=ROW.size)
    assert similarity(row, tenths, method="spearman")[0, 0] == pytest.approx(spearmanr(row, whole).statistic)
    assert similarity(row, tenths, method="tau_a") == pytest.approx(similarity(row, whole, method="tau_a"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attribute_effects(raters(0), {"gender": GENDER[:5]}), "'gender' has 5 labels for 8 clips"),
        (lambda: attribute_effects(raters(0), {"one": ["x"] * 8}), "'one' leaves no pairs"),
        (lambda: attribute_effects(raters(0), {}), "no attributes"),
        (lambda: attribute_effects(raters(0), {"gender": GENDER}, level=3), "level"),
        (lambda: attribute_rdm([1], kind="colour"), "category or number"),
        (lambda: attribute_rdm([1, np.nan], kind="number"), "finite"),
        (lambda: attribute_rdm([[1, 2, 3]], kind="number"), "one value for each clip"),
        (lambda: variance_partition(raters(0), {}), "1 to 10 predictors"),
        (lambda: variance_partition(raters(0), {"a": np.arange(3.0)}), "'a' must have 28 pairs"),
        (lambda: variance_partition(np.arange(3.0), {"a": [[1.0, 2, 4], [1, 0, 0]]}), "too few"),
        (lambda: variance_partition(np.ones(28), {"a": np.arange(28.0)}), "too few|vary"),
        (lambda: mean_partition([]), "same predictors"),
        (lambda: partial_correlation(raters(0), np.arange(3.0), np.arange(28.0)), "28 pairs"),
        (lambda: partial_correlation(raters(0), np.arange(28.0), np.arange(28.0), method="tau_a"), "spearman or"),
        (lambda: fit_weights(raters(0), -np.ones(28)), "not negative"),
        (lambda: fit_weights(raters(0), np.zeros(28)), "component 0 is 0"),
        (lambda: fit_weights(raters(0), np.ones(3)), "28 pairs, the components 3"),
        (lambda: weighted_model(raters(0)[:1], np.ones(28)), "two raters"),
        (lambda: weighted_model(raters(0), np.ones(28)), "fewer than 3 in a fold"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def adjusted(y: np.ndarray, *columns: np.ndarray) -> float:
    design = np.column_stack([np.ones(y.size), *columns])
    fitted = design @ np.linalg.solve(design.T @ design, design.T @ y)
    r2 = np.corrcoef(fitted, y)[0, 1] ** 2
    return 1 - (1 - r2) * (y.size - 1) / (y.size - len(columns) - 1)


def test_variance_is_parted_by_inclusion_and_exclusion():
    rng = np.random.default_rng(3)
    a, b, c = rng.random((3, 45))
    b += 0.5 * a
    y = a + b + 0.3 * c + rng.random(45)
    partition = variance_partition(y, {"b": b, "a": a, "c": c})
    assert partition.adjusted_r2["a",] == pytest.approx(adjusted(y, a))
    assert partition.adjusted_r2["a", "b", "c"] == pytest.approx(adjusted(y, a, b, c))
    assert partition.parts["a",] == pytest.approx(adjusted(y, a, b, c) - adjusted(y, b, c))
    # What a and b share, but not c.
    assert partition.parts["a", "b"] == pytest.approx(
        adjusted(y, a, c) + adjusted(y, b, c) - adjusted(y, c) - adjusted(y, a, b, c)
    )
    assert sum(partition.parts.values()) == pytest.approx(partition.adjusted_r2["a", "b", "c"])
    with_a = sum(part for names, part in partition.parts.items() if "a" in names)
    assert with_a == pytest.approx(partition.adjusted_r2["a",])
    grouped = variance_partition(y, {"ab": np.array([a, b]), "c": c})
    assert grouped.adjusted_r2["ab",] == pytest.approx(adjusted(y, a, b))
    half = mean_partition([partition, variance_partition(y + rng.random(45), {"a": a, "b": b, "c": c})])
    assert half.n_pairs == 90
    assert half.parts["a",] < partition.parts["a",] or half.parts["b",] < partition.parts["b",]


@pytest.mark.parametrize(("size", "offset"), [(1e-14, 0), (1e17, 0), (1, 1e9)])
def test_shares_and_partial_correlations_do_not_depend_on_a_models_unit(size, offset):
    rng = np.random.default_rng(8)
    one, two = rng.random((2, 28))
    rdms = one + two + rng.random((3, 28))
    moved = size * two + offset
    want, found = (variance_partition(rdms, {"a": one, "b": b}) for b in (two, moved))
    assert list(found.parts.values()) == pytest.approx(list(want.parts.values()), abs=1e-6)
    assert found.adjusted_r2["a", "b"] == pytest.approx(adjusted(pool(rdms), one, two))
    partial = partial_correlation(rdms, one, np.array([two, one**2]), method="pearson")
    again = partial_correlation(rdms, one, np.array([moved, one**2]), method="pearson")
    assert again == pytest.approx(partial, abs=1e-6)
    p, at_unit = (
        partial_tests(rdms, one, np.array([b, one**2]), method="pearson", n_permutations=99).p for b in (moved, two)
    )
    assert p == at_unit


def test_missing_pairs_have_no_share():
    rng = np.random.default_rng(4)
    a, y = rng.random(45), rng.random(45)
    thin = y.copy()
    thin[::3] = np.nan
    kept = np.isfinite(thin)
    partition = variance_partition(thin, {"a": a})
    assert partition.n_pairs == 30
    assert partition.adjusted_r2["a",] == pytest.approx(adjusted(y[kept], a[kept]))


def test_partial_correlation_is_the_textbooks():
    rng = np.random.default_rng(5)
    control = rng.random(45)
    model = control + rng.random(45)
    rdms = control + rng.random((3, 45))
    rdms[1, :9] = np.nan
    correlations = partial_correlation(rdms, model, control)
    for rater, row in enumerate(rdms):
        here = np.isfinite(row)
        x, y, z = (rankdata(one[here]) for one in (row, model, control))
        r = np.corrcoef([x, y, z])
        by_hand = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
        assert correlations[rater] == pytest.approx(by_hand)
    assert np.isnan(partial_correlation(rdms, control, control, method="pearson")).all()
    assert np.isnan(partial_correlation(np.where(np.arange(45) > 40, rdms, np.nan), model, control)).all()


def composed(seed: int, weights: np.ndarray, n_items: int = 15, n_raters: int = 8, noise: float = 0.05):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(len(weights), n_items, 2))
    parts = np.array([to_condensed(np.linalg.norm(f[:, None] - f[None], axis=-1)) for f in features])
    truth = np.sqrt(weights @ parts**2)
    return truth + noise * rng.random((n_raters, truth.size)), parts, truth


def test_weights_are_found_and_never_negative():
    true = np.array([2.0, 0.0, 0.5])
    rdms, parts, truth = composed(0, true, noise=1e-9)
    rms = np.sqrt((truth**2).mean())
    assert fit_weights(3 * rdms, parts) == pytest.approx(true / rms**2, abs=1e-6)
    assert (fit_weights(np.random.default_rng(0).random(rdms.shape), parts) >= 0).all()
    thin = rdms.copy()
    thin[:, ::4] = np.nan
    kept = np.arange(truth.size) % 4 > 0
    assert fit_weights(thin, parts) == pytest.approx(true / (truth[kept] ** 2).mean(), abs=1e-6)


def test_cross_validated_weights_beat_equal_ones_where_weights_matter():
    rdms, parts, truth = composed(1, np.array([2.0, 0.0, 0.2, 0.0]), noise=0.8)
    weighted = weighted_model(rdms, parts)
    assert weighted.cross_validated > weighted.equal_weights + 0.05
    assert weighted.by_fold.shape == (12, 2)
    assert similarity(weighted.rdm, truth)[0, 0] > 0.95
    again = weighted_model(rdms, parts)
    assert again.cross_validated == weighted.cross_validated
    rdms[np.random.default_rng(0).random(rdms.shape) < 0.2] = np.nan
    assert weighted_model(rdms, parts).cross_validated > 0.5


def test_noise_is_not_predicted_for_others():
    rng = np.random.default_rng(2)
    _, parts, _ = composed(2, np.ones(10))
    values = [weighted_model(rng.random((6, 105)), parts, rng=rng).cross_validated for _ in range(10)]
    assert abs(np.mean(values)) < 0.12


def test_squares_and_condensed_agree_on_items():
    # The components of held-out items are those items' own, whatever the folds: a perfect model predicts perfectly.
    rdms, parts, _ = composed(3, np.array([1.0, 1.0]), noise=0.0)
    assert weighted_model(rdms, parts, method="pearson").cross_validated == pytest.approx(1)
    shuffled = np.random.default_rng(0).permutation(15)
    moved = np.array([to_condensed(to_square(part)[np.ix_(shuffled, shuffled)]) for part in parts])
    assert weighted_model(rdms, moved, method="pearson").cross_validated < 0.6
