"""What is computed of models on request, against permutations by hand, simulated truth and NumPy's least squares."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from analysis.models import correlation_without_noise, partial_tests
from analysis.models.attributes import between_less_within
from analysis.rdm import to_condensed, to_square
from analysis.results.compared import ModelOptions
from analysis.results.effects import effects_of
from analysis.results.model_list import Attribute
from analysis.results.model_parts import AskedParts
from analysis.results.model_tables import models_methods
from analysis.results.models import compare_candidates
from analysis.results.part_tables import PART_TABLES, part_rows
from app.results.model_work import findings_of


def residual(rows: np.ndarray, controls: np.ndarray) -> np.ndarray:
    design = np.vstack([np.ones(rows.shape[-1]), controls]).T
    return rows - design @ np.linalg.lstsq(design, rows, rcond=None)[0]


def test_partial_tests_approach_the_share_of_all_permutations_of_what_the_controls_leave() -> None:
    rng = np.random.default_rng(3)
    control = pdist(rng.normal(size=(6, 2)))
    model = control + 0.5 * pdist(rng.normal(size=(6, 2)))
    rater = control + 0.6 * model + 0.5 * rng.random(15)
    partial = partial_tests(rater[None], model, control, method="pearson", n_permutations=4000, rng=rng)
    # For the test the square of the control is held constant too, for the coefficient the control alone.
    curved = np.array([control, (control - control.mean()) ** 2])
    left, target = to_square(residual(model, curved)), residual(rater, curved)

    def correlation(square: np.ndarray) -> float:
        return float(np.corrcoef(residual(to_condensed(square), curved), target)[0, 1])

    observed = correlation(left)
    every = [correlation(left[np.ix_(order, order)]) for order in permutations(range(6))]
    straight = np.corrcoef(residual(model, control), residual(rater, control))[0, 1]
    assert partial.correlations[0].value == pytest.approx(straight)
    assert partial.p[0] == pytest.approx(np.mean(np.array(every) >= observed - 1e-12), abs=0.025)
    with pytest.raises(ValueError, match="leave nothing of model 0"):
        partial_tests(rater[None], 2 * control, control)


def test_what_two_controls_explain_together_is_no_finding() -> None:
    rng = np.random.default_rng(8)
    low = 0
    for _ in range(60):
        one, two = rng.normal(size=(2, 12, 2))
        raters = [pdist(np.hstack([one, two, rng.normal(size=(12, 3))])) for _ in range(4)]
        model = pdist(np.hstack([one, two, rng.normal(size=(12, 2))]))
        low += int(partial_tests(raters, model, [pdist(one), pdist(two)], n_permutations=99, rng=rng).p[0] <= 0.05)
    # A straight line leaves so much that 13 come out significant.
    assert low <= 6


def test_what_a_control_explains_is_no_finding_and_what_it_does_not_is() -> None:
    rng = np.random.default_rng(4)
    low = 0
    for _ in range(40):
        seen, own = rng.normal(size=(14, 3)), rng.normal(size=(14, 3))
        control = pdist(seen)
        raters = control + 0.5 * rng.random((5, control.size))
        # Alone, a model that holds the control is significant nearly always.
        models = np.array([pdist(np.hstack([seen, own])), pdist(rng.normal(size=(14, 2)))])
        low += int(partial_tests(raters, models, control, n_permutations=99, rng=rng).p[0] <= 0.05)
    assert low <= 6
    both = pdist(np.hstack([seen, own])) + 0.2 * rng.random((5, control.size))
    partial = partial_tests(both, models, control, n_permutations=199, rng=rng)
    assert (partial.p[0], partial.p_max[0]) == (0.005, 0.005)
    assert partial.correlations[0].interval[0] > 0.3


def test_correlation_without_noise_is_that_with_what_raters_share() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(size=1225)
    model = 0.6 * truth + 0.8 * rng.normal(size=1225)
    raters = truth + np.array([0.5, 1.0, 1.5, 2.0, 1.0])[:, None] * rng.normal(size=(5, 1225))
    expected = np.corrcoef(truth, model)[0, 1]
    (corrected,) = correlation_without_noise(raters, model)
    assert corrected.value == pytest.approx(expected, abs=0.05)
    assert corrected.interval[0] < expected < corrected.interval[1]
    assert np.corrcoef(raters, model)[:-1, -1].mean() < expected - 0.2
    assert correlation_without_noise(raters[:1], model)[0].reason == "fewer than two raters"


def test_numbers_of_which_most_are_the_highest_are_cut_below_it() -> None:
    smiles = np.array([7, 7, 3, 7, 7, 5, 7, 7])
    rdms = np.random.default_rng(1).random((3, 28))
    options = {"n_permutations": 19, "level": 0.95, "seed": 0, "report": lambda *_: None}
    remarks: list[str] = []
    attribute = Attribute("smiles", tuple(map(str, smiles)))
    (effect,) = effects_of(rdms, [attribute], None, remarks=remarks, **options)  # type: ignore[arg-type]
    assert (effect.groups, remarks) == ("below the median 7, from it on", [])
    assert effect.effect == pytest.approx(between_less_within(rdms, {"": (smiles < 7).tolist()}).mean())


def test_parts_come_only_when_asked_for_with_their_words_and_survive_being_stored() -> None:
    rng = np.random.default_rng(6)
    clips = [f"c{k}" for k in range(12)]
    sex, age = np.arange(12) % 2, rng.normal(size=12)
    truth = pdist(np.column_stack([sex, age]))
    table = np.abs(truth + 0.2 * rng.normal(size=(6, 66)))
    attributes = [
        Attribute("sex", tuple(map(str, sex))),
        Attribute("age", tuple(map(str, age))),
        Attribute("chance", tuple(map(str, rng.normal(size=12)))),
        Attribute("years", tuple(str(2 * one) for one in age)),
    ]
    base = compare_candidates(table, list("abcdef"), clips, [], attributes, ModelOptions(n_boot=100, n_permutations=99))
    assert not any(part_rows(base.parts, name) for name in PART_TABLES)
    asked = AskedParts(True, ("sex", "age", "chance"), "age", True)
    options = ModelOptions(n_boot=100, n_permutations=99, parts=asked)
    findings = compare_candidates(table, list("abcdef"), clips, [], attributes, options, known=base)
    assert findings.scores is base.scores
    parts = findings.parts
    assert {one.model: one.p_max < 0.05 for one in parts.tests} == {
        "sex": True,
        "age": True,
        "chance": False,
        "years": True,
    }
    assert [one.model for one in parts.partials] == ["sex", "chance"]
    assert parts.remarks == ("years follows from what is held constant.",)
    shares = {one.blocks: one for one in parts.shares}
    group = ((table - table.mean(axis=1, keepdims=True)) / table.std(axis=1, keepdims=True)).mean(axis=0)
    rdms = [1.0 * (sex[:, None] != sex), np.abs(age[:, None] - age)]
    rest = residual(group, np.array([squareform(one) for one in rdms]))
    r2 = 1 - (1 - (1 - rest @ rest / (66 * group.var()))) * 65 / 63
    assert shares["age", "sex"].explained == pytest.approx(r2)
    assert abs(shares["chance",].share) < 0.02 < shares["sex",].share
    (fit,) = parts.weighted
    assert (fit.block, len(fit.weights)) == ("all attributes", 4)
    assert fit.cross_validated > fit.equal_weights
    assert len(models_methods(findings)) == len(models_methods(base)) + 4
    stored = json.dumps(asdict(findings))
    assert json.dumps(asdict(findings_of(json.loads(stored)))) == stored
    lacking = AskedParts(explain=("sex", "age", "what"))
    again = compare_candidates(
        table, list("abcdef"), clips, [], attributes, ModelOptions(parts=lacking, n_permutations=99), known=base
    )
    assert again.parts.remarks == ("what is not one of the models that can be compared.",)
