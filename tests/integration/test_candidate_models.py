"""Candidate models of a study: kept, matched to its clips, compared in the background, shown, exported, by command.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from analysis.formats.bundle import read_bundle
from analysis.models.candidates import Candidates
from analysis.rdm import subset
from analysis.results.models_of_bundle import bundle_models
from app import cli
from app.config import Settings
from app.domain import WorkState
from app.errors import Conflict, Invalid
from app.models import AuditEntry, Clip, ModelComparison, ParticipantSession, Study, StudyModel, now
from app.participation.withdrawal import forget_results
from app.results import model_work
from app.results.export import export_bundle
from app.results.model_files import add_model, candidates_of, keep_models, kept_models
from app.results.model_settings import settings_of
from app.results.model_work import (
    comparison_waits,
    compute_next_comparison,
    request_comparison,
    standing_of,
)
from app.studies.kept_models import MAX_MODELS
from tests import experimenter
from tests.factories import make_study

API = "/api/v1/studies/faces/models"


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_work, "N_BOOT", 100)
    monkeypatch.setattr(model_work, "N_PERMUTATIONS", 99)


def filled(settings: Settings) -> Iterator[experimenter.Lab]:
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        make_study(lab.database, lab.settings, toml=experimenter.SHORT, owner_id=1)
        for number in (1, 2, 3):
            experimenter.take_part(lab.database, "faces", number)
        yield lab


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    yield from filled(settings)


@pytest.fixture
def both_lab(both_settings: Settings) -> Iterator[experimenter.Lab]:
    yield from filled(both_settings)


def study_of(db: Any) -> Study:
    return db.scalars(select(Study)).one()  # type: ignore[no-any-return]


def clips_of(lab: experimenter.Lab) -> list[str]:
    with lab.database.reading() as db:
        return list(db.scalars(select(Clip.file_name).order_by(Clip.position)))


def network(clips: list[str], seed: int = 1, units: int = 8) -> bytes:
    rng = np.random.default_rng(seed)
    file, size = io.BytesIO(), (len(clips), units)
    np.savez(file, clips=clips[::-1], early=rng.normal(size=size), late=rng.normal(size=size))
    return file.getvalue()


def test_models_are_kept_compared_and_taken_home(both_lab: experimenter.Lab, tmp_path: Path) -> None:
    lab = both_lab
    clips = clips_of(lab)
    add_model(lab.database, 1, "C:\\nets\\resnet.npz", network(clips))
    with lab.database.writing() as db:
        db.scalars(select(StudyModel)).one().remarks = ["Made in a laboratory."]
        db.commit()
    with lab.database.writing() as db:
        request_comparison(db, study_of(db), settings_of({"comparator": "spearman"}))
    assert comparison_waits(lab.database)
    steps: list[str] = []
    assert compute_next_comparison(lab.database, on_step=lambda step, _: steps.append(step))
    assert not comparison_waits(lab.database)
    assert steps[0] == "Estimating the raters' RDMs"
    assert "Comparing models with the raters" in steps
    with lab.database.reading() as db:
        standing = standing_of(db, study_of(db))
        (kept,), (candidates,) = kept_models(db, study_of(db)), candidates_of(db, study_of(db))[0]
        with (tmp_path / "faces.zip").open("wb") as file:
            export_bundle(db, study_of(db), file)
    assert (standing.state, standing.changes) == (WorkState.IDLE, [])
    assert standing.findings is not None
    assert standing.findings.comparator == "spearman"
    assert [one.model for one in standing.findings.scores][:2] == ["resnet: early", "resnet: late"]
    assert (kept.file_name, kept.kind, kept.problem) == ("resnet.npz", "layers", None)
    (taken,) = bundle_models(read_bundle(tmp_path / "faces.zip"))
    assert (taken.name, taken.kind, taken.models) == ("resnet", "layers", ("early", "late"))
    assert taken.remarks == ("Made in a laboratory.",)
    np.testing.assert_allclose(taken.rdms, candidates.rdms, rtol=1e-12)
    with lab.database.writing() as db:
        clip = db.scalars(select(Clip).order_by(Clip.position)).first()
        clip.file_name = "renamed.mp4"
        db.commit()
    with lab.database.reading() as db:
        assert "lacks 1 of the study's" in str(kept_models(db, study_of(db))[0].problem)
        assert candidates_of(db, study_of(db))[1][0].startswith("resnet is not compared: it lacks 1")


def test_a_model_that_does_not_fit_leaves_nothing_behind(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = clips_of(lab)
    wrong = {
        "half.npz": (network(clips[:-1]), f"half.npz: lacks 1 of the study's {len(clips)} clips: {clips[-1]}"),
        "no.csv": (b"what is this", "no.csv: "),
        "": (network(clips), "needs a name"),
    }
    for name, (content, words) in wrong.items():
        with pytest.raises(Invalid, match=words):
            add_model(lab.database, 1, name, content)
    add_model(lab.database, 1, "net.npz", network(clips))
    with pytest.raises(Invalid, match="There is a model named net"):
        add_model(lab.database, 1, "net.mat", network(clips))
    with lab.database.writing() as db, pytest.raises(Conflict, match="clips changed while it was read"):
        keep_models(db, study_of(db), Candidates("x", "rdms", (), np.empty(0)), clips[1:], file_name="x", sha256="")
    monkeypatch.setattr("app.results.model_files.MAX_MODELS", 3)
    with pytest.raises(Invalid, match="would make 4 models; a study can keep 3"):
        add_model(lab.database, 1, "more.npz", network(clips))
    assert MAX_MODELS == 200
    with lab.database.reading() as db:
        assert len(kept_models(db, study_of(db))) == 1
        assert len(db.scalars(select(AuditEntry.id).where(AuditEntry.action == "model added")).all()) == 1


def test_a_withdrawal_deletes_what_was_computed_and_what_is_being_computed_is_not_stored(lab: experimenter.Lab) -> None:
    add_model(lab.database, 1, "net.npz", network(clips_of(lab)))
    with lab.database.writing() as db:
        request_comparison(db, study_of(db), settings_of({}))
    left = []

    def leave(step: str, _: float) -> None:
        if step.startswith("Comparing models") and not left:
            with lab.database.writing() as db:
                session = db.scalars(select(ParticipantSession)).first()
                assert session is not None
                forget_results(db, session)
                db.commit()
            left.append(step)

    assert compute_next_comparison(lab.database, on_step=leave)
    with lab.database.reading() as db:
        assert standing_of(db, study_of(db)).findings is None
    assert left


def test_a_worker_that_died_is_followed_and_one_that_dies_again_and_again_is_given_up(lab: experimenter.Lab) -> None:
    add_model(lab.database, 1, "net.npz", network(clips_of(lab)))
    with lab.database.writing() as db:
        request_comparison(db, study_of(db), settings_of({}))
    old = now().replace(year=2020)
    for attempts, state in ((1, WorkState.IDLE), (3, WorkState.FAILED)):
        with lab.database.writing() as db:
            row = {"state": WorkState.COMPUTING, "claim": "gone", "worked_at": old, "attempts": attempts}
            db.execute(update(ModelComparison).values(row))
            db.commit()
        compute_next_comparison(lab.database)
        with lab.database.reading() as db:
            assert standing_of(db, study_of(db)).state == state


def test_page_and_api_add_compare_show_and_remove(lab: experimenter.Lab) -> None:
    client = lab.client
    assert experimenter.log_in(client).status_code == 303
    token = {"X-CSRFToken": experimenter.csrf_token(client.get("/account").text)}
    assert "Add models" in client.get("/studies/faces/models").text
    send = partial(client.post, headers=token)
    assert send(f"{API}?file=net.npz", data=b"nothing").status_code == 400
    made = send(f"{API}?file=net.npz", data=network(clips_of(lab)))
    assert (made.status_code, made.json["models"]) == (201, ["early", "late"])
    waiting = client.get(API).json
    assert (waiting["work"]["state"], waiting["findings"]) == ("waiting", None)
    assert compute_next_comparison(lab.database)
    answer = client.get(API).json
    assert answer["work"] is None
    assert answer["findings"]["n_raters"] == 3
    assert answer["findings"]["label"] == "Spearman ρa"
    # Tables of what nobody asked for are not offered.
    assert answer["findings"]["tables"] == ["models", "model_pairs", "model_layers"]
    table = list(csv.DictReader(io.StringIO(client.get("/studies/faces/models/models.csv").text)))
    assert [row["model"] for row in table][:2] == ["net: early", "net: late"]
    assert client.get("/studies/faces/models/figures/layers-1.svg").data.startswith(b"<?xml")
    script = client.get("/studies/faces/models/figures/layers-1.py")
    assert script.mimetype == "text/x-python"
    assert "n_boot=100" in script.text
    for missing in ("figures/layers-2.svg", "figures/what.svg", "secrets.csv"):
        assert client.get(f"/studies/faces/models/{missing}").status_code == 404
    assert send(f"{API}/compare", json={"settings": {"comparator": "r2"}}).status_code == 400
    assert send(f"{API}/compare", json={"settings": {"comparator": "pearson"}}).status_code == 202
    number = answer["models"][0]["number"]
    gone = client.delete(f"{API}/{number}", headers=token)
    assert (gone.status_code, client.get(API).json["models"]) == (200, [])
    assert client.get(API).json["changes"] == ["Models were added or removed."]


def test_a_large_file_comes_in_pieces_and_a_larger_one_is_refused_before_it_is_read(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = lab.client
    assert experimenter.log_in(client).status_code == 303
    token = {"X-CSRFToken": experimenter.csrf_token(client.get("/account").text)}
    content = network(clips_of(lab), units=15_000)
    assert client.post(f"{API}?file=net.npz", headers=token, data=content).status_code == 413

    def sent(content: bytes) -> str:
        begun = client.post("/api/v1/imports", headers=token, json={"names": ["net.npz"]}).json
        for offset in range(0, len(content), begun["piece"]):
            piece = content[offset : offset + begun["piece"]]
            client.put(f"{begun['files'][0]}?offset={offset}", headers=token, data=piece)
        return str(begun["id"])

    batch = sent(content)
    # Refused for what was said of it, it need not come again.
    assert client.post(f"{API}?batch={batch}&frames=mean", headers=token).status_code == 400
    made = client.post(f"{API}?batch={batch}", headers=token)
    assert (made.status_code, made.json["models"]) == (201, ["early", "late"])
    assert client.get(API).json["models"][0]["file_name"] == "net.npz"
    # What came is forgotten once it is kept as models.
    assert client.post(f"{API}?batch={batch}", headers=token).status_code == 404
    monkeypatch.setattr("app.web.models_page.MAX_IN_PIECES", 1 << 20)
    packed = io.BytesIO()
    np.savez_compressed(packed, late=np.zeros((6, 30_000)))
    refused = client.post(f"{API}?file=packed.npz", headers=token, data=packed.getvalue())
    assert refused.status_code == 400
    assert "packed.npz: has 1 MB unpacked, and the page takes 1 MB" in refused.json["error"]["message"]
    assert [one.name for one in lab.settings.uploads_folder.iterdir()] == []


def test_the_command_adds_compares_prints_and_removes(
    lab: experimenter.Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.models.os.cpu_count", lambda: 1)
    (tmp_path / "net.npz").write_bytes(network(clips_of(lab)))
    run = ["study", "models", "faces", "--data", str(lab.settings.data)]
    with pytest.raises(SystemExit) as ended:
        cli.main(
            [*run, "--add", str(tmp_path / "net.npz"), "--axes", "--predictions", "--tables", str(tmp_path / "out")]
        )
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for words in (
        "Added net: 2 layers.",
        "3 raters",
        "net: early: ",
        "Best layer of net: net: ",
        "There are no axes: no attribute",
    ):
        assert words in said
    assert (tmp_path / "out" / "model_layers.csv").read_text().startswith("network,")
    with pytest.raises(SystemExit):
        cli.main([*run, "--remove", "nothing"])
    assert "has no model named nothing" in capsys.readouterr().err


def test_a_study_is_made_of_the_clips_that_tell_models_apart(
    lab: experimenter.Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = clips_of(lab)
    add_model(lab.database, 1, "net.npz", network(clips))
    run = ["study", "controversial", "faces", "--data", str(lab.settings.data), "--model", "net: early"]
    with pytest.raises(SystemExit) as ended:
        cli.main([*run, "--model", "net: late", "--clips", "4", "--make", "apart"])
    assert ended.value.code == 0
    told = capsys.readouterr()
    chosen = told.out.split()
    assert set(chosen) < set(clips)
    assert "Raters needed: " in told.err
    with lab.database.reading() as db:
        made = db.scalars(select(Study).where(Study.name == "apart")).one()
        assert [clip.file_name for clip in made.clips] == chosen
        # The models came along, and are those of the clips that there are.
        (copied,), (kept,) = candidates_of(db, made)[0], candidates_of(db, db.get_one(Study, 1))[0]
        places = np.array([clips.index(clip) for clip in chosen])
        np.testing.assert_array_equal(copied.rdms, [subset(rdm, places) for rdm in kept.rdms])
    with pytest.raises(SystemExit):
        cli.main([*run, "--model", "what"])
    assert "There is no model what of these clips" in capsys.readouterr().err
    assert experimenter.log_in(lab.client).status_code == 303
    page = lab.client.get(f"/studies/faces/duplicate?clip={chosen[0]}&clip={chosen[1]}").text
    assert "2 of the clips" in page
    form = {"csrf_token": experimenter.csrf_token(page), "title": "Two", "name": "two", "clip": chosen[:2]}
    assert lab.client.post("/studies/faces/duplicate", data=form).status_code == 303
    again = lab.client.post("/studies/faces/duplicate", data=form | {"name": "other", "clip": "none.mp4"})
    assert (again.status_code, "The study has no clip none.mp4." in again.text) == (400, True)
