"""What tests of an experimenter's services share: a study with raters, made once, and a copy of it for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config import Settings
from tests import experimenter
from tests.factories import make_study


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Path:
    """A data folder that no test changes: see `experimenter.prepare`."""
    return experimenter.prepare(tmp_path_factory.mktemp("prepared"), empty_sqlite)


@pytest.fixture
def lab(prepared: Path, tmp_path: Path) -> Iterator[experimenter.Lab]:
    """Three raters, the last of them simulated, and a fourth who stopped after one trial."""
    with experimenter.open_copy(prepared, tmp_path / "data") as lab:
        yield lab


@pytest.fixture
def owner_lab(settings: Settings) -> Iterator[experimenter.Lab]:
    """Ada is logged in, in the first browser, and owns "faces"."""
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        make_study(lab.database, lab.settings)
        experimenter.log_in(lab.client)
        yield lab


@pytest.fixture
def both_lab(both_settings: Settings) -> Iterator[experimenter.Lab]:
    """The study "faces" with two finished raters and one after a trial, on SQLite and on PostgreSQL."""
    with experimenter.open_lab(both_settings) as lab:
        make_study(lab.database, lab.settings, toml=experimenter.SHORT)
        experimenter.take_part(lab.database, "faces", 0)
        experimenter.take_part(lab.database, "faces", 1)
        experimenter.take_part(lab.database, "faces", 2, trials=1)
        yield lab
