"""Coverings made of smaller ones: groups of items in the places of points, and sets that are not needed taken away."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice

import numpy as np

from ..arrangement import Ints

# Beyond so many items groups are of one size: it takes too long to find out which can be larger.
MAX_GROWN = 128
# That many times as many sets as another construction has are not looked at: putting them together helps little.
TOO_MANY = 1.5

Block = frozenset[int]


def grown(blocks: list[Block], points: int, n_items: int, size: int, best: int) -> list[Block]:
    """The covering with a group of items in each point's place; none where the sets have no room for that, or where the
    `best` so far has far fewer sets (0: there is none).

    Points that are not needed are taken away set by set, so that whole sets go; the other groups differ by one item.
    Where groups of one size do not hold all items, some are larger, as far as all of their sets have room.
    """
    width = max(len(block) for block in blocks)
    needed = math.ceil(n_items / (size // width))
    if needed <= points:
        kept = sorted(set(range(points)) - _spare(blocks, points, points - needed))
        sizes = {point: n_items // needed + (place < n_items % needed) for place, point in enumerate(kept)}
    elif n_items > MAX_GROWN or (best and len(blocks) >= best):
        return []
    else:
        sizes = _group_sizes(blocks, points, n_items, size)
        if sum(sizes.values()) < n_items:
            return []
    if best and sum(len(block & sizes.keys()) > 1 for block in blocks) > TOO_MANY * best:
        return []
    items = iter(range(n_items))
    groups = {point: list(islice(items, number)) for point, number in sizes.items()}
    grown = [frozenset(item for point in block if point in groups for item in groups[point]) for block in blocks]
    return merged(without_redundant(grown, n_items), size)


def _group_sizes(blocks: list[Block], points: int, n_items: int, size: int) -> dict[int, int]:
    """How many items stand in each point's place, up to `n_items` in all: as many as all sets have room for."""
    of_point = [[number for number, block in enumerate(blocks) if point in block] for point in range(points)]
    group = size // max(len(block) for block in blocks)
    sizes = [group] * points
    room = [size - group * len(block) for block in blocks]

    def change(point: int, by: int) -> None:
        """Put `by` more items in the point's place."""
        sizes[point] += by
        for number in of_point[point]:
            room[number] -= by

    def spare(point: int) -> int:
        """How many more items all sets of the point have room for."""
        return min(room[number] for number in of_point[point])

    while sum(sizes) < n_items:
        # First where most room is left, so that others can grow too.
        point = max(range(points), key=lambda one: (spare(one), -sizes[one], -len(of_point[one])))
        if spare(point) > 0:
            change(point, 1)
        elif not any(_exchanged(point, points, sizes, change, spare) for point in range(points)):
            break
    return dict(enumerate(sizes))


def _exchanged(
    point: int, points: int, sizes: list[int], change: Callable[[int, int], None], spare: Callable[[int], int]
) -> bool:
    """Whether two others could take an item each for one less in this point's place."""
    if sizes[point] == 0:
        return False
    change(point, -1)
    others = [one for one in range(points) if one != point and spare(one) > 0]
    for first in others:
        change(first, 1)
        for second in others:
            if spare(second) > 0:
                change(second, 1)
                return True
        change(first, -1)
    change(point, 1)
    return False


def _spare(blocks: list[Block], points: int, number: int) -> set[int]:
    """`number` points, as many as can be from the same sets."""
    spare: set[int] = set()
    while len(spare) < number:
        # The set that has fewest points left, but some, is nearest to vanishing.
        left = [block - spare for block in blocks if len(block - spare) > 1]
        block = min(left, key=lambda block: (len(block), sorted(block))) if left else set(range(points)) - spare
        spare.update(sorted(block)[: number - len(spare)])
    return spare


def without_redundant(blocks: list[Block], n_items: int) -> list[Block]:
    """The sets without those whose pairs are all in other sets, the smallest looked at first."""
    counts = counts_of_pairs(blocks, n_items)
    # An item alone is no pair.
    np.fill_diagonal(counts, n_items + len(blocks))
    kept = []
    for block in sorted(blocks, key=lambda block: (len(block), sorted(block))):
        items = np.array(sorted(block), dtype=np.int64)
        inside = items[:, None] * n_items + items
        if len(block) < 2 or counts.ravel()[inside].min() > 1:
            counts.ravel()[inside] -= 1
            np.fill_diagonal(counts, n_items + len(blocks))
        else:
            kept.append(block)
    return kept


def counts_of_pairs(blocks: list[Block], n_items: int) -> Ints:
    """In how many sets each two items are together, (n_items, n_items)."""
    held = np.zeros((len(blocks), n_items), dtype=np.int64)
    for number, block in enumerate(blocks):
        held[number, list(block)] = 1
    return held.T @ held


def merged(blocks: list[Block], size: int) -> list[Block]:
    """The sets, small ones put together as far as they fit: each into the one that shares most with it and has room."""
    full = [block for block in blocks if len(block) == size]
    merged: list[set[int]] = []
    for block in sorted(
        (block for block in blocks if len(block) < size), key=lambda block: (-len(block), sorted(block))
    ):
        roomy = [other for other in merged if len(other | block) <= size]
        if roomy:
            max(roomy, key=lambda other: (len(other & block), len(other))).update(block)
        else:
            merged.append(set(block))
    return full + [frozenset(block) for block in merged]
