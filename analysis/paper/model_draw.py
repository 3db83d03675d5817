"""The figures of the page of models: each function draws one, and is written out in the script that remakes it.

So they use nothing but the names of `model_tools`, and what their script needs is all there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .model_tools import (
    ModelFindings,
    axes_figures,
    best_first,
    best_predictor,
    label_of,
    layers_of,
    model_figures,
)


def models(findings: ModelFindings) -> Any:
    """Draw the models' scores with their intervals over the noise ceiling."""
    return model_figures.model_scores(findings, best_first(findings.scores), label_of(findings))


def layers(findings: ModelFindings, network: str) -> Any:
    """Draw the layers of a network in their order, and between which the best one lies."""
    profile = next(one for one in findings.profiles if one.source == network)
    return model_figures.layer_profile(findings, profile, layers_of(findings, network), label_of(findings))


def in_sets(findings: ModelFindings) -> Any:
    """Draw the models' scores in each set of clips, and their means over sets."""
    return model_figures.in_sets(findings, best_first(findings.in_sets.scores), label_of(findings))


def attributes(findings: ModelFindings) -> Any:
    """Draw the attributes' effects: between less within."""
    return model_figures.attribute_effects(findings.effects)


def constant(findings: ModelFindings) -> Any:
    """Draw the models' correlations with others held constant."""
    return model_figures.partial_correlations(findings.parts)


def variance(findings: ModelFindings) -> Any:
    """Draw the shares of variance that models explain alone and together."""
    return model_figures.variance_shares(findings.parts.shares)


def raters(findings: ModelFindings) -> Any:
    """Draw each rater's weights of the two dimensions of the common space."""
    return model_figures.rater_weights(findings.parts.individuals.raters)


def weights(findings: ModelFindings) -> Any:
    """Draw the weights of the attributes, of each rater and their means."""
    people = findings.parts.individuals
    return model_figures.attribute_weights(people.weights, people.raters)


def axes(findings: ModelFindings) -> Any:
    """Draw the congruence of attributes' axes in models with those of the raters."""
    return axes_figures.axis_congruence(findings.parts.axes)


def predictions(findings: ModelFindings) -> Any:
    """Draw how well attributes are predicted from models."""
    return axes_figures.predicted_attributes(findings.parts.predictions)


def specificity(findings: ModelFindings) -> Any:
    """Draw how specific the predictions of the best model are."""
    predicted = findings.parts.predictions
    return axes_figures.specificity_of(predicted, best_predictor(predicted))


class ModelFigure(NamedTuple):
    """A figure of models: what it is called, what draws it, and whether there is something to draw."""

    title: str
    draw: Callable[..., Any]
    is_there: Callable[[ModelFindings], bool]


def _has_dimensions(findings: ModelFindings) -> bool:
    return any(math.isfinite(sum(one.dimensions)) for one in findings.parts.individuals.raters)


# By file name; one for each network besides, called layers-1 and so on. A new figure is a row here.
MODEL_FIGURES = {
    "models": ModelFigure("Models and raters", models, lambda found: bool(found.scores)),
    "sets": ModelFigure("Models in each set", in_sets, lambda found: bool(found.in_sets.scores)),
    "attributes": ModelFigure("Attributes: between less within", attributes, lambda found: bool(found.effects)),
    "constant": ModelFigure("Models with others held constant", constant, lambda found: bool(found.parts.partials)),
    "variance": ModelFigure("Shares of variance", variance, lambda found: bool(found.parts.shares)),
    "raters": ModelFigure("Raters in their common space", raters, _has_dimensions),
    "weights": ModelFigure("Weights of the attributes", weights, lambda found: bool(found.parts.individuals.weights)),
    "axes": ModelFigure("Axes of attributes", axes, lambda found: bool(found.parts.axes.with_raters)),
    "predictions": ModelFigure("Predictions", predictions, lambda found: bool(found.parts.predictions.scores)),
    "specificity": ModelFigure("Specificity", specificity, lambda found: bool(found.parts.predictions.scores)),
}
LAYERS = "layers-"


def model_figure(name: str, findings: ModelFindings) -> tuple[ModelFigure, dict[str, str]]:
    """The figure of that name, and what its function is given beside the findings.

    Raises
    ------
    ValueError
        When there is no such figure, or nothing was computed that it could show.
    """
    number = name.removeprefix(LAYERS)
    if name.startswith(LAYERS) and number.isascii() and number.isdigit():
        if 0 < int(number[:6]) <= len(findings.profiles):
            network = findings.profiles[int(number[:6]) - 1].source
            return ModelFigure(f"Layers of {network}", layers, lambda found: True), {"network": network}
    elif name in MODEL_FIGURES and MODEL_FIGURES[name].is_there(findings):
        return MODEL_FIGURES[name], {}
    raise ValueError(f"There is no figure {name} of what was compared.")


def draw_model_figure(name: str, findings: ModelFindings) -> Any:
    """Draw it.

    Raises
    ------
    ValueError
        As `model_figure`.
    """
    figure, given = model_figure(name, findings)
    return figure.draw(findings, **given)
