"""How much of a known RDM comes back for a number of placements, by design and estimator?

Simulated participants (metric-stress layouts, placement noise 0.1 per coordinate) with nine kinds of known RDM arrange
20, 40 and 60 items; three of the kinds (circumplex, tree, mixture) were never used to tune anything. Beside the
project's own designs and estimators run the reference (lift the weakest, 2015 form, with the evidence-weighted average:
LTW+WA) and the adaptive mode of the package `multiarrangement`. A real participant's trials are predicted from that
participant's other trials. Prints Markdown tables, and says where the new methods lose.

    python3 run.py bench recovery [--quick] [--seeds 8] [--items 20 40 60] [--processes 2] [--json FILE]

`--seeds` is the number of participants for each kind at 20 items; 40 items get half, 60 a third of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np

from analysis import StopRule, estimate_rdm
from analysis.designs import default_size
from analysis.formats.meadows import read_tree
from analysis.rdm import subset
from analysis.similarity import similarity
from analysis.simulate import Behaviour, overall, simulate_rater
from benchmarks import recovery_tables as tables
from benchmarks import rival
from benchmarks.truths import DATA, truth_of

TUNED = ("gaussian_full", "gaussian_2", "gaussian_5", "clusters", "hierarchy", "real")
UNTUNED = ("circumplex", "tree", "mixture")
DESIGNS = {"LTW": "lift_the_weakest", "PVF": "posterior_variance"}
COMPARED = {"WA": "weighted_average", "IMDS": "inverse_mds", "latent": "latent", "combined": "combined"}
CONDITIONS = {
    "noise .03": Behaviour(noise=0.03),
    "noise .2": Behaviour(noise=0.2),
    "arranges by PCA": Behaviour(strategy="pca"),
    "20 % random trials": Behaviour(random_trials=0.2),
    "stacks 30 % of items": Behaviour(laziness=0.3),
}


def generator(*key: str | int) -> np.random.Generator:
    """A generator for one cell, the same whatever else is run."""
    return np.random.default_rng([20260101, *(b if isinstance(b, int) else sum(map(ord, b)) for b in key)])


def wanted(design: str, method: str) -> Iterable[float]:
    """The placements an item at which a design with an estimator is scored."""
    if method == "IMDS":
        return (8,)
    return sorted({*tables.BUDGETS, *tables.CURVE}) if (design, method) == tables.NEW else tables.BUDGETS


def participant(
    kind: str, n_items: int, seed: int, behaviour: Behaviour, columns: Iterable[tuple[str, str]]
) -> tables.Cell:
    """Pearson r with the truth of one participant: {"PVF+combined@8": r, ...}; the same truth for all designs."""
    truth = truth_of(kind, n_items, generator(kind, n_items, seed))
    cells: tables.Cell = {}
    for design, name in DESIGNS.items():
        methods = [method for column, method in columns if column == design]
        furthest = max(budget for method in methods for budget in wanted(design, method))
        # Enough trials to pass the last budget: later ones of lift the weakest are small.
        size = 4 if design == "LTW" else default_size(n_items)
        session = simulate_rater(
            truth,
            behaviour=behaviour,
            design=name,
            stop=StopRule(min_evidence=None, max_trials=2 + int(furthest * n_items // size)),
            rng=generator(kind, n_items, seed, design),
        )
        placements = np.cumsum([len(trial) for trial in session.arrangements])
        for method in methods:
            for budget in wanted(design, method):
                kept = session.arrangements[: int(np.argmin(np.abs(placements - budget * n_items))) + 1]
                rdm = estimate_rdm(kept, n_items, method=COMPARED[method]).rdm
                cells[f"{design}+{method}@{budget:g}"] = float(similarity(rdm, overall(truth))[0, 0])
    return cells


def main_cell(kind: str, n_items: int, seed: int) -> tables.Cell:
    """`participant` as simulated by default, with all designs and estimators."""
    return participant(kind, n_items, seed, Behaviour(), tables.COLUMNS)


def condition_cell(name: str, kind: str, n_items: int, seed: int) -> tables.Cell:
    """`participant` with one of CONDITIONS, with the reference and the new method."""
    return participant(kind, n_items, seed, CONDITIONS[name], (tables.REFERENCE, tables.NEW))


def rival_cell(kind: str, n_items: int, seed: int, inverse_mds: bool) -> tables.Cell:
    """The rival's r at 8 placements an item, on the same truth."""
    truth = truth_of(kind, n_items, generator(kind, n_items, seed))
    rdm, _ = rival.adaptive_session(
        truth,
        n_items,
        placements=8 * n_items,
        behaviour=Behaviour(),
        inverse_mds=inverse_mds,
        rng=generator(kind, n_items, seed, "rival"),
    )
    return {"r": float(similarity(rdm, overall(truth))[0, 0])}


