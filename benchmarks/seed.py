"""The study behind the program, with a known truth: sets of clips, raters online, a layered network, attributes.

Jiahui et al. (2023) had 707 clips of faces in 12 sets, arranged by 128 people, and compared the RDMs with the layers of
networks. Here clips, raters and network are simulated, so that it is known what must come out:

* **Clips** have attributes. Gender, age, ethnicity and expression decide how alike two clips are seen, with dimensions
  of each clip's own; head orientation and lighting do not.
* **Raters** arrange one set for half an hour, each trial chosen by the default design. A share of the variance of what
  each sees is the rater's own. RDMs are estimated as the program does by default.
* **The network** has eight layers. Early ones hold orientation and lighting, later ones more and more of what raters
  see, the sixth most.

Then: agreement in each set, the profile of the layers with ceiling and best layer, effects of the attributes, and the
variance partitioned. In a second part small studies without an effect are made again and again: how often is one found?

Over 300 lines: one study from the first clip to its tables and figure, read from top to bottom.

    python3 run.py bench seed [--sets 12] [--clips 59] [--raters 128] [--runs 200] [--figure FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from scipy.stats import binomtest

from analysis import (
    StopRule,
    attribute_effects,
    compare_models,
    estimate_rdm,
    mantel,
    reliability,
    variance_partition,
)
from analysis.inference import LayerProfile, layer_profile, mean_profile
from analysis.models import attribute_rdm, layer_rdms, mean_effects, mean_partition
from analysis.rdm import scale_to_rms
from analysis.simulate import individual, simulate_rater
from benchmarks.recovery_tables import table

Floats = NDArray[np.float64]
# An attribute's number of labels, and how much it weighs in what raters see and in what early layers hold.
ATTRIBUTES = {
    "gender": (2, 1.0, 0.0),
    "age": (3, 0.8, 0.0),
    "ethnicity": (3, 0.7, 0.0),
    "expression": (4, 0.5, 0.0),
    "orientation": (3, 0.0, 1.0),
    "lighting": (2, 0.0, 1.0),
}
OWN_DIMENSIONS, OWN_WEIGHT = 5, 0.45
INDIVIDUAL = 0.3
LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")
LOW_LEVEL = (1.0, 1.0, 0.8, 0.6, 0.45, 0.2, 0.3, 0.4)
SEEN = (0.0, 0.1, 0.25, 0.45, 0.7, 1.0, 0.8, 0.6)
BEST = SEEN.index(max(SEEN))
UNITS, UNIT_NOISE = 200, 0.5
ALPHA = 0.05


@dataclass(frozen=True)
class Clips:
    """A set of clips: labels by attribute, and the features (n, k) that raters see and that early layers hold."""

    labels: dict[str, list[str]]
    seen: Floats
    low_level: Floats


@dataclass(frozen=True)
class SetResult:
    """What is known of one set."""

    agreement: dict[str, float]
    recovered: float
    minutes: float
    profile: LayerProfile
    effects: Any
    partition: Any


def make_clips(n_clips: int, rng: np.random.Generator) -> Clips:
    """Draw clips; each label of an attribute is a direction of its own, as far from each other one."""
    labels, seen, low_level = {}, [], []
    for name, (n_labels, weight, early) in ATTRIBUTES.items():
        drawn = rng.permutation(np.arange(n_clips) % n_labels)
        labels[name] = [f"{name} {label}" for label in drawn]
        one_hot = np.eye(n_labels)[drawn] / np.sqrt(2)
        seen.append(weight * one_hot)
        low_level.append(early * one_hot)
    seen.append(OWN_WEIGHT * rng.normal(size=(n_clips, OWN_DIMENSIONS)))
    low_level.append(OWN_WEIGHT * rng.normal(size=(n_clips, OWN_DIMENSIONS)))
    return Clips(labels, np.hstack(seen), np.hstack(low_level))


def make_layers(clips: Clips, rng: np.random.Generator) -> dict[str, Floats]:
    """Activations (n, units) of each layer: random mixtures of both kinds of features, with noise."""
    layers = {}
    for name, low, high in zip(LAYERS, LOW_LEVEL, SEEN, strict=True):
        features = np.hstack([low * clips.low_level, high * clips.seen])
        mixed = features @ rng.normal(size=(features.shape[1], UNITS))
        layers[name] = mixed + UNIT_NOISE * mixed.std() * rng.normal(size=mixed.shape)
    return layers


def run_set(task: tuple[int, int, int, int, float]) -> SetResult:
    """Simulate and analyse one set: (its number, clips, raters, seed, minutes)."""
    number, n_clips, n_raters, seed, minutes = task
    rng = np.random.default_rng([seed, number])
    clips = make_clips(n_clips, rng)
    truth = scale_to_rms(pdist(clips.seen))
    stop = StopRule(min_evidence=0.5, max_minutes=minutes)
    rdms, spent = [], []
    for _ in range(n_raters):
        session = simulate_rater(individual(truth, INDIVIDUAL, rng=rng), stop=stop, rng=rng)
        rdms.append(estimate_rdm(session.arrangements, n_clips, method="combined").rdm)
        spent.append(session.minutes)
    table_of_raters = np.array(rdms)
    layers = layer_rdms(make_layers(clips, rng))
    profile = layer_profile(table_of_raters, layers, LAYERS, method="rho_a", n_boot=1000, rng=rng)
    effects = attribute_effects(table_of_raters, clips.labels, n_permutations=2000, rng=rng)
    predictors = {
        "attributes": np.array([attribute_rdm(labels) for labels in clips.labels.values()]),
        "network": layers[BEST],
        "early layer": layers[0],
    }
    agreed = reliability(table_of_raters)
    names = ("cronbach_alpha", "pairwise_pearson", "split_half_corrected", "leave_one_out")
    return SetResult(
        agreement={name: getattr(agreed, name).value for name in names},
        recovered=float(np.corrcoef(table_of_raters.mean(axis=0), truth)[0, 1]),
        minutes=float(np.mean(spent)),
        profile=profile,
        effects=effects,
        partition=variance_partition(table_of_raters, predictors),
    )


def run_without_effect(task: tuple[int, int, int, int]) -> dict[str, float]:
    """A small study in which nothing is to be found, but for one model that is the truth: p of each test.

    The task is (its number, clips, raters, seed).
    """
    number, n_clips, n_raters, seed = task
    rng = np.random.default_rng([seed, 1_000_000, number])
    seen = rng.normal(size=(n_clips, 4))
    truth = scale_to_rms(pdist(seen))
    stop = StopRule(min_evidence=0.5, max_trials=8)
    raters = np.array(
        [
            estimate_rdm(
                simulate_rater(individual(truth, INDIVIDUAL, rng=rng), max_items=12, stop=stop, rng=rng).arrangements,
                n_clips,
                method="combined",
            ).rdm
            for _ in range(n_raters)
        ]
    )
    labels = {name: [str(k) for k in rng.permutation(np.arange(n_clips) % 2)] for name in ("one", "two", "three")}
    effects = attribute_effects(raters, labels, n_permutations=400, rng=rng)
    equal = [pdist(seen + 0.7 * rng.normal(size=seen.shape)) for _ in range(2)]
    models = np.array([truth, *equal, pdist(rng.normal(size=seen.shape))])
    compared = compare_models(raters, models, n_boot=400, correction="none", rng=rng)
    return {
        "attribute that means nothing (permutation)": float(effects.p[0]),
        "any of three such attributes (family-wise)": float(effects.p_max.min()),
        "model that has nothing to do with it (Mantel)": float(
            mantel(raters, models[3:], n_permutations=400, rng=rng).p[0]
        ),
        "the same (dual bootstrap, above zero)": float(compared.p_above_zero[3]),
        "two models equally far from the truth differ": float(compared.p_difference[1, 2]),
        "the true model lies below the ceiling": float(compared.p_below_ceiling[0]),
    }


@contextmanager
def _mapping(processes: int) -> Iterator[Callable[..., Any]]:
    with ProcessPoolExecutor(processes) if processes > 1 else nullcontext() as pool:
        yield map if pool is None else pool.map


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Simulate and analyse everything; the figures by name."""
    sizes = [options.clips - (number == options.sets - 1 and options.sets > 1) for number in range(options.sets)]
    shares = [
        options.raters // options.sets + (number < options.raters % options.sets) for number in range(options.sets)
    ]
    tasks = [(k, sizes[k], shares[k], options.seed, options.minutes) for k in range(options.sets)]
    runs = [(k, options.small_clips, options.small_raters, options.seed) for k in range(options.runs)]
    with _mapping(options.processes) as mapped:
        sets = list(mapped(run_set, tasks))
        without = list(mapped(run_without_effect, runs))
    joint = mean_profile([one.profile for one in sets])
    effects = mean_effects([one.effects for one in sets])
    partition = mean_partition([one.partition for one in sets])
    return {
        "sizes": sizes,
        "raters": shares,
        "minutes": [one.minutes for one in sets],
        "recovered": [one.recovered for one in sets],
        "agreement": {name: [one.agreement[name] for one in sets] for name in sets[0].agreement},
        "layers": {
            "names": list(joint.names),
            "similarity": joint.similarity.tolist(),
            "interval": joint.interval.tolist(),
            "ceiling": [joint.ceiling.lower, joint.ceiling.upper],
            "best": joint.names[joint.best],
            "not_worse": [joint.names[k] for k in joint.not_worse],
            "best_of_each_set": [one.profile.comparison.names[one.profile.best] for one in sets],
        },
        "effects": {
            name: {"effect": effects.effects[k], "interval": effects.intervals[k].tolist(), "p": float(effects.p[k])}
            for k, name in enumerate(effects.names)
        },
        "partition": {" & ".join(key): value for key, value in partition.parts.items()},
        "adjusted_r2": {" + ".join(key): value for key, value in partition.adjusted_r2.items()},
        "found_without_effect": {
            name: [int(sum(one[name] <= ALPHA for one in without)), len(without)]
            for name in (without[0] if without else ())
        },
    }


