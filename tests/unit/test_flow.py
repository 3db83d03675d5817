"""The participant flow, its figure, and figures with and without what was left out."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analysis import figures
from analysis.figures.flow import participant_flow
from analysis.formats.bundle_tables import TABLES
from analysis.formats.tables import csv_lines, read_rows
from analysis.results import Choice, SessionCount, counts_of_rows, flow_of, flow_rows
from app.definition.study_toml import QualityRules
from app.domain import Verdict
from app.models import now
from app.participation.attention_checks import Checks
from app.participation.decisions import Decided
from app.results.proposals import Proposal, proposals

COUNTS = [
    SessionCount("not_begun", False, False, None, 7),
    SessionCount("screened_out", False, False, None, 3),
    SessionCount("quota_full", False, False, None, 2),
    SessionCount("withdrew_before", False, False, None, 1),
    SessionCount("withdrew", False, False, None, 2),
    SessionCount("unfinished", False, False, None, 4),
    SessionCount("unfinished", False, True, None, 5),
    SessionCount("unfinished", False, True, "test", 1),
    SessionCount("finished", False, True, None, 20),
    SessionCount("finished", False, False, None, 1),
    SessionCount("finished", False, True, "fell asleep", 2),
    SessionCount("finished", False, True, "test", 3),
    SessionCount("finished", True, True, None, 6),
]


def test_a_hand_counted_study() -> None:
    flow = flow_of(COUNTS, Choice(with_simulated=False), without_rdm=1)
    told = [(s.label, s.count, [(a.label, a.count) for a in s.asides]) for s in flow.steps]
    assert told == [
        (
            "Agreed to take part",
            51,
            [
                ("Screened out by an answer", 3),
                ("Enough people like them took part", 2),
                ("Withdrew before the first trial", 1),
                ("Did not begin the task", 7),
            ],
        ),
        ("Began the task", 38, [("Withdrew", 2), ("Not finished", 10)]),
        (
            "Finished",
            26,
            [
                ("Excluded: test", 3),
                ("Excluded: fell asleep", 2),
                ("No trial that enters the results", 1),
                ("No RDM could be estimated", 1),
            ],
        ),
        ("Analysed", 19, []),
    ]
    assert flow.sentence.startswith("51 sessions began with consent; 38 began the task; 26 finished; 19 were analysed.")
    assert flow_of(COUNTS, Choice(with_simulated=False, with_excluded=True)).analysed == 25
    assert flow_of(COUNTS, Choice()).simulated == 6


@pytest.mark.parametrize("choice", [Choice("x", *ways) for ways in itertools.product([False, True], repeat=3)])
def test_each_step_is_the_one_before_less_who_left(choice: Choice) -> None:
    flow = flow_of(COUNTS, choice, without_rdm=2)
    for step, after in itertools.pairwise(flow.steps):
        assert after.count == step.count - sum(aside.count for aside in step.asides)


def test_a_flow_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="27 sessions cannot be without an RDM of 26"):
        flow_of(COUNTS, Choice(), without_rdm=27)
    with pytest.raises(ValueError, match="stage of a participant flow is named lost"):
        flow_of([SessionCount("lost", False, False, None, 1)], Choice())
    assert [step.count for step in flow_of([], Choice()).steps] == [0, 0, 0, 0]


def test_a_bundle_gives_the_same_flow_back() -> None:
    lines = list(csv_lines(TABLES["flow"], flow_rows(COUNTS)))
    assert counts_of_rows(read_rows(iter(lines), TABLES["flow"], "flow.csv")) == COUNTS


def test_the_figure_holds_every_number_in_letters_that_can_be_read(tmp_path: Path) -> None:
    long = SessionCount("finished", False, True, "looked at another window for most of the time, and said so", 2)
    flow = flow_of([*COUNTS, long], Choice())
    _, svg, _ = figures.save(participant_flow(flow), tmp_path / "flow")
    text = svg.read_text(encoding="utf-8")
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", text)
    for step in flow.steps:
        assert step.label in shown
        assert f"n = {step.count}" in shown
        for aside in step.asides:
            assert any(line.endswith(f"(n = {aside.count})") or f"(n = {aside.count})" in line for line in shown)
    written = [words for words in participant_flow(flow).axes[0].texts if words.get_text()]
    assert min(words.get_fontsize() for words in written) >= 7
    # Nothing is written beyond the box that holds it.
    figure = participant_flow(flow)
    renderer = FigureCanvasAgg(figure).get_renderer()
    for words in figure.axes[0].texts:
        if words.get_text():
            box = words.get_window_extent(renderer)
            assert box.x0 >= 0
            assert box.x1 <= figure.bbox.x1
            assert box.y0 >= 0
            assert box.y1 <= figure.bbox.y1


RULES = QualityRules()


def worker(session: str, *, trials: list[dict[str, float]] | None = None, **values: float) -> dict[str, object]:
    return {
        "rater": session.replace("S", "P"),
        "session": session,
        "values": values,
        "repeats_p": 0.4 if "repeats" in values else None,
        "repeats_consistent": None,
        "trials": trials or [],
    }


def decided(session: str, verdict: Verdict, *, trial: int | None = None, rule: str | None = None) -> Decided:
    return Decided("P", session, trial, None, verdict, "x", rule, "ada", now())


WORKERS = [
    worker("S1", robust_z=-4.0, repeats=-0.1, seconds_per_item=0.4, trials=[{"number": 1, "seconds_per_item": 0.4}]),
    worker("S2", robust_z=-2.9, repeats=0.3, seconds_per_item=3.0, trials=[{"number": 4, "seconds_per_item": 0.2}]),
    worker("S3"),
]
CHECKS = {"S2": Checks(2, 1), "S3": Checks(2, 2)}


def proposed(*decisions: Decided, rules: QualityRules = RULES) -> list[tuple[str, int | None, str]]:
    return [(one.session, one.trial, one.rule) for one in proposals(WORKERS, CHECKS, rules, decisions)]


EVERYTHING = [
    ("S1", None, "outlier_z"),
    ("S1", None, "repeats"),
    ("S1", None, "seconds_per_item"),
    ("S2", None, "failed_checks"),
    ("S2", 4, "seconds_per_item"),
]


def test_rules_propose_with_their_reasons() -> None:
    assert proposed() == EVERYTHING
    assert proposals(WORKERS, CHECKS, RULES, [])[0] == Proposal(
        "P1", "S1", None, "outlier_z", "agrees with the others far less than raters do here (robust z −4.0)"
    )
    off = QualityRules(outlier_z=0, repeats=False, failed_checks=0, seconds_per_item=0)
    assert proposed(rules=off) == []
    assert ("S2", None, "outlier_z") in proposed(rules=QualityRules(outlier_z=2.5))


def test_what_was_decided_is_not_proposed_again() -> None:
    out, back = decided("S1", Verdict.EXCLUDE), decided("S1", Verdict.INCLUDE)
    assert proposed(out) == EVERYTHING[3:]
    # Who takes a session in again has looked at it; its trials may still be proposed.
    assert ("S1", None, "repeats") not in proposed(out, back)
    assert proposed(decided("S1", Verdict.DISMISS, rule="repeats")) == [EVERYTHING[0], *EVERYTHING[2:]]
    assert proposed(decided("S2", Verdict.EXCLUDE, trial=4)) == EVERYTHING[:4]
    assert proposed(decided("S2", Verdict.DISMISS, trial=4, rule="seconds_per_item")) == EVERYTHING[:4]
    assert np.all([one in EVERYTHING for one in proposed(decided("S2", Verdict.DISMISS, rule="outlier_z"))])
