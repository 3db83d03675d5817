"""How a participant would lay dissimilarities out in the plane: metric-stress MDS, or a projection on two axes."""

from __future__ import annotations

import numpy as np

from ..arrangement import Floats
from ..rdm import to_square

MAX_ROUNDS = 300
TOLERANCE = 1e-6


def principal_layout(rdm: Floats) -> Floats:
    """The first two axes of classical MDS, (m, 2): the layout of somebody who arranges by two leading features.

    `rdm` is condensed, (m(m-1)/2,), complete. With fewer than three items the missing axes are 0.
    """
    square = to_square(rdm) ** 2
    centred = square - square.mean(axis=0)
    gram = -0.5 * (centred - centred.mean(axis=1, keepdims=True))
    values, vectors = np.linalg.eigh(gram)
    axes = np.zeros((len(square), 2))
    k = min(2, len(square))
    axes[:, :k] = (vectors[:, -k:] * np.sqrt(np.maximum(values[-k:], 0.0)))[:, ::-1]
    return axes


def stress_layout(rdm: Floats) -> Floats:
    """The plane layout whose distances are nearest to the dissimilarities in the least-squares sense, (m, 2).

    Starts from `principal_layout` and majorises (SMACOF, unit weights: X <- B(X) X / m) until a round lowers the stress
    by less than a millionth of it, or for 300 rounds.
    """
    square = to_square(rdm)
    layout = principal_layout(rdm)
    m = len(square)
    previous = np.inf
    for _ in range(MAX_ROUNDS):
        squared_norm = np.einsum("ij,ij->i", layout, layout)
        distance = np.sqrt(np.maximum(squared_norm[:, None] + squared_norm - 2 * layout @ layout.T, 0.0))
        stress = float(np.sum((distance - square) ** 2))
        if stress >= previous * (1 - TOLERANCE):
            break
        previous = stress
        ratio = np.divide(square, distance, out=np.zeros_like(square), where=distance > 0)
        layout = (ratio.sum(axis=1, keepdims=True) * layout - ratio @ layout) / m
    return layout


def fit_arena(layout: Floats) -> Floats:
    """The layout centred and, where it does not fit the arena (circle of diameter 1 around 0), shrunk until it does.

    The centre is that of the smallest enclosing circle, found by 200 steps towards the farthest point
    (Badoiu & Clarkson 2003), which is exact to half a percent.
    """
    if not len(layout):
        return layout
    centre = layout.mean(axis=0)
    for step in range(1, 201):
        away = layout - centre
        centre = centre + away[np.argmax(np.einsum("ij,ij->i", away, away))] / (step + 1)
    moved = layout - centre
    radius = float(np.sqrt(np.einsum("ij,ij->i", moved, moved).max()))
    # A hair inside, so that rounding never puts an item outside.
    return np.asarray(moved * min(1.0, (0.5 - 1e-9) / radius) if radius > 0 else moved)
