"""How often do honest, careless and random arrangements pass the practice round?

    python3 run.py bench practice [--json FILE] [--rounds 3] [--count 20000]

Each number is the share that reaches the pass mark in one round, and in at least one of several.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.participation.practice import LAYOUT, MAX_ROUNDS
from app.participation.practice_score import agreement_of

Floats = NDArray[np.float64]
KNOWN = np.array(list(LAYOUT.values()))
N = len(KNOWN)
HEAPS = np.array([(-0.35, 0.0)] * 3 + [(0.35, 0.0)] * 3)
MARKS = (0.5, 0.6, 0.7, 0.8, 0.9)


def _anywhere(rng: np.random.Generator) -> Floats:
    radius, angle = 0.5 * np.sqrt(rng.random(N)), 2 * np.pi * rng.random(N)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _ring(rng: np.random.Generator) -> Floats:
    angle = 2 * np.pi * rng.permutation(N) / N
    return 0.4 * np.column_stack([np.cos(angle), np.sin(angle)])


def _row(rng: np.random.Generator) -> Floats:
    return np.column_stack([np.linspace(-0.4, 0.4, N)[rng.permutation(N)], np.zeros(N)])


def _noisy(points: Floats, noise: float) -> Callable[[np.random.Generator], Floats]:
    return lambda rng: points + rng.normal(0, noise, points.shape)


ARRANGERS: dict[str, Callable[[np.random.Generator], Floats]] = {
    "anywhere in the circle": _anywhere,
    "evenly around a ring": _ring,
    "in a row, in any order": _row,
    "two heaps of three, any shapes": lambda rng: HEAPS[rng.permutation(N)] + rng.normal(0, 0.04, HEAPS.shape),
    "as known, noise 0.05": _noisy(KNOWN, 0.05),
    "as known, noise 0.10": _noisy(KNOWN, 0.10),
    "as known, noise 0.15": _noisy(KNOWN, 0.15),
    "by shape alone, noise 0.10": _noisy(HEAPS, 0.10),
}


def agreements(kind: str, count: int, rng: np.random.Generator) -> Floats:
    """Agreements of `count` arrangements of that kind with the known layout."""
    return np.array([agreement_of(ARRANGERS[kind](rng), KNOWN) for _ in range(count)])


def main(argv: list[str]) -> int:
    """Simulate, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--rounds", type=int, default=MAX_ROUNDS, help="tries that somebody has")
    parser.add_argument("--count", type=int, default=20_000, help="arrangements of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    rng = np.random.default_rng(options.seed)
    print(f"| {'arrangement':32} | " + " | ".join(f"at {mark}: 1 / {options.rounds}" for mark in MARKS) + " |")
    print("|" + "---|" * (1 + len(MARKS)))
    figures = {}
    for kind in ARRANGERS:
        agreement = agreements(kind, options.count, rng)
        once = {mark: float(np.mean(agreement >= mark)) for mark in MARKS}
        figures[kind] = {mark: {"once": p, "in_rounds": 1 - (1 - p) ** options.rounds} for mark, p in once.items()}
        cells = (f"{100 * p['once']:.1f} / {100 * p['in_rounds']:.1f} %" for p in figures[kind].values())
        print(f"| {kind:32} | " + " | ".join(cells) + " |")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0
