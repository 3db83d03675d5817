"""The tables of models and attributes on the report's page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ..results import COMPARATOR_LABELS
from ..results.individuals import Individuals
from ..results.model_parts import ModelParts
from ..results.models import ModelFindings
from ..results.models_in_sets import InSet
from ..words import counted, percent
from .axes_tables import axes_tables
from .facts import interval, number, p_value
from .models import MAX_ROWS, best_first, whose
from .table import Cell, table

ALPHA = 0.05


def score_table(findings: ModelFindings) -> str:
    """The models, the highest score first."""
    if not findings.scores:
        return ""
    label = COMPARATOR_LABELS[findings.comparator]  # type: ignore[index]
    best = best_first(findings)
    rows = [
        [
            Cell(one.model),
            Cell(number(one.score, 3)),
            Cell(interval(one.low, one.high)),
            Cell(p_value(one.p_above_zero)),
            Cell(p_value(one.p_below_ceiling)),
            Cell("–" if one is best[0] else number(one.below_best, 3)),
            Cell(p_value(one.p_below_best)),
        ]
        for one in best[:MAX_ROWS]
    ]
    more = f" The best {MAX_ROWS} of {len(best)}; tables/models.csv has all." if len(best) > MAX_ROWS else ""
    ceiling = ""
    if math.isfinite(findings.ceiling_low):
        ceiling = f" Noise ceiling: {number(findings.ceiling_low, 3)} to {number(findings.ceiling_high, 3)}."
    caption = (
        f"Models against {whose(findings)} over {findings.n_clips} clips ({label}).{ceiling} "
        f"p values are adjusted for the false discovery rate.{more}"
    )
    header = (
        "model",
        label,
        f"{percent(findings.level)} interval",
        "p above 0",
        "p below ceiling",
        "below the best by",
        "p",
    )
    return table(caption, header, rows)


def profile_table(findings: ModelFindings) -> str:
    """The best layer of each network, and how sure that is."""
    rows = [
        [
            Cell(one.source),
            Cell(str(len(one.layers))),
            Cell(one.best, is_text=True),
            Cell(one.first if one.first == one.last else f"{one.first} to {one.last}", is_text=True),
            Cell(str(len(one.not_worse) - 1)),
        ]
        for one in findings.profiles
    ]
    caption = (
        f"The best layer of each network; its interval holds it in {percent(findings.level)} of the bootstrap samples."
    )
    header = ("network", "layers", "best layer", "interval", "others not significantly below it")
    return table(caption, header, rows) if rows else ""


def effect_table(findings: ModelFindings) -> str:
    """The effects of the attributes."""
    rows = [
        [
            Cell(one.attribute),
            Cell(one.groups, is_text=True),
            Cell(str(one.n_clips)),
            Cell(number(one.effect)),
            Cell(interval(one.low, one.high, 2)),
            Cell(p_value(one.p)),
            Cell(p_value(one.p_max)),
        ]
        for one in findings.effects
    ]
    caption = (
        f"Attributes: between less within in standard deviations, {whose(findings)}, "
        f"{findings.n_permutations} permutations of the clips' values (two-sided; the last column "
        "against the largest of all attributes)."
    )
    header = ("attribute", "values", "clips", "effect", f"{percent(findings.level)} interval", "p", "p of the largest")
    return table(caption, header, rows) if rows else ""


def set_tables(findings: ModelFindings) -> list[str]:
    """Each model and attribute in each set, and the means over sets."""
    sets = findings.in_sets.sets
    tables = []
    for what, means, each in (
        (COMPARATOR_LABELS[findings.comparator], findings.in_sets.scores, "scores"),  # type: ignore[index]
        ("effect", findings.in_sets.effects, "effects"),
    ):
        rows = [
            [
                Cell(mean.name),
                Cell(number(mean.mean, 3)),
                Cell(interval(mean.low, mean.high)),
                *(Cell(number(_value_of(mean.name, getattr(one, each)), 3)) for one in sets),
            ]
            for mean in means[:MAX_ROWS]
        ]
        caption = f"Each set of clips: {what}, and the mean over sets with its interval over sets."
        if rows:
            tables.append(table(caption, ("name", "mean", "interval", *(one.name for one in sets)), rows))
    return tables


def _value_of(name: str, values: Sequence[InSet]) -> float:
    return next((one.value for one in values if one.name == name), math.nan)


def part_tables(parts: ModelParts) -> list[str]:
    """What was asked for beside scores and effects."""
    tests = [
        [
            Cell(one.model),
            Cell(number(one.similarity, 3)),
            Cell(p_value(one.p)),
            Cell(p_value(one.p_max)),
            Cell(number(one.corrected, 3)),
            Cell(interval(one.low, one.high)),
        ]
        for one in parts.tests
    ]
    partials = [
        [
            Cell(one.model),
            Cell(number(one.correlation, 3)),
            Cell(interval(one.low, one.high)),
            Cell(p_value(one.p)),
            Cell(p_value(one.p_max)),
        ]
        for one in parts.partials
    ]
    shares = [
        [Cell(" & ".join(one.blocks)), Cell(number(one.explained, 3)), Cell(number(one.share, 3))]
        for one in parts.shares
    ]
    sums = [
        [
            Cell(one.block),
            Cell(str(len(one.models))),
            Cell(number(one.cross_validated, 3)),
            Cell(number(one.equal_weights, 3)),
        ]
        for one in parts.weighted
    ]
    people = parts.individuals
    names = tuple(one.attribute for one in people.weights)
    apart = [
        [
            Cell(one.rater),
            Cell(str(one.cluster)),
            *(Cell(number(weight)) for weight in (*one.dimensions, one.fit, one.own, *one.attributes)),
        ]
        for one in people.raters
    ]
    times = f"{parts.n_permutations} permutations"
    said = [
        (
            f"Models by permutation of the clips ({times}), and Pearson correlations without raters' noise.",
            ("model", "similarity to the pool", "p", "p of the largest", "r without noise", "interval"),
            tests,
        ),
        (
            f"Correlations with {parts.held_constant} held constant ({parts.partial_method}, {times}).",
            ("model", "partial r", "interval", "p", "p of the largest"),
            partials,
        ),
        (
            "Shares of variance (adjusted R²): explained together, and by all of these and no other.",
            ("models", "explained", "share"),
            shares,
        ),
        (
            "Weighted sums of models for raters and clips without a part in the fit.",
            ("models", "number", "score", "with equal weights"),
            sums,
        ),
        (
            f"How raters differ. {individual_sentence(people)}",
            ("rater", "group", "dimension 1", "dimension 2", "fit", "own above noise", *names),
            apart,
        ),
    ]
    return [table(caption, header, rows) for caption, header, rows in said if rows] + axes_tables(parts)


def individual_sentence(people: Individuals) -> str:
    """Whether raters differ by more than noise, with the figures."""
    if not math.isfinite(people.within):
        return "Whether they differ by more than noise could not be tested."
    kind = "Raters differ by more than noise" if people.p < ALPHA else "Raters need not differ by more than noise"
    return (
        f"{kind}: the halves of one rater's trials correlate by {number(people.within)}, with noise alone it would be "
        f"{number(people.expected)} (p = {p_value(people.p)}, {counted(people.n_tested, 'rater')})."
    )


def model_remarks(findings: ModelFindings) -> str:
    """What must be read with the models, as a list."""
    remarks = (*findings.remarks, *findings.in_sets.remarks, *findings.parts.remarks)
    listed = "".join(f"<li>{escape(sentence)}</li>" for sentence in remarks)
    return f"<ul>{listed}</ul>" if listed else ""
