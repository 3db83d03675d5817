"""The tables of the report about agreement, decisions and raters, as HTML."""

from __future__ import annotations

import math
from typing import cast

from ..estimators.uncertainty import Interval
from ..formats.bundle import Bundle
from ..reliability.report import COEFFICIENTS
from ..results import (
    COMPARATOR_LABELS,
    LABELS,
    NOT_INDEPENDENT,
    POOLED,
    SHARED_MEASURES,
    GroupEstimates,
    both_ways_rows,
)
from ..similarity import Method
from ..words import counted, percent
from .facts import number
from .results import Results
from .table import Cell, remarked, table

QUALITY = {
    "seconds_per_item": "seconds per clip",
    "seconds_per_move": "seconds per move",
    "watched": "share watched",
    "never_moved_again": "share never moved again",
    "hull_area": "share of arena used",
    "spread": "spread",
    "stacked": "share stacked",
    "on_a_line": "variance on a line",
    "by_seat": "follows seats",
}


def agreement_table(results: Results) -> str:
    """Every coefficient of agreement with its interval, or with the reason why it has none."""
    report = results.reliability
    rows, shared = [], results.together is not None
    for name in [measure.key for measure in SHARED_MEASURES] if shared else COEFFICIENTS:
        coefficient = getattr(report, name)
        low, high = coefficient.interval
        interval = f"{number(low)} to {number(high)}" if math.isfinite(low) else "–"
        value = "< −1" if coefficient.value < -1 else number(coefficient.value)
        rows.append([LABELS[name], value, interval, coefficient.reason or ""])
    caption = f"{counted(report.n_raters, 'rater')}, {counted(report.n_pairs_seen, 'pair')}"
    caption += " that somebody saw." if shared else f", {percent(report.level)} intervals over raters."
    return remarked(caption, ("measure", "value", "interval", "remark"), rows)


def ceiling_table(results: Results) -> str:
    """Lower and upper noise ceiling by measure; nothing where single raters cannot be compared."""
    if results.together is not None:
        return ""
    ceilings = results.agreement.ceilings.items()
    rows = [
        [
            COMPARATOR_LABELS[name],
            *(number(c.lower), _ends(c.lower_interval), number(c.upper), _ends(c.upper_interval)),
            c.reason or c.no_interval or "",
        ]
        for name, c in ceilings
    ]
    caption = f"Noise ceilings (Nili et al. 2014), with {percent(results.reliability.level)} intervals over raters."
    return remarked(caption, ("measure", "lower", "its interval", "upper", "its interval", "remark"), rows)


