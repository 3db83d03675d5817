"""Results of several sets of clips side by side, as the page and the API tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.results import CEILING, MEASURES, MeanOfSets, SetResult, set_means
from app.results.sets import OfSet

# What the table's columns show; the ceiling has two ends.
SHOWN = [measure for measure in MEASURES if measure.main]


def sets_view(sets: Sequence[OfSet], worker: str) -> dict[str, Any]:
    """A row for each set, and the means over the sets that are computed; empty where the study has no sets."""
    means = set_means([one.result for one in sets])
    return {
        "measures": [{"key": one.key, "label": one.label, "meaning": one.meaning} for one in SHOWN],
        "sets": [_row(one) for one in sets],
        "mean": {"n_raters": sum(one.result.raters for one in sets), "values": _mean_values(means)},
        "waiting": sum(not one.standing.is_current for one in sets),
        "worker": worker,
        "failed": [f"{one.result.of.name}: {one.standing.reason}" for one in sets if one.standing.reason is not None],
    }


def _row(one: OfSet) -> dict[str, Any]:
    result: SetResult = one.result
    return {
        "set": result.of.name,
        "n_clips": len(result.of.items),
        "n_anchors": len(result.of.anchors),
        "n_given": len(one.inputs.sittings),
        "n_raters": result.raters,
        "is_computed": one.standing.computed is not None,
        "values": {} if result.agreement is None else _values(result),
    }


def _values(result: SetResult) -> dict[str, dict[str, Any]]:
    assert result.agreement is not None
    reliability, ceiling = result.agreement.reliability, result.agreement.ceilings["pearson"]
    measured = {one.key: getattr(reliability, one.key) for one in SHOWN}
    values = {key: _value(one.value, *one.interval) for key, one in measured.items()}
    return values | {"ceiling_lower": _value(ceiling.lower), "ceiling_upper": _value(ceiling.upper)}


def _mean_values(means: dict[str, MeanOfSets]) -> dict[str, dict[str, Any]]:
    keys = [*(one.key for one in SHOWN), *CEILING]
    return {key: _value(means[key].value, *means[key].interval) for key in keys}


def _value(value: float, low: float = float("nan"), high: float = float("nan")) -> dict[str, Any]:
    return {
        name: float(number) if np.isfinite(number) else None
        for name, number in (("value", value), ("low", low), ("high", high))
    }
