"""Attributes and axes of the map, predicted from models for clips that were left out; and how specific that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..arrangement import Floats
from ..clip_sets import orders_within
from ..inference.largest import permutation_p
from ..models.prediction import correlations, predict_ratings, prediction_null
from ..models.space import Space, coordinates, imaginary_share
from ..pooling import mean_present, pool, standardise
from ..rdm import n_items_of
from .axes import Matrix, bounded, rows_of
from .model_list import RATERS, Model
from .structure import clip_map
from .targets import Target

N_FOLDS = 5
MIN_CLIPS = 10
# Whole sets are left out where the training clips are still of two sets, which the penalty is chosen on.
MIN_SETS = 3
MAX_PERMUTATIONS = 1000
# What the axes of the raters' map are called, and what stands for the ratings in their own specificity.
MAP_AXES = ("map axis 1", "map axis 2")
THEMSELVES = "the values themselves"
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Predicted:
    """One attribute predicted from one model: r and R² for clips that were left out.

    `fold_spread` is the standard deviation of r over the folds, `penalty` the (lower) median of what they chose, as a
    share of the mean squared singular value, `dimensions` those of the model's space, `of_squares` whether its
    dissimilarities are squared distances.
    """

    model: str
    target: str
    r: float
    r2: float
    fold_spread: float
    p: float
    p_max: float
    penalty: float
    dimensions: int
    of_squares: bool


@dataclass(frozen=True)
class Specificity:
    """r of the prediction of each target (rows) with the values of each (columns), from one model."""

    model: str
    targets: tuple[str, ...]
    r: Matrix


@dataclass(frozen=True)
class Predictions:
    """Predictions from models; empty where they were not asked for. `by_sets`: whole sets of clips were left out."""

    n_permutations: int = 0
    n_folds: int = 0
    by_sets: bool = False
    scores: tuple[Predicted, ...] = ()
    specificity: tuple[Specificity, ...] = ()
    remarks: tuple[str, ...] = ()


def predictions(
    table: Floats,
    models: Sequence[Model],
    spaces: Sequence[Space],
    targets: Sequence[Target],
    set_of_clip: Sequence[str] | None,
    *,
    n_permutations: int,
    seed: int,
    report: Progress,
) -> Predictions:
    """The `targets`, and the axes of the raters' map, predicted from each model's space and from the raters' own."""
    n = n_items_of(table.shape[1])
    remarks: list[str] = []
    if n < MIN_CLIPS:
        return Predictions(remarks=(f"Predictions need at least {MIN_CLIPS} clips; there are {n}.",))
    labels = np.zeros(n, dtype=np.int64)
    if set_of_clip is not None:
        labels = np.unique(list(set_of_clip), return_inverse=True)[1]
    n_sets = np.unique(labels).size
    by_sets = n_sets >= MIN_SETS
    if n_sets == 2:
        remarks.append("Clips rather than sets of clips are left out for predictions: there are two sets only.")
    wanted = [*targets, *_map_axes(table, remarks)]
    sources = [(model.name, space) for model, space in zip(models, spaces, strict=True)]
    if (own := _raters_space(table, remarks)) is not None and targets:
        sources = [(RATERS, own), *sources]
    if not wanted or not sources:
        remarks.append("Nothing is predicted: that needs a model and an attribute, a rating or a map of the clips.")
        return Predictions(remarks=tuple(remarks))
    # The bound counts a permutation as about fifteen folds, each of as many products as there are pairs.
    times = bounded(min(n_permutations, MAX_PERMUTATIONS), 15 * n * n * len(wanted) * len(sources))
    orders = orders_within(labels, np.random.default_rng(seed), times)
    n_folds = min(N_FOLDS, n_sets) if by_sets else N_FOLDS
    groups = labels.tolist() if by_sets else None
    scores: list[Predicted] = []
    values = np.column_stack([one.values for one in wanted])
    specificity = [_specific(THEMSELVES, wanted, correlations(values, values))]
    nulls: list[Floats] = []
    for number, (name, space) in enumerate(sources):
        report("Predicting attributes", number / len(sources))
        mine = list(targets) if name == RATERS else wanted
        x, y = coordinates(space.squared), np.column_stack([one.values for one in mine])
        predicted = predict_ratings(x, y, groups=groups, n_folds=n_folds, scale=False, rng=np.random.default_rng(seed))
        nulls.append(
            prediction_null(x, y, orders, groups=groups, n_folds=n_folds, scale=False, rng=np.random.default_rng(seed))
        )
        specificity.append(_specific(name, mine, predicted.specificity))
        medians = np.sort(predicted.penalties, axis=0)[(len(predicted.penalties) - 1) // 2]
        for k, target in enumerate(mine):
            folds = predicted.by_fold[:, k]
            folds = folds[np.isfinite(folds)]
            scores.append(
                Predicted(
                    model=name,
                    target=target.name,
                    r=float(predicted.specificity[k, k]),
                    r2=float(predicted.r2[k]),
                    fold_spread=float(folds.std(ddof=1)) if folds.size > 1 else math.nan,
                    p=math.nan,
                    p_max=math.nan,
                    penalty=float(medians[k]),
                    dimensions=x.shape[1],
                    of_squares=space.of_squares,
                )
            )
    p, p_max = permutation_p(np.array([one.r for one in scores]), np.concatenate(nulls, axis=1), two_sided=False)
    tested = (replace(one, p=float(a), p_max=float(b)) for one, a, b in zip(scores, p, p_max, strict=True))
    return Predictions(times, n_folds, by_sets, tuple(tested), tuple(specificity), tuple(remarks))


def _map_axes(table: Floats, remarks: list[str]) -> list[Target]:
    """The axes of the map of the raters' mean RDM."""
    mds = clip_map(pool(table, "cosine"), len(MAP_AXES))
    if isinstance(mds, str):
        remarks.append(f"The map's axes are not predicted: {mds[:1].lower()}{mds[1:].removesuffix('.')}.")
        return []
    return [Target(name, mds.positions[:, k]) for k, name in enumerate(MAP_AXES)]


def _raters_space(table: Floats, remarks: list[str]) -> Space | None:
    """The mean of the raters' squared distances, each rater's at mean 1; None where a pair was seen by nobody."""
    squared = mean_present(standardise(table, "cosine") ** 2)
    if missing := int(np.isnan(squared).sum()):
        remarks.append(
            f"Nothing is predicted from {RATERS} themselves: {missing} of {squared.size} pairs "
            f"{'was' if missing == 1 else 'were'} seen by nobody."
        )
        return None
    return Space(squared, False, imaginary_share(squared))


def _specific(name: str, targets: Sequence[Target], specificity: Floats) -> Specificity:
    return Specificity(name, tuple(one.name for one in targets), rows_of(specificity))


def best_predictor(predictions: Predictions) -> str:
    """The model, or the raters where there is none, whose r is highest on average."""
    models = list(dict.fromkeys(one.model for one in predictions.scores if one.model != RATERS)) or [RATERS]

    def mean(model: str) -> float:
        """The model's r over what it predicts; below all others where there is none."""
        values = [one.r for one in predictions.scores if one.model == model and math.isfinite(one.r)]
        return sum(values) / len(values) if values else -math.inf

    return max(models, key=mean)