def _ends(interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{number(low)} to {number(high)}" if all(map(math.isfinite, interval)) else "–"


def needed_table(results: Results) -> str:
    """How many raters a reliability of the mean takes; nothing where that is not known."""
    rows = []
    for target, needed in results.needed.items():
        low, high = (f"{limit:.0f}" if math.isfinite(limit) else "∞" for limit in needed.interval)
        interval = "–" if math.isnan(needed.interval[0]) else f"{low} to {high}"
        rows.append([f"{target:.1f}", "–" if needed.n is None else str(needed.n), interval, needed.reason or ""])
    if not rows:
        return ""
    caption = "Raters for each pair that a reliability of the mean takes."
    return remarked(caption, ("reliability", "raters", "interval", "remark"), rows)


def both_ways_table(results: Results) -> str:
    """Each figure without and with what the experimenter left out; nothing where nothing was."""
    if results.otherwise is None:
        return ""
    ways = (results.otherwise, results) if results.choice.with_excluded else (results, results.otherwise)
    rows = list(both_ways_rows(*ways))
    if not rows:
        return ""
    caption = f"With and without what was left out: {counted(rows[0]['n_raters'], 'rater')} as decided, "
    caption += f"{rows[0]['n_raters_with_all']} with all. This report is {_this_way(results)}."
    cells = [
        [
            Cell(BOTH_WAYS.get(row["measure"]) or LABELS.get(row["measure"]) or _ceiling(row["measure"])),
            Cell(number(row["value"])),
            Cell(number(row["value_with_all"])),
        ]
        for row in rows
    ]
    return table(caption, ("measure", "as decided", "with all"), cells)


BOTH_WAYS = {"pooled_rdms_pearson": "r between both pooled RDMs"}


def _this_way(results: Results) -> str:
    return "with all" if results.choice.with_excluded else "as decided; --with-excluded makes it with all"


def _ceiling(measure: str) -> str:
    comparator, end = measure.removeprefix("noise_ceiling_").rsplit("_", 1)
    return f"Noise ceiling, {end}, {COMPARATOR_LABELS[cast(Method, comparator)]}"


def decisions_table(bundle: Bundle) -> str:
    """Who decided when what is left out, and why; nothing where nobody did."""
    rows = [
        [
            Cell(f"{row['decided_at']:%Y-%m-%d %H:%M}", is_text=True),
            Cell(row["decided_by"], is_text=True),
            Cell(VERDICTS.get(row["verdict"], row["verdict"]), is_text=True),
            Cell(row["participant"] + (f", trial {row['number']}" if row["number"] else ""), is_text=True),
            Cell(row["reason"] or "", is_text=True),
        ]
        for row in bundle.rows("decisions")
    ]
    caption = "Decisions about sessions and trials, oldest first; also those that a later one undoes. Times are UTC."
    return table(caption, ("when", "who", "decided", "about", "why"), rows) if rows else ""


VERDICTS = {"exclude": "left out", "include": "taken in again", "dismiss": "kept in, though a rule proposed it"}


def rater_table(results: Results) -> str:
    """How much each rater did, and how far the rater agrees with the others."""
    with_others = dict(zip(results.raters, results.agreement.with_others["pearson"].tolist(), strict=True))
    asked = results.choice.uncertainty
    header = ["rater", "trials", "placements", "minutes", "r with the others", "least evidence", "pairs predicted"]
    rows = []
    for rater in results.raters:
        one, estimate = results.chosen[rater].work, results.estimates[rater]
        counts = [str(one.trials), str(one.placements), number(one.duration, 1), number(with_others[rater])]
        shown = [number(float(estimate.evidence.min())), str(int(estimate.predicted.sum()))]
        if asked:
            shown.append(_interval(estimate.correlation_with_truth))
        rows.append([rater, *counts, *shown, estimate.uncertainty_reason or ""])
    if asked:
        header.append("r with the rater's true RDM")
    return remarked("The raters and their work.", [*header, "why no interval"], rows)


def _interval(known: Interval | None) -> str:
    return "–" if known is None else f"{number(known.value)} ({number(known.lower)} to {number(known.upper)})"


def quality_table(results: Results) -> str:
    """The quality indices of each rater; ▲ marks what is beyond its limit. Indices that nobody has are left out."""
    each, group = results.rater_quality.each, results.rater_quality.group
    shown = {key: name for key, name in QUALITY.items() if any(q.medians[key] is not None for q in each.values())}
    repeated = any(quality.repeats.trials for quality in each.values())
    header = ["rater", *shown.values(), *(["repeats r"] if repeated else []), "odd–even r", "z of r with the others"]
    rows = []
    for place, rater in enumerate(results.raters):
        quality = each[rater]
        flagged = {flag.name for flag in quality.flags}
        cells = [Cell(rater)]
        for key in shown:
            value = quality.medians[key]
            cells.append(Cell("–" if value is None else number(value), flagged=key in flagged))
        if repeated:
            cells.append(Cell(number(quality.repeats.mean), flagged="repeats" in flagged))
        cells.append(Cell(number(float(results.rater_quality.odd_even[place]))))
        cells.append(Cell(number(float(group.robust_z[place])), flagged=bool(group.outlier[place])))
        rows.append(cells)
    return table("Medians over trials; ▲ asks for a look, but is no reason by itself to exclude anybody.", header, rows)


def borrowing_table(estimates: GroupEstimates) -> str:
    """How much each rater's RDM that borrows has of the others."""
    shares, seen = estimates.mean_borrowed.tolist(), estimates.n_seen.tolist()
    rows = [
        [Cell(rater), Cell(f"{percent(share)}"), Cell(f"{pairs} of {estimates.rdms.shape[1]}")]
        for rater, share, pairs in zip(estimates.raters, shares, seen, strict=True)
    ]
    rows.append([Cell("group"), Cell("–"), Cell(f"{estimates.n_seen_by_anybody} of {estimates.pooled.size}")])
    told = f"tables/group_estimates.csv holds them. {NOT_INDEPENDENT} {POOLED}"
    return table(told, ("rater", "borrowed", "pairs seen"), rows)
