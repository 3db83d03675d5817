"""Do the 95 % intervals of `estimate_rdm(..., uncertainty=True)` hold the truth in 95 % of cases?

Simulated participants with known RDMs (`analysis.simulate`) work through sessions. For each kind of truth, and for each
level of each setting, tables give the share of dissimilarities inside their interval, the share of participants whose
correlation with the truth is inside its interval, how wide the intervals are, and for how many participants none is
given. Participants of a kind are dealt to the settings (items x noise x design x stop) in turn, in a random order. The
kind `real` is drawn from sixteen people's RDMs of 92 images, where that file is present.

    python3 run.py bench coverage [--participants 27] [--first-seed 0] [--kinds tree ultrametric] [--items 15 24 40]
        [--noises 0.05 0.1 0.15] [--designs posterior_variance lift_the_weakest balanced] [--stops 6 default 8]
        [--method combined] [--json FILE] [--tables FILE ...]

`--json` keeps each participant's figures as they come, and `--tables` prints the tables of such files.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analysis import estimate_rdm
from analysis.arrangement import Arrangement
from analysis.designs import StopRule
from analysis.designs.selection import default_size
from analysis.rdm import scale_to_rms
from analysis.simulate import TRUTHS, Behaviour, overall, simulate_rater
from benchmarks.truths import REAL, truth_of

KINDS = (*TRUTHS, "real")
# No constant of the method was chosen with participants of these kinds.
HELD_OUT = ("city_block", "features")
SETTINGS = ("truth", "items", "noise", "design", "stop")


class Setting(NamedTuple):
    """One participant: kind of truth, number of items, placement noise, design, stop rule ("default" or a number of
    placements for each item), and the seed of all chance."""

    truth: str
    items: int
    noise: float
    design: str
    stop: str
    seed: int


def deal(options: argparse.Namespace) -> list[Setting]:
    """The participants: those of each kind go through all settings in an order of their own."""
    cells = list(product(options.items, options.noises, options.designs, options.stops))
    orders = {
        kind: np.random.default_rng([options.first_seed, sum(map(ord, kind))]).permutation(len(cells))
        for kind in options.kinds
    }
    return [
        Setting(kind, *cells[order[number % len(cells)]], options.first_seed + number)
        for number in range(options.participants)
        for kind, order in orders.items()
    ]


def session_of(setting: Setting, truth: np.ndarray, rng: np.random.Generator) -> list[Arrangement]:
    """The participant's trials; a number of placements ends the session with the trial that reaches it."""
    behaviour = Behaviour(noise=setting.noise)
    if setting.stop == "default":
        return list(simulate_rater(truth, behaviour=behaviour, design=setting.design, rng=rng).arrangements)
    # A trial of lift the weakest has three items or more: as many trials as that takes, and the rest cut off.
    placements, n_items = float(setting.stop), setting.items
    least = 3 if setting.design == "lift_the_weakest" else default_size(n_items)
    bound = StopRule(min_evidence=None, max_trials=1 + math.ceil((placements - 1) * n_items / least))
    session = simulate_rater(truth, behaviour=behaviour, design=setting.design, stop=bound, rng=rng)
    placed = np.cumsum([len(trial) for trial in session.arrangements])
    return list(session.arrangements[: 1 + int(np.searchsorted(placed, placements * n_items))])


def one_participant(setting: Setting, *, method: str) -> dict[str, Any]:
    """Settings, coverage and figures of one simulated participant; `reason` where no interval is given."""
    rng = np.random.default_rng([setting.seed, setting.items, sum(map(ord, setting.truth))])
    truth = truth_of(setting.truth, setting.items, rng)
    trials = session_of(setting, truth, rng)
    start = time.perf_counter()
    estimate = estimate_rdm(trials, setting.items, method=method, uncertainty=True, rng=rng)
    run: dict[str, Any] = setting._asdict() | {
        "placements": sum(len(trial) for trial in trials) / setting.items,
        "seconds": time.perf_counter() - start,
        "reason": estimate.uncertainty_reason,
    }
    present = np.isfinite(estimate.rdm)
    root = np.sqrt(present.sum())
    wanted = scale_to_rms(overall(truth)[present]) / root
    estimated = estimate.rdm[present]
    r = run["r"] = float(np.corrcoef(estimated, wanted)[0, 1])
    if estimate.standard_error is None or estimate.correlation_with_truth is None:
        return run
    error = estimate.standard_error[present]
    value, lower, upper = estimate.correlation_with_truth
    return run | {
        "pairs_inside": float((np.abs(estimated - wanted) <= 1.96 * error).mean()),
        "half_width": float(1.96 * error.mean() * root),
        "r_said": float(value),
        "r_lower": float(lower),
        "r_upper": float(upper),
        "r_inside": float(lower <= r <= upper),
        "r_width": float(upper - lower),
    }


