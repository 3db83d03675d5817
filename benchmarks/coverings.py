"""How many trials do schedules take that show every pair, beside the lower bound and the design `balanced`?

    python3 run.py bench coverings [--json FILE]
    python3 run.py bench coverings --search CLIPS SIZE TRIALS [--seconds 60] [--seed 0]

The second form searches for a schedule of a given length by simulated annealing (Nurmela & Östergård, 1993): a
random item of a random set is exchanged for another, and kept if fewer pairs lack a set, or by chance. What it finds is
printed as a row of `analysis/designs/covering_table.py`. The rows there come from this search, compiled; it took
seconds each.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from itertools import combinations
from pathlib import Path

import numpy as np

from analysis.arrangement import Ints
from analysis.designs import covering_schedule, fewest_possible, pair_counts
from analysis.designs.balanced import balanced
from benchmarks.recovery_tables import table

SIZES = (
    (12, 4),
    (16, 6),
    (20, 6),
    (24, 6),
    (24, 8),
    (25, 13),
    (30, 10),
    (33, 6),
    (36, 6),
    (37, 4),
    (40, 8),
    (48, 8),
    (49, 7),
    (50, 7),
    (50, 11),
    (59, 12),
    (59, 20),
)
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def trials_of_balanced(n_items: int, size: int, *, seed: int) -> int:
    """How many trials `balanced` gives until every pair has been together."""
    rng = np.random.default_rng(seed)
    shown: list[Ints] = []
    while not (counts := pair_counts(shown, n_items)).all():
        shown.append(balanced(counts, size, rng=rng))
    return len(shown)


def search(n_items: int, size: int, trials: int, *, seconds: float, seed: int) -> list[list[int]] | None:
    """Sets that hold every pair, or None if none were found in that time."""
    rng = np.random.default_rng(seed)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        blocks = [list(map(int, rng.permutation(n_items)[:size])) for _ in range(trials)]
        counts = [[0] * n_items for _ in range(n_items)]
        for block in blocks:
            for a, b in combinations(block, 2):
                counts[a][b] += 1
                counts[b][a] += 1
        lacking = sum(counts[a][b] == 0 for a, b in combinations(range(n_items), 2))
        heat = 0.8
        while heat > 0.1 and lacking and time.monotonic() < until:
            for number, place, new, chance in zip(
                rng.integers(trials, size=20_000).tolist(),
                rng.integers(size, size=20_000).tolist(),
                rng.integers(n_items, size=20_000).tolist(),
                rng.random(20_000).tolist(),
                strict=True,
            ):
                block = blocks[number]
                if new in block:
                    continue
                old = block[place]
                others = [item for item in block if item != old]
                change = sum((counts[old][item] == 1) - (counts[new][item] == 0) for item in others)
                if change <= 0 or chance < math.exp(-change / heat):
                    for item in others:
                        counts[old][item] -= 1
                        counts[item][old] -= 1
                        counts[new][item] += 1
                        counts[item][new] += 1
                    block[place] = new
                    lacking += change
            heat *= 0.97
        if not lacking:
            return sorted(sorted(block) for block in blocks)
    return None


def main(argv: list[str]) -> int:
    """Print the table, or the row that the search found."""
    parser = argparse.ArgumentParser(prog="bench coverings")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--search", nargs=3, type=int, metavar=("CLIPS", "SIZE", "TRIALS"))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    if options.search:
        n_items, size, trials = options.search
        covering = search(n_items, size, trials, seconds=options.seconds, seed=options.seed)
        if covering is None:
            print(f"No schedule of {trials} trials was found in {options.seconds:g} s.")
            return 1
        print(f'({n_items}, {size}): "{" ".join("".join(DIGITS[item] for item in block) for block in covering)}"')
        return 0
    rows = [
        {
            "clips": n_items,
            "in a trial": size,
            "bound": fewest_possible(n_items, size),
            "covering": len(covering_schedule(n_items, size)),
            "balanced": trials_of_balanced(n_items, size, seed=options.seed),
        }
        for n_items, size in SIZES
    ]
    print(table(list(rows[0]), [[str(value) for value in row.values()] for row in rows]))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0
