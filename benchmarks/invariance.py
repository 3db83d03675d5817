"""Do labels, order, rotation and reflection change an estimate? They must not.

Random small sessions (3 to 9 items, 1 to 6 trials; among them heaps of clips on one spot, lines, grids, repeated and
tiny trials) and simulated sessions as participants make them (12 to 24 items) are estimated twice: as they are, and
with items relabelled, trials and the items within them reordered, and each trial rotated, perhaps reflected, and moved.
The largest difference of any pair is counted, in RDMs with a sum of squares of 1.

    python3 run.py bench invariance [--small 2000] [--realistic 200] [--methods latent] [--seed 0] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from analysis import Arrangement, StopRule, estimate_rdm
from analysis.estimators import ESTIMATORS
from analysis.rdm import to_square
from analysis.simulate import make_truth, simulate_rater
from benchmarks.recovery_tables import table

# Differences that the tests allow, for sessions that come to lie on either side of a step of the canonical grid.
# Averages pass the step on; fits stop at a relative change of 1e-11 of their loss, about 1e-5 where that is flat.
TOLERANCES = {
    "weighted_average": 1e-6,
    "inverse_mds": 1e-6,
    "precision_weighted": 1e-6,
    "latent": 1e-4,
    "arrangement": 1e-4,
    "combined": 1e-4,
}
KINDS = ("any", "any", "any", "heap", "line", "grid", "repeated", "tiny")


def small_session(rng: np.random.Generator) -> tuple[int, list[Arrangement]]:
    """Number of items and trials of a random session in which awkward trials are frequent."""
    n_items = int(rng.integers(3, 10))
    trials: list[Arrangement] = []
    for _ in range(rng.integers(1, 7)):
        items = rng.permutation(n_items)[: rng.integers(3, n_items + 1)]
        positions = rng.uniform(-0.35, 0.35, size=(items.size, 2))
        kind = rng.choice(KINDS)
        if kind == "repeated" and trials:
            trials.append(trials[-1])
            continue
        if kind == "heap":
            positions[1] = positions[0]
        elif kind == "line":
            positions[:, 1] = 0.1
        elif kind == "grid":
            positions = np.round(4 * positions) / 4
            # Not all on one spot: such a trial is dropped.
            positions[0] = 0.5
        elif kind == "tiny":
            positions *= 0.01
        trials.append(Arrangement(items, positions))
    return n_items, trials


def realistic_session(rng: np.random.Generator) -> tuple[int, list[Arrangement]]:
    """Number of items and trials of a simulated participant with a human's noise."""
    n_items = int(rng.integers(12, 25))
    truth = make_truth(str(rng.choice(["gaussian_5", "clusters", "hierarchy", "circumplex"])), n_items, rng=rng)
    stop = StopRule(min_evidence=None, max_trials=int(rng.integers(4, 13)))
    design = str(rng.choice(["balanced", "random", "lift_the_weakest"]))
    rater = simulate_rater(truth, design=design, max_items=None, stop=stop, rng=rng)
    return n_items, list(rater.arrangements)


def changed(trials: list[Arrangement], n_items: int, rng: np.random.Generator) -> tuple[list[Arrangement], np.ndarray]:
    """The session with all changed that should not matter, and the items' new labels (n,)."""
    label = rng.permutation(n_items)
    other = []
    for number in rng.permutation(len(trials)):
        trial = trials[number]
        angle = rng.uniform(0, 2 * np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turn[:, 0] *= rng.choice([-1, 1])
        order = rng.permutation(len(trial))
        positions = trial.positions @ turn + rng.normal(size=2) / 10
        other.append(Arrangement(label[trial.items[order]], positions[order]))
    return other, label


def deviation(trials: list[Arrangement], n_items: int, method: str, rng: np.random.Generator) -> float:
    """Largest difference of a dissimilarity between a session and the same session changed.

    Infinite when a pair is missing in one of them, or only one says that it converged.
    """
    other, label = changed(trials, n_items, rng)
    first, second = (estimate_rdm(given, n_items, method=method) for given in (trials, other))
    here, there = to_square(first.rdm), to_square(second.rdm)[np.ix_(label, label)]
    if (np.isnan(here) != np.isnan(there)).any() or first.converged != second.converged:
        return float("inf")
    return float(np.nanmax(np.abs(here - there)))


def main(argv: list[str]) -> int:
    """Print the table; write the figures where asked to."""
    parser = argparse.ArgumentParser(prog="bench invariance", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", type=int, default=2000, help="random small sessions")
    parser.add_argument("--realistic", type=int, default=200, help="simulated sessions of participants")
    parser.add_argument("--methods", default=",".join(ESTIMATORS), help="estimators, with commas between")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sessions")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(argv)
    rows, out = [], []
    for name, make, count in (
        ("small", small_session, options.small),
        ("realistic", realistic_session, options.realistic),
    ):
        for method in options.methods.split(",") if count else []:
            deviations = []
            for number in range(count):
                rng = np.random.default_rng([options.seed, number])
                n_items, trials = make(rng)
                deviations.append(deviation(trials, n_items, method, rng))
            values = np.array(deviations)
            worst = int(np.argmax(values))
            above = [int((values > bound).sum()) for bound in (1e-3, 1e-6)]
            rows.append([name, method, str(count), f"{values[worst]:.0e}", *map(str, above)])
            out.append(
                {"sessions": name, "method": method, "worst": values[worst], "worst_session": worst, "above": above}
            )
            print(f"{name} {method}: worst {values[worst]:.1e} (session {worst})", flush=True)
    print("\n" + table(["sessions", "estimator", "number", "largest difference", "above 1e-3", "above 1e-6"], rows))
    if options.json:
        options.json.write_text(json.dumps(out, indent=1), encoding="utf-8")
    return 0