def table_by(runs: list[dict[str, Any]], name: str) -> list[str]:
    """A Markdown table with a row for each level of a setting."""
    head = (name, "participants", "no interval", "dissimilarities inside", "±", "r", "r said", "width", "r inside")
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    levels = dict.fromkeys(run[name] for run in runs)
    for level in levels if name == "truth" else sorted(levels):
        lines.append(row([run for run in runs if run[name] == level], str(level)))
    return lines


def row(runs: list[dict[str, Any]], label: str) -> str:
    """One row of the tables."""
    given = [run for run in runs if run["reason"] is None]
    if not given:
        return f"| {label} | {len(runs)} | {len(runs)} | | | | | | |"
    mean = {
        key: float(np.mean([run[key] for run in given])) for key in given[0] if key.startswith(("r_", "pairs", "half"))
    }
    r = float(np.mean([run["r"] for run in given]))
    inside = sum(run["r_inside"] for run in given)
    cells = (
        label,
        len(runs),
        len(runs) - len(given),
        f"{mean['pairs_inside']:.3f}",
        f"{mean['half_width']:.2f}",
        f"{r:.3f}",
        f"{mean['r_said']:.3f}",
        f"{mean['r_width']:.3f}",
        f"{mean['r_inside']:.3f} ({inside:.0f} of {len(given)})",
    )
    return f"| {' | '.join(map(str, cells))} |"


def print_tables(runs: list[dict[str, Any]]) -> None:
    """Tables by each setting, and the reasons why intervals were not given."""
    for name in SETTINGS:
        print("\n".join(table_by(runs, name)))
        if name == "truth":
            for label, kinds in (("the two held out", HELD_OUT), ("all", KINDS)):
                print(row([run for run in runs if run["truth"] in kinds], f"**{label}**"))
        print()
    reasons = Counter(re.sub(r"[0-9.]+", "#", run["reason"]) for run in runs if run["reason"])
    print(f"{len(runs)} participants, {np.mean([run['seconds'] for run in runs]):.1f} s each; refusals:", dict(reasons))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="coverage", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--participants", type=int, default=27, help="of each kind of truth")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--items", type=int, nargs="+", default=[15, 24, 40])
    parser.add_argument("--noises", type=float, nargs="+", default=[0.05, 0.1, 0.15], help="sd in extents of the trial")
    parser.add_argument("--designs", nargs="+", default=["posterior_variance", "lift_the_weakest", "balanced"])
    parser.add_argument(
        "--stops", nargs="+", default=["6", "default", "8"], help="placements for each item, or default"
    )
    parser.add_argument("--method", default="combined")
    parser.add_argument("--tables", type=Path, nargs="+", help="only print the tables of these files")
    options = parser.parse_args(argv)
    if options.tables:
        print_tables([run for file in options.tables for run in json.loads(file.read_text())])
        return 0
    if "real" in options.kinds and not REAL.exists():
        print("The real raters' RDMs are not here: their row is left out.")
        options.kinds = [kind for kind in options.kinds if kind != "real"]
    runs = []
    with ProcessPoolExecutor(options.processes) if options.processes > 1 else nullcontext() as pool:
        each_in_turn = map if pool is None else pool.map
        for run in each_in_turn(partial(one_participant, method=options.method), deal(options)):
            runs.append(run)
            if options.json:
                options.json.parent.mkdir(parents=True, exist_ok=True)
                options.json.write_text(json.dumps(runs, indent=1))
    print_tables(runs)
    return 0
