"""How many raters tell two models apart with clips chosen for it, beside as many clips at random?

    python3 run.py bench controversial [--json FILE] [--count 30]

Two models of 40 clips share half of their dimensions. Of the clips, 12 are chosen by `controversial`, and ten times 12
at random. Counted are the raters with whom a t test finds the right model with a power of .8; they are simulated, each
with a part of their own, and arrange the clips once.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.spatial.distance import pdist

from analysis.models.controversial import controversial, raters_to_tell

N_CLIPS, CHOSEN, RANDOM_SETS, DIMENSIONS = 40, 12, 10, 4


def raters_of(seed: int) -> tuple[float, float]:
    """Raters with the chosen clips, and with the median of the random sets."""
    rng = np.random.default_rng([8, seed])
    shared = rng.normal(size=(N_CLIPS, DIMENSIONS // 2))
    models = np.array([pdist(np.hstack([shared, rng.normal(size=shared.shape)])) for _ in range(2)])
    ours = raters_to_tell(models, controversial(models, CHOSEN, rng=rng).items, rng=rng)
    sets = [np.sort(rng.permutation(N_CLIPS)[:CHOSEN]) for _ in range(RANDOM_SETS)]
    return ours, float(np.median([raters_to_tell(models, items, rng=rng) for items in sets]))


def main(argv: list[str]) -> int:
    """Simulate, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--count", type=int, default=30, help="pairs of models")
    options = parser.parse_args(argv)
    needed = np.array([raters_of(seed) for seed in range(options.count)])
    ratios = needed[:, 0] / needed[:, 1]
    print(f"{options.count} pairs of models, {CHOSEN} of {N_CLIPS} clips")
    print("| | chosen | at random | ratio |\n|---|---|---|---|")
    for name, share in (("median", 0.5), ("lowest tenth", 0.1), ("highest tenth", 0.9)):
        ours, random, ratio = (float(np.quantile(column, share)) for column in (*needed.T, ratios))
        print(f"| {name} | {ours:.1f} | {random:.1f} | {ratio:.2f} |")
    print(f"Fewer raters with the chosen clips: {int((ratios < 1).sum())} of {options.count}")
    if options.json:
        options.json.write_text(
            json.dumps({"chosen": needed[:, 0].tolist(), "random": needed[:, 1].tolist()}, indent=1)
        )
    return 0
