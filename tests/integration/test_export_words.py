"""What the bundle, the pages and the report say in words and units: the same everywhere, of this very study."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from analysis.formats.bundle_readme import TABLES_HOLD
from analysis.formats.bundle_tables import RDM_COLUMNS, TABLES
from analysis.rdm import scale_to_rms
from analysis.report.results import analyse
from analysis.report.write import write_tables
from analysis.results import Choice
from app.domain import SessionState
from app.participation.decisions import exclude
from app.version import VERSION
from tests import experimenter
from tests.integration.test_export import export, study_of


def test_page_bundle_and_report_give_the_same_figures(lab: experimenter.Lab, tmp_path: Path) -> None:
    """One study, three ways: the pages' JSON, the bundle's tables, and the report that is made of the bundle."""
    bundle = export(lab, tmp_path)
    report = analyse(bundle, Choice("combined", with_unfinished=True), lambda message: None, jobs=1)
    write_tables(report, tmp_path)

    def table(text: str) -> list[dict[str, str]]:
        rows = list(csv.DictReader(io.StringIO(text)))
        return [row for row in rows if row.get("method", "combined") == "combined"]

    for name in ("reliability", "noise_ceiling", "quality"):
        assert table(bundle.text(f"{name}.csv")) == table((tmp_path / f"{name}.csv").read_text()), name
    assert list(bundle.rows("quality"))
    for own, group in ((report.rdm_set(), False), (report.group_set(), True)):
        stored = bundle.rdms("combined", group=group)
        for label in ("rdms", "completed", "evidence", "observations", "predicted"):
            np.testing.assert_array_equal(getattr(stored, label), getattr(own, label), err_msg=label)
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    query = "?method=combined&unfinished=1"
    lab.client.get(f"/api/v1/studies/faces/results{query}")
    experimenter.compute(lab)
    page = lab.client.get(f"/api/v1/studies/faces/results/agreement{query}").json
    for measure in page["measures"]:
        mine = getattr(report.reliability, measure["key"])
        assert measure["reason"] == mine.reason
        for shown, exact in zip(
            (measure["value"], measure["low"], measure["high"]), (mine.value, *mine.interval), strict=True
        ):
            assert (shown is None and np.isnan(exact)) or shown == round(exact, 5)
    assert page["remarks"] == [report.agreement.influence.sentence]
    group = lab.client.get(f"/api/v1/studies/faces/results/rdms/group{query}").json
    np.testing.assert_allclose(group["rdm"], scale_to_rms(report.group), atol=1e-5)
    assert group["n_raters"] == report.pooled.n_raters.tolist()


def test_page_files_and_texts_each_say_both_units(lab: experimenter.Lab, tmp_path: Path) -> None:
    """Files hold RDMs at a sum of squares of 1, pages show a root mean square of 1: each says what the other does."""
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    page = " ".join(lab.client.get("/studies/faces/results").text.split())
    assert "in files have a sum of squares of 1, where this page shows a root mean square of 1" in page
    bundle = export(lab, tmp_path)
    readme = " ".join(bundle.text("README.md").split())
    assert "the sum of squares of a completed RDM is 1" in readme
    assert "The pages show RDMs at a root mean square of 1" in readme
    methods = " ".join(bundle.text("methods.md").split())
    assert "RDMs in files have a sum of squares of 1" in methods
    assert "with each RDM at a root mean square of 1" in methods
    for row in bundle.rdms("combined").completed:
        assert np.sum(row**2) == pytest.approx(1.0)
    lab.client.get("/api/v1/studies/faces/results?method=combined&unfinished=1")
    experimenter.compute(lab)
    shown = lab.client.get("/api/v1/studies/faces/results/rdms/group?method=combined&unfinished=1").json["rdm"]
    seen = np.array([value for value in shown if value is not None])
    assert np.sqrt(np.mean(seen**2)) == pytest.approx(1.0, abs=1e-4)


def test_the_dictionary_of_the_bundle_names_what_the_database_can_hold() -> None:
    from app.participation.payloads import MoveBody, PlayBody

    meaning = {(table, column.name): column.meaning for table, columns in TABLES.items() for column in columns}
    for key, values in (
        (("moves", "kind"), get_args(MoveBody.model_fields["how"].annotation)),
        (("plays", "trigger"), get_args(PlayBody.model_fields["how"].annotation)),
        (("participants", "state"), [state.value for state in SessionState]),
    ):
        assert [value for value in values if value not in re.split(r"\W+", meaning[key])] == [], key
    (error,) = [column.meaning for column in RDM_COLUMNS if column.name == "standard_error"]
    assert "where it was asked for" in error
    assert "each session" in meaning["reliability", "n_raters"]
    assert set(TABLES) == set(TABLES_HOLD)


def test_the_readme_tells_of_this_very_bundle(lab: experimenter.Lab, tmp_path: Path) -> None:
    """What a reviewer needs: the files that are there with their rows, how many people, what was left out, versions."""
    with lab.database.writing() as db:
        # Of a session that is left out as a whole no trial is one of the others'.
        exclude(db, study_of(db), "P002", "yawned", trial=1)
        exclude(db, study_of(db), "P002", "asleep *twice*")
        exclude(db, study_of(db), "P001", "tried keys", trial=1)
    bundle = export(lab, tmp_path)
    text = bundle.text("README.md")
    for name, listed in bundle.manifest["files"].items():
        assert (f"| `{name}` | {listed.get('rows', '')} |" in text) == (name != "README.md"), name
    assert {name for name, listed in bundle.manifest["files"].items() if "rows" in listed} == {
        name for name in bundle.manifest["files"] if name.endswith(".csv")
    }
    assert "4 sessions (1 arranging, 3 finished); 1 of them simulated" in text
    assert "by the experimenter: 1 session (“asleep \\*twice\\*”: 1) and 1 trial of others" in text
    assert "RDMs by `combined`: 3 raters, 15 pairs each." in text
    assert f"Asterism {VERSION} at {bundle.manifest['created_at']} (export bundle, format version 2)" in text
    array = np.load(io.BytesIO(bundle._read("rdms/combined/01.npy", 1 << 20)))
    np.testing.assert_array_equal(array, bundle.rdms("combined").rdms)
    assert bundle.text("rdms/combined/01_raters.txt").split() == ["P001", "P003", "P004"]
    # What it tells R and Python to open is there.
    named = re.findall(r"\(['\"]([\w/.]+)['\"]", text)
    assert len(named) == 8
    assert set(named) <= bundle.manifest["files"].keys()
