"""Tables of `benchmarks/recovery.py`, in Markdown."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from benchmarks import rival as package

Cell = dict[str, Any]
BUDGETS = (2, 4, 8, 12)
# The curve from which "placements saved" is read.
CURVE = (1, 1.5, 2, 3, 4, 6, 8)
NEW, REFERENCE = ("PVF", "combined"), ("LTW", "WA")
COLUMNS = (REFERENCE, ("LTW", "IMDS"), ("LTW", "combined"), ("PVF", "WA"), ("PVF", "latent"), NEW)


def mean_se(values: Iterable[float]) -> tuple[float, float]:
    """Mean and its standard error, NaN for a single value."""
    v = np.array(list(values))
    return float(v.mean()), float(v.std(ddof=1) / np.sqrt(v.size)) if v.size > 1 else float("nan")


def figure(values: Iterable[float]) -> str:
    """Mean ± standard error, as text."""
    return with_error(*mean_se(values), digits=3)


def with_error(value: float, error: float, *, digits: int) -> str:
    """The value, and its standard error where there is one; r without the zero before the point."""
    text = f"{value:.{digits}f}" + (f" ± {error:.{digits}f}" if np.isfinite(error) else "")
    return re.sub(r"\b0\.", ".", text)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def saved(cells: list[Cell], target: float) -> float:
    """Placements an item of the target's session (8) over those at which the new method's mean curve reaches it."""
    curve = np.array([np.mean([cell["+".join(NEW) + f"@{x:g}"] for cell in cells]) for x in CURVE])
    reached = np.flatnonzero(curve >= target)
    if not reached.size:
        return 8 / CURVE[-1]
    i = int(reached[0])
    if i == 0:
        return 8 / CURVE[0]
    part = (target - curve[i - 1]) / (curve[i] - curve[i - 1])
    return float(8 / np.exp(np.log(CURVE[i - 1]) + part * np.log(CURVE[i] / CURVE[i - 1])))


def saved_with_error(cells: list[Cell], targets: list[float]) -> tuple[float, float]:
    """`saved` against the mean target, with its jackknife standard error over participants."""
    value = saved(cells, float(np.mean(targets)))
    k = len(cells)
    if k < 2:
        return value, float("nan")
    left_out = [
        saved([c for j, c in enumerate(cells) if j != i], float(np.mean([t for j, t in enumerate(targets) if j != i])))
        for i in range(k)
    ]
    return value, float(np.sqrt((k - 1) * np.var(left_out)))


def recovery(results: list[tuple[tuple[Any, ...], Cell]], out: dict[str, Any]) -> None:
    """Print r with the truth, the placements saved, the gains and the losses; their figures go into `out`."""
    by: dict[tuple[str, int], list[Cell]] = defaultdict(list)
    for (kind, n_items, _), cell in results:
        by[kind, n_items].append(cell)
    sizes = sorted({n for _, n in by})
    names = ["+".join(column) for column in COLUMNS]
    for n in sizes:
        for budget in BUDGETS:
            shown = [name for name in names if f"{name}@{budget}" in results[0][1]]
            rows = [
                [kind, str(len(cells)), *(figure(c[f"{name}@{budget}"] for c in cells) for name in shown)]
                for (kind, size), cells in by.items()
                if size == n
            ]
            print(f"\n### {n} items, {budget} placements an item: Pearson r with the truth\n")
            print(table(["truth", "participants", *shown], rows))
    base, new = "+".join(REFERENCE), "+".join(NEW)
    out["r"] = [{"kind": kind, "n_items": n, "cells": cells} for (kind, n), cells in by.items()]

    print(f"\n### Placements saved: 8 an item with {base}, over those with which {new} is as accurate\n")
    rows, out["saved"] = [], []
    for n in sizes:
        ratios = {
            kind: saved_with_error(cells, [c[f"{base}@8"] for c in cells])
            for (kind, size), cells in by.items()
            if size == n
        }
        out["saved"].append({"n_items": n, "ratio": ratios})
        rows.append(
            [
                str(n),
                *(with_error(r, se, digits=2) for r, se in ratios.values()),
                f"**{np.mean([r for r, _ in ratios.values()]):.2f}**",
            ]
        )
    print(table(["items", *(kind for kind, size in by if size == sizes[0]), "mean"], rows))

    print(f"\n### Gain of {new} over {base}, all truths, and where it loses\n")
    rows, losses = [], []
    for n in sizes:
        for budget in BUDGETS:
            gains = {
                kind: [c[f"{new}@{budget}"] - c[f"{base}@{budget}"] for c in cells]
                for (kind, size), cells in by.items()
                if size == n
            }
            flat = [g for group in gains.values() for g in group]
            rows.append([str(n), str(budget), figure(flat), f"{np.mean(np.array(flat) > 0):.0%}"])
            losses += [
                f"{kind}, {n} items, {budget} an item: {figure(g)}" for kind, g in gains.items() if np.mean(g) < 0
            ]
    print(table(["items", "placements an item", "mean gain in r", "participants who gain"], rows))
    print("Loses on average in: " + ("; ".join(losses) or "none of these cells") + ".\n")
    out["losses"] = losses


def conditions(results: list[tuple[tuple[Any, ...], Cell]], out: dict[str, Any]) -> None:
    """Print r and gains with the other kinds of participants; the figures go into `out`."""
    by: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for (name, kind, *_), cell in results:
        by[name, kind].append(cell)
    base, new = "+".join(REFERENCE), "+".join(NEW)
    print(f"\n### Other participants ({results[0][0][2]} items): {base} / {new}, and the gain\n")
    rows = [
        [name, kind]
        + [f"{np.mean([c[f'{base}@{b}'] for c in cells]):.3f} / {np.mean([c[f'{new}@{b}'] for c in cells]):.3f}"
           f" ({figure(c[f'{new}@{b}'] - c[f'{base}@{b}'] for c in cells)})" for b in BUDGETS]
        for (name, kind), cells in by.items()
    ]  # fmt: skip
    print(table(["participant", "truth", *(f"{b} an item" for b in BUDGETS)], rows))
    out["conditions"] = [{"condition": name, "kind": kind, "cells": cells} for (name, kind), cells in by.items()]


def rival(results: list[tuple[tuple[Any, ...], Cell]], main: dict[tuple[Any, ...], Cell], out: dict[str, Any]) -> None:
    """Print the rival's r beside ours with the same truths (`main`); the figures go into `out`."""
    by: dict[tuple[int, bool, str], list[tuple[Cell, float]]] = defaultdict(list)
    for (kind, n, seed, inverse_mds), cell in results:
        by[n, inverse_mds, kind].append((main[kind, n, seed], cell["r"]))
    base, new = "+".join(REFERENCE), "+".join(NEW)
    print(f"\n### The adaptive mode of multiarrangement {package.VERSION}, 8 placements an item\n")
    rows, out["rival"] = [], []
    for (n, inverse_mds, kind), pairs in by.items():
        cells, theirs = [cell for cell, _ in pairs], [r for _, r in pairs]
        ratio, se = saved_with_error(cells, theirs)
        columns = [theirs, [c[f"{base}@8"] for c in cells], [c[f"{new}@8"] for c in cells]]
        switch = "on (its default)" if inverse_mds else "off"
        ours = [figure(column) for column in columns]
        rows.append([str(n), switch, kind, str(len(pairs)), *ours, with_error(ratio, se, digits=2)])
        out["rival"].append({"n_items": n, "inverse_mds": inverse_mds, "kind": kind, "r": theirs, "saved": ratio})
    head = ["items", "its inverse MDS", "truth", "participants", "multiarrangement", base, new, "placements saved"]
    print(table(head, rows))
    for inverse_mds in (True, False):
        for n in sorted({size for size, on, _ in by if on is inverse_mds}):
            ratios = [e["saved"] for e in out["rival"] if e["n_items"] == n and e["inverse_mds"] is inverse_mds]
            switch = "on" if inverse_mds else "off"
            print(f"Mean placements saved, {n} items, its inverse MDS {switch}: {np.mean(ratios):.2f}.\n")


def real(results: list[tuple[tuple[Any, ...], list[tuple[float, float]]]], out: dict[str, Any]) -> None:
    """Print how well the held-out trials of the real participant are predicted; the figures go into `out`."""
    by: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (method, *_), trials in results:
        by[method] += trials
    first = np.array(by["WA"])
    rows, out["real"] = [], {}
    for method, trials in by.items():
        values = np.array(trials)
        out["real"][method] = {"pearson": values[:, 0].mean(), "spearman": values[:, 1].mean()}
        rows.append([method, *(figure(column) for column in values.T), figure(values[:, 0] - first[:, 0])])
    print("\n### A real participant (118 items, 109 trials): held-out trials predicted, mean over trials\n")
    print(table(["estimator", "Pearson r", "Spearman rho", "gain in r over WA (paired)"], rows))
