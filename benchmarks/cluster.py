"""How many draws of a bootstrap does a Dask cluster of one and of two workers take in a second, beside this process?

    python3 run.py bench cluster [--json FILE] [--draws 2000]

The comparison of 20 models with 16 raters of 60 clips, resampling raters and clips. The scheduler and its workers run
on this machine, one thread each, and are warm: the first draws, which load the program, are not counted. All must give
the same numbers.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from distributed import LocalCluster

from analysis import compare_models

N_RATERS, N_CLIPS, N_MODELS = 16, 60, 20
WORKERS = (1, 2)
WARM_DRAWS = 200


def study() -> tuple[np.ndarray, np.ndarray]:
    """RDMs of raters and of models, (raters, pairs) and (models, pairs)."""
    rng = np.random.default_rng(0)
    truth = rng.random(N_CLIPS * (N_CLIPS - 1) // 2)
    return truth + rng.random((N_RATERS, truth.size)), truth + np.linspace(0, 3, N_MODELS)[:, None] * rng.random(
        (N_MODELS, truth.size)
    )


def compare(draws: int, address: str | None) -> tuple[float, np.ndarray]:
    """Draws a second, and the standard errors of the models' scores."""
    rdms, models = study()
    began = time.perf_counter()
    compared = compare_models(rdms, models, n_boot=draws, rng=np.random.default_rng(1), dask_address=address)
    return draws / (time.perf_counter() - began), compared.standard_error


def main(argv: list[str]) -> int:
    """Measure, print the table, write the figures; 1 when the numbers are not the same everywhere."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--draws", type=int, default=2000)
    options = parser.parse_args(argv)
    compare(WARM_DRAWS, None)
    here, expected = compare(options.draws, None)
    rates, same = {"this process": here}, True
    for n_workers in WORKERS:
        with LocalCluster(
            n_workers=n_workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster:
            compare(WARM_DRAWS, cluster.scheduler_address)
            rates[f"{n_workers} worker{'s' if n_workers > 1 else ''}"], numbers = compare(
                options.draws, cluster.scheduler_address
            )
            same &= bool(np.array_equal(numbers, expected))
    print("| | draws a second | ratio |\n|---|---|---|")
    for name, rate in rates.items():
        print(f"| {name} | {rate:.0f} | {rate / here:.2f} |")
    print(f"\nThe same numbers everywhere: {'yes' if same else 'NO'}")
    if options.json:
        options.json.write_text(json.dumps({"rates": rates, "same": same}, indent=1) + "\n", encoding="utf-8")
    return 0 if same else 1
