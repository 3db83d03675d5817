"""A fixed schedule of trials in which every pair of items is together at least once, in few trials.

Such a schedule is a covering of the pairs by sets (Gordon, Kuperberg & Patashnik, 1995, J. Combin. Des. 3:269). The
fewest sets are known for few sizes only. Here a schedule is the best of several constructions: the sets that a search
has found (`covering_table`), the lines of affine and projective planes, and those lines over a few parallel classes,
each with its points replaced by groups of items and with points taken away.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations, count

import numpy as np

from ..arrangement import Ints
from .covering_table import DIFFERENCE_COVERS, TABLE
from .planes import affine_plane, is_prime_power, projective_plane

# Planes beyond this order have more points than a study has clips.
MAX_ORDER = 32

Block = frozenset[int]


def fewest_possible(n_items: int, size: int) -> int:
    """The bound of Schönheim (1964): no schedule has fewer trials. Each item needs ceil((n - 1) / (size - 1)) of them.

    Raises
    ------
    ValueError
        When `size` is below 2.
    """
    if size < 2:
        raise ValueError(f"size must be at least 2, got {size}")
    if n_items <= size:
        return min(n_items, 1)
    return math.ceil(n_items * math.ceil((n_items - 1) / (size - 1)) / size)


@lru_cache(maxsize=64)
def covering_schedule(n_items: int, size: int) -> tuple[tuple[int, ...], ...]:
    """Sets of at most `size` items, each ascending, such that each pair of the `n_items` is in one of them at least.

    The same arguments give the same schedule, always. Sets with room to spare are filled with the items whose pairs
    with them are in fewest sets.

    Raises
    ------
    ValueError
        When `size` is below 2.
    """
    if n_items <= size:
        return (tuple(range(n_items)),) if n_items else ()
    bound = fewest_possible(n_items, size)
    best: list[Block] | None = None
    for blocks in _constructions(n_items, size):
        if best is None or len(blocks) < len(best):
            best = blocks
        if len(best) == bound:
            break
    assert best is not None  # the last of the constructions always fits
    return tuple(tuple(sorted(block)) for block in _filled(best, n_items, size))


def next_of_schedule(shown: Iterable[Ints], n_items: int, size: int, *, rng: np.random.Generator) -> Ints:
    """A set of the schedule that was shown least often so far, drawn at random, (m,).

    Parameters
    ----------
    shown
        The items of each trial so far; sets that are not of the schedule count for nothing.
    """
    schedule = covering_schedule(n_items, size)
    counts = dict.fromkeys(schedule, 0)
    for items in shown:
        block = tuple(sorted(int(item) for item in items))
        if block in counts:
            counts[block] += 1
    fewest = min(counts.values())
    left = [block for block in schedule if counts[block] == fewest]
    return np.array(left[int(rng.integers(len(left)))], dtype=np.int64)


def _constructions(n_items: int, size: int) -> Iterator[list[Block]]:
    """Coverings of the items; in most, each point of a smaller covering becomes a group of items."""
    for (points, width), text in TABLE.items():
        if _fits(points, size // width, n_items):
            yield _grown(read_blocks(text), points, n_items, size)
    for order in filter(is_prime_power, range(2, MAX_ORDER)):
        if _fits(order**2, size // order, n_items):
            yield _grown(affine_plane(order), order**2, n_items, size)
        if _fits(order**2 + order + 1, size // (order + 1), n_items):
            yield _grown(projective_plane(order), order**2 + order + 1, n_items, size)
    for points, base in DIFFERENCE_COVERS.items():
        if _fits(points, size // len(base), n_items):
            shifted = [frozenset((number + shift) % points for number in base) for shift in range(points)]
            yield _grown(shifted, points, n_items, size)
    if n_items >= 2 * size:
        yield _transversal(n_items, size)
    if n_items <= size**2 or size < 4:
        groups = math.ceil(n_items / (size // 2))
        yield _grown([frozenset(pair) for pair in combinations(range(groups), 2)], groups, n_items, size)


def _fits(points: int, group: int, n_items: int) -> bool:
    """Whether groups of that many items in each point's place hold all items, without a multitude of spare points."""
    return n_items <= points * group <= 2 * n_items + 8


def _transversal(n_items: int, size: int) -> list[Block]:
    """A covering of many items: `size` columns of an affine plane, whose other lines meet each column once.

    The pairs within a column are covered in the same way as everything else, column by column.
    """
    order = next(order for order in count(math.ceil(n_items / size)) if is_prime_power(order) and order >= size)
    columns = [range(n_items * c // size, n_items * (c + 1) // size) for c in range(size)]
    item_of = {c * order + y: item for c, column in enumerate(columns) for y, item in enumerate(column)}
    lines = affine_plane(order)[: order**2]
    across = [frozenset(item_of[point] for point in line if point in item_of) for line in lines]
    within = [
        frozenset(column[item] for item in block)
        for column in columns
        for block in covering_schedule(len(column), size)
    ]
    return _merged(_without_redundant(across + within, n_items), size)


def _grown(blocks: list[Block], points: int, n_items: int, size: int) -> list[Block]:
    """The covering with a group of items in each point's place.

    Points that are not needed are taken away set by set, so that whole sets go; the other groups differ by one item.
    """
    width = max(len(block) for block in blocks)
    needed = math.ceil(n_items / (size // width))
    kept = sorted(set(range(points)) - _spare(blocks, points, points - needed))
    groups: dict[int, list[int]] = {point: [] for point in kept}
    for item in range(n_items):
        groups[kept[item % needed]].append(item)
    grown = [frozenset(item for point in block if point in groups for item in groups[point]) for block in blocks]
    return _merged(_without_redundant(grown, n_items), size)


def _spare(blocks: list[Block], points: int, number: int) -> set[int]:
    """`number` points, as many as can be from the same sets."""
    spare: set[int] = set()
    while len(spare) < number:
        # The set that has fewest points left, but some, is nearest to vanishing.
        left = [block - spare for block in blocks if len(block - spare) > 1]
        block = min(left, key=lambda block: (len(block), sorted(block))) if left else set(range(points)) - spare
        spare.update(sorted(block)[: number - len(spare)])
    return spare


def _without_redundant(blocks: list[Block], n_items: int) -> list[Block]:
    """The sets without those whose pairs are all in other sets, the smallest looked at first."""
    counts = np.zeros((n_items, n_items), dtype=np.int64)
    for block in blocks:
        counts[np.ix_(sorted(block), sorted(block))] += 1
    kept = []
    for block in sorted(blocks, key=lambda block: (len(block), sorted(block))):
        inside = np.ix_(sorted(block), sorted(block))
        apart = ~np.eye(len(block), dtype=bool)
        if (counts[inside][apart] > 1).all():
            counts[inside] -= 1
        else:
            kept.append(block)
    return kept


def _merged(blocks: list[Block], size: int) -> list[Block]:
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


def _filled(blocks: list[Block], n_items: int, size: int) -> list[Block]:
    counts = np.zeros((n_items, n_items), dtype=np.int64)
    for block in blocks:
        counts[np.ix_(sorted(block), sorted(block))] += 1
    filled = []
    for block in blocks:
        items = sorted(block)
        while len(items) < size:
            sums = counts[items].sum(axis=0)
            sums[items] = np.iinfo(np.int64).max
            item = int(sums.argmin())
            counts[items, item] += 1
            counts[item, items] += 1
            items.append(item)
        filled.append(frozenset(items))
    return filled


def read_blocks(text: str) -> list[Block]:
    """The sets of a line of the table: words of digits of the base 62."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return [frozenset(digits.index(digit) for digit in word) for word in text.split()]