def real_fold(method: str, fold: int, folds: int) -> list[tuple[float, float]]:
    """(Pearson, Spearman) of predicted and placed distances for each trial of the fold, trained on the others.

    The trial of all items is always among those trained on.
    """
    (task,) = read_tree(DATA / "Meadows_myExp_v_v1_cuddly-bunny_3_tree.json")
    trials = task.arrangements
    held_out = np.random.default_rng(0).permutation(np.arange(1, len(trials)))[fold::folds]
    rest = [trial for number, trial in enumerate(trials) if number not in set(held_out.tolist())]
    rdm = estimate_rdm(rest, len(task.names), method=COMPARED[method]).rdm
    pairs = [(subset(rdm, trials[number].items), trials[number].distances()) for number in held_out]
    return [(float(similarity(a, b)[0, 0]), float(similarity(a, b, method="spearman")[0, 0])) for a, b in pairs]


def run(
    function: Callable[..., Any], cells: list[tuple[Any, ...]], processes: int
) -> list[tuple[tuple[Any, ...], Any]]:
    """Each cell with its result, in the order of the cells; how many are done goes to the error stream."""
    results: dict[tuple[Any, ...], Any] = {}
    with ProcessPoolExecutor(processes) as pool:
        waiting = {pool.submit(function, *cell): cell for cell in cells}
        for done, future in enumerate(as_completed(waiting), start=1):
            results[waiting[future]] = future.result()
            print(
                f"\r{function.__name__} {done}/{len(cells)}",
                end="\n" * (done == len(cells)),
                file=sys.stderr,
                flush=True,
            )
    return [(cell, results[cell]) for cell in cells]


def main(argv: list[str] | None = None) -> int:
    """Measure part after part, print the tables, and after each part write the figures if a file is given."""
    parser = argparse.ArgumentParser(prog="bench recovery", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two participants, 20 items, three truths")
    parser.add_argument("--seeds", type=int, default=8, help="participants for each truth at 20 items")
    parser.add_argument("--items", type=int, nargs="+", default=[20, 40, 60])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the figures of every participant here")
    options = parser.parse_args(argv)
    started = time.monotonic()
    have_data = DATA.is_dir()
    kinds = [kind for kind in (*TUNED, *UNTUNED) if have_data or kind != "real"]
    seeds = {n: max(1, round(options.seeds * 20 / n)) for n in options.items}
    if options.quick:
        kinds, seeds = ["gaussian_5", "clusters", "circumplex"], {20: 2}
    if not have_data:
        print("The real raters' files are not here: the truth `real` and the real participant are left out.")
    out: dict[str, Any] = {"arguments": vars(options) | {"json": str(options.json)}, "seeds": seeds}

    def finish(part: str) -> None:
        """Say that a part is over, and write the figures so far."""
        out["minutes"] = (time.monotonic() - started) / 60
        print(f"{part}: done after {out['minutes']:.0f} minutes.\n", flush=True)
        if options.json:
            options.json.write_text(json.dumps(out, indent=1, default=str))

    cells = [(kind, n, seed) for n, k in seeds.items() for kind in kinds for seed in range(k)]
    # Largest first: the last ones to finish are then short.
    main_results = run(main_cell, sorted(cells, key=lambda cell: -cell[1]), options.processes)
    tables.recovery(sorted(main_results, key=lambda result: cells.index(result[0])), out)
    finish("Recovery")

    smallest = min(seeds)
    some = [kind for kind in ("gaussian_5", "clusters", "real") if kind in kinds][: 1 if options.quick else 3]
    others = [(c, kind, smallest, s) for c in CONDITIONS for kind in some for s in range(max(1, seeds[smallest] // 2))]
    tables.conditions(run(condition_cell, others, options.processes), out)
    finish("Other participants")

    try:
        rival.load()
    except rival.RivalMissingError as error:
        print(f"The rival is left out: {error}")
    else:
        theirs = [(kind, n, s, False) for n in seeds if n <= 40 for kind in kinds for s in range(seeds[n])]
        if not options.quick:
            # Half a minute of computing each: the package refines its RDM by inverse MDS after every trial.
            theirs += [(kind, smallest, 0, True) for kind in ("gaussian_5", "clusters", "tree")]
        tables.rival(run(rival_cell, theirs, options.processes), dict(main_results), out)
        finish("Rival")

    if have_data:
        methods = ["WA", "latent"] if options.quick else ["WA", "latent", "combined"]
        folds = [(method, fold, 10) for method in methods for fold in range(10)]
        tables.real(run(real_fold, folds, options.processes), out)
        finish("Real participant")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
