"""The report as one self-contained HTML page: light or dark, and fit to print."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from ..formats.bundle import Bundle
from ..formats.source_bundle import Origin
from ..results import (
    GroupEstimates,
)
from ..results.models import ModelFindings
from .facts import remarks, summary
from .markdown import to_html
from .model_tables import effect_table, model_remarks, part_tables, profile_table, score_table, set_tables
from .models import FILES
from .result_tables import (
    agreement_table,
    borrowing_table,
    both_ways_table,
    ceiling_table,
    decisions_table,
    needed_table,
    quality_table,
    rater_table,
)
from .results import Results

STYLE = Path(__file__).with_name("page.css")


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
