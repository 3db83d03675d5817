"""Axes of attributes, and predictions from the space of an RDM, against NumPy, scikit-learn and simulated truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from sklearn.linear_model import Ridge
from sklearn.model_selection import PredefinedSplit

from analysis.clip_sets import ClipSet, orders_within
from analysis.figures.axes import axis_congruence, predicted_attributes, specificity_of
from analysis.models import axis_test, congruence, coordinates, predict_ratings, prediction_null, space_of
from analysis.models.candidates import Candidates
from analysis.models.prediction import PENALTIES
from analysis.models.space import between_axes, places_along
from analysis.report.axes_tables import axes_tables
from analysis.results.axes import bounded
from analysis.results.axes_tables import AXES_TABLES
from analysis.results.compared import ModelOptions
from analysis.results.model_list import Attribute
from analysis.results.model_parts import AskedParts
from analysis.results.models import compare_candidates
from analysis.results.part_tables import part_rows, parts_methods
from analysis.results.predictions import best_predictor

N = 24


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def simulated(rng: np.random.Generator, effect: float) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """RDMs of 5 raters, the spaces of two models and two attributes; the first attribute is in raters and model 1."""
    attributes = rng.normal(size=(N, 2))
    shared = effect * attributes[:, :1]
    seen = pdist(np.hstack([rng.normal(size=(N, 3)), shared]))
    raters = np.abs(seen + 0.5 * rng.normal(size=(5, seen.size)))
    network = np.hstack([rng.normal(size=(N, 12)), 2 * shared])
    models = [space_of(pdist(network)), space_of(pdist(rng.normal(size=(N, 30)), "correlation"))]
    return raters, [one.squared for one in models], attributes


@pytest.mark.parametrize(
    ("distance", "of_squares"), [("euclidean", False), ("correlation", True), ("cosine", True), ("sqeuclidean", True)]
)
def test_the_space_of_an_rdm_is_that_of_the_activations(
    rng: np.random.Generator, distance: str, of_squares: bool
) -> None:
    x = rng.normal(size=(N, 50))
    space = space_of(pdist(x, distance))
    assert (space.of_squares, space.imaginary < 1e-9) == (of_squares, True)
    points = coordinates(space.squared)
    np.testing.assert_allclose(pdist(points, "sqeuclidean"), space.squared, atol=1e-9)
    # Raters' noise fits no space: such dissimilarities are distances, and negative ones are squares.
    noisy = space_of(rng.uniform(0.1, 1.0, size=N * (N - 1) // 2) ** 4)
    assert not noisy.of_squares
    assert noisy.imaginary > 0.1
    assert space_of(space.squared - 0.5 * space.squared.max()).of_squares


def test_predictions_from_an_rdm_are_scikit_learns_from_the_activations(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(N, 50)), rng.normal(size=(N, 2))
    y[:, 0] += x[:, :10].sum(axis=1)
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    predictions = predict_ratings(coordinates(space_of(pdist(x, "correlation")).squared), y, scale=False)
    expected = np.empty_like(y)
    for fold, (train, test) in enumerate(PredefinedSplit(predictions.folds).split()):
        size = np.linalg.svd(z[train] - z[train].mean(axis=0), compute_uv=False)[: len(train)]
        for k, share in enumerate(predictions.penalties[fold]):
            alpha = share * (size**2).mean()
            expected[test, k] = Ridge(alpha=alpha).fit(z[train], y[train, k]).predict(z[test])
    np.testing.assert_allclose(predictions.predicted, expected, atol=1e-9)
    assert set(predictions.penalties.ravel()) <= set(PENALTIES)
    # What is predicted of a fold does not follow from its own ratings: not the fit, and not the penalty.
    other = np.where((predictions.folds == 0)[:, None], 100 * rng.normal(size=y.shape), y)
    again = predict_ratings(coordinates(space_of(pdist(x, "correlation")).squared), other, scale=False)
    np.testing.assert_allclose(again.predicted[predictions.folds == 0], predictions.predicted[predictions.folds == 0])
    # Units change nothing.
    rescaled = predict_ratings(x, y * [1e9, 1e-9]).specificity
    np.testing.assert_allclose(rescaled, predict_ratings(x, y).specificity)
    # The order that changes nothing gives the correlations of the predictions themselves.
    null = prediction_null(x, y, np.arange(N)[None])
    np.testing.assert_allclose(null[0], np.diag(predict_ratings(x, y).specificity))


def test_places_along_an_axis_are_coordinates_and_axes_are_congruent_as_their_vectors(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(N, 6)), rng.normal(size=(N, 3))
    squared, everything = squareform(pdist(x, "sqeuclidean")), 1.0 - np.eye(N)
    places = places_along(squared, everything, y)
    for clip in (0, 7):
        others = np.arange(N) != clip
        slope = np.polyfit(y[others, 1], squared[clip, others], 1)[0]
        assert places[clip, 1] == pytest.approx(-slope)
        # Only what the other clips say moves a clip: its own value has no part in it.
        own = y.copy()
        own[clip] = 50
        np.testing.assert_allclose(places_along(squared, everything, own)[clip], places[clip])
    centred = y - y.mean(axis=0)
    np.testing.assert_allclose(between_axes(squared, everything, centred), congruence(centred.T @ x, centred.T @ x))
    alone = everything.copy()
    alone[3] = 0
    assert np.isnan(places_along(squared, alone, y)[3]).all()
    assert np.isfinite(np.delete(places_along(squared, alone, y), 3, axis=0)).all()


def test_an_axis_that_raters_and_a_model_share_is_found_and_nothing_where_none_is(rng: np.random.Generator) -> None:
    shared = axis_test(*simulated(np.random.default_rng(1), 1.5), n_permutations=199)
    assert shared.with_raters[0][0].value > 0.8
    assert (shared.p[0, 0], shared.p_max[0, 0]) == (0.005, 0.005)
    assert shared.with_raters[0][0].interval[0] > 0.7
    assert shared.reliability[0] > 0.9
    assert (shared.carried[:2, 0] > 0.8).all()
    assert (shared.p_carried[:2, 0] == 0.005).all()
    assert (shared.p_carried[:, 1] > 0.05).all()
    assert (shared.p[1] > 0.05).all()
    rates: list[tuple[bool, ...]] = []
    for seed in range(60):
        one = np.random.default_rng(seed)
        none = axis_test(*simulated(one, 0.0), n_permutations=39, rng=one)
        rates.append(
            (
                none.p[0, 0] <= 0.05,
                none.p_max.min() <= 0.05,
                none.p_between[1, 0, 1] <= 0.05,
                none.p_carried[0, 0] <= 0.05,
            )
        )
    # Of 60 at a rate of .05 nine or more are found in 1 of 500 cases.
    assert np.sum(rates, axis=0).max() <= 8


def test_one_rdm_of_many_raters_has_the_intervals_that_its_raters_have(rng: np.random.Generator) -> None:
    raters, models, attributes = simulated(rng, 1.0)
    squares = raters**2 / (raters**2).mean(axis=1, keepdims=True)
    joint = np.sqrt([squares.mean(axis=0)])
    without = np.sqrt([np.delete(squares, rater, axis=0).mean(axis=0) for rater in range(len(raters))])
    single, shared = (
        axis_test(table, models, attributes, without=rows, n_permutations=19)
        for table, rows in ((raters, None), (joint, without))
    )
    for ours, theirs in zip(shared.with_raters, single.with_raters, strict=True):
        assert [one.value for one in ours] == pytest.approx([one.value for one in theirs])
        np.testing.assert_allclose([one.interval for one in ours], [one.interval for one in theirs])
    alone = axis_test(joint, models, attributes, without=without[:2], n_permutations=19)
    assert np.isnan([one.interval for one in alone.with_raters[0]]).all()


def test_predictions_of_what_is_not_there_are_significant_at_the_stated_rate() -> None:
    significant = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(N, 8)), rng.normal(size=(N, 1))
        null = prediction_null(x, y, orders_within(np.zeros(N, dtype=int), rng, 39), scale=False)
        significant += (1 + (null >= predict_ratings(x, y, scale=False).specificity[0, 0]).sum()) / 40 <= 0.05
    assert significant <= 8


def test_sets_of_clips_are_kept_apart(rng: np.random.Generator) -> None:
    raters, models, attributes = simulated(rng, 1.5)
    sets = np.repeat(["a", "b"], N // 2)
    across = squareform(pdist(np.arange(2)[(sets == "b").astype(int)][:, None])) > 0
    blind = raters.copy()
    blind[:, squareform(across) > 0] = np.nan
    # What was not seen has no say, nor has where the sets lie; each stays within its own under permutation.
    shifted = attributes + 100 * (sets == "b")[:, None]
    one = axis_test(raters, models, attributes, sets=sets.tolist(), n_permutations=19)
    two = axis_test(blind, models, shifted, sets=sets.tolist(), n_permutations=19)
    np.testing.assert_allclose(one.p, two.p)
    np.testing.assert_allclose(one.between, two.between, atol=1e-9)
    assert one.with_raters[0][0].value == pytest.approx(two.with_raters[0][0].value)
    orders = orders_within((sets == "b").astype(int), rng, 20)
    assert (sets[orders] == sets).all()
    assert len({tuple(order) for order in orders.tolist()}) > 15


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r, s, y: (r, s, y[:-1]), "attributes must be 24 rows"),
        (lambda r, s, y: (r, [s[0][:-1]], y), "each space must have 276"),
        (lambda r, s, y: (r, s, np.ones((N, 1))), "attribute 0 does not vary"),
    ],
)
def test_axes_that_cannot_be_had_say_why(rng: np.random.Generator, change: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        axis_test(*change(*simulated(rng, 1.0)))  # type: ignore[operator]


def study(effect: float) -> tuple[list[Candidates], list[Attribute], np.ndarray]:
    """Two layers of which the second has the rated age, as have the raters; and three attributes of other kinds."""
    raters, _, values = simulated(np.random.default_rng(1), effect)
    rng = np.random.default_rng(2)
    late = np.hstack([rng.normal(size=(N, 12)), 4 * effect * values[:, :1]])
    layers = np.array([pdist(rng.normal(size=(N, 20)), "correlation"), pdist(late, "correlation")])
    attributes = [
        # In another unit than the rest.
        Attribute("age", tuple(map(repr, (1e9 * values[:, 0]).tolist())), True),
        Attribute("sex", tuple("fm"[k % 2] for k in range(N))),
        Attribute("who", tuple(f"P{k // 3}" for k in range(N))),
        Attribute("some", ("a", "b", "", *["b"] * (N - 3))),
        Attribute("gap", ("nan", "inf", *map(str, range(N - 2)))),
        Attribute("one", ("a",) * N),
        Attribute("mood", tuple("xyz"[k // 3 % 3] for k in range(N))),
    ]
    return [Candidates("net", "layers", ("early", "late"), layers)], attributes, raters


def test_codes_of_numbers_are_no_numbers() -> None:
    assert Attribute("code", ("1_1", "1_2", "2_1")).numbers is None
    assert Attribute("size", ("1", "1e3", "-.5")).numbers is not None


def test_axes_and_predictions_of_a_study_as_tables_figures_and_words() -> None:
    candidates, attributes, raters = study(1.5)
    names, clips = [f"P{k}" for k in range(len(raters))], [f"c{k}" for k in range(N)]
    asked = ModelOptions(n_boot=100, n_permutations=99, parts=AskedParts(axes=True, predictions=True))
    parts = compare_candidates(raters, names, clips, candidates, attributes, asked).parts
    targets = ["age", "sex = m", "mood = x", "mood = y", "mood = z"]
    assert [one.attribute for one in parts.axes.raters] == targets
    best = max(parts.axes.with_raters, key=lambda one: one.congruence)
    assert (best.model, best.attribute, best.p, best.p_max < 0.05) == ("net: late", "age", 0.01, True)
    scores = {(one.model, one.target): one for one in parts.predictions.scores}
    assert len(scores) == 5 + 2 * 7
    assert scores["net: late", "age"].p_max < 0.05
    assert scores["net: late", "age"].of_squares
    assert scores["the raters", "age"].r > 0.9
    assert ("the raters", "map axis 1") not in scores
    assert scores["net: early", "age"].p > 0.05
    assert (parts.predictions.n_folds, parts.predictions.by_sets) == (5, False)
    cells = part_rows(parts, "specificity")
    cell = {(one["model"], one["predicted"], one["values_of"]): one["r"] for one in cells}
    assert cell["net: late", "age", "age"] == scores["net: late", "age"].r
    assert abs(cell["net: late", "age", "sex = m"]) < 0.5
    assert cell["the values themselves", "sex = m", "sex = m"] == pytest.approx(1)
    assert [one for one in parts.remarks if "is not predicted" in one] == [
        "who has no axis and is not predicted: it has 8 values, more than 6.",
        "some has no axis and is not predicted: 1 clip has no value of it.",
        "gap has no axis and is not predicted: 2 clips have no value of it.",
        "one has no axis and is not predicted: all clips have the same value.",
    ]
    assert any("nothing shows that raters go by mood = x" in one and "sex = m" in one for one in parts.remarks)
    for table, columns in AXES_TABLES.items():
        rows = part_rows(parts, table)
        assert rows
        assert {column.name for column in columns} <= rows[0].keys()
    assert len(parts_methods(parts, "ρa")) == 3
    best_model = best_predictor(parts.predictions)
    assert best_model == "net: late"
    for figure in (axis_congruence(parts.axes), predicted_attributes(parts.predictions)):
        assert len(figure.axes[0].texts) >= 10
    assert len(specificity_of(parts.predictions, best_model).axes[0].texts) == 49
    html = "".join(axes_tables(parts))
    assert html.count("<table>") == 3


def test_what_axes_and_predictions_need_is_said() -> None:
    candidates, attributes, raters = study(1.5)
    asked = ModelOptions(n_boot=100, n_permutations=19, parts=AskedParts(axes=True, predictions=True))
    names, clips = [f"P{k}" for k in range(len(raters))], [f"c{k}" for k in range(N)]
    sets = [str(k % 3) for k in range(N)]
    clip_sets = [ClipSet(str(k), tuple(range(k, N, 3))) for k in range(3)]
    across = np.array([a != b for k, a in enumerate(sets) for b in sets[k + 1 :]])
    raters[:, across] = np.nan
    parts = compare_candidates(raters, names, clips, candidates, attributes[:2], asked, sets=clip_sets).parts
    assert (parts.predictions.by_sets, parts.predictions.n_folds) == (True, 3)
    assert any("not predicted: the pairs seen do not tie" in one for one in parts.remarks)
    assert any("192 of 276 pairs were seen by nobody" in one for one in parts.remarks)
    assert {one.space for one in parts.axes.spaces} == {"the raters", "net: early", "net: late"}
    few = compare_candidates(raters[:, :15], names, clips[:6], [], attributes[:0], asked).parts
    assert few.axes.remarks == ("There are no axes: no attribute or rating of the clips has one.",)
    assert few.predictions.remarks == ("Predictions need at least 10 clips; there are 6.",)
    assert bounded(5000, 59 * 59 * 30) == 5000
    assert bounded(5000, 707 * 707 * 51) == 199
