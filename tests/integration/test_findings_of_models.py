"""What was found of models, on its way to the page: stored, told by the API, drawn; and on the terminal."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from analysis.models.candidates import Candidates
from analysis.paper import draw_model_figure
from analysis.results.axes import Axes, ModelAxis
from analysis.results.compared import ModelOptions
from analysis.results.model_list import Attribute
from analysis.results.model_parts import ModelParts
from analysis.results.models import compare_candidates
from analysis.results.predictions import Predicted, Predictions
from app.cli.models import _show_parts
from app.results.model_settings import settings_of
from app.results.model_work import findings_of, stored_content
from app.web import models_page
from app.web.api_answers import models as answers


def test_axes_and_predictions_are_stored_told_and_drawn() -> None:
    rng = np.random.default_rng(1)
    ages, names = rng.normal(size=12), [f"c{k}" for k in range(12)]
    rdms = np.abs(pdist(np.column_stack([ages, rng.normal(size=12)])) + 0.1 * rng.normal(size=(3, 66)))
    network = Candidates("net", "layers", ("early", "late"), np.array([pdist(rng.normal(size=(12, 5))), rdms[0]]))
    attributes = [Attribute("age", tuple(map(repr, ages.tolist()))), Attribute("sex", tuple("fm" * 6))]
    asked = settings_of({"axes": True, "predictions": True})
    options = ModelOptions(n_boot=100, n_permutations=19, parts=asked.parts)
    findings = compare_candidates(rdms, ["P1", "P2", "P3"], names, [network], attributes, options)
    stored = json.loads(json.dumps(stored_content(findings, asked, {})))["findings"]
    again = findings_of(stored)
    assert str(again.parts.axes) == str(findings.parts.axes)
    assert str(again.parts.predictions) == str(findings.parts.predictions)
    told = models_page._view(again)
    assert answers.ModelFindings.model_validate(told).parts.predictions.scores[0].model == "the raters"
    assert len(told["parts"]["axes"]["spaces"]) == 3
    for picture in ("axes", "predictions", "specificity"):
        assert draw_model_figure(picture, again).axes


def test_what_is_not_defined_is_no_nan_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    axis = ModelAxis("net", "age", 0.5, math.nan, math.nan, p=0.01, p_max=0.02, carried=0.3)
    guess = Predicted("net", "age", math.nan, 0.0, 0.1, math.nan, math.nan, 1.0, 3, False)
    _show_parts(ModelParts(axes=Axes(with_raters=(axis,)), predictions=Predictions(scores=(guess,))))
    said = capsys.readouterr().out
    assert "congruence with the raters' 0.500, p 0.0100" in said
    assert "age: r –, R² 0.000, p –" in said
    assert "nan" not in said
