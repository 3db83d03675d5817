"""One set of 707 clips over 128 raters: which design and estimator recover the RDM that they share, for how much work?

Raters place a few clips in each trial. Each sees the common RDM with a share of squared dissimilarities that is their
own (30 %), and places with a noise of .1. Each does three trials of 20 clips, or as many as fit into 30 minutes by the
planner's timing model (`Timing`: 2.8 s a trial, 4 s a placement, and each clip watched once, 4 s long): 11 of them.
Pearson's r is with the common RDM, over all pairs, seen or not; for averages over the pairs that were seen.

Designs: the cohort's, the same without the clips that repeat pairs (balanced), and random sets. All trials are
estimated as one. Beside r are the groups of trials that share no pair, and for the cohort's design the reliability
that the results page gives, by Spearman-Brown from two halves of the raters (its square root is to be compared with r).

    python3 run.py bench cohort [--small] [--seeds 1] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from analysis import Arrangement, estimate_rdm
from analysis.arrangement import Ints
from analysis.designs import next_items, pair_counts
from analysis.designs.balanced import balanced
from analysis.estimators.estimate import describe, fit
from analysis.estimators.trials import usable_trials
from analysis.planning import Timing, session_seconds
from analysis.rdm import n_pairs, scale_to_rms
from analysis.similarity import similarity
from analysis.simulate import Behaviour, individual, make_truth, overall, place_items
from benchmarks.recovery import generator
from benchmarks.recovery_tables import table

TRUTHS = ("gaussian_5", "clusters", "hierarchy", "circumplex")
DESIGNS = ("cohort", "balanced", "random")
METHODS = ("weighted_average", "latent", "arrangement", "combined")
OWN_SHARE, CLIP_SECONDS, MINUTES = 0.3, 4.0, 30.0


def trials_in(minutes: float, n: int, size: int) -> int:
    """How many trials of so many clips, all of them new to the rater, fit into the minutes by the timing model."""
    done = 0
    while session_seconds(_apart(done + 1, n, size), np.full(n, CLIP_SECONDS), Timing()) <= 60 * minutes:
        done += 1
    return done


def _apart(trials: int, n: int, size: int) -> list[Ints]:
    return [np.arange(trial * size, (trial + 1) * size) % n for trial in range(trials)]


def cohort(
    kind: str, n: int, raters: int, trials: int, size: int, design: str, seed: int
) -> tuple[np.ndarray, list[list[Arrangement]], float]:
    """The common RDM, the trials of each rater, and the mean seconds of a choice."""
    truth = overall(make_truth(kind, n, rng=generator(kind, n, seed)))
    placing, choosing = generator(kind, n, seed, "placing"), generator(kind, n, seed, design)
    counts, arrangements, spent = np.zeros(n_pairs(n), dtype=np.int64), [], 0.0
    for _ in range(raters):
        rdm, theirs = individual(truth, OWN_SHARE, rng=placing), []
        for _ in range(trials):
            start = time.process_time()
            if design == "cohort":
                items = next_items(theirs, n, design=design, max_items=size, shown=counts, rng=choosing)
            elif design == "balanced":
                items = np.sort(balanced(counts, size, rng=choosing))
            else:
                items = np.sort(choosing.permutation(n)[:size])
            spent += time.process_time() - start
            counts += pair_counts([items], n)
            theirs.append(place_items(rdm, items, behaviour=Behaviour(), rng=placing))
        arrangements.append(theirs)
    return truth, arrangements, spent / (raters * trials)


def cell(truth: np.ndarray, raters: list[list[Arrangement]], *, halves: bool) -> dict[str, Any]:
    """r with the truth by estimator, groups without a common scale, share of pairs seen, and processor seconds."""
    n = round((1 + np.sqrt(1 + 8 * truth.size)) / 2)
    everything = [trial for theirs in raters for trial in theirs]
    usable = usable_trials(everything, n)
    row: dict[str, Any] = {}
    rdms = {}
    for method in METHODS[:-1]:
        start = time.process_time()
        estimate = describe(usable, method, fit(usable, method))
        row[f"{method}_s"] = round(time.process_time() - start, 1)
        rdms[method] = estimate.rdm
    # As `estimate_rdm` has it, without fitting both again.
    rdms["combined"] = scale_to_rms(rdms["latent"]) + scale_to_rms(rdms["arrangement"])
    row["combined_s"] = round(row["latent_s"] + row["arrangement_s"], 1)
    row |= {method: float(similarity(rdm, truth)[0, 0]) for method, rdm in rdms.items()}
    row |= {"groups": estimate.n_components, "seen": float((~estimate.predicted).mean())}
    if halves:
        order = generator("halves", n, len(raters)).permutation(len(raters))
        both = [
            estimate_rdm([trial for rater in half for trial in raters[rater]], n, method="combined").rdm
            for half in (order[::2], order[1::2])
        ]
        r = float(similarity(*(np.where(estimate.predicted, np.nan, rdm) for rdm in both))[0, 0])
        row["reliability"] = 2 * r / (1 + r)
    return row


def plan(small: bool) -> Iterator[tuple[int, int, int, int, str, str]]:
    """Clips, raters, trials of each, clips in a trial, truth and design of each cell, the goals first."""
    n, raters, size = (120, 32, 12) if small else (707, 128, 20)
    long = trials_in(12.0 if small else MINUTES, n, size)
    for kind in TRUTHS:
        yield n, raters, long, size, kind, "cohort"
    for kind in TRUTHS[:2]:
        for design in DESIGNS[1:]:
            yield n, raters, long, size, kind, design
    for kind in TRUTHS:
        for design in DESIGNS:
            yield n, raters, 3, size, kind, design


def main(argv: list[str]) -> int:
    """Print the table; write the figures if they are asked for."""
    parser = argparse.ArgumentParser(prog="run.py bench cohort", description=__doc__)
    parser.add_argument("--small", action="store_true", help="120 clips and 32 raters, in a minute")
    parser.add_argument("--seeds", type=int, default=1, help="cohorts for each cell")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    rows: list[dict[str, Any]] = []
    for n, raters, trials, size, kind, design in plan(options.small):
        for seed in range(options.seeds):
            truth, arrangements, choosing = cohort(kind, n, raters, trials, size, design, seed)
            row = {"n": n, "raters": raters, "trials": trials, "truth": kind, "design": design, "seed": seed}
            row |= cell(truth, arrangements, halves=design == DESIGNS[0]) | {"choice_ms": round(1000 * choosing, 1)}
            rows.append(row)
            print(json.dumps(row), flush=True)
            if options.json:
                options.json.write_text(json.dumps(rows, indent=1) + "\n")
    print(table(["trials each", "truth", "design", "seen", "groups", *METHODS, "reliability", "s"], list(_told(rows))))
    return 0


def _told(rows: list[dict[str, Any]]) -> Iterator[list[str]]:
    cells = dict.fromkeys((row["trials"], row["truth"], row["design"]) for row in rows)
    for key in cells:
        same = [row for row in rows if (row["trials"], row["truth"], row["design"]) == key]

        def mean(name: str, of: list[dict[str, Any]] = same) -> float:
            return float(np.mean([row.get(name, np.nan) for row in of]))

        yield [
            *map(str, key),
            f"{mean('seen'):.2f}",
            f"{mean('groups'):.0f}",
            *(f"{mean(method):.3f}" for method in METHODS),
            f"{mean('reliability'):.3f}",
            f"{mean('combined_s'):.0f}",
        ]
