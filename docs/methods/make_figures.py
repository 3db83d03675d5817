"""Make the figures of docs/methods.md, and the numbers behind them, from simulated participants.

python docs/methods/make_figures.py [NAME ...] makes those named, or all: recovery, noise, raters, cohort, quality.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import matplotlib

from analysis import Arrangement, StopRule, estimate_rdm, next_items_cohort, noise_ceiling, reliability
from analysis import figures as drawing
from analysis.arrangement import Floats
from analysis.designs import pair_counts
from analysis.figures.style import STYLE
from analysis.pooling import pool
from analysis.quality import participant_quality
from analysis.rdm import n_pairs
from analysis.similarity import similarity
from analysis.simulate import Behaviour, individual, make_truth, place_items, simulate_rater

FOLDER = Path(__file__).resolve().parent
N_ITEMS = 24
TRUTHS = ("gaussian_2", "gaussian_5", "clusters", "circumplex")
SEEDS = range(5)


def accuracy(trials: Sequence[Arrangement], truth: Floats, method: str) -> float:
    """Pearson correlation of the estimate with the truth over the pairs that the estimate has."""
    found = estimate_rdm(trials, N_ITEMS, method=method).rdm
    return float(similarity(found, truth)[0, 0])


def prefix(trials: Sequence[Arrangement], placements: float) -> list[Arrangement]:
    """The first trials, up to so many placements (at least one trial)."""
    total = np.cumsum([len(trial) for trial in trials])
    return list(trials[: max(1, int(np.searchsorted(total, placements, side="right")))])


def band(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean over the first axis with one standard error to either side."""
    mean = values.mean(axis=0)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return mean, mean - error, mean + error


def recovery() -> tuple[Any, Iterable[Sequence[Any]]]:
    """Accuracy by number of placements, for the reference and the default design and estimator."""
    per_item = (2, 4, 8, 12)
    designs = {"lift_the_weakest": "lift the weakest", "posterior_variance": "posterior variance"}
    methods = {"weighted_average": "weighted average", "combined": "combined"}
    found = {(d, m): np.empty((len(TRUTHS) * len(SEEDS), len(per_item))) for d in designs for m in methods}
    rows: list[Sequence[Any]] = [("truth", "seed", "design", "method", "placements_per_item", "r")]
    for row, (kind, seed) in enumerate((kind, seed) for kind in TRUTHS for seed in SEEDS):
        for design in designs:
            rng = np.random.default_rng([seed, row])
            truth = make_truth(kind, N_ITEMS, rng=rng)
            stop = StopRule(min_evidence=None, max_trials=60)
            trials = simulate_rater(truth, design=design, stop=stop, rng=rng).arrangements
            for column, times in enumerate(per_item):
                part = prefix(trials, times * N_ITEMS)
                for method in methods:
                    r = accuracy(part, truth, method)
                    found[design, method][row, column] = r
                    rows.append((kind, seed, design, method, times, r))
    lines = {f"{designs[d]}, {methods[m]}": band(values) for (d, m), values in found.items()}
    x_label, y_label = f"placements per clip ({N_ITEMS} clips)", "r with the true RDM"
    return drawing.curve(per_item, lines, x_label=x_label, y_label=y_label), rows


def noise() -> tuple[Any, Iterable[Sequence[Any]]]:
    """Accuracy of each estimator by placement noise, from the same trials."""
    levels = (0.02, 0.05, 0.1, 0.2)
    methods = ("weighted_average", "inverse_mds", "precision_weighted", "latent", "arrangement", "combined")
    found = {method: np.empty((len(TRUTHS) * len(SEEDS), len(levels))) for method in methods}
    rows: list[Sequence[Any]] = [("truth", "seed", "noise", "method", "r")]
    for row, (kind, seed) in enumerate((kind, seed) for kind in TRUTHS for seed in SEEDS):
        for column, level in enumerate(levels):
            rng = np.random.default_rng([seed, row])
            truth = make_truth(kind, N_ITEMS, rng=rng)
            stop = StopRule(min_evidence=None, max_trials=16)
            session = simulate_rater(truth, behaviour=Behaviour(noise=level), stop=stop, rng=rng)
            for method in methods:
                r = accuracy(session.arrangements, truth, method)
                found[method][row, column] = r
                rows.append((kind, seed, level, method, r))
    lines = {method: band(values) for method, values in found.items()}
    x_label = "placement noise (sd, in units of a trial's largest distance)"
    return drawing.curve(levels, lines, x_label=x_label, y_label="r with the true RDM"), rows


def study(n_raters: int, share: float, seed: int, **behaviour: Any) -> tuple[Floats, Floats, list[list[Arrangement]]]:
    """The RDM that raters have in common, their own estimated RDMs (R, P), and their trials."""
    rng = np.random.default_rng(seed)
    truth = make_truth("clusters", N_ITEMS, rng=rng)
    trials = []
    for _ in range(n_raters):
        mine = individual(truth, share, rng=rng)
        stop = StopRule(min_evidence=None, max_trials=8)
        trials.append(list(simulate_rater(mine, behaviour=Behaviour(**behaviour), stop=stop, rng=rng).arrangements))
    return truth, np.array([estimate_rdm(one, N_ITEMS, method="latent").rdm for one in trials]), trials


