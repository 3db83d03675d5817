"""One installation for all tests of whole sessions, named in their `pytest_plugins`.

Converting clips takes longer than a session does, so that these tests share the studies; each comes as a participant of
its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clips.conversion import convert_waiting_clips
from app.domain import ClipState
from app.models import Clip, Rendition
from app.studies.lifecycle import create_study, open_study
from app.studies.study_folder import read_study_folder
from tests.apps import installation
from tests.browser.session_site import Site
from tests.conftest import ROOT

# Neither evidence nor time ends a session here: it is over after two trials.
PLAIN = """
title = "Faces in pairs"
seed = 5
[texts]
question = "How alike are these faces?"
[design]
max_items = 4
[stop]
min_evidence = 100
max_trials = 2
[recruitment]
completion_code = "DONE-42"
"""
PRACTISED = """
title = "Faces with practice"
seed = 6
[texts]
question = "How alike are these faces?"
[design]
practice = true
[stop]
min_evidence = 100
max_trials = 2
[recruitment]
completion_code = "DONE-43"
completion_url = "https://recruiter.example/done"
"""


@pytest.fixture(scope="session")
def whole_site(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Iterator[Site]:
    """The installation, made once: the studies `plain` (5 clips) and `practised` (3 of them) are open."""
    folder = tmp_path_factory.mktemp("site")
    settings = installation(folder / "data", empty_sqlite)
    site = Site(settings)
    for name, toml, n_clips in (("plain", PLAIN, 5), ("practised", PRACTISED, 3)):
        open_another(site, name, toml, n_clips=n_clips)
    yield site
    site.stop()


@pytest.fixture(scope="session")
def add_study(whole_site: Site) -> Callable[..., None]:
    """`add_study(name, toml, n_clips=3)` opens one study more on the installation; `fill` as `open_another` has it."""
    return partial(open_another, whole_site)


def open_another(
    site: Site, name: str, toml: str, *, n_clips: int = 0, fill: Callable[[Path], None] | None = None
) -> None:
    """Make and open a study with some of the demo's clips, and the files that `fill` makes, on the installation."""
    folder = site.settings.data.parent / name
    (folder / "clips").mkdir(parents=True)
    if fill is not None:
        fill(folder / "clips")
    for clip in sorted((ROOT / "demo" / "clips").glob("*.mp4"))[: 4 * n_clips : 4]:
        shutil.copy(clip, folder / "clips")
    (folder / "study.toml").write_text(toml)
    with site.database.writing() as db:
        create_study(db, site.settings, read_study_folder(folder))
    with site.database.writing() as db:
        _use_what_is_converted(db)
    convert_waiting_clips(site.database, site.settings)
    with site.database.writing() as db:
        open_study(db, name)


def _use_what_is_converted(db: Session) -> None:
    """Give each waiting clip the renditions of an equal clip of another study: files are named by their content."""
    ready = {clip.source_sha256: clip for clip in db.scalars(select(Clip).where(Clip.state == ClipState.READY))}
    for clip in db.scalars(select(Clip).where(Clip.state == ClipState.WAITING)):
        if twin := ready.get(clip.source_sha256):
            for field in ("state", "progress", "width", "height", "duration_s", "fps", "codec", "has_audio"):
                setattr(clip, field, getattr(twin, field))
            files = [Rendition(kind=each.kind, sha256=each.sha256, bytes=each.bytes) for each in twin.renditions]
            clip.renditions = files
    db.commit()


@pytest.fixture
def site(whole_site: Site) -> Iterator[Site]:
    """The installation, which serves again after the test whatever the test did."""
    yield whole_site
    if not whole_site.is_serving:
        whole_site.start()
