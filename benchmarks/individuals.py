"""How often does the test of individual differences find some, where there are none and where there are?

    python3 run.py bench individuals [--json FILE] [--count 200]

Beside it, in the same studies: the difference of the correlations within and between raters (Charest et al. 2014),
by permutation. Takes about three minutes of two cores for 200 studies of each kind.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from scipy.spatial.distance import pdist

from analysis import StopRule, estimate_rdm
from analysis.rdm import scale_to_rms
from analysis.reliability.individual import individual_test
from analysis.similarity import similarity
from analysis.simulate import Behaviour, individual, simulate_rater

N_RATERS, N_CLIPS, N_TRIALS, N_PERMUTATIONS, ALPHA = 10, 16, 8, 500, 0.05
# What is a rater's own, as a share of the variance, and between which placement noises raters differ.
KINDS = {
    "all see the same, and are as noisy": (0.0, (0.1, 0.1)),
    "all see the same, noise differs tenfold": (0.0, (0.03, 0.3)),
    "30 % is each rater's own, noise differs tenfold": (0.3, (0.03, 0.3)),
}


def study(seed: int, *, own: float, noise: tuple[float, float]) -> tuple[float, float]:
    """The p values of our test and of the plain difference, in one simulated study."""
    rng = np.random.default_rng([7, seed])
    truth = scale_to_rms(pdist(rng.normal(size=(N_CLIPS, 4))))
    halves = np.empty((2, N_RATERS, truth.size))
    for rater in range(N_RATERS):
        behaviour = Behaviour(noise=float(rng.uniform(*noise)))
        rdm = individual(truth, own, rng=rng) if own else truth
        rule = StopRule(min_evidence=0.5, max_trials=N_TRIALS)
        trials = simulate_rater(rdm, behaviour=behaviour, stop=rule, max_items=10, rng=rng).arrangements
        for half in (0, 1):
            halves[half, rater] = estimate_rdm(trials[half::2], N_CLIPS, method="weighted_average").rdm
    ours = individual_test(*halves, n_permutations=N_PERMUTATIONS, rng=rng).p
    between = similarity(*halves)
    permuted = rng.permuted(np.tile(np.arange(N_RATERS), (N_PERMUTATIONS, 1)), axis=1)
    drawn = between[np.arange(N_RATERS), permuted].mean(axis=1)
    plain = (1 + np.sum(drawn >= np.trace(between) / N_RATERS - 1e-12)) / (1 + N_PERMUTATIONS)
    return float(ours), float(plain)


def main(argv: list[str]) -> int:
    """Simulate, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--count", type=int, default=200, help="studies of each kind")
    options = parser.parse_args(argv)
    print(f"Significant at {ALPHA}, of {options.count} studies with {N_RATERS} raters of {N_CLIPS} clips")
    print(f"| {'studies':48} | our test | within less between |\n|---|---|---|")
    figures = {}
    with ProcessPoolExecutor(2) as pool:
        for kind, (own, noise) in KINDS.items():
            studies = np.array(list(pool.map(partial(study, own=own, noise=noise), range(options.count))))
            ours, plain = (int(n) for n in (studies <= ALPHA).sum(axis=0))
            figures[kind] = {"ours": ours, "plain": plain, "of": options.count}
            print(f"| {kind:48} | {ours} | {plain} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0
