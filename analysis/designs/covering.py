"""A fixed schedule of trials in which every pair of items is together at least once, in few trials.

Such a schedule is a covering of the pairs by sets (Gordon, Kuperberg & Patashnik, 1995, J. Combin. Des. 3:269). The
fewest sets are known for few sizes only. Here a schedule is the best of several constructions: the sets that a search
has found (`covering_table`), the lines of affine and projective planes, and those lines over a few parallel classes,
each with its points replaced by groups of items and with points taken away; or such a covering of all items but a few,
with sets that show these with all others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations, count

import numpy as np

from ..arrangement import Ints
from .covering_growth import MAX_GROWN, Block, counts_of_pairs, grown, merged, without_redundant
from .covering_table import DIFFERENCE_COVERS, TABLE
from .planes import affine_plane, is_prime_power, projective_plane

# Planes beyond this order have more points than a study has clips.
MAX_ORDER = 32
# So many items are added to a covering of the others.
MAX_ADDED = 4


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
    best = _covering(n_items, size)
    for others in range(n_items - 1, n_items - 1 - min(MAX_ADDED, n_items - size, size - 2), -1):
        if len(best) == bound or n_items > MAX_GROWN:
            break
        best = min(best, _with_more(_covering(others, size), others, n_items, size), key=len)
    return tuple(tuple(sorted(block)) for block in _filled(best, n_items, size))


@lru_cache(maxsize=256)
def _covering(n_items: int, size: int) -> list[Block]:
    """The shortest of the constructions, its sets not filled."""
    if n_items <= size:
        return [frozenset(range(n_items))]
    bound = fewest_possible(n_items, size)
    best: list[Block] = []
    for blocks, points in _smaller(n_items, size):
        larger = grown(blocks, points, n_items, size, len(best))
        if larger and (not best or len(larger) < len(best)):
            best = larger
        if len(best) == bound:
            return best
    if n_items >= 2 * size:
        across = _transversal(n_items, size)
        best = min(best or across, across, key=len)
    assert best  # of many items the last construction always fits, and of few the pairs of groups
    return best


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


def _smaller(n_items: int, size: int) -> Iterator[tuple[list[Block], int]]:
    """Coverings of a number of points, in whose places groups of items may stand."""
    for (points, width), text in TABLE.items():
        if _fits(points, width, n_items, size):
            yield read_blocks(text), points
    for order in filter(is_prime_power, range(2, MAX_ORDER)):
        if _fits(order**2, order, n_items, size):
            yield affine_plane(order), order**2
        if _fits(order**2 + order + 1, order + 1, n_items, size):
            yield projective_plane(order), order**2 + order + 1
    for (points, width), bases in DIFFERENCE_COVERS.items():
        if _fits(points, width, n_items, size):
            yield shifted(bases, points), points
    if n_items <= size**2 or size < 4:
        # Of groups of half a set's size one can be larger by one where that size is odd.
        groups = math.ceil((n_items - size % 2) / (size // 2))
        yield [frozenset(pair) for pair in combinations(range(groups), 2)], groups


def shifted(bases: Iterable[Iterable[int]], points: int) -> list[Block]:
    """The sets, and all that come of them by adding a number modulo that of the points; each once."""
    return list(
        dict.fromkeys(frozenset((one + shift) % points for one in base) for base in bases for shift in range(points))
    )


def _fits(points: int, width: int, n_items: int, size: int) -> bool:
    """Whether groups of items in the points' places may hold all items, without a multitude of spare points."""
    return width <= size and n_items * width <= points * size and points * (size // width) <= 2 * n_items + 8


def _with_more(blocks: list[Block], others: int, n_items: int, size: int) -> list[Block]:
    """The covering of `others` items with those up to `n_items` added, which are shown together with all others."""
    added = frozenset(range(others, n_items))
    room = size - len(added)
    meeting = [added | frozenset(range(start, min(start + room, others))) for start in range(0, others, room)]
    return merged(without_redundant(blocks + meeting, n_items), size)


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
    return merged(without_redundant(across + within, n_items), size)


def _filled(blocks: list[Block], n_items: int, size: int) -> list[Block]:
    counts = counts_of_pairs(blocks, n_items)
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
