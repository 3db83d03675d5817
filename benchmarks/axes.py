"""How often are axes and predictions found significant, where there is nothing and where there is something?

    python3 run.py bench axes [--json FILE] [--count 200]

Beside it, in the same studies: Pearson's p of the predictions, all folds together. Then what one permutation of the
predictions takes, all done anew, beside scikit-learn's ridge regression in the same folds with the same penalties.
Takes about three minutes of two cores for 200 studies of each kind.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import scipy
from scipy.spatial.distance import pdist

from analysis.clip_sets import orders_within
from analysis.models import axis_test, coordinates, predict_ratings, prediction_null, space_of
from analysis.models.prediction import PENALTIES, _all_folds

N_RATERS, N_CLIPS, N_PERMUTATIONS, ALPHA = 8, 30, 199, 0.05
COLUMNS = ("axis", "axis, of the largest", "carried", "two axes", "prediction", "Pearson's p of it")


def study(seed: int, *, effect: float) -> list[float]:
    """p of the first of three attributes in the first of two models, in one simulated study; least p of the largest."""
    rng = np.random.default_rng([11, seed])
    attributes = rng.normal(size=(N_CLIPS, 3))
    seen = pdist(np.hstack([rng.normal(size=(N_CLIPS, 4)), effect * attributes]))
    raters = np.abs(seen + 0.5 * rng.normal(size=(N_RATERS, seen.size)))
    layer = np.hstack([rng.normal(size=(N_CLIPS, 30)), 2 * effect * attributes[:, :1]])
    models = [space_of(pdist(layer, "correlation")), space_of(pdist(rng.normal(size=(N_CLIPS, 30))))]
    test = axis_test(raters, [one.squared for one in models], attributes, n_permutations=N_PERMUTATIONS, rng=rng)
    x, y = coordinates(models[0].squared), attributes[:, :1]
    predictions = predict_ratings(x, y, scale=False)
    null = prediction_null(x, y, orders_within(np.zeros(N_CLIPS, dtype=np.int64), rng, N_PERMUTATIONS), scale=False)
    p = (1 + (null >= predictions.specificity[0, 0]).sum()) / (1 + N_PERMUTATIONS)
    plain = scipy.stats.pearsonr(predictions.predicted[:, 0], y[:, 0], alternative="greater").pvalue
    return [test.p[0, 0], test.p_max.min(), test.p_carried[1, 0], test.p_between[1, 0, 1], float(p), float(plain)]


def seconds_of_a_permutation() -> tuple[float, float]:
    """Seconds that a permutation of five attributes of 59 clips in a layer of 500 units takes us and scikit-learn."""
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(59, 500)), rng.normal(size=(59, 5))
    orders = orders_within(np.zeros(59, dtype=np.int64), rng, 500)
    begun = time.process_time()
    prediction_null(x, y, orders, scale=False)
    ours = (time.process_time() - begun) / len(orders)
    folds, inner = _all_folds(59, None, 5, np.random.default_rng(0))
    begun = time.process_time()
    moved = y[orders[0]]
    for fold, parts in enumerate(inner):
        train = np.flatnonzero(folds != fold)
        errors = np.zeros((len(PENALTIES), y.shape[1]))
        for part in range(int(parts.max()) + 1):
            a, b = train[parts != part], train[parts == part]
            size = (np.linalg.norm(x[a] - x[a].mean(axis=0)) ** 2) / len(a)
            for k, penalty in enumerate(PENALTIES):
                guess = Ridge(alpha=penalty * size).fit(x[a], moved[a]).predict(x[b])
                errors[k] += ((guess - moved[b]) ** 2).sum(axis=0)
        size = (np.linalg.norm(x[train] - x[train].mean(axis=0)) ** 2) / len(train)
        Ridge(alpha=np.asarray(PENALTIES)[errors.argmin(axis=0)] * size).fit(x[train], moved[train])
    return ours, time.process_time() - begun


def main(argv: list[str]) -> int:
    """Simulate, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--count", type=int, default=200, help="studies of each kind")
    options = parser.parse_args(argv)
    print(f"Significant at {ALPHA}, of {options.count} studies with {N_RATERS} raters of {N_CLIPS} clips")
    print(f"| in raters and model | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}")
    figures: dict[str, object] = {}
    with ProcessPoolExecutor(2) as pool:
        for kind, effect in (("nothing", 0.0), ("the attribute", 0.7)):
            studies = np.array(list(pool.map(partial(study, effect=effect), range(options.count))))
            counts = (studies <= ALPHA).sum(axis=0).tolist()
            figures[kind] = dict(zip(COLUMNS, counts, strict=True)) | {"of": options.count}
            print(f"| {kind} | {' | '.join(map(str, counts))} |", flush=True)
    ours, rival = seconds_of_a_permutation()
    figures["milliseconds of a permutation"] = {"ours": 1000 * ours, "scikit-learn": 1000 * rival}
    print(
        f"A permutation of predictions: {1000 * ours:.2f} ms; scikit-learn {1000 * rival:.0f} ms ({rival / ours:.0f} x)"
    )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0
