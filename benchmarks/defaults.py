"""Which design and stop rule give the most RDM for a participant's minutes, where a study sets neither?

Simulated participants with known RDMs work for 30 minutes by each design. A session does not depend on when it ends, so
each stop rule is then applied to the same session: the minutes and trials until it is met (30 minutes at the latest),
and the correlation with the truth of the RDM that is estimated from what was done until then. Rules are compared on
CHOSEN_ON and confirmed on HELD_OUT, truths that had no part in the choice. Then come participants who are careless, who
use the middle of the circle alone, or who place at random, and the time that the choice of a trial takes.

A trial takes the time that `Behaviour` states, and each clip that is new to the participant WATCH seconds more.

    python3 run.py bench defaults [--quick] [--seeds 2] [--items 12 20 40 60] [--json FILE] [--tables FILE]

`--json` keeps the figures as they come; `--tables` prints the tables of such a file.

Over 300 lines: a benchmark is one script, read from top to bottom.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analysis import estimate_rdm
from analysis.arrangement import Arrangement
from analysis.designs import next_items
from analysis.evidence import evidence_weights
from analysis.rdm import n_pairs, pairs_within
from analysis.similarity import similarity
from analysis.simulate import Behaviour, overall, place_items, trial_seconds
from benchmarks.recovery import generator
from benchmarks.recovery_tables import figure, table
from benchmarks.truths import DATA, truth_of

CHOSEN_ON = ("gaussian_full", "gaussian_5", "clusters", "hierarchy", "real")
HELD_OUT = ("circumplex", "tree", "city_block", "mixture")
# Seconds to watch a clip when it is seen for the first time, above the time that placing it takes.
WATCH = 4.0
MAX_MINUTES = 30.0
EVIDENCE = (0.1, 0.15, 0.2, 0.3, 0.5)
PLACEMENTS = (6, 8)
MINUTES = (5, 10, 20, 30)
# Minutes that a participant costs before the first trial: consent, instructions, practice.
BEFORE = 5.0
# Share of a participant's RDM that is common to all, for the accuracy of a group.
COMMON = 0.7


class Candidate(NamedTuple):
    """A design with the largest number of clips in a trial."""

    name: str
    design: str
    max_items: int


LTW, PVF = Candidate("LTW 20", "lift_the_weakest", 20), Candidate("PVF 20", "posterior_variance", 20)
BALANCED = Candidate("balanced 20", "balanced", 20)
CANDIDATES = (
    LTW,
    PVF,
    Candidate("PVF 12", "posterior_variance", 12),
    BALANCED,
    Candidate("random 20", "random", 20),
)
CONDITIONS: dict[str, tuple[Behaviour, float]] = {
    "careful": (Behaviour(), 1.0),
    "noise .2": (Behaviour(noise=0.2), 1.0),
    "stacks 30 % of items": (Behaviour(laziness=0.3), 1.0),
    "20 % random trials": (Behaviour(random_trials=0.2), 1.0),
    "middle half of the circle": (Behaviour(noise=0.1), 0.5),
    "all at random": (Behaviour(random_trials=1.0), 1.0),
}


class Work(NamedTuple):
    """A session of 30 minutes: its trials, and after each of them (T,) minutes, placements and least evidence.

    `choosing` is the processor seconds that the choice of each trial took.
    """

    trials: list[Arrangement]
    minutes: np.ndarray
    placements: np.ndarray
    weakest: np.ndarray
    choosing: list[float]


def work(
    truth: np.ndarray, n_items: int, candidate: Candidate, behaviour: Behaviour, zoom: float, rng: np.random.Generator
) -> Work:
    """A participant's session up to the trial with which the longest time is over.

    `zoom` is the part of the circle, by its diameter, that the participant uses.
    """
    trials: list[Arrangement] = []
    ends, placements, weakest, choosing = [0.0], [0], [], []
    evidence, watched = np.zeros(n_pairs(n_items)), np.zeros(n_items, dtype=bool)
    while ends[-1] < MAX_MINUTES:
        start = time.process_time()
        items = next_items(
            trials, n_items, design=candidate.design, max_items=min(candidate.max_items, n_items), rng=rng
        )
        choosing.append(time.process_time() - start)
        trial = place_items(truth, items, behaviour=behaviour, rng=rng)
        trial = replace(trial, positions=trial.positions * zoom)
        seconds = trial_seconds(len(trial), behaviour=behaviour, rng=rng) + WATCH * (~watched[items]).sum()
        watched[items] = True
        trials.append(trial)
        ends.append(ends[-1] + seconds / 60)
        placements.append(placements[-1] + len(trial))
        evidence[pairs_within(trial.items, n_items)] += evidence_weights(trial.distances())
        weakest.append(float(evidence.min()))
    return Work(trials, np.array(ends[1:]), np.array(placements[1:]), np.array(weakest), choosing)


def ends_of(session: Work, n_items: int) -> dict[str, int]:
    """The index of the last trial by each rule; the longest time ends a session in any case."""
    last = len(session.trials) - 1

    def first(met: np.ndarray) -> int:
        return int(np.argmax(met)) if met.any() else last

    rules = {f"evidence {level:g}": first(session.weakest >= level) for level in EVIDENCE}
    rules |= {f"placements {each}": first(session.placements >= each * n_items) for each in PLACEMENTS}
    return rules | {f"minutes {minutes}": first(session.minutes >= minutes) for minutes in MINUTES}


def cell(condition: str, kind: str, n_items: int, seed: int, candidate: Candidate) -> dict[str, Any]:
    """One participant: r with the truth, minutes, trials and placements for each clip at the end of each rule."""
    truth = truth_of(kind, n_items, generator(kind, n_items, seed))
    behaviour, zoom = CONDITIONS[condition]
    rng = generator(kind, n_items, seed, candidate.name, condition)
    session = work(truth, n_items, candidate, behaviour, zoom, rng)
    ends = ends_of(session, n_items)
    r = {}
    for end in set(ends.values()):
        rdm = estimate_rdm(session.trials[: end + 1], n_items, method="combined").rdm
        r[end] = float(similarity(rdm, overall(truth))[0, 0])
    return {
        "condition": condition,
        "truth": kind,
        "n_items": n_items,
        "seed": seed,
        "candidate": candidate.name,
        "slowest": max(session.choosing),
        "rules": {
            rule: {
                "r": r[end],
                "minutes": float(session.minutes[end]),
                "trials": end + 1,
                "placements": float(session.placements[end]) / n_items,
                "met": rule_is_met(rule, session, end),
            }
            for rule, end in ends.items()
        },
    }


def rule_is_met(rule: str, session: Work, end: int) -> bool:
    """Whether the rule ended the session, and not the longest time."""
    name, level = rule.split()
    return name != "evidence" or bool(session.weakest[end] >= float(level))


def group_accuracy(r: float, minutes: float, *, total: float) -> float:
    """Correlation of a group's RDM with what its participants have in common, by the Spearman-Brown formula.

    `total` minutes are shared out among as many participants as they pay for. Errors of different participants are
    taken to be independent.
    """
    share = COMMON * r**2
    k = total / (minutes + BEFORE)
    return float(np.sqrt(k * share / (1 + (k - 1) * share)))


def print_tables(cells: list[dict[str, Any]]) -> None:
    """All tables of a file of figures, in Markdown."""
    careful = [one for one in cells if one["condition"] == "careful"]
    sizes = sorted({one["n_items"] for one in careful})
    for title, kinds in (("chosen on", CHOSEN_ON), ("held out", HELD_OUT)):
        some = [one for one in careful if one["truth"] in kinds]
        if not some:
            continue
        _by_minutes(f"Truths {title} ({', '.join(kinds)})", some, sizes)
        _by_rule(f"Truths {title}", some, sizes)
    _by_truth(careful, sizes)
    _by_condition([one for one in cells if one["candidate"] in (LTW.name, PVF.name, BALANCED.name)])
    print("\n### Processor seconds of the slowest choice of a trial\n")
    rows = []
    for name in _names(careful):
        mine = {
            n: [one["slowest"] for one in careful if one["candidate"] == name and one["n_items"] == n] for n in sizes
        }
        rows.append([name, *(f"{max(mine[n], default=nan):.2f}" for n in sizes)])
    print(table(["design", *(f"{n} clips" for n in sizes)], rows))


def _names(cells: list[dict[str, Any]]) -> list[str]:
    return [one.name for one in CANDIDATES if any(cell["candidate"] == one.name for cell in cells)]


def _values(cells: Iterable[dict[str, Any]], name: str, n_items: int, rule: str, what: str) -> list[float]:
    return [c["rules"][rule][what] for c in cells if c["candidate"] == name and c["n_items"] == n_items]


def _by_minutes(title: str, cells: list[dict[str, Any]], sizes: list[int]) -> None:
    print(f"\n### {title}: r with the truth after so many minutes of work\n")
    rows = [
        [str(n), name, *(figure(_values(cells, name, n, f"minutes {minutes}", "r")) for minutes in MINUTES)]
        for n in sizes
        for name in _names([one for one in cells if one["n_items"] == n])
    ]
    print(table(["clips", "design", *(f"{minutes} min" for minutes in MINUTES)], rows))


def _by_rule(title: str, cells: list[dict[str, Any]], sizes: list[int]) -> None:
    print(f"\n### {title}: what each stop rule gives, {MAX_MINUTES:g} minutes at most\n")
    rows = []
    for n in sizes:
        for name in _names([one for one in cells if one["n_items"] == n]):
            for rule in (rule for rule in cells[0]["rules"] if not rule.startswith("minutes")):
                r = _values(cells, name, n, rule, "r")
                minutes = _values(cells, name, n, rule, "minutes")
                met = float(np.mean(_values(cells, name, n, rule, "met")))
                rows.append(
                    [
                        str(n),
                        name,
                        rule,
                        figure(r),
                        f"{np.mean(minutes):.1f} ({min(minutes):.0f} to {max(minutes):.0f})",
                        f"{np.mean(_values(cells, name, n, rule, 'trials')):.0f}",
                        f"{np.mean(_values(cells, name, n, rule, 'placements')):.1f}",
                        f"{met:.0%}",
                        f"{np.mean(r) / np.mean(minutes):.3f}",
                        f"{group_accuracy(float(np.mean(r)), float(np.mean(minutes)), total=300):.3f}",
                    ]
                )
    head = ["clips", "design", "rule", "r", "minutes", "trials", "placements a clip", "met", "r a minute", "group"]
    print(table(head, rows))


def _by_truth(cells: list[dict[str, Any]], sizes: list[int]) -> None:
    print(f"\n### {PVF.name} less {LTW.name}: gain in r for each truth at equal minutes\n")
    rows = []
    for kind in (*CHOSEN_ON, *HELD_OUT):
        some = [one for one in cells if one["truth"] == kind]
        if not some:
            continue
        row = [kind]
        for n in sizes:
            for minutes in (10, 20):
                pair = [_values(some, one.name, n, f"minutes {minutes}", "r") for one in (PVF, LTW)]
                row.append(f"{np.mean(pair[0]) - np.mean(pair[1]):+.3f}")
        rows.append(row)
    print(table(["truth", *(f"{n} clips, {minutes} min" for n in sizes for minutes in (10, 20))], rows))


def _by_condition(cells: list[dict[str, Any]]) -> None:
    rules = ("evidence 0.1", "evidence 0.2", "evidence 0.5", "placements 6")
    print("\n### Other participants: r, minutes until the rule is met\n")
    rows = []
    for condition in CONDITIONS:
        some = [one for one in cells if one["condition"] == condition and one["n_items"] in (20, 40)]
        if condition == "careful":
            some = [one for one in some if one["truth"] in ("gaussian_5", "clusters")]
        for name in _names(some):
            mine = [one for one in some if one["candidate"] == name]
            paired = [
                f"{np.mean([c['rules'][rule]['r'] for c in mine]):.3f}, "
                f"{np.mean([c['rules'][rule]['minutes'] for c in mine]):.0f} min"
                for rule in rules
            ]
            rows.append([condition, name, str(len(mine)), *paired])
    print(table(["participants", "design", "number", *rules], rows))


def plan_of(seed: int, kinds: list[str], sizes: list[int]) -> list[tuple[str, str, int, int, Candidate]]:
    """The sessions to simulate with one seed, those that matter most first."""
    plan = [("careful", kind, n, seed, one) for kind in kinds for n in sizes for one in (LTW, PVF)]
    plan += [
        (condition, kind, n, seed, one)
        for condition in list(CONDITIONS)[1:]
        for n in sizes
        if n in (20, 40)
        for kind in ("gaussian_5", "clusters")
        if kind in kinds
        for one in (LTW, PVF, BALANCED)
    ]
    plan += [
        ("careful", kind, n, seed, one)
        for one in CANDIDATES[2:]
        for n in sizes
        # A trial of 12 clips at most is no other design where there are no more.
        if not (one.max_items < PVF.max_items and n <= one.max_items)
        for kind in kinds
    ]
    return plan


def main(argv: list[str] | None = None) -> int:
    """Measure one participant after the other, then print the tables."""
    parser = argparse.ArgumentParser(prog="bench defaults", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two truths, 12 and 20 clips, one participant each")
    parser.add_argument("--seeds", type=int, default=2, help="participants for each truth and number of clips")
    parser.add_argument("--items", type=int, nargs="+", default=[12, 20, 40, 60])
    parser.add_argument("--json", type=Path, help="write the figures of every participant here")
    parser.add_argument("--tables", type=Path, help="print the tables of such a file and measure nothing")
    options = parser.parse_args(argv)
    if options.tables:
        print_tables(json.loads(options.tables.read_text(encoding="utf-8"))["cells"])
        return 0
    have_data = DATA.is_dir()
    kinds = [kind for kind in (*CHOSEN_ON, *HELD_OUT) if have_data or kind != "real"]
    if options.quick:
        kinds, options.items, options.seeds = ["gaussian_5", "circumplex"], [12, 20], 1
    plan = [task for seed in range(options.seeds) for task in plan_of(seed, kinds, options.items)]
    cells = []
    for done, task in enumerate(plan, start=1):
        cells.append(cell(*task))
        print(f"\rparticipant {done}/{len(plan)}", end="\n" * (done == len(plan)), file=sys.stderr, flush=True)
        if options.json and (done % 5 == 0 or done == len(plan)):
            figures = {"cells": cells, "processor_minutes": time.process_time() / 60}
            options.json.write_text(json.dumps(figures), encoding="utf-8")
    print_tables(cells)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
