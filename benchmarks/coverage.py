"""Do the 95 % intervals of `estimate_rdm(..., uncertainty=True)` hold the truth in 95 % of cases?

Simulated participants with known RDMs (`analysis.simulate`) work through sessions; for each kind of truth and number
of items the table gives the share of dissimilarities inside their interval, and the share of participants whose
correlation with the truth is inside its interval. A figure between .90 and .98 is called calibrated. The kind `real` is
drawn from sixteen people's RDMs of 92 images, where that file is present.

    python3 run.py bench coverage [--json FILE] [--seeds 20] [--items 20 40] [--processes 2]
        [--method combined] [--design posterior_variance] [--placements 8] [--noise 0.1]
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat

from analysis import estimate_rdm
from analysis.designs import StopRule
from analysis.rdm import scale_to_rms, to_condensed
from analysis.simulate import Behaviour, make_truth, overall, part_of, simulate_rater

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "92_behavRDMs.mat"
KINDS = ("gaussian_full", "gaussian_2", "gaussian_5", "clusters", "hierarchy", "real")
CALIBRATED = (0.90, 0.98)


def real_raters() -> np.ndarray:
    """RDMs of 16 people, (16, 4186)."""
    table = loadmat(REAL, squeeze_me=True)["rdms_behav_92"]
    return np.array([to_condensed(np.asarray(row["RDM"], dtype=float)) for row in table])


def truth_of(kind: str, n_items: int, rng: np.random.Generator) -> np.ndarray:
    if kind != "real":
        return make_truth(kind, n_items, rng=rng)
    raters = real_raters()
    return part_of(raters[int(rng.integers(len(raters)))], n_items, rng=rng)


def one_participant(kind: str, n_items: int, seed: int, *, options: argparse.Namespace) -> dict[str, float] | None:
    """Coverage and figures of one simulated participant; None where the estimate comes without intervals."""
    rng = np.random.default_rng([seed, n_items, sum(map(ord, kind))])
    truth = truth_of(kind, n_items, rng)
    size = max(4, round(0.4 * n_items)) if options.size is None else options.size
    n_trials = 1 + round((options.placements - 1) * n_items / size)
    session = simulate_rater(
        truth,
        behaviour=Behaviour(noise=options.noise, strategy=options.strategy, random_trials=options.random_trials),
        design=options.design,
        size=None if options.design == "lift_the_weakest" else size,
        stop=StopRule(min_evidence=None, max_trials=n_trials),
        rng=rng,
    )
    start = time.perf_counter()
    estimate = estimate_rdm(session.arrangements, n_items, method=options.method, uncertainty=True, rng=rng)
    seconds = time.perf_counter() - start
    if estimate.standard_error is None or estimate.correlation_with_truth is None:
        return None
    present = np.isfinite(estimate.rdm)
    root = np.sqrt(present.sum())
    wanted = scale_to_rms(overall(truth)[present]) / root
    found, error = estimate.rdm[present], estimate.standard_error[present]
    inside = np.abs(found - wanted) <= 1.96 * error
    near = found < np.median(found)
    r = float(np.corrcoef(found, wanted)[0, 1])
    value, lower, upper = estimate.correlation_with_truth
    return {
        "pairs_inside": float(inside.mean()),
        "near_pairs_inside": float(inside[near].mean()),
        "far_pairs_inside": float(inside[~near].mean()),
        "half_width": float(1.96 * error.mean() * root),
        "r": r,
        "r_expected": float(value),
        "r_lower": float(lower),
        "r_upper": float(upper),
        "r_inside": float(lower <= r <= upper),
        "r_width": float(upper - lower),
        "r_error_z": float(np.arctanh(r) - np.arctanh(value)),
        "seconds": seconds,
    }


def verdict(value: float) -> str:
    return "calibrated" if CALIBRATED[0] <= value <= CALIBRATED[1] else ("too narrow" if value < 0.9 else "too wide")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="coverage", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--seeds", type=int, default=20, help="participants for each kind and number of items")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--items", type=int, nargs="+", default=[20, 40])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    parser.add_argument("--method", default="combined")
    parser.add_argument("--design", default="posterior_variance")
    parser.add_argument("--placements", type=float, default=8.0, help="in all, per item")
    parser.add_argument("--size", type=int, help="items of a trial after the first; default 0.4 n")
    parser.add_argument("--noise", type=float, default=0.1, help="sd of a placement, in extents of the trial")
    parser.add_argument("--strategy", default="stress", choices=["stress", "pca"])
    parser.add_argument("--random-trials", type=float, default=0.0)
    options = parser.parse_args(argv)
    kinds = [kind for kind in options.kinds if kind != "real" or REAL.exists()]
    if len(kinds) < len(options.kinds):
        print("The real raters' RDMs are not here: their rows are left out.")
    settings = {k: v for k, v in vars(options).items() if k != "json"}
    print(f"{options.method}, {options.design}, {options.placements:g} placements an item, noise {options.noise:g}")
    print(
        f"{'items':>5} {'truth':<14} {'pairs in':>9} {'se':>5} {'near':>5} {'far':>5} {'±':>5}  {'verdict':<11}"
        f" {'r':>5} {'said':>5} {'width':>5} {'r in':>5} {'se':>5} {'sd z':>5} {'s':>5}"
    )
    rows: list[dict[str, Any]] = []
    for n_items in options.items:
        for kind in kinds:
            seeds = range(options.first_seed, options.first_seed + options.seeds)
            one = partial(one_participant, kind, n_items, options=options)
            with ProcessPoolExecutor(options.processes) as pool:
                runs = [run for run in pool.map(one, seeds) if run is not None]
            if len(runs) < len(seeds):
                print(
                    f"{n_items:>5} {kind:<14} {len(seeds) - len(runs)} of {len(seeds)} participants: nothing is given"
                )
            if len(runs) < 2:
                continue
            mean = {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}
            error = {name: float(np.std([run[name] for run in runs], ddof=1) / np.sqrt(len(runs))) for name in runs[0]}
            rows.append({"items": n_items, "truth": kind, "mean": mean, "standard_error": error, "runs": runs})
            print(
                f"{n_items:>5} {kind:<14} {mean['pairs_inside']:>9.3f} {error['pairs_inside']:>5.3f}"
                f" {mean['near_pairs_inside']:>5.2f} {mean['far_pairs_inside']:>5.2f} {mean['half_width']:>5.2f}"
                f"  {verdict(mean['pairs_inside']):<11} {mean['r']:>5.3f} {mean['r_expected']:>5.3f}"
                f" {mean['r_width']:>5.3f} {mean['r_inside']:>5.2f} {error['r_inside']:>5.2f}"
                f" {np.std([run['r_error_z'] for run in runs]):>5.2f} {mean['seconds']:>5.1f}",
                flush=True,
            )
    if len(rows) > 1:
        for name, label in (("pairs_inside", "dissimilarities"), ("r_inside", "correlation with the truth")):
            values = [row["mean"][name] for row in rows]
            print(f"{label}: mean coverage {np.mean(values):.3f}, from {min(values):.3f} to {max(values):.3f}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"settings": settings, "rows": rows}, indent=1))
    return 0
