"""Page, bundle and report of one study: the same numbers and the same sentences, because one module makes them."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from analysis.formats.bundle import Bundle, read_bundle
from analysis.rdm import scale_to_rms
from analysis.report import write_report
from analysis.results import MEASURES, Choice
from app.db import Database
from app.domain import SessionState
from app.models import ParticipantSession, Placement, Trial
from tests import experimenter
from tests.factories import make_study

METHOD = "combined"
STUDY = experimenter.SHORT + "[recruitment]\nvisits = 2\n"


@pytest.fixture
def study(lab: experimenter.Lab) -> experimenter.Lab:
    """Raters of all kinds: P001 and P003 are one person, P004 simulated, P005 and P006 unfinished, P007 withdrawn.

    P005 saw five clips of six, so that pairs are predicted; what P002 watched is in the placements alone.
    """
    make_study(lab.database, lab.settings, name="mixed", toml=STUDY)
    ada, bert = {"PROLIFIC_PID": "person-a"}, {"PROLIFIC_PID": "person-b"}
    experimenter.take_part(lab.database, "mixed", 0, recruiter=ada)
    experimenter.take_part(lab.database, "mixed", 1, recruiter=bert)
    experimenter.take_part(lab.database, "mixed", 2, recruiter=ada, again=True)
    experimenter.take_part(lab.database, "mixed", 3, is_simulated=True)
    experimenter.take_part(lab.database, "mixed", 4, trials=1)
    experimenter.take_part(lab.database, "mixed", 5, trials=2)
    experimenter.take_part(lab.database, "mixed", 6)
    _arrange(lab.database)
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    return lab


def _arrange(database: Database) -> None:
    with database.writing() as db:
        sessions = {session.rater: session for session in db.scalars(_of_study())}
        sessions["P007"].state = SessionState.WITHDRAWN
        assert sessions["P003"].person == sessions["P001"].person
        placed = select(Placement).join(Trial, Trial.id == Placement.trial_id)
        for placement in db.scalars(placed.where(Trial.session_id == sessions["P002"].id)):
            placement.watched = "yes"
        db.commit()


def _of_study() -> Any:
    from app.models import Study

    return select(ParticipantSession).join(Study).where(Study.name == "mixed")


@pytest.mark.parametrize("unfinished", [False, True])
def test_page_bundle_and_report_cannot_differ(
    study: experimenter.Lab, tmp_path: Path, unfinished: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Figures show what the tables hold, and take longer than all else.
    monkeypatch.setattr("analysis.report.write.draw", lambda results: iter(()))

    def page(path: str, **more: str) -> Any:
        query = {"method": METHOD, "unfinished": str(int(unfinished)), **more}
        study.client.get("/api/v1/studies/mixed/results", query_string=query)
        experimenter.compute(study)
        answer = study.client.get(f"/api/v1/studies/mixed/results{path}", query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.json

    file = tmp_path / "mixed.zip"
    file.write_bytes(study.client.get(f"/studies/mixed/bundle.zip?unfinished={int(unfinished)}").data)
    bundle = read_bundle(file)
    out = tmp_path / "report"
    html = unescape(
        write_report(bundle, out, Choice(METHOD, with_unfinished=unfinished), lambda _: None, jobs=1).read_text()
    )
    raters = ["P001", "P002", "P003", "P004"] + (["P005", "P006"] if unfinished else [])

    shown = page("")
    assert [rater["rater"] for rater in shown["raters"]] == raters
    assert list(bundle.rdms(METHOD).raters) == raters == [row["rater"] for row in rows(out, "raters")]
    assert [str(rater["trials"]) for rater in shown["raters"]] == [row["trials"] for row in rows(out, "raters")]

    _same_rdms(page, bundle, out, raters)
    _same_agreement(page("/agreement"), bundle, out)
    ours = list(csv.DictReader(io.StringIO(bundle.text("quality.csv"))))
    assert ours == rows(out, "quality")
    watched = {row["participant"]: row["value"] for row in ours if row["index"] == "watched"}
    assert watched["P002"] == "1.0" != watched["P001"], "what only the placements know is counted everywhere"

    _same_sentences(shown, page("/agreement"), bundle, out, html, unfinished)


def rows(out: Path, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((out / "tables" / f"{table}.csv").read_text())))


def _same_rdms(page: Any, bundle: Bundle, out: Path, raters: list[str]) -> None:
    for group in (False, True):
        for name, one in zip(["group"] if group else raters, bundle.rdms(METHOD, group=group).rdms, strict=True):
            there = page(f"/rdms/{name}")
            np.testing.assert_allclose(np.array(there["rdm"], float), scale_to_rms(one), atol=1e-5)
    for stem in ("rdms", "group"):
        mine = list(csv.DictReader(io.StringIO(bundle.text(f"rdms/{METHOD}/{stem}.csv"))))
        assert mine == rows(out, stem), f"{stem}.csv of the bundle and of the report"
    pooled = page("/rdms/group")
    group_rows = rows(out, "group")
    assert pooled["n_raters"] == [int(float(row["observations"])) for row in group_rows]
    np.testing.assert_allclose(pooled["evidence"], [float(row["evidence"]) for row in group_rows], atol=1e-5)
    places = np.array([[float(row["x"]), float(row["y"])] for row in rows(out, "map")])
    np.testing.assert_allclose(page("/maps/group")["positions"], places / np.abs(places).max(), atol=1e-4)
    if "P005" in raters:
        predicted = page("/rdms/P005")["predicted"]
        assert len(predicted) == 5
        own = [row for row in rows(out, "rdms") if row["rater"] == "P005"]
        assert [pair for pair, row in enumerate(own) if row["predicted"] == "TRUE"] == predicted
        assert all(own[pair]["dissimilarity"] == "NA" != own[pair]["completed"] for pair in predicted)


def _same_agreement(there: dict[str, Any], bundle: Bundle, out: Path) -> None:
    for table in ("reliability", "noise_ceiling"):
        mine = [row for row in csv.DictReader(io.StringIO(bundle.text(f"{table}.csv"))) if row["method"] == METHOD]
        assert mine == rows(out, table), table
    by_measure = {row["measure"]: row for row in rows(out, "reliability")}
    assert set(by_measure) == {measure["key"] for measure in there["measures"]}
    for measure in there["measures"]:
        row = by_measure[measure["key"]]
        for key in ("value", "low", "high"):
            assert measure[key] == (None if row[key] == "NA" else round(float(row[key]), 5)), measure["key"]
        assert (measure["reason"] or "NA") == row["remark"]
    (ceiling,) = [row for row in rows(out, "noise_ceiling") if row["comparator"] == "pearson"]
    assert there["ceiling"]["lower"] == (None if ceiling["lower"] == "NA" else round(float(ceiling["lower"]), 5))
    assert [one["r"] for one in there["raters"]] == [
        round(float(row["pearson_with_others"]), 5) for row in rows(out, "raters")
    ]


def _same_sentences(
    shown: dict[str, Any], agreement: dict[str, Any], bundle: Bundle, out: Path, html: str, unfinished: bool
) -> None:
    for measure in MEASURES:
        assert f"<td>{measure.label}</td>" in html
    for sentence in (shown["unfinished_sentence"], *agreement["remarks"]):
        assert sentence in html
    assert "1 person took part more than once" in agreement["remarks"][-1]
    assert "P001, P003" in agreement["remarks"][-1]
    ours, theirs = (sections(text) for text in (bundle.text("methods.md"), (out / "methods.md").read_text()))
    for section in ("Task", "Data", "Agreement between raters", "Software"):
        assert ours[section] == theirs[section], section
    assert "2 unfinished sessions were left out." in ours["Data"] or unfinished
    assert "1 person took part more than once" in ours["Data"]
    assert "1 of the raters is simulated." in ours["Data"]
    lines = ours["Dissimilarities"].split("* `")
    (own,) = [line for line in lines if line.startswith(METHOD)]
    only = theirs["Dissimilarities"].split("* `")[1]
    assert own.strip() == only.strip()
    assert "It predicts" in own or not unfinished
    for key in ("Task", "Data"):
        assert re.sub(r"[*`]", "", ours[key]) in re.sub(r"<[^>]+>", "", html)


def sections(text: str) -> dict[str, str]:
    """The sections of a Markdown text, with line breaks and blanks as one blank."""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return {name: " ".join(body.split()) for name, body in zip(parts[1::2], parts[2::2], strict=True)}
