"""The figures of a study as decided and with everything: what leaving sessions and trials out does to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..reliability.report import COEFFICIENTS
from ..similarity import similarity
from .study import StudyResults


def both_ways_rows(decided: StudyResults, everything: StudyResults) -> Iterator[dict[str, Any]]:
    """Rows of the bundle's table "with_and_without": each figure without and with what was left out.

    There are none where nothing was left out, or where one of the two has no rater with an RDM. The correlation between
    both pooled RDMs is in both columns.
    """
    if not (decided.excluded or decided.excluded_trials) or not (decided.raters and everything.raters):
        return
    sizes = {"n_raters": len(decided.raters), "n_raters_with_all": len(everything.raters)}
    method = decided.choice.method

    def row(measure: str, value: float, with_all: float) -> dict[str, Any]:
        return {"method": method, "measure": measure, "value": value, "value_with_all": with_all, **sizes}

    between = float(similarity(decided.pooled.rdm, everything.pooled.rdm)[0, 0])
    yield row("pooled_rdms_pearson", between, between)
    for name in COEFFICIENTS:
        yield row(name, *(getattr(one.reliability, name).value for one in (decided, everything)))
    for comparator in decided.agreement.ceilings:
        for end in ("lower", "upper"):
            values = (getattr(one.agreement.ceilings[comparator], end) for one in (decided, everything))
            yield row(f"noise_ceiling_{comparator}_{end}", *values)
