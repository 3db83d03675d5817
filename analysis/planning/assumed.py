"""What is assumed of the truth that raters share, and of two models of it that are to be told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..rdm import n_items_of, scale_to_rms
from ..simulate import make_truth

# No dissimilarity of an assumed truth lies nearer to 0 than this share of their mean.
LEAST = 0.02


def z_scored(rdm: Floats) -> Floats:
    """An RDM (P,) at mean 0 and standard deviation 1 over its pairs.

    Raises
    ------
    ValueError
        When it does not vary.
    """
    spread = float(np.std(rdm))
    if not spread > 0:
        raise ValueError("a model whose dissimilarities are all the same predicts nothing")
    return np.asarray((rdm - np.mean(rdm)) / spread, dtype=np.float64)


def assumed_models(
    truth: Floats, correlations: tuple[float, float], kind: str, *, exact: bool, rng: np.random.Generator
) -> Floats:
    """Two models (2, P) that correlate with a truth (P,) by the two numbers: r z(truth) + sqrt(1 - r^2) z(other).

    Each has an RDM of its own in it, of the same kind. As that one may resemble the truth by chance, correlations lie
    around the numbers, as they do for real models and the clips at hand; with `exact` they are the numbers.
    """
    rows = []
    for r in correlations:
        other = z_scored(make_truth(kind, n_items_of(truth.size), rng=rng))
        other = _apart(other, z_scored(truth)) if exact else other
        rows.append(r * z_scored(truth) + np.sqrt(1 - r**2) * other)
    return np.stack(rows)


@dataclass(frozen=True)
class Mixture:
    """How much of two models is in a truth that correlates with each as wanted, and how much of neither."""

    first: float
    second: float
    rest: float


def mixture_of(models: Floats, correlations: tuple[float, float]) -> Mixture:
    """The weights of z(first), z(second) and of an RDM that has to do with neither.

    Raises
    ------
    ValueError
        When no RDM correlates with both models like that, because of how the two correlate with each other.
    """
    one, two = (z_scored(model) for model in models)
    c, (a, b) = float(np.mean(one * two)), correlations
    if abs(c) > 1 - 1e-9:
        raise ValueError("the two models say the same: no study can tell them apart")
    first, second = (a - c * b) / (1 - c**2), (b - c * a) / (1 - c**2)
    explained = first * a + second * b
    if explained > 1 + 1e-12:
        raise ValueError(
            f"the two models correlate with each other by {c:.2f}: no truth correlates with one by {a:g} and with the "
            f"other by {b:g}"
        )
    return Mixture(first, second, float(np.sqrt(max(1 - explained, 0.0))))


def truth_between(models: Floats, mixture: Mixture, kind: str, rng: np.random.Generator) -> Floats:
    """A truth (P,) at RMS 1 that holds so much of each of two models (2, P), the rest of a random RDM of a kind.

    Mean and spread are those of the random RDM; what would be below 0 becomes a small dissimilarity.
    """
    other = make_truth(kind, n_items_of(models.shape[1]), rng=rng)
    one, two = (z_scored(model) for model in models)
    mixed = mixture.first * one + mixture.second * two + mixture.rest * _apart(z_scored(other), one, two)
    return scale_to_rms(np.maximum(np.mean(other) + np.std(other) * mixed, LEAST * np.mean(other)))


def _apart(other: Floats, *models: Floats) -> Floats:
    """The part of a z-scored RDM that has to do with none of the models, z-scored."""
    both = np.stack(models, axis=1)
    left = other - both @ np.linalg.lstsq(both, other, rcond=None)[0]
    return z_scored(left)
