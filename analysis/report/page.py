"""The report as one self-contained HTML page: light or dark, and fit to print.

Over 300 lines: a short function for each table of one page.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import cast

from ..estimators.uncertainty import Interval
from ..formats.bundle import Bundle
from ..formats.source_bundle import Origin
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
from ..results.models import ModelFindings
from ..similarity import Method
from ..words import counted, percent
from .facts import number, remarks, summary
from .markdown import to_html
from .model_tables import effect_table, model_remarks, part_tables, profile_table, score_table, set_tables
from .models import FILES
from .results import Results
from .table import Cell, remarked, table

STYLE = Path(__file__).with_name("page.css")


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


@dataclass(frozen=True)
class Picture:
    """A figure of the page: its file name in figures/, its caption, its SVG."""

    name: str
    caption: str
    svg: str


# What the names of the figures of models begin with; how many there are depends on the models.
MODEL_FIGURES = (*FILES.values(), "layers_")
SECTIONS = (
    ("flow", "Who took part", ("flow",)),
    ("structure", "What looks alike", ("rdm_group", "map", "tree", "dimensions")),
    ("agreement", "Agreement between raters", ("reliability", "growth", "noise_ceiling", "raters", "rdm_raters")),
    ("models", "Models and attributes", ("models",)),
    ("borrowing", "Estimates that borrow from the group", ()),
    ("evidence", "Evidence", ("evidence_pairs", "evidence_raters")),
    ("working", "How raters worked", ("trials",)),
)


def page(
    bundle: Bundle,
    results: Results,
    pictures: Sequence[Picture],
    methods: str,
    models: ModelFindings | None = None,
    borrowing: GroupEstimates | None = None,
) -> str:
    """The whole page; `methods` is Markdown."""
    title, question = _study(bundle)
    by_name = {picture.name: picture for picture in pictures}
    tables = {
        "flow": [both_ways_table(results), decisions_table(bundle)],
        "agreement": [agreement_table(results), ceiling_table(results), needed_table(results)],
        "working": [rater_table(results), quality_table(results)],
    }
    if models is not None:
        tables["models"] = [
            score_table(models),
            profile_table(models),
            effect_table(models),
            *set_tables(models),
            *part_tables(models.parts),
            model_remarks(models),
        ]
    if borrowing is not None:
        tables["borrowing"] = [borrowing_table(borrowing)]
    present = {key for key, _, names in SECTIONS if by_name.keys() & set(names) or any(tables.get(key, []))}
    body = [
        _head(bundle, title, question, present),
        _numbers(summary(results)),
        _remarks([*Origin.of(bundle).sentences, *remarks(results)]),
    ]
    for key, heading, names in SECTIONS:
        shown = [by_name[name] for name in names if name in by_name]
        if key == "models":
            shown = [picture for picture in pictures if picture.name.startswith(MODEL_FIGURES)]
        if key not in present:
            continue
        body.append(f'<section id="{key}"><h2>{heading}</h2>')
        body.append(f'<div class="figures">{"".join(map(_figure, shown))}</div>')
        body.append(f'<div class="tables">{"".join(tables.get(key, []))}</div>')
        body.append("</section>")
    body.append(f'<section id="methods"><h2>Methods</h2>{to_html(methods, top_level=3)}</section>')
    body.append(_files())
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} – results</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n"
        f"<body>\n{''.join(body)}\n</body>\n</html>\n"
    )


def _study(bundle: Bundle) -> tuple[str, str]:
    """Title and question of the study, as far as its study.toml tells."""
    name = str(bundle.manifest.get("study", bundle.path.stem))
    try:
        study = tomllib.loads(bundle.text("study.toml"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return name, ""
    texts = study.get("texts")
    return str(study.get("title", name)), str(texts.get("question", "")) if isinstance(texts, dict) else ""


def _head(bundle: Bundle, title: str, question: str, shown: Collection[str]) -> str:
    links = [(key, heading) for key, heading, _ in SECTIONS if key in shown] + [
        ("methods", "Methods"),
        ("files", "Files"),
    ]
    nav = "".join(f'<li><a href="#{key}">{heading}</a></li>' for key, heading in links)
    asked = f'<p class="lead">“{escape(question)}”</p>' if question else ""
    made = f"Exported {bundle.manifest.get('created_at', '')} by {bundle.manifest.get('software', '')}"
    return (
        f'<header><h1>{escape(title)}</h1>{asked}<p class="lead">{escape(made)}</p><nav><ul>{nav}</ul></nav></header>'
    )


def _numbers(numbers: Iterable[tuple[str, str]]) -> str:
    shown = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in numbers)
    return f'<dl class="numbers">{shown}</dl>'


def _remarks(sentences: Sequence[str]) -> str:
    if not sentences:
        return ""
    listed = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<section class="remarks"><h2>To be read with the results</h2><ul>{listed}</ul></section>'


def _figure(picture: Picture) -> str:
    links = " · ".join(f'<a href="figures/{picture.name}.{kind}">{kind.upper()}</a>' for kind in ("pdf", "svg", "png"))
    return f"<figure>{picture.svg}<figcaption>{escape(picture.caption)} {links}</figcaption></figure>"


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


def _files() -> str:
    listed = (
        ("figures/", "every figure as PDF, SVG and PNG"),
        (
            "tables/",
            "rdms.csv (each rater and pair that anybody saw), group.csv, group_square.csv, reliability.csv, "
            "noise_ceiling.csv …",
        ),
        ("rdms/", "the raters' RDMs and the group's as NPZ, MAT (MATLAB) and HDF5 (rsatoolbox)"),
        ("methods.md", "the methods text, to paste into a paper"),
    )
    items = "".join(f'<li><a href="{name}">{name}</a>: {escape(text)}</li>' for name, text in listed)
    return f'<section id="files"><h2>Files beside this page</h2><ul>{items}</ul></section>'