def raters() -> tuple[Any, Iterable[Sequence[Any]]]:
    """Agreement and ceiling by number of raters in one study."""
    _, rdms, _ = study(20, 0.5, seed=1)
    sizes = (2, 3, 4, 6, 8, 12, 16, 20)
    rows: list[Sequence[Any]] = [("raters", "pairwise", "alpha", "ceiling_lower", "ceiling_upper")]
    for size in sizes:
        report, ceiling = reliability(rdms[:size]), noise_ceiling(rdms[:size])
        values = (report.pairwise_pearson.value, report.cronbach_alpha.value, ceiling.lower, ceiling.upper)
        rows.append((size, *values))
    table = np.array([row[1:] for row in rows[1:]], dtype=np.float64)
    lines = {
        "Cronbach's α (of the mean)": (table[:, 1], None, None),
        "mean pairwise r": (table[:, 0], None, None),
        "noise ceiling": (table[:, 2:].mean(axis=1), table[:, 2], table[:, 3]),
    }
    return drawing.curve(sizes, lines, x_label="raters", y_label="Pearson r"), rows


def cohort() -> tuple[Any, Iterable[Sequence[Any]]]:
    """Accuracy of the group's RDM when each participant does three short trials only."""
    sizes = (2, 4, 8, 16, 32)
    found = {"balanced over the cohort": np.empty((len(SEEDS), 5)), "each drawn at random": np.empty((len(SEEDS), 5))}
    rows: list[Sequence[Any]] = [("design", "seed", "participants", "r")]
    for name, table in found.items():
        for row, seed in enumerate(SEEDS):
            rng = np.random.default_rng([seed, 77])
            truth = make_truth("clusters", N_ITEMS, rng=rng)
            counts = np.zeros(n_pairs(N_ITEMS), dtype=np.int64)
            trials: list[Arrangement] = []
            for person in range(max(sizes)):
                mine = individual(truth, 0.3, rng=rng)
                for _ in range(3):
                    if name.startswith("balanced"):
                        items = next_items_cohort(counts, size=8, rng=rng)
                    else:
                        items = np.sort(rng.permutation(N_ITEMS)[:8])
                    counts += pair_counts([items], N_ITEMS)
                    trials.append(place_items(mine, items, behaviour=Behaviour(), rng=rng))
                if person + 1 in sizes:
                    r = accuracy(trials, truth, "latent")
                    table[row, sizes.index(person + 1)] = r
                    rows.append((name, seed, person + 1, r))
    lines = {name: band(table) for name, table in found.items()}
    x_label, y_label = "participants, three trials of 8 clips each", "r with the common RDM"
    return drawing.curve(sizes, lines, x_label=x_label, y_label=y_label), rows


def quality() -> tuple[Any, Iterable[Sequence[Any]]]:
    """Correlation with the pool of the others, and the arena used, by the share of clips dropped without care."""
    shares = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    _, careful, _ = study(8, 0.3, seed=3)
    others = pool(careful)
    found = np.empty((len(SEEDS), len(shares), 2))
    rows: list[Sequence[Any]] = [("laziness", "seed", "r_with_others", "spread")]
    for row, seed in enumerate(SEEDS):
        for column, laziness in enumerate(shares):
            rng = np.random.default_rng([3])
            truth = make_truth("clusters", N_ITEMS, rng=rng)
            rng = np.random.default_rng([seed, column])
            stop = StopRule(min_evidence=None, max_trials=8)
            session = simulate_rater(
                individual(truth, 0.3, rng=rng), behaviour=Behaviour(laziness=laziness), stop=stop, rng=rng
            )
            rdm = estimate_rdm(session.arrangements, N_ITEMS, method="latent").rdm
            spread = participant_quality(session.arrangements).medians["spread"]
            found[row, column] = float(similarity(rdm, others)[0, 0]), np.nan if spread is None else spread
            rows.append((laziness, seed, *found[row, column]))
    lines = {"r with the other raters": band(found[..., 0]), "spread over the arena": band(found[..., 1])}
    x_label = "share of clips dropped on the most similar one"
    return drawing.curve(shares, lines, x_label=x_label, y_label="r, or share"), rows


MAKERS: dict[str, Callable[[], tuple[Any, Iterable[Sequence[Any]]]]] = {
    "recovery": recovery,
    "noise": noise,
    "raters": raters,
    "cohort": cohort,
    "quality": quality,
}


def main(names: Sequence[str]) -> None:
    """Make the named figures as NAME.svg with NAME.csv, or all of them."""
    for name in names or MAKERS:
        if name not in MAKERS:
            raise SystemExit(f"no figure is named {name}; there are {', '.join(MAKERS)}")
        print(f"Making {name} ...", file=sys.stderr, flush=True)
        figure, rows = MAKERS[name]()
        with matplotlib.rc_context(STYLE):
            figure.savefig(FOLDER / f"{name}.svg", facecolor="white", metadata={"Date": None})
        with (FOLDER / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(
                [f"{cell:.4f}" if isinstance(cell, float) else cell for cell in row] for row in rows
            )


if __name__ == "__main__":
    main(sys.argv[1:])
