"""Write a report into a folder: page, figures, tables, RDMs, methods text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from .. import figures
from ..formats import matlab, rsatoolbox, tables
from ..formats.bundle import Bundle
from ..formats.bundle_tables import METHOD, TABLES, Column
from ..formats.rdm_rows import RDMs
from ..results import (
    GROUP_ESTIMATE_COLUMNS,
    Choice,
    Flow,
    Progress,
    arrangements_of,
    ceiling_rows,
    group_estimate_rows,
    group_estimates,
    group_quality_rows,
    quality_rows,
    reliability_rows,
)
from ..results.model_tables import MODEL_TABLES, model_rows
from ..results.models_of_bundle import AskedModels, compare, read_asked
from ..structure import MDS
from .drawings import draw
from .methods import report_methods
from .models import draw_models
from .page import Picture, page
from .results import Results, analyse

RATER = Column("rater", "text", "", "Participant", True)
RATER_COLUMNS = (
    RATER,
    METHOD,
    Column("trials", "int", "", "Trials that entered the RDM", True),
    Column("placements", "int", "", "Placements of clips in these trials", True),
    Column("minutes", "float", "min", "From the first trial shown to the last one stored"),
    Column("pearson_with_others", "float", "", "Correlation with the pool of the other raters"),
    Column("correlation_with_truth", "float", "", "Of the RDM with the rater's true one, estimated by simulation"),
    Column("correlation_with_truth_low", "float", "", "Lower end of its 95 % interval"),
    Column("correlation_with_truth_high", "float", "", "Upper end of its 95 % interval"),
    Column("odd_even", "float", "", "Correlation of the RDMs of the rater's odd and even trials"),
    Column("least_evidence", "float", "arena diameters^2", "Evidence of the pair that has least"),
    Column("predicted", "int", "", "Pairs that were never seen and are predicted", True),
    Column("iterations", "int", "", "Rounds of the estimator", True),
    Column("converged", "bool", "", "Whether the estimator converged", True),
    Column("no_interval", "text", "", "Why intervals were asked for and are not given"),
)
FLOW_COLUMNS = (
    Column("step", "text", "", "Step of the participant flow", True),
    Column("went_no_further", "text", "", "Why sessions of this step did not reach the next; empty: all of the step"),
    Column("sessions", "int", "", "Number of sessions", True),
)
MAP_COLUMNS = (
    Column("clip", "text", "", "Name of the clip", True),
    Column("x", "float", "units of the RDM", "First axis of the map", True),
    Column("y", "float", "units of the RDM", "Second axis of the map", True),
)


def write_report(
    bundle: Bundle,
    out: str | Path,
    choice: Choice,
    progress: Progress,
    *,
    jobs: int = 0,
    models: AskedModels | None = None,
    with_group_estimates: bool = False,
) -> Path:
    """Analyse a bundle and write report.html, methods.md, figures/, tables/ and rdms/ into `out`; returns the page.

    The bundle's models, and those of `models`, are compared with the raters, and the clips' attributes with them.
    `with_group_estimates` adds the raters' RDMs that borrow from the others', as a table and a section of the page.
    Files of the same names are overwritten; others in `out` stay.

    Raises
    ------
    ValueError
        As `analyse`, `read_candidates`, `arrangements_of` and `group_estimates`.
    OSError
        When a file cannot be read or written.
    """
    models = models or AskedModels()
    candidates = read_asked(bundle, models)
    results = analyse(bundle, choice, progress, jobs=jobs)
    out = Path(out)
    for folder in ("figures", "tables", "rdms"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    progress("Writing tables and RDMs")
    write_tables(results, out / "tables")
    write_rdms(results, out / "rdms")
    pictures = []
    findings = None
    parts = models.options.parts
    if candidates or models.attributes or parts.individuals or parts.axes or parts.predictions:
        findings = compare(bundle, results, candidates, models.options, progress)
    if findings is not None:
        for table, columns in MODEL_TABLES.items():
            _write(out / "tables" / f"{table}.csv", columns, model_rows(findings, table))
    borrowing = None
    if with_group_estimates:
        progress("Estimating RDMs that borrow from the group")
        borrowing = group_estimates(arrangements_of(bundle, results), results.names)
        _write(out / "tables" / "group_estimates.csv", GROUP_ESTIMATE_COLUMNS, group_estimate_rows(borrowing))
    drawings = chain(draw(results), draw_models(findings) if findings is not None else ())
    for drawing in drawings:
        progress(f"Drawing {drawing.name}")
        _, svg, _ = figures.save(drawing.figure, out / "figures" / drawing.name)
        pictures.append(Picture(drawing.name, drawing.caption, figures.page_svg(svg, drawing.caption)))
    methods = report_methods(bundle, results, findings)
    (out / "methods.md").write_text(methods, encoding="utf-8")
    path = out / "report.html"
    path.write_text(page(bundle, results, pictures, methods, findings, borrowing), encoding="utf-8")
    return path


def write_rdms(results: Results, folder: Path) -> None:
    """rdms.* and group.* as NPZ, MAT and HDF5."""
    both: tuple[tuple[str, RDMs], ...] = (("rdms", results.rdm_rows()), ("group", results.group_set()))
    for stem, rdms in both:
        tables.write_npz(folder / f"{stem}.npz", rdms)
        matlab.write_mat(folder / f"{stem}.mat", rdms)
        rsatoolbox.write_hdf5(folder / f"{stem}.hdf5", rdms)


def write_tables(results: Results, folder: Path) -> None:
    """The report's tables as CSV."""
    tables.write_long_csv(folder / "rdms.csv", results.rdm_rows(), only_known=True)
    tables.write_long_csv(folder / "group.csv", results.group_set())
    tables.write_square_csv(folder / "group_square.csv", results.names, results.group)
    method = results.choice.method
    _write(folder / "reliability.csv", TABLES["reliability"], reliability_rows(results.agreement, method))
    _write(folder / "noise_ceiling.csv", TABLES["noise_ceiling"], ceiling_rows(results.agreement, method))
    _write(folder / "raters.csv", RATER_COLUMNS, rater_rows(results))
    if results.flow is not None:
        _write(folder / "flow.csv", FLOW_COLUMNS, flow_table(results.flow))
    _write(folder / "quality.csv", TABLES["quality"], quality_table(results))
    if isinstance(results.map, MDS):
        places = results.map.positions.tolist()
        _write(folder / "map.csv", MAP_COLUMNS, ((name, *xy) for name, xy in zip(results.names, places, strict=True)))


