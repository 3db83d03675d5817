"""How many iterations does the choice of the next trial need, for an RDM as good at the same number of placements?

Simulated participants with known RDMs work by the default design until so many placements. The same participants (truth
and noise of placing) do it with the fit bounded at other numbers of iterations; 0 is the classical start without a fit.
Compared are the correlation with the truth of the RDM estimated in the end, by its difference within participants, and
the processor time of one thread that a choice takes.

    python3 run.py bench choosing [--quick] [--seeds 8] [--items 12 24 59] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analysis import estimate_rdm
from analysis.arrangement import Arrangement
from analysis.designs import default_size
from analysis.designs.posterior_variance import posterior_variance
from analysis.estimators.trials import usable_trials
from analysis.similarity import similarity
from analysis.simulate import Behaviour, overall, place_items
from benchmarks.recovery import generator
from benchmarks.recovery_tables import table
from benchmarks.truths import truth_of

TRUTHS = ("gaussian_full", "gaussian_5", "clusters", "hierarchy", "circumplex")
BEFORE = 60
ITERATIONS = (BEFORE, 30, 15, 8, 4, 0)
# Placements for each item at which the RDM is estimated.
BUDGETS = (4, 8)
LARGEST = 20


class Walk(NamedTuple):
    """A session: r with the truth at each budget, and the processor seconds of each choice."""

    r: list[float]
    choosing: list[float]


def walk(kind: str, n: int, seed: int, iterations: int) -> Walk:
    """One participant who places items until the largest budget is used up."""
    truth = truth_of(kind, n, generator(kind, n, seed))
    placing = generator(kind, n, seed, "placing")
    trials: list[Arrangement] = []
    choosing, r, placed = [], [], 0
    items = np.sort(placing.permutation(n)[: min(n, LARGEST)])
    for budget in BUDGETS:
        while placed < budget * n:
            if trials:
                rng = generator(kind, n, seed, "choosing", str(len(trials)))
                start = time.process_time()
                usable = usable_trials(trials, n)
                items = np.sort(posterior_variance(usable, default_size(n), rng=rng, fit_iterations=iterations))
                choosing.append(time.process_time() - start)
            trials.append(place_items(truth, items, behaviour=Behaviour(), rng=placing))
            placed += len(items)
        rdm = estimate_rdm(trials, n, method="combined").rdm
        r.append(float(similarity(rdm, overall(truth))[0, 0]))
    return Walk(r, choosing)


def main(argv: list[str]) -> int:
    """Print the table; write the figures if they are asked for."""
    parser = argparse.ArgumentParser(prog="run.py bench choosing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one seed")
    parser.add_argument("--seeds", type=int, default=8, help="participants for each truth")
    parser.add_argument("--items", type=int, nargs="+", default=[12, 24, 59])
    parser.add_argument("--iterations", type=int, nargs="+", default=list(ITERATIONS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    seeds = 1 if options.quick else options.seeds
    rows, figures = [], []
    for n in options.items:
        by_iterations: dict[int, list[Walk]] = {each: [] for each in options.iterations}
        for kind in TRUTHS:
            for seed in range(seeds):
                for iterations, walks in by_iterations.items():
                    walks.append(walk(kind, n, seed, iterations))
        reference = np.array([one.r for one in by_iterations[options.iterations[0]]])
        for iterations, walks in by_iterations.items():
            r = np.array([one.r for one in walks])
            row = _row(n, iterations, r, reference, float(np.mean(np.concatenate([one.choosing for one in walks]))))
            figures.append(row)
            gains = [f"{row['gain'][k]:+.4f} ± {row['se'][k]:.4f}" for k in range(len(BUDGETS))]
            rows.append([str(n), str(iterations), *map("{:.3f}".format, row["r"]), *gains, f"{row['ms']:.1f}"])
            print(rows[-1], flush=True)
    heads = [f"r at {budget}n" for budget in BUDGETS] + [f"against {options.iterations[0]}, {b}n" for b in BUDGETS]
    print(f"\n{len(TRUTHS) * seeds} participants for each number of items\n")
    print(table(["items", "iterations", *heads, "processor ms a choice"], rows))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0


def _row(n: int, iterations: int, r: np.ndarray, reference: np.ndarray, seconds: float) -> dict[str, Any]:
    gain = r - reference
    return {
        "n_items": n,
        "iterations": iterations,
        "r": r.mean(axis=0).tolist(),
        "gain": gain.mean(axis=0).tolist(),
        "se": (gain.std(axis=0, ddof=1) / np.sqrt(len(gain))).tolist(),
        "ms": 1000 * seconds,
    }