def report(figures: dict[str, Any]) -> str:
    """The tables that are printed, in Markdown."""
    layers, effects = figures["layers"], figures["effects"]
    lines = [
        f"{len(figures['sizes'])} sets, {sum(figures['sizes'])} clips, {sum(figures['raters'])} raters, "
        f"{np.mean(figures['minutes']):.0f} minutes each; RDM of a set's raters against the truth: "
        f"r = {np.mean(figures['recovered']):.3f} ({min(figures['recovered']):.3f} to {max(figures['recovered']):.3f})",
        "",
        table(
            ["agreement", "mean over sets", "least", "most"],
            [
                [name.replace("_", " "), *(f"{of(values):.3f}" for of in (np.mean, min, max))]
                for name, values in figures["agreement"].items()
            ],
        ),
        table(
            ["layer", "similarity (rho-a)", "95 % interval"],
            [
                [name, f"{value:.3f}", f"{low:.3f} to {high:.3f}"]
                for name, value, (low, high) in zip(
                    layers["names"], layers["similarity"], layers["interval"], strict=True
                )
            ],
        ),
        f"ceiling {layers['ceiling'][0]:.3f} to {layers['ceiling'][1]:.3f}; best layer: {layers['best']}, not worse: "
        f"{', '.join(layers['not_worse'])}; true best: {LAYERS[BEST]}; best in "
        f"{layers['best_of_each_set'].count(LAYERS[BEST])} of {len(figures['sizes'])} sets",
        "",
        table(
            ["attribute", "weight in the truth", "between - within (sd)", "95 % interval", "p"],
            [
                [
                    name,
                    f"{ATTRIBUTES[name][1]:g}",
                    f"{one['effect']:.3f}",
                    f"{one['interval'][0]:.3f} to {one['interval'][1]:.3f}",
                    f"{one['p']:.2g}",
                ]
                for name, one in effects.items()
            ],
        ),
        table(
            ["explained by", "share of variance (adjusted R²)"],
            [
                [f"{name} alone" if "&" not in name else name, f"{value:.3f}"]
                for name, value in figures["partition"].items()
            ],
        ),
    ]
    if figures["found_without_effect"]:
        rows = []
        for name, (count, runs) in figures["found_without_effect"].items():
            interval = binomtest(count, runs).proportion_ci(method="wilson")
            rows.append([name, f"{count} of {runs}", f"{count / runs:.3f} ({interval.low:.3f} to {interval.high:.3f})"])
        lines.append(table([f"found at {ALPHA} where nothing is", "studies", "rate (95 % interval)"], rows))
    return "\n".join(lines)