def flow_table(flow: Flow) -> Iterator[dict[str, Any]]:
    """Rows of `FLOW_COLUMNS`: each step, and after it those who went no further."""
    for step in flow.steps:
        yield {"step": step.label, "sessions": step.count}
        for aside in step.asides:
            yield {"step": step.label, "went_no_further": aside.label, "sessions": aside.count}


def rater_rows(results: Results) -> list[Sequence[Any]]:
    """One row of `RATER_COLUMNS` for each rater."""
    rows: list[Sequence[Any]] = []
    similar = results.agreement.with_others["pearson"].tolist()
    for rater, others, halves in zip(results.raters, similar, results.rater_quality.odd_even.tolist(), strict=True):
        one, estimate = results.chosen[rater].work, results.estimates[rater]
        known = estimate.correlation_with_truth or (None, None, None)
        fit = (float(estimate.evidence.min()), int(estimate.predicted.sum()), estimate.n_iter, estimate.converged)
        counts = (one.trials, one.placements, one.duration)
        rows.append((rater, estimate.method, *counts, others, *known, halves, *fit, estimate.uncertainty_reason))
    return rows


def quality_table(results: Results) -> Iterator[dict[str, Any]]:
    """Rows of the bundle's quality table."""
    for rater, quality in results.rater_quality.each.items():
        yield from quality_rows(rater, quality)
    yield from group_quality_rows(results.raters, results.rater_quality.group)


def _write(path: Path, columns: Sequence[Column], rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(tables.csv_lines(columns, rows))
