"""Forward model: the dissimilarities whose predicted arrangements, in the plane, lie nearest to those that were made.

Averages of distances inherit what two dimensions cannot show; a forward model does not, because its prediction of each
trial is itself a two-dimensional arrangement, at the participant's own local minimum of stress.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from ..arrangement import Floats
from ..rdm import scale_to_rms, to_condensed, to_square, upper_triangle
from .configuration import MIN_DISTANCE, Configuration
from .descent import descend
from .latent import fit_latent
from .precision_weighted import PrecisionWeighted
from .stress import NO_DIRECTION, Batch, averaged, batches_by_size, differences, incidence
from .trials import Trials

MAX_DIMENSIONS = 6
RIDGE = 3.0
UNIT_WEIGHT = 50.0
STEPS = 100
# Few steps away from the latent fit correct what averages of planar distances get wrong; more of them fit the noise.
ITERATIONS = 3
DAMPING = 0.01


@dataclass(frozen=True, eq=False)
class ForwardFit:
    """A fitted configuration; `rdm` (P,) holds all pairs. `noise` is the placement noise (sd) that was assumed."""

    rdm: Floats
    configuration: Configuration
    noise: float
    n_iter: int
    converged: bool


def fit_forward(trials: Trials, average: PrecisionWeighted | None = None) -> ForwardFit:
    """Fit a configuration in min(6, n-2) dimensions to the placements themselves.

    The loss is, over the configuration, the squared distances between the placed items and those of the predicted
    arrangement at its best rotation, reflection and scaling, over twice the noise variance, and a ridge. It is lowered
    by three L-BFGS steps from the latent fit (`average` saves computing that fit's average again); stopping after three
    is part of the method. `converged` is False when the latent fit did not converge, or no step was found that lowers
    the loss: the last accepted one is then the result.
    """
    latent = fit_latent(trials, average=average, max_dimensions=MAX_DIMENSIONS)
    noise = float(np.clip(np.sqrt(latent.average.placement_variance), 0.04, 0.25))
    start = latent.configuration.scaled(1 / np.sqrt(np.mean(latent.rdm**2)))
    objective = partial(forward_loss, shape=start, batches=batches_by_size(trials), noise=noise)
    descent = descend(objective, start.flat(), steps=ITERATIONS)
    configuration = start.with_flat(descent.point)
    converged = latent.converged and not descent.gave_up
    return ForwardFit(scale_to_rms(configuration.distances()), configuration, noise, descent.steps, converged)


def forward_loss(
    flat: Floats,
    *,
    shape: Configuration,
    batches: list[Batch],
    noise: float,
    steps: int = STEPS,
    damping: float = DAMPING,
    exact: bool = False,
) -> tuple[float, Floats]:
    """The objective and its gradient at the configuration that `flat` holds (of the same shape as `shape`).

    The gradient is by implicit differentiation, as if the predictions had reached their minimum of stress. Pairs that
    the plane holds closer than they should be push sideways too, which makes the stress saddle-shaped in places and the
    exact gradient unbounded and chaotic; with `exact` False (the fit) this push is left out, with True it is kept.
    `damping` keeps the linear systems regular.
    """
    configuration = shape.with_flat(flat)
    matrix = configuration.matrix()
    rdm = to_condensed(matrix)
    mean_square = np.mean(rdm**2)
    loss = UNIT_WEIGHT * (mean_square - 1) ** 2
    slope = (4 * UNIT_WEIGHT * (mean_square - 1) / rdm.size) * rdm
    for batch in batches:
        error, by_pair = _arrangement_error(batch, rdm, steps=steps, damping=damping, exact=exact)
        loss += error / (2 * noise**2)
        slope += np.bincount(batch.pairs.ravel(), by_pair.ravel() / noise**2, rdm.size)
    penalty, gradient = configuration.ridge(RIDGE)
    gradient += configuration.gradient(to_square(slope / np.maximum(rdm, MIN_DISTANCE)))
    return float(loss) + penalty, gradient


def _arrangement_error(batch: Batch, rdm: Floats, *, steps: int, damping: float, exact: bool) -> tuple[float, Floats]:
    """Sum of squared distances between placed and predicted items, and half its gradient by the trials' pairs."""
    x, y = batch.predict(rdm, steps)
    placed_x, placed_y = batch.placed
    # Best rotation or reflection and scale of each trial: the larger of the two traces that 2 x 2 algebra allows.
    xx, xy = (x * placed_x).sum(1), (x * placed_y).sum(1)
    yx, yy = (y * placed_x).sum(1), (y * placed_y).sum(1)
    turn, flip = np.hypot(xx + yy, xy - yx), np.hypot(xx - yy, xy + yx)
    mirrored = flip > turn
    trace = np.maximum(np.where(mirrored, flip, turn), MIN_DISTANCE)
    cosine = np.where(mirrored, xx - yy, xx + yy) / trace
    sine = np.where(mirrored, xy + yx, xy - yx) / trace
    sign = np.where(mirrored, -1.0, 1.0)
    scale = trace / np.maximum((x * x + y * y).sum(1), MIN_DISTANCE)
    # (x, y) @ R with R = [[cosine, sine], [-sign sine, sign cosine]], times the scale.
    a, b = (scale * cosine)[:, None], (scale * sine)[:, None]
    c, d = (-sign * scale * sine)[:, None], (sign * scale * cosine)[:, None]
    error_x = a * x + c * y - placed_x
    error_y = b * x + d * y - placed_y
    force_x = a * error_x + b * error_y
    force_y = c * error_x + d * error_y
    if batch.together is not None:
        force_x, force_y = averaged(batch.together, force_x), averaged(batch.together, force_y)

    response_x, response_y, unit_x, unit_y = _respond(
        rdm[batch.pairs], (x, y), (force_x, force_y), batch.together, damping=damping, exact=exact
    )
    matrix, _ = incidence(x.shape[1])
    by_pair = unit_x * (response_x @ matrix)
    by_pair += unit_y * (response_y @ matrix)
    return float(np.sum(error_x**2) + np.sum(error_y**2)), by_pair


def _respond(
    wanted: Floats,
    positions: tuple[Floats, Floats],
    force: tuple[Floats, Floats],
    together: Floats | None,
    *,
    damping: float,
    exact: bool,
) -> tuple[Floats, Floats, Floats, Floats]:
    """How predicted arrangements give way to `force`: (H + damping m) response = force, H the Hessian of the stress.

    Returns the response in x and y (T, m), and the unit vectors along the pairs, x and y (T, m(m-1)/2). `wanted` are
    the pairs' dissimilarities, (T, m(m-1)/2). Items that share a spot (`together`, as in `Batch`) move as one.
    """
    dx, dy, distance = differences(*positions)
    np.maximum(distance, NO_DIRECTION, out=distance)
    sideways = 1 - wanted / distance
    if not exact:
        np.maximum(sideways, 0.0, out=sideways)
    along = 1 - sideways
    dx /= distance
    dy /= distance
    n_trials, m = positions[0].shape
    row, col = upper_triangle(m)
    hessian = np.zeros((n_trials, 2 * m, 2 * m))
    blocks = (
        (0, 0, sideways + along * dx * dx),
        (0, m, along * dx * dy),
        (m, 0, along * dx * dy),
        (m, m, sideways + along * dy * dy),
    )
    for down, right, stiffness in blocks:
        hessian[:, down + row, right + col] = -stiffness
        hessian[:, down + col, right + row] = -stiffness
    items = np.arange(m)
    for down, right, _ in blocks:
        block = hessian[:, down : down + m, right : right + m]
        block[:, items, items] = -block.sum(2)
        if together is not None:
            block[...] = together @ block @ together
    both = np.arange(2 * m)
    hessian[:, both, both] += damping * m
    response = np.linalg.solve(hessian, np.concatenate(force, axis=1)[..., None])[..., 0]
    return np.asarray(response[:, :m]), np.asarray(response[:, m:]), dx, dy
