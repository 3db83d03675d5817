"""Data brought in on a page: files come in pieces, are looked at, are mapped where they must be, and become a study."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from app.accounts.account import Account
from app.accounts.api_tokens import make_token
from app.clips.unfinished import remove_abandoned_uploads
from app.config import load_settings
from app.domain import Scope
from app.models import Experimenter, ParticipantSession, Study
from tests import experimenter
from tests.conftest import ROOT

BUNDLE = ROOT / "tests" / "data" / "bundle-v2.zip"
PIXELS = "vp,block,stim,px,py\n" + "".join(
    f"{vp},{block},{stim}.mp4,{100 + 30 * place + 7 * block},{150 + 11 * place * block}\n"
    for vp in ("ann", "bob")
    for block in (1, 2)
    for place, stim in enumerate(("sun", "sea", "fog", "oak"))
)


class Page:
    """What the page's script does."""

    def __init__(self, lab: experimenter.Lab) -> None:
        self.lab = lab
        self.client = lab.app.test_client()
        experimenter.log_in(self.client)
        self.token = experimenter.csrf_token(self.client.get("/bring-in").text)

    def call(self, method: str, address: str, body: Any = None, *, status: int = 200) -> Any:
        """The JSON that the server answers."""
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        answer = self.client.open(address, method=method, data=data, headers={"X-CSRFToken": self.token})
        assert answer.status_code == status, answer.text
        return answer.json

    def send(self, files: dict[str, bytes], piece: int = 1 << 19) -> str:
        """Send files in pieces; the address of them together."""
        begun = self.call("POST", "/api/v1/imports", {"names": list(files)}, status=201)
        for address, data in zip(begun["files"], files.values(), strict=True):
            for offset in range(0, max(len(data), 1), piece):
                here = self.call("PUT", f"{address}?offset={offset}", data[offset : offset + piece])["here"]
            assert here == len(data)
        return f"/api/v1/imports/{begun['id']}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Iterator[experimenter.Lab]:
    """An installation without studies, which the tests of this file share."""
    folder = tmp_path_factory.mktemp("bring-in")
    (folder / "asterism.sqlite3").write_bytes(empty_sqlite.read_bytes())
    with experimenter.open_lab(load_settings(data=folder, rate_limits=False)) as lab:
        experimenter.make_account(lab.database)
        yield lab


@pytest.fixture
def page(lab: experimenter.Lab) -> Page:
    return Page(lab)


def studies(lab: experimenter.Lab) -> list[str]:
    with lab.database.reading() as db:
        return list(db.scalars(select(Study.name)))


def left(lab: experimenter.Lab) -> list[str]:
    folders = (lab.settings.uploads_folder, lab.settings.work_folder)
    return [file.name for folder in folders for file in folder.iterdir()]


def test_a_bundle_is_looked_at_and_becomes_a_study_with_its_ratings(page: Page) -> None:
    address = page.send({"rated.zip": BUNDLE.read_bytes()}, piece=20_000)
    told = page.call("POST", f"{address}/preview")
    preview = told["found"]
    assert (told["problem"], told["table"]) == (None, None)
    assert preview["kind"].startswith("the export bundle of the study rated, made by Asterism")
    counts = {name: preview[name] for name in ("raters", "simulated", "clips", "trials", "ratings", "answers", "rdms")}
    assert counts == {"raters": 4, "simulated": 1, "clips": 6, "trials": 9, "ratings": 15, "answers": 9, "rdms": 0}
    assert preview["remarks"] == []
    before = studies(page.lab)
    problem = page.call("POST", f"{address}/study", {"name": "No Name"}, status=400)
    assert problem["error"]["field"] == "name"
    assert studies(page.lab) == before
    made = page.call("POST", f"{address}/study", {"name": preview["name"]}, status=201)
    assert made["url"] == f"/studies/{preview['name']}/results"
    assert "These data were brought in" in page.client.get(made["url"]).text
    assert left(page.lab) == []
    with page.lab.database.reading() as db:
        study = db.scalars(select(Study).where(Study.name == preview["name"])).one()
        of_study = select(func.count()).select_from(ParticipantSession).where(ParticipantSession.study_id == study.id)
        assert db.scalar(of_study) == 4
    # The files are forgotten, so the study is made once.
    page.call("POST", f"{address}/study", {"name": "again"}, status=404)


def test_a_table_is_asked_for_its_columns_and_read_by_them(page: Page) -> None:
    address = page.send({"mine.csv": PIXELS.encode()})
    told = page.call("POST", f"{address}/preview")
    assert told["found"] is None
    assert told["problem"].startswith("mine.csv")
    assert told["table"] == {
        "columns": ["vp", "block", "stim", "px", "py"],
        "placements": ["rater", "trial", "item", "x", "y"],
        "pairs": ["rater", "clip_a", "clip_b", "dissimilarity"],
    }
    columns = {"rater": "vp", "trial": "block", "item": "stim", "x": "px", "y": "py"}
    hints = {"columns": columns, "hints": {"arena": "200,200,400"}, "switches": ["y-down"]}
    preview = page.call("POST", f"{address}/preview", hints)["found"]
    assert (preview["raters"], preview["clips"], preview["trials"]) == (2, 4, 4)
    assert preview["first_raters"] == ["ann", "bob"]
    wrong = page.call("POST", f"{address}/preview", {**hints, "hints": {"arena": "200,200"}})
    assert wrong["problem"] == "arena: must be three numbers X,Y,DIAMETER, got '200,200'"
    page.call("POST", f"{address}/study", {**hints, "name": "mine"}, status=201)
    assert "mine" in studies(page.lab)


