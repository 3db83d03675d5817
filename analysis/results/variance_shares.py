"""Shares of the raters' variance that models explain alone and together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..clip_sets import ClipSet
from ..models.partition import VariancePartition, mean_partition, variance_partition
from ..rdm import n_items_of, pairs_within
from .model_list import Model, block_named

# Fifteen shares are what a reader can take in.
MAX_EXPLAINED = 4


@dataclass(frozen=True)
class Share:
    """A subset of the blocks: `explained` by it together, and the `share` that all of it explain and no other does."""

    blocks: tuple[str, ...]
    explained: float
    share: float


def variance_shares(
    table: Floats,
    names: Sequence[str],
    blocks: Mapping[str, list[Model]],
    sets: Sequence[ClipSet],
    remarks: list[str],
) -> tuple[tuple[Share, ...], int]:
    """The shares of 2 to `MAX_EXPLAINED` blocks, and of how many pairs; adds to the remarks what cannot be computed.

    In a study of several sets they are computed in each set, and averaged.
    """
    chosen = {name: block_named(name, blocks, remarks) for name in dict.fromkeys(names)}
    if not 2 <= len(chosen) <= MAX_EXPLAINED:
        remarks.append(f"Variance is divided between 2 to {MAX_EXPLAINED} different models or groups of them.")
        return (), 0
    if not all(chosen.values()):
        return (), 0
    members = [model.name for models in chosen.values() for model in models]
    if len(set(members)) < len(members):
        remarks.append("Variance is not divided: what was chosen has models in common.")
        return (), 0
    predictors = {name: np.array([model.rdm for model in models]) for name, models in chosen.items()}
    try:
        partition = _in_sets(table, predictors, sets, remarks) if sets else variance_partition(table, predictors)
    except ValueError as error:
        remarks.append(f"Variance is not divided: {error}.")
        return (), 0
    shares = tuple(Share(key, partition.adjusted_r2[key], partition.parts[key]) for key in partition.parts)
    return shares, partition.n_pairs


def _in_sets(
    table: Floats, predictors: Mapping[str, Floats], sets: Sequence[ClipSet], remarks: list[str]
) -> VariancePartition:
    n_items, partitions, without = n_items_of(table.shape[1]), [], []
    for one in sets:
        pairs = pairs_within(np.array(one.items), n_items)
        mine = table[:, pairs]
        mine = mine[np.isfinite(mine).any(axis=1)]
        try:
            partitions.append(variance_partition(mine, {name: rdms[:, pairs] for name, rdms in predictors.items()}))
        except ValueError as error:
            without.append(f"{one.name} ({error})")
    if without:
        remarks.append(f"Variance is not divided in {'; '.join(without)}.")
    partition = mean_partition(partitions)
    remarks.append(f"Shares of variance were computed in each set, and are means over {len(partitions)} sets.")
    return partition
