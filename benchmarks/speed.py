"""How fast is the analysis, as ratios to other packages measured in the same run?

Choice of the next trial by lift the weakest against `multiarrangement` (same sets counted), the next trial by
posterior variance with its refit, the estimators on 100 trials of 60 items, and the dual bootstrap against rsatoolbox.
Times are processor seconds of one thread, the best of several runs, so that other work on the machine hardly counts.

    python3 run.py bench speed [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from analysis import Arrangement, StopRule, compare_models, estimate_rdm, next_items
from analysis.designs.lift_the_weakest import lift_the_weakest
from analysis.rdm import to_condensed
from analysis.simulate import Behaviour, make_truth, place_items, simulate_rater
from benchmarks import rival
from benchmarks.recovery_tables import table

MAX_ITEMS = 20


def seconds(function: Callable[[], Any], runs: int) -> float:
    """Least processor seconds of a call over so many runs."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def shown(s: float) -> str:
    """Seconds as text, in the unit that suits."""
    return f"{s * 1000:.1f} ms" if s < 1 else f"{s:.1f} s"


def random_state(n_items: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A square RDM and evidence of all pairs, without ties."""
    points = rng.normal(size=(n_items, 5))
    rdm = np.sqrt(((points[:, None] - points) ** 2).sum(-1))
    half = np.triu(rng.gamma(1.0, 0.1, (n_items, n_items)), 1)
    return rdm, half + half.T


def selection(sizes: list[int], states: int, out: dict[str, Any]) -> None:
    """Lift the weakest, 2008 form, as the package has it: no floor under the predicted evidence."""
    try:
        package = rival.load()
    except rival.RivalMissingError as error:
        print(f"Lift the weakest is not compared: {error}")
        return
    rows, out["lift_the_weakest"] = [], []
    for n in sizes:
        ours = theirs = 0.0
        same = 0
        for state in range(states):
            rdm, evidence = random_state(n, np.random.default_rng([n, state]))
            d, e = to_condensed(rdm), to_condensed(evidence)

            def choose(d: np.ndarray = d, e: np.ndarray = e) -> np.ndarray:
                """The next trial's items by this package."""
                rng = np.random.default_rng(0)
                return lift_the_weakest(d, e, form="2008", max_items=MAX_ITEMS, distance_floor=0.0, rng=rng)

            def choose_theirs(rdm: np.ndarray = rdm, evidence: np.ndarray = evidence) -> list[int]:
                """The next trial's items by the rival."""
                chosen: list[int] = package.select_next_subset_lift_weakest(rdm, evidence, max_size=MAX_ITEMS)
                return chosen

            same += set(choose().tolist()) == set(choose_theirs())
            ours += seconds(choose, 20) / states
            theirs += seconds(choose_theirs, 2) / states
        rows.append([str(n), f"{same} of {states}", shown(ours), shown(theirs), f"**{theirs / ours:.0f}**"])
        out["lift_the_weakest"].append({"n_items": n, "same_sets": same / states, "ours": ours, "theirs": theirs})
    print(
        f"\n### Next trial by lift the weakest, at most {MAX_ITEMS} items, against multiarrangement {rival.VERSION}\n"
    )
    print(table(["items", "same sets", "here", "there", "times faster"], rows))


def session(n_items: int, n_trials: int, max_items: int | None) -> tuple[Arrangement, ...]:
    """The arrangements of a simulated session with trials balanced over pairs."""
    rng = np.random.default_rng([n_items, n_trials])
    truth = make_truth("gaussian_5", n_items, rng=rng)
    stop = StopRule(min_evidence=None, max_trials=n_trials)
    return simulate_rater(truth, design="balanced", max_items=max_items, stop=stop, rng=rng).arrangements


def posterior_variance(out: dict[str, Any], *, quick: bool) -> None:
    """Next trial by posterior variance after so many trials, refit included; the seconds go into `out`."""
    rows, out["posterior_variance"] = [], []
    for n, n_trials, goal in [(20, 30, None), (60, 30, 0.1)] + ([] if quick else [(707, 30, 2.0), (707, 200, 2.0)]):
        trials = session(n, n_trials, MAX_ITEMS if n > 60 else None)
        taken = seconds(
            lambda trials=trials, n=n: next_items(trials, n, max_items=MAX_ITEMS, rng=np.random.default_rng(0)), 5
        )
        rows.append([str(n), str(n_trials), shown(taken), "" if goal is None else f"under {shown(goal)}"])
        out["posterior_variance"].append({"n_items": n, "n_trials": n_trials, "seconds": taken, "goal": goal})
    print(f"\n### Next trial by posterior variance, with the refit, at most {MAX_ITEMS} items\n")
    print(table(["items", "trials so far", "time", "goal"], rows))


def estimators(out: dict[str, Any]) -> None:
    """Each estimator, and the rival's average, on the same trials; the seconds go into `out`."""
    n, trials = 60, []
    rng = np.random.default_rng(60)
    truth = make_truth("gaussian_5", n, rng=rng)
    for _ in range(100):
        trials.append(place_items(truth, np.sort(rng.permutation(n)[:20]), behaviour=Behaviour(), rng=rng))
    rows, out["estimators"] = [], {}
    for method in ("weighted_average", "precision_weighted", "latent", "arrangement", "combined"):
        taken = seconds(lambda method=method: estimate_rdm(trials, n, method=method), 3)
        rows.append([method, shown(taken)])
        out["estimators"][method] = taken
    try:
        package = rival.load()
    except rival.RivalMissingError as error:
        print(f"The rival's average is not compared: {error}")
    else:
        arranged = [rival.as_trial(package, trial) for trial in trials]
        taken = seconds(lambda: package.estimate_rdm_weighted_average(n, arranged, weight_mode="k2012"), 2)
        rows.append([f"multiarrangement {rival.VERSION}: weighted average", shown(taken)])
        out["estimators"]["multiarrangement"] = taken
    print("\n### RDM of 60 items from 100 trials of 20\n")
    print(table(["estimator", "time"], rows))


def dual_bootstrap(out: dict[str, Any], *, quick: bool) -> None:
    """16 raters, 92 items, 9 models, 1,000 resamples of raters, items and both; rsatoolbox's time from fewer."""
    with warnings.catch_warnings(action="ignore"):
        import rsatoolbox
        from rsatoolbox.inference import eval_dual_bootstrap

    rng = np.random.default_rng(92)
    common = make_truth("gaussian_5", 92, rng=rng)
    rdms = common + rng.gamma(1.0, 0.5, (16, common.size))
    models = common + rng.gamma(1.0, np.linspace(0.1, 3, 9)[:, None], (9, common.size))
    resamples, part = 1000, 4 if quick else 20
    data = rsatoolbox.rdm.RDMs(rdms)
    theirs_models = [rsatoolbox.model.ModelFixed(f"model {k}", row) for k, row in enumerate(models)]
    rows, out["dual_bootstrap"] = [], []
    for ours_name, their_name in (("pearson", "corr"), ("rho_a", "rho-a")):
        ours = seconds(
            lambda name=ours_name: compare_models(
                rdms, models, method=name, n_boot=resamples, rng=np.random.default_rng(0)
            ),
            1 if quick else 2,
        )
        # Its progress bar would write over the tables.
        with warnings.catch_warnings(action="ignore"), contextlib.redirect_stderr(io.StringIO()):
            theirs = seconds(
                lambda name=their_name: eval_dual_bootstrap(theirs_models, data, method=name, N=part), 1
            ) * (resamples / part)
        rows.append([ours_name, shown(ours), shown(theirs), f"**{theirs / ours:.0f}**"])
        out["dual_bootstrap"].append({"method": ours_name, "ours": ours, "theirs": theirs})
    print(f"\n### Dual bootstrap, 16 raters x 92 items x 9 models, 1,000 resamples (rsatoolbox: {part}, scaled up)\n")
    print(table(["comparator", "here", "rsatoolbox", "times faster"], rows))


def main(argv: list[str] | None = None) -> int:
    """Measure all, print the tables, and write the figures if a file is given."""
    parser = argparse.ArgumentParser(prog="bench speed", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer states and resamples, no study of 707 items")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(argv)
    if os.environ.get("OMP_NUM_THREADS") != "1":
        print("Set OMP_NUM_THREADS=1: with more threads the processor seconds of all of them are counted.")
    out: dict[str, Any] = {}
    selection([60, 100] if options.quick else [60, 100, 300], 2 if options.quick else 5, out)
    posterior_variance(out, quick=options.quick)
    estimators(out)
    dual_bootstrap(out, quick=options.quick)
    if options.json:
        options.json.write_text(json.dumps(out, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
