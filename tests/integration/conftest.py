"""What tests of an experimenter's services share: a study with raters, made once, and a copy of it for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import experimenter


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Path:
    """A data folder that no test changes: see `experimenter.prepare`."""
    return experimenter.prepare(tmp_path_factory.mktemp("prepared"), empty_sqlite)


@pytest.fixture
def lab(prepared: Path, tmp_path: Path) -> Iterator[experimenter.Lab]:
    """Three raters, the last of them simulated, and a fourth who stopped after one trial."""
    with experimenter.open_copy(prepared, tmp_path / "data") as lab:
        yield lab