def test_an_array_of_many_raters_is_read_with_the_names_of_its_clips(page: Page, tmp_path: Path) -> None:
    np.save(tmp_path / "theirs.npy", np.random.default_rng(0).uniform(0.1, 1, (3, 10)))
    address = page.send({"theirs.npy": (tmp_path / "theirs.npy").read_bytes()})
    names = {"item_names": "a\nb\nc\nd\ne\n"}
    # 3 x 10 can be 3 raters of 5 clips or 10 raters of 3.
    assert "can be" in page.call("POST", f"{address}/preview", names)["problem"]
    preview = page.call("POST", f"{address}/preview", {**names, "hints": {"raters": "rows"}})["found"]
    assert (preview["raters"], preview["rdms"], preview["first_clips"]) == (3, 3, ["a", "b", "c", "d", "e"])
    page.call("DELETE", address, status=204)
    assert left(page.lab) == []


def test_what_cannot_be_read_is_answered_by_what_could_and_leaves_nothing(page: Page) -> None:
    before = studies(page.lab)
    address = page.send({"photo.bin": b"\x89PNG\r\n\x1a\n" + bytes(2000)})
    told = page.call("POST", f"{address}/preview")
    assert told["found"] is None
    assert "photo.bin" in told["problem"]
    assert str(page.lab.settings.data) not in told["problem"]
    assert page.call("POST", f"{address}/study", {"name": "photo"}, status=400)["error"]["message"] == told["problem"]
    assert studies(page.lab) == before
    # A piece that comes twice, or too early, is not put in.
    conflict = page.call("PUT", f"{address}/files/0?offset=7", b"x", status=409)
    assert conflict["error"]["code"] == "offset"
    page.call("PUT", f"{address}/files/1?offset=0", b"x", status=404)
    page.call("POST", "/api/v1/imports", {"names": ["a", "a"]}, status=400)
    page.call("POST", f"{page.send({'a.npy': b''})}/preview", {"hints": {"colour": "x"}})
    # Another account's files are not there, and those that are left lying go by themselves.
    assert len(left(page.lab)) >= 4
    remove_abandoned_uploads(page.lab.settings, at=4_000_000_000)
    assert left(page.lab) == []
    page.call("POST", f"{address}/preview", status=404)


def test_nobody_reads_the_files_of_another_account(page: Page) -> None:
    from app.accounts.passwords import hash_password
    from app.models import Experimenter

    address = page.send({"rated.zip": BUNDLE.read_bytes()})
    with page.lab.database.writing() as db:
        db.add(Experimenter(email="eve@lab.example", password_hash=hash_password(experimenter.PASSWORD)))
        db.commit()
    eve = page.lab.app.test_client()
    experimenter.log_in(eve, "eve@lab.example")
    token = experimenter.csrf_token(eve.get("/bring-in").text)
    for method, path in (("POST", "/preview"), ("POST", "/study"), ("PUT", "/files/0?offset=0"), ("DELETE", "")):
        answer = eve.open(f"{address}{path}", method=method, data=b"{}", headers={"X-CSRFToken": token})
        assert answer.status_code == 404, path
    assert page.lab.app.test_client().post(f"{address}/preview").status_code in (400, 401)
    page.call("DELETE", address, status=204)


def test_a_program_brings_data_in_with_a_token_that_may_write(lab: experimenter.Lab) -> None:
    with lab.database.writing() as db:
        row = db.scalars(select(Experimenter)).first()
        assert row is not None
        account = Account(row.id, row.email)
        tokens = {scope: make_token(db, account, scope.value, [scope]) for scope in (Scope.READ, Scope.WRITE)}

    def call(token: str, address: str, method: str = "POST", status: int = 200, **more: Any) -> Any:
        client = lab.app.test_client(use_cookies=False)
        answer = client.open(address, method=method, headers={"Authorization": f"Bearer {token}"}, **more)
        assert answer.status_code == status, answer.text
        return answer.json

    call(tokens[Scope.READ], "/api/v1/imports", status=403, json={"names": ["a.csv"]})
    token = tokens[Scope.WRITE]
    begun = call(token, "/api/v1/imports", status=201, json={"names": ["pairs.csv"]})
    pairs = "rater,clip_a,clip_b,dissimilarity\n" + "".join(
        f"r1,{a},{b},{1 + k}\n" for k, (a, b) in enumerate((("sun", "sea"), ("sun", "fog"), ("sea", "fog")))
    )
    call(token, begun["files"][0], "PUT", data=pairs.encode())
    address = f"/api/v1/imports/{begun['id']}"
    assert call(token, f"{address}/preview", json={})["problem"] is None
    assert call(token, f"{address}/study", status=201, json={"name": "by-token"})["name"] == "by-token"
    assert "by-token" in studies(lab)
