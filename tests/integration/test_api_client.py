"""The Python client against a real server: what it reads is what the services hold, and what it cannot do it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from analysis.formats.bundle import read_bundle
from analysis.results import Choice
from app.accounts.account import Account
from app.accounts.api_tokens import make_token
from app.domain import ClipState, Scope
from app.models import Clip, Experimenter, Study
from app.results.stored import results_now
from clients.asterism_client import Asterism, Refused
from tests import experimenter
from tests.serving import serving


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Iterator[experimenter.Lab]:
    folder = tmp_path_factory.mktemp("client")
    with experimenter.open_copy(experimenter.prepare(folder / "prepared", empty_sqlite), folder / "data") as lab:
        experimenter.make_account(lab.database)
        yield lab


@pytest.fixture(scope="module")
def address(lab: experimenter.Lab) -> Iterator[str]:
    with serving(lab.app) as address:
        yield address


def client(lab: experimenter.Lab, address: str, *scopes: str) -> Asterism:
    with lab.database.reading() as db:
        account = Account(db.scalars(select(Experimenter.id)).one(), experimenter.EMAIL)

    with lab.database.writing() as db:
        return Asterism(address, make_token(db, account, "client", scopes or list(Scope)), timeout=30)


def test_it_takes_home_what_the_results_hold(lab: experimenter.Lab, address: str, tmp_path: Path) -> None:
    api = client(lab, address)
    assert [study["name"] for study in api.studies()] == ["faces"]
    assert [session["rater"] for session in api.sessions("faces")] == ["P001", "P002", "P003", "P004"]
    assert [session["rater"] for session in api.sessions("faces", only="arranging")] == ["P004"]
    with experimenter.worker(lab):
        # Nothing is computed yet, so both wait for the worker.
        file = api.download("faces", "bundle.zip", tmp_path / "faces.zip")
        results = api.results("faces", simulated=True)
    assert [path.name for path in tmp_path.iterdir()] == ["faces.zip"]
    assert read_bundle(file).names == tuple(clip["file"] for clip in results["clips"])
    square = np.array(api.rdm("faces"), dtype=float)
    assert np.array_equal(square, square.T)
    with lab.database.reading() as db:
        group = results_now(db, db.scalars(select(Study.id).where(Study.name == "faces")).one(), Choice())
    kept = group.group_set().rdms[0]
    wanted = kept / np.sqrt(np.nanmean(kept**2))
    assert square[np.triu_indices(len(square), 1)] == pytest.approx(wanted, abs=1e-5, nan_ok=True)


def test_it_makes_a_study_and_sends_clips(lab: experimenter.Lab, address: str, tmp_path: Path) -> None:
    api = client(lab, address)
    name = api.create("By a script", '# kept\ntitle = "By a script"\n[design]\nmax_items = 9\n')
    assert api.call("GET", f"/{name}/definition")["values"]["design.max_items"] == 9
    file = tmp_path / "blick zurück.mp4"
    file.write_bytes(np.random.default_rng(1).bytes(1_500_000))
    api.upload(name, file)
    with lab.database.reading() as db:
        clip = db.scalars(select(Clip).join(Study).where(Study.name == name)).one()
        assert (clip.file_name, clip.state) == (file.name, ClipState.WAITING)
    assert api.call("DELETE", f"/{name}", typed=name)["deleted"]["clips"] == 1


def test_what_is_refused_is_told_in_the_servers_words(lab: experimenter.Lab, address: str, tmp_path: Path) -> None:
    reads = client(lab, address, "read")
    with pytest.raises(Refused, match="lacks the scope participants") as refused:
        reads.download("faces", "bundle.zip", tmp_path / "faces.zip")
    assert (refused.value.status, refused.value.code) == (403, "forbidden")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Refused, match="401: This token is unknown"):
        Asterism(address, "asterism_nobodys").studies()
    with pytest.raises(Refused, match="max_items") as refused:
        client(lab, address).create("Wrong", 'title = "Wrong"\n[design]\nmax_items = -1\n')
    assert refused.value.field == "design.max_items"
    # A token is not carried on to where a redirect leads.
    with pytest.raises(Refused, match="302"):
        reads._open("GET", "/studies")
    with pytest.raises(ValueError, match="must begin with https"):
        Asterism("file:///etc", "x")
