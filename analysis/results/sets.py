"""Several sets of clips: the results of each, and what they come to over all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..clip_sets import ClipSet
from ..reliability.report import COEFFICIENTS
from ..words import counted
from .agreement import Agreement
from .labels import RANGES


@dataclass(frozen=True, eq=False)
class SetResult:
    """What was found in one set: how many raters have an RDM of it, and their agreement (None without a rater)."""

    of: ClipSet
    raters: int
    agreement: Agreement | None


@dataclass(frozen=True)
class MeanOfSets:
    """A measure over sets: the mean of the sets in which it is defined, and how many they are.

    The 95 % interval is over sets (by Student's t) and within the measure's own range; NaN below two sets, and where it
    would be wider than that range.
    """

    value: float
    interval: tuple[float, float]
    n_sets: int


def mean_of_sets(values: Sequence[float], limits: tuple[float, float] = (-np.inf, np.inf)) -> MeanOfSets:
    """The mean over sets of a measure that lies within `limits`; a value is NaN where it is not defined in a set."""
    import scipy

    known = np.array([value for value in values if np.isfinite(value)])
    nan = float("nan")
    if known.size == 0:
        return MeanOfSets(nan, (nan, nan), 0)
    mean = float(known.mean())
    if known.size == 1:
        return MeanOfSets(mean, (nan, nan), 1)
    half = float(scipy.stats.t.ppf(0.975, known.size - 1) * known.std(ddof=1) / np.sqrt(known.size))
    lowest, highest = limits
    if 2 * half > highest - lowest:
        return MeanOfSets(mean, (nan, nan), int(known.size))
    return MeanOfSets(mean, (max(mean - half, lowest), min(mean + half, highest)), int(known.size))


def set_means(sets: Sequence[SetResult]) -> dict[str, MeanOfSets]:
    """Each coefficient of agreement, and the ends of the noise ceiling (by Pearson's r), over sets."""
    return {
        name: mean_of_sets([_value(one, name) for one in sets], RANGES.get(name, CORRELATION))
        for name in (*COEFFICIENTS, *CEILING)
    }


CEILING = ("ceiling_lower", "ceiling_upper")
CORRELATION = (-1.0, 1.0)


def _value(one: SetResult, name: str) -> float:
    if one.agreement is None:
        return float("nan")
    if name in CEILING:
        return float(getattr(one.agreement.ceilings["pearson"], name.removeprefix("ceiling_")))
    return float(getattr(one.agreement.reliability, name).value)


def set_rows(method: str, sets: Sequence[SetResult]) -> Iterator[dict[str, Any]]:
    """Rows of the bundle's table "set_agreement": each measure in each set, and its mean over sets."""
    for one in sets:
        about = {"method": method, "set": one.of.name, "n_clips": len(one.of.items), "n_raters": one.raters}
        for name in (*COEFFICIENTS, *CEILING):
            low = high = float("nan")
            reason = None if one.agreement is not None else "no rater has an RDM of this set"
            if one.agreement is not None and name not in CEILING:
                coefficient = getattr(one.agreement.reliability, name)
                (low, high), reason = coefficient.interval, coefficient.reason
            yield {**about, "measure": name, "value": _value(one, name), "low": low, "high": high, "remark": reason}
    for name, mean in set_means(sets).items():
        yield {
            "method": method,
            "set": None,
            "n_clips": None,
            "n_raters": sum(one.raters for one in sets),
            "measure": name,
            "value": mean.value,
            "low": mean.interval[0],
            "high": mean.interval[1],
            "remark": f"mean of {counted(mean.n_sets, 'set')}; {_of_interval(mean)}",
        }


def _of_interval(mean: MeanOfSets) -> str:
    if mean.n_sets < 2 or np.isfinite(mean.interval[0]):
        return "the interval is over sets"
    return "no interval: it would be wider than the measure's own range"


def sets_sentence(sets: Sequence[ClipSet], given: Mapping[int, int]) -> str:
    """What the methods text says of the sets: how many of how many clips, and how many of them a rater arranged.

    Parameters
    ----------
    given
        How many raters had so many sets.
    """
    sizes = [len(one.items) for one in sets]
    low, high = min(sizes), max(sizes)
    anchors = len(sets[0].anchors)
    of = f"{low}" if low == high else f"{low} to {high}"
    told = f"The clips were cut into {len(sets)} sets of {of}"
    if anchors:
        told += f", of which {counted(anchors, 'anchor clip was', 'anchor clips were')} in every set"
    numbers = sorted(given)
    if numbers:
        each = f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        sets_word = "set" if numbers == [1] else "sets"
        told += f"; each participant arranged {'one' if numbers == [1] else each} {sets_word}"
        told += "" if numbers == [1] else ", one after another"
    return (
        f"{told}. Each set was estimated from its own trials, and each RDM has a root mean square of 1 over the pairs "
        "seen of a set. Clips of different sets were never judged against one another. Agreement is that within sets."
    )
