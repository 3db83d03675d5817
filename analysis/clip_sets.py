"""Sets of clips: those that are arranged together, where a study has several sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrangement import Floats, Ints


@dataclass(frozen=True)
class ClipSet:
    """A set: its name, and the places of its clips among the study's, in rising order.

    `anchors` are the places of those that are in every set.
    """

    name: str
    items: tuple[int, ...]
    anchors: tuple[int, ...] = ()


def set_of_each(sets: Sequence[ClipSet], n_items: int) -> list[str] | None:
    """The name of each clip's set, those of all its sets for an anchor, "" for one in none; None without sets."""
    if not sets:
        return None
    return ["; ".join(one.name for one in sets if item in one.items) for item in range(n_items)]


def centred(values: Floats, labels: Ints) -> Floats:
    """Each column of a table (n, A), or of many (…, n, A), less its mean within each set, over clips with a value."""
    less_means = values.copy()
    for label in np.unique(labels):
        mine = values[..., labels == label, :]
        present = np.isfinite(mine)
        count = present.sum(axis=-2, keepdims=True)
        total = np.where(present, mine, 0.0).sum(axis=-2, keepdims=True)
        less_means[..., labels == label, :] = mine - total / np.maximum(count, 1)
    return less_means


def orders_within(labels: Ints, rng: np.random.Generator, n_draws: int) -> Ints:
    """Orders of the clips, (n_draws, n), in which each stays within its set."""
    orders = np.tile(np.arange(labels.size), (n_draws, 1))
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        orders[:, mine] = rng.permuted(orders[:, mine], axis=1)
    return orders
