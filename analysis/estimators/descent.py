"""A few quasi-Newton steps down a loss that jumps in places, whose gradient is not exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..arrangement import Floats

# A step is accepted when it lowers the loss by this share of what the slope promises (Armijo).
SUFFICIENT = 1e-4
# Each try is this much shorter than the one before, by interpolation within these bounds.
SHORTEN_AT_MOST, SHORTEN_AT_LEAST = 0.1, 0.5
TRIES = 12
# A promised fall of less than this share of the loss is none.
AT_REST = 1e-9


class Descent(NamedTuple):
    """Where the steps led, and how many were taken; `gave_up` when they ended early because no step lowered the loss
    enough, not because the slope had gone.
    """

    point: Floats
    steps: int
    gave_up: bool


def descend(objective: Callable[[Floats], tuple[float, Floats]], start: Floats, *, steps: int) -> Descent:
    """At most `steps` L-BFGS steps from `start` (q,); `objective` returns the loss and its gradient (q,).

    Steps are shortened until the loss falls enough. Where twelve tries do not find such a step, the loss jumps or the
    gradient misleads: the steps end at the last accepted point. General optimisers close in on the jump instead, until
    rounding decides on which side they go on; so would a search for more than sufficient decrease.

    Source: Nocedal & Wright (2006), Numerical Optimization, algorithms 7.4 and 3.1.
    """
    point = start
    loss, gradient = objective(point)
    moves: list[tuple[Floats, Floats]] = []
    for taken in range(steps):
        direction = _direction(gradient, moves)
        slope = float(direction @ gradient)
        if -slope <= AT_REST * abs(loss):
            return Descent(point, taken, gave_up=False)
        # Without knowledge of the curvature the first step has length 1, or less where the slope is gentle.
        length = 1.0 if moves else min(1.0, 1.0 / float(np.linalg.norm(gradient)))
        for _ in range(TRIES):
            there = point + length * direction
            new_loss, new_gradient = objective(there)
            if new_loss <= loss + SUFFICIENT * length * slope:
                break
            minimum = -slope * length / (2 * (new_loss - loss - slope * length))
            length *= min(max(minimum, SHORTEN_AT_MOST), SHORTEN_AT_LEAST)
        else:
            return Descent(point, taken, gave_up=True)
        moves.append((there - point, new_gradient - gradient))
        point, loss, gradient = there, new_loss, new_gradient
    return Descent(point, steps, gave_up=False)


def _direction(gradient: Floats, moves: list[tuple[Floats, Floats]]) -> Floats:
    """The L-BFGS direction: the gradient turned and scaled by the curvature along the `moves` (step, change) so far."""
    curved = [(step, change, float(step @ change)) for step, change in moves]
    curved = [(step, change, along) for step, change, along in curved if along > 1e-10 * float(change @ change)]
    direction = -gradient
    factors = []
    for step, change, along in reversed(curved):
        factors.append(float(step @ direction) / along)
        direction = direction - factors[-1] * change
    if curved:
        _, change, along = curved[-1]
        direction = direction * (along / float(change @ change))
    for (step, change, along), factor in zip(curved, reversed(factors), strict=True):
        direction = direction + (factor - float(change @ direction) / along) * step
    return direction
