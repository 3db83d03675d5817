"""What the experimenter's pages and their JSON say.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import html
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from sqlalchemy import select

from analysis.estimators import ESTIMATORS
from analysis.rdm import scale_to_rms
from analysis.results import ESTIMATOR_TEXTS, MEASURES, Choice
from app.config import Settings
from app.domain import ClipState, StudyState
from app.heartbeat import Heartbeat, beat
from app.models import Clip, Study
from app.results.stored import results_now
from app.studies.lifecycle import study_warnings
from tests import experimenter
from tests.factories import make_study


@pytest.fixture
def lab(prepared: Path, tmp_path: Path) -> Iterator[experimenter.Lab]:
    """Ada is logged in; her study "faces" has four raters, one of them simulated, one unfinished."""
    with experimenter.open_copy(prepared, tmp_path / "data") as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        yield lab


def get(lab: experimenter.Lab, path: str) -> dict:
    """The JSON of a page; results are asked for and computed first."""
    if path.startswith("/results"):
        lab.client.get(f"/api/v1/studies/faces/results?{path.partition('?')[2]}")
        experimenter.compute(lab)
    answer = lab.client.get(f"/api/v1/studies/faces{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_list_of_studies(lab: experimenter.Lab) -> None:
    page = lab.client.get("/studies").text
    assert "A study" in page
    assert 'href="/studies/faces/results"' in page


def test_without_studies_the_list_says_which_commands_make_one(settings: Settings) -> None:
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        page = lab.client.get("/studies").text
    assert "There is no study yet" in page
    assert "python3 run.py study create my-study" in page


def test_settings_that_are_probably_not_meant_are_named_on_the_studys_page(lab: experimenter.Lab) -> None:
    assert "data-warnings" not in lab.client.get("/studies/faces").text
    with lab.database.writing() as db:
        study = db.scalars(select(Study)).one()
        study.definition = study.definition | {"texts": {"consent": "Please agree."}}
        db.commit()
        [problem] = study_warnings(db, "faces")
    page = html.unescape(lab.client.get("/studies/faces").text).split("data-warnings", 1)[1].split("</div>", 1)[0]
    assert f"<code>{problem.key}</code> {problem.sentence}" in page


def test_opening_and_closing(lab: experimenter.Lab) -> None:
    def post(path: str) -> int:
        token = experimenter.csrf_token(lab.client.get("/studies/faces").text)
        return int(lab.client.post(path, data={"csrf_token": token}).status_code)

    def state() -> str:
        with lab.database.reading() as db:
            return db.scalars(select(Study)).one().state.value

    assert (post("/studies/faces/close"), state()) == (303, "closed")
    assert post("/studies/faces/close") == 409
    assert (post("/studies/faces/open"), state()) == (303, "open")


def test_a_study_whose_clips_are_not_ready_cannot_be_opened_and_says_why(lab: experimenter.Lab) -> None:
    make_study(lab.database, lab.settings, name="draft", state=StudyState.DRAFT)
    with lab.database.writing() as db:
        clip = db.scalars(select(Clip).join(Study).where(Study.name == "draft")).first()
        assert clip is not None
        clip.state = ClipState.CONVERTING
        db.commit()
    token = experimenter.csrf_token(lab.client.get("/studies/draft").text)
    answer = lab.client.post("/studies/draft/open", data={"csrf_token": token})
    assert answer.status_code == 409
    assert "1 clip is not converted yet." in answer.text
    assert 'href="/studies/draft"' in answer.text


def test_the_status_of_a_study(lab: experimenter.Lab) -> None:
    answer = get(lab, "")
    assert answer["study"]["link"] == "http://localhost/join/faces"
    assert [session["rater"] for session in answer["sessions"]] == ["P001", "P002", "P003", "P004"]
    assert [session["simulated"] for session in answer["sessions"]] == [False, False, True, False]
    assert answer["sessions"][0]["progress"] == 1
    assert answer["sessions"][3]["trials"] == 1
    clips = get(lab, "/clips")["clips"]
    assert len(clips) == 6
    with lab.app.test_client().get(clips[0]["poster"]) as poster:
        assert poster.status_code == 200
        assert poster.mimetype == "image/webp"


def test_attention_checks_are_shown_for_each_session_and_only_where_the_study_has_any(lab: experimenter.Lab) -> None:
    make_study(
        lab.database, lab.settings, name="checked", toml=experimenter.SHORT.replace("[stop]", "checks = 1\n[stop]")
    )
    experimenter.take_part(lab.database, "checked")
    answer = lab.client.get("/api/v1/studies/checked").json
    assert answer["study"]["checks"] == 1
    assert [session["checks"]["done"] for session in answer["sessions"]] == [1]
    assert "Checks passed" in lab.client.get("/studies/checked").text
    assert get(lab, "")["sessions"][0]["checks"] == {"done": 0, "passed": 0}
    assert "checks passed" not in lab.client.get("/studies/faces").text.lower()


def test_the_link_is_the_operators_address_where_there_is_one(prepared: Path, tmp_path: Path) -> None:
    with experimenter.open_copy(prepared, tmp_path / "copy") as plain:
        settings = plain.settings.model_copy(update={"base_url": "https://lab.example/"})
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        assert get(lab, "")["study"]["link"] == "https://lab.example/join/faces"


def test_f05_a_disk_that_is_nearly_full_is_said_on_every_page(prepared: Path, tmp_path: Path) -> None:
    with experimenter.open_copy(prepared, tmp_path / "copy") as plain:
        experimenter.make_account(plain.database)
        experimenter.log_in(plain.client)
        assert "nearly full" not in plain.client.get("/studies").text
        assert get(plain, "")["problems"] == []
        settings = plain.settings.model_copy(update={"least_free_bytes": 2**62})
    with experimenter.open_lab(settings) as full:
        experimenter.log_in(full.client)
        [problem] = full.client.get("/healthz").json["problems"]
        assert problem.startswith("The disk is nearly full")
        assert get(full, "")["problems"] == [problem]
        for path in ("/studies", "/studies/faces", "/studies/faces/clips", "/studies/faces/results"):
            assert problem in full.client.get(path).text


def test_a_failed_clip_is_named_with_its_reason(lab: experimenter.Lab) -> None:
    with lab.database.writing() as db:
        clip = db.scalars(select(Clip).where(Clip.position == 2)).one()
        clip.state, clip.reason = ClipState.FAILED, "no video stream"
        db.commit()
    failed = get(lab, "/clips")["clips"][2]
    assert (failed["file"], failed["state"], failed["reason"]) == ("clip2.mp4", "failed", "no video stream")


def test_results_are_working_until_they_are_computed(lab: experimenter.Lab) -> None:
    address = "/api/v1/studies/faces/results?unfinished=1&method=weighted_average"
    answer = lab.client.get(address)
    assert (answer.status_code, answer.json["state"], answer.json["computed_at"]) == (202, "working", None)
    waiting = {"state": "waiting", "done": 0, "of": 4, "reason": None, "worker": "none"}
    assert answer.json["update"] == waiting
    experimenter.compute(lab)
    answer = lab.client.get(address)
    assert (answer.status_code, answer.json["state"], answer.json["update"]) == (200, "ready", None)
    rater = answer.json["raters"][3]
    assert (rater["rater"], rater["trials"], rater["problem"]) == ("P004", 1, None)
    assert rater["never_seen"] == 5, "five clips of six in one trial"


def test_unfinished_sessions_are_out_of_results_unless_asked_for(lab: experimenter.Lab) -> None:
    answer = get(lab, "/results?method=weighted_average")
    assert [rater["rater"] for rater in answer["raters"]] == ["P001", "P002", "P003"]
    assert answer["unfinished"] == 1


def test_old_results_are_shown_with_their_age_while_newer_ones_are_computed(lab: experimenter.Lab) -> None:
    address = "/api/v1/studies/faces/results?unfinished=1&method=weighted_average"
    first = get(lab, "/results?unfinished=1&method=weighted_average")
    experimenter.take_part(lab.database, "faces", 8, trials=1)
    old = lab.client.get(address).json
    assert (old["version"], old["computed_at"]) == (first["version"], first["computed_at"])
    assert len(old["raters"]) == 4
    assert (old["update"]["state"], old["update"]["of"]) == ("waiting", 5)
    known = lab.client.get(f"{address}&known={first['version']}").json
    assert (known["state"], known["update"]["of"], known["computed_at"]) == ("unchanged", 5, first["computed_at"])
    assert (
        lab.client.get("/api/v1/studies/faces/results/agreement?unfinished=1&method=weighted_average").json["n_raters"]
        == 4
    )
    experimenter.compute(lab)
    new = lab.client.get(address).json
    assert new["version"] != first["version"]
    assert new["computed_at"] >= first["computed_at"]
    assert (len(new["raters"]), new["update"]) == (5, None)


def test_a_download_waits_on_a_page_while_the_worker_computes(lab: experimenter.Lab) -> None:
    beat(lab.settings, Heartbeat(1, time.time(), True, 0))
    answer = lab.client.get("/studies/faces/bundle.zip?unfinished=1")
    assert answer.status_code == 202
    assert "Preparing the download" in answer.text
    assert "0 of 4 raters" in answer.text
    address = answer.headers["Refresh"].partition("url=")[2]
    assert lab.client.get(address).status_code == 202
    experimenter.compute(lab)
    # What comes in meanwhile does not keep the download waiting, and is in it.
    experimenter.take_part(lab.database, "faces", 8, trials=1)
    answer = lab.client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.data.startswith(b"PK")


def test_the_version_changes_with_the_data_and_the_choice(lab: experimenter.Lab) -> None:
    first = get(lab, "/results?unfinished=1&method=weighted_average")["version"]
    assert get(lab, "/results?unfinished=1&method=weighted_average")["version"] == first
    assert get(lab, f"/results?unfinished=1&method=weighted_average&known={first}")["state"] == "unchanged"
    assert get(lab, f"/results?unfinished=1&method=weighted_average&simulated=0&known={first}")["version"] != first
    experimenter.take_part(lab.database, "faces", 8, trials=1)
    assert get(lab, "/results?unfinished=1&method=weighted_average")["version"] != first


def test_rdms_come_at_unit_size_in_condensed_order(lab: experimenter.Lab) -> None:
    with lab.database.reading() as db:
        study_id = db.scalars(select(Study.id)).one()
        group = results_now(db, study_id, Choice("weighted_average", with_unfinished=True)).pooled
    answer = get(lab, "/results/rdms/group?unfinished=1&method=weighted_average")
    np.testing.assert_allclose(answer["rdm"], scale_to_rms(group.rdm), atol=1e-5)
    assert answer["n_raters"] == group.n_raters.tolist()
    assert sorted(answer["clusters"]) == list(range(6))
    own = get(lab, "/results/rdms/P004?unfinished=1&method=weighted_average")
    assert own["rdm"].count(None) == own["never_seen"] == 5
    assert own["n_raters"] is None


def test_predicted_pairs_are_blank_until_they_are_asked_for(lab: experimenter.Lab) -> None:
    blank = get(lab, "/results/rdms/P004?unfinished=1&method=latent")
    whole = get(lab, "/results/rdms/P004?unfinished=1&method=latent&completed=1")
    assert (
        [pair for pair, value in enumerate(blank["rdm"]) if value is None] == blank["predicted"] == whole["predicted"]
    )
    assert len(blank["predicted"]) == 5
    assert None not in whole["rdm"]
    seen = [pair for pair in range(15) if pair not in blank["predicted"]]
    assert [blank["rdm"][pair] for pair in seen] == [whole["rdm"][pair] for pair in seen]
    assert np.mean([blank["rdm"][pair] ** 2 for pair in seen]) == pytest.approx(1.0, abs=1e-4)
    refused = lab.client.get("/api/v1/studies/faces/results/maps/P004?unfinished=1&method=latent")
    assert refused.status_code == 400
    assert len(get(lab, "/results/maps/P004?unfinished=1&method=latent&completed=1")["positions"]) == 6
    assert lab.client.get("/api/v1/studies/faces/results/rdms/P009").status_code == 404


def test_agreement_comes_with_every_two_raters_and_its_growth(lab: experimenter.Lab) -> None:
    with lab.database.reading() as db:
        results = results_now(db, db.scalars(select(Study.id)).one(), Choice("weighted_average", with_unfinished=True))
    shown = get(lab, "/results/agreement?unfinished=1&method=weighted_average")
    assert shown["between"] == pytest.approx(squareform(results.between, checks=False).tolist(), abs=1e-5)
    assert sorted(shown["rater_order"]) == [0, 1, 2, 3]
    assert results.growth is not None
    assert [point["raters"] for point in shown["growth"]] == [1, 2, 3]
    means = [point["mean"]["value"] for point in shown["growth"]]
    assert means == pytest.approx([point.value for point in results.growth.reliability_of_mean], abs=1e-5)


def test_the_tree_is_scipys_or_says_why_there_is_none(lab: experimenter.Lab) -> None:
    group = get(lab, "/results/rdms/group?unfinished=1&method=weighted_average")
    tree = get(lab, "/results/trees/group?unfinished=1&method=weighted_average")
    expected = linkage(group["rdm"], "average", optimal_ordering=True)
    np.testing.assert_allclose(tree["linkage"], expected[:, :3], atol=1e-4)
    assert tree["order"] == leaves_list(expected).tolist() == group["clusters"]
    assert (
        "5 were never seen together" in get(lab, "/results/trees/P004?unfinished=1&method=weighted_average")["problem"]
    )


def test_the_map_has_a_place_for_every_clip(lab: experimenter.Lab) -> None:
    answer = get(lab, "/results/maps/group?unfinished=1&method=weighted_average")
    places = np.array(answer["positions"])
    assert places.shape == (6, 2)
    assert np.abs(places).max() == pytest.approx(1.0)
    assert 0 <= answer["stress"] < 1
    solid = get(lab, "/results/maps/group?unfinished=1&method=weighted_average&dims=3")
    assert np.shape(solid["positions"]) == (6, 3)
    assert solid["stress"] < answer["stress"]
    refused = lab.client.get("/api/v1/studies/faces/results/maps/P004?unfinished=1&method=weighted_average")
    assert refused.status_code == 400
    assert "do not tie all clips together" in refused.json["error"]["message"]


def test_agreement_comes_with_words_intervals_and_each_rater(lab: experimenter.Lab) -> None:
    answer = get(lab, "/results/agreement?unfinished=1&method=weighted_average")
    main = [measure["key"] for measure in answer["measures"] if measure["main"]]
    assert main == ["pairwise_pearson", "leave_one_out", "split_half", "split_half_corrected", "cronbach_alpha"]
    for measure in answer["measures"]:
        assert measure["reason"] if measure["low"] is None else measure["low"] <= measure["value"] <= measure["high"]
        assert measure["meaning"]
    assert "moves these figures most: without P00" in answer["remarks"][0]
    assert answer["ceiling"]["lower"] <= answer["ceiling"]["upper"]
    assert [(rater["rater"], rater["simulated"]) for rater in answer["raters"]] == [
        ("P001", False),
        ("P002", False),
        ("P003", True),
        ("P004", False),
    ]


def test_an_unknown_estimator_is_refused_in_words(lab: experimenter.Lab) -> None:
    answer = lab.client.get("/api/v1/studies/faces/results?method=magic")
    assert answer.status_code == 400
    assert answer.json["error"]["field"] == "method"


def test_every_estimator_can_be_chosen(lab: experimenter.Lab) -> None:
    page = lab.client.get("/studies/faces/results").text
    assert all(f'value="{method}"' in page for method in ESTIMATORS)


def test_an_unknown_kind_of_download_is_refused_in_words(lab: experimenter.Lab) -> None:
    answer = lab.client.get("/studies/faces/raters.xlsx")
    assert answer.status_code == 400
    assert "csv, npz, mat, hdf5" in answer.text


def test_downloads_name_the_study_and_the_estimator(lab: experimenter.Lab) -> None:
    answer = lab.client.get("/studies/faces/group.npz?unfinished=1&method=weighted_average")
    assert answer.status_code == 200
    assert "_group_weighted_average.npz" in answer.headers["Content-Disposition"]


def test_words_exist_for_every_design_estimator_and_measure() -> None:
    from dataclasses import fields

    from analysis.reliability import Reliability

    assert set(ESTIMATOR_TEXTS) == set(ESTIMATORS)
    assert {measure.key for measure in MEASURES} == {
        field.name for field in fields(Reliability) if field.type in {"Coefficient"}
    }