def draw(figures: dict[str, Any], file: Path) -> None:
    """The four results as one figure, at the width of a page."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from analysis.figures.style import ACCENT, GRID, INK

    with rc_context({"font.size": 7, "pdf.fonttype": 42, "svg.fonttype": "none"}):
        figure = Figure(figsize=(7.1, 6.0), layout="constrained")
        axes = figure.subplots(2, 2, height_ratios=(2, 3))
        names = list(figures["agreement"])
        for place, name in enumerate(names):
            values = figures["agreement"][name]
            axes[0, 0].plot(np.linspace(place - 0.2, place + 0.2, len(values)), values, "o", color=INK, markersize=2.5)
            axes[0, 0].plot([place - 0.3, place + 0.3], [np.mean(values)] * 2, color=ACCENT, linewidth=2)
        axes[0, 0].set_xticks(range(len(names)), [name.replace("_", "\n") for name in names])
        axes[0, 0].set(ylim=(0, 1), ylabel="coefficient", title="Agreement; a point is a set")
        layers = figures["layers"]
        x, interval = np.arange(len(layers["names"])), np.array(layers["interval"])
        axes[0, 1].axhspan(*layers["ceiling"], color=GRID, linewidth=0, label="noise ceiling")
        axes[0, 1].fill_between(x, interval[:, 0], interval[:, 1], color=ACCENT, alpha=0.2, linewidth=0)
        axes[0, 1].plot(x, layers["similarity"], "o-", color=ACCENT, markersize=3, label="layer, 95 % interval")
        axes[0, 1].set_xticks(x, layers["names"])
        axes[0, 1].set(ylabel="similarity (rho-a)", title="Layers of the network")
        axes[0, 1].legend(frameon=False)
        effects = figures["effects"]
        for place, one in enumerate(effects.values()):
            axes[1, 0].plot(one["interval"], [place] * 2, color=ACCENT, linewidth=1.6)
            axes[1, 0].plot(one["effect"], place, "o", color=ACCENT, markersize=4)
        axes[1, 0].axvline(0, color=GRID, linewidth=0.8, zorder=0)
        axes[1, 0].set_yticks(range(len(effects)), list(effects))
        axes[1, 0].invert_yaxis()
        axes[1, 0].set(xlabel="between - within (sd of dissimilarity)", title="Attributes, 95 % interval over sets")
        parts = figures["partition"]
        axes[1, 1].barh(range(len(parts)), list(parts.values()), color=ACCENT)
        axes[1, 1].set_yticks(range(len(parts)), [name.replace(" & ", "\n& ") for name in parts])
        axes[1, 1].invert_yaxis()
        axes[1, 1].set(xlabel="share of variance (adjusted R²)", title="Explained alone and together")
        for one in axes.flat:
            one.spines[["top", "right"]].set_visible(False)
        figure.savefig(file, dpi=300)


def main(argv: list[str]) -> int:
    """Measure, print the tables, and write the figure and the numbers behind it."""
    parser = argparse.ArgumentParser(prog="bench seed", description=(__doc__ or "").splitlines()[0])
    for name, default in {
        "sets": 12,
        "clips": 59,
        "raters": 128,
        "runs": 200,
        "small-clips": 20,
        "small-raters": 8,
    }.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    figures = measure(options)
    print(report(figures))
    if options.figure:
        draw(figures, options.figure)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0
