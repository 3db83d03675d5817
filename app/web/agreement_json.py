"""Agreement between a study's raters, as the scripts of its pages are told."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.rdm import to_condensed
from analysis.reliability import Coefficient, GrowthCurve
from analysis.results import MEASURES
from app.results.overview import Overview
from app.results.so_far import SoFar
from app.web.json_values import iso_time, number, numbers


def reliability_view(so_far: SoFar) -> dict[str, Any]:
    """Reliability so far and raters needed, each with its interval; null for what cannot be told, with the reason."""
    return {
        "finished": so_far.of_finished,
        "simulated": so_far.simulated,
        "pairs_are_shared": so_far.pairs_are_shared,
        "pairs": so_far.pairs,
        "pairs_seen": so_far.pairs_seen,
        "raters": so_far.raters,
        "computed_at": None if so_far.at is None else iso_time(so_far.at),
        "target": so_far.target,
        "value": number(so_far.reliability.value),
        "interval": [number(end) for end in so_far.reliability.interval],
        "reason": so_far.reliability.reason,
        "needed": so_far.needed.n,
        "needed_interval": [None if not np.isfinite(end) else int(end) for end in so_far.needed.interval],
        "endless": bool(np.isposinf(so_far.needed.interval[1])),
        "needed_reason": so_far.needed.reason,
    }


def agreement_view(overview: Overview) -> dict[str, Any]:
    """Agreement between raters: each measure with its interval, the noise ceiling, each rater's r with the others.

    `remarks` are sentences to be read with it. Where the raters shared the pairs most of it does not exist.
    """
    agreement = overview.agreement
    if agreement is None:
        return {
            "n_raters": 0,
            "pairs_are_shared": False,
            "measures": [],
            "ceiling": None,
            "remarks": [],
            "raters": [],
            "between": None,
            "rater_order": [],
            "growth": None,
        }
    coefficients = [(getattr(agreement.reliability, measure.key), measure) for measure in MEASURES]
    ceiling, shared = agreement.ceilings["pearson"], overview.together is not None
    simulated = {rater["rater"] for rater in overview.raters if rater["simulated"]}
    return {
        "n_raters": agreement.reliability.n_raters,
        "pairs_are_shared": shared,
        "level": agreement.reliability.level,
        "measures": [
            {
                "key": measure.key,
                "label": measure.label,
                "meaning": (measure.of_shared if shared else "") or measure.meaning,
                "value": number(coefficient.value),
                "low": number(coefficient.interval[0]),
                "high": number(coefficient.interval[1]),
                "reason": coefficient.reason,
                "main": measure.main,
            }
            for coefficient, measure in coefficients
        ],
        "ceiling": {
            "lower": number(ceiling.lower),
            "upper": number(ceiling.upper),
            "lower_interval": [number(end) for end in ceiling.lower_interval],
            "upper_interval": [number(end) for end in ceiling.upper_interval],
            "reason": ceiling.reason or ceiling.no_interval,
        },
        "remarks": overview.remarks,
        "raters": [
            {"rater": name, "simulated": name in simulated, "r": number(r)}
            for name, r in zip(agreement.raters, agreement.with_others["pearson"].tolist(), strict=True)
        ],
        "between": None if overview.between is None else numbers(to_condensed(overview.between)),
        "rater_order": list(overview.rater_order),
        "growth": None if overview.growth is None else growth_view(overview.growth),
    }


def growth_view(growth: GrowthCurve) -> list[dict[str, Any]]:
    """Agreement by number of raters: of the mean of so many, and of one rater with so many others."""
    return [
        {"raters": size, "mean": _point(mean), "single": _point(single)}
        for size, mean, single in zip(growth.sizes, growth.reliability_of_mean, growth.rater_with_pool, strict=True)
    ]


def _point(coefficient: Coefficient) -> dict[str, float | None]:
    low, high = coefficient.interval
    return {"value": number(coefficient.value), "low": number(low), "high": number(high)}
