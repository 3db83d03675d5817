"""Labels are the experimenter's: what reaches a participant says nothing about a clip but its number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.definition.study_toml import parse_definition
from app.errors import Invalid
from app.models import Clip, Rendition
from app.studies.lifecycle import create_study
from app.studies.study_folder import read_study_folder
from tests.factories import make_study, trial_body
from tests.integration.test_participant_api import Person, join

TOML = (
    'title = "x"\nseed = 3\n[design]\nmax_items = 4\nmethod = "balanced"\n[stop]\nmax_trials = 4\nmin_evidence = 100\n'
)
SECRET = "dov_sad_lively"


def participant(app: Flask, labels: str = "") -> Person:
    """A participant of a study whose clips' files are named by their condition."""
    runtime = app.extensions["asterism"]
    study_id = make_study(runtime.database, runtime.settings, n_clips=9, toml=TOML + labels)
    with runtime.database.writing() as db:
        for clip in db.scalars(select(Clip).where(Clip.study_id == study_id)):
            clip.file_name = f"{SECRET}_{clip.position}.mp4"
            clip.label = f"{SECRET}_{clip.position}"
            clip.attributes = {"shown": f"Animal {clip.position}" if clip.position else "", "emotion": SECRET}
        db.commit()
    return join(app.test_client())


def walk(person: Person) -> list[dict[str, Any]]:
    """All views of a session, from its start to its end."""
    views = [person.call("POST", "/start").get_json()]
    while views[-1]["trial"]:
        trial = views[-1]["trial"]
        views.append(person.call("PUT", f"/trials/{trial['key']}", trial_body(trial)).get_json()["next"])
    return views


def test_nothing_that_a_participant_gets_tells_a_clips_name(app: Flask) -> None:
    person = participant(app)
    views = walk(person)
    texts = [json.dumps(views), person.client.get("/join/faces").text]
    trial = views[0]["trial"]
    stranger = {**trial_body(trial), "placements": [{"clip": views[0]["trial"]["clips"][0]["id"], "x": 9.0, "y": 0.0}]}
    texts.append(person.call("PUT", f"/trials/{trial['key']}/draft", stranger).text)
    for source in trial["clips"][0]["sources"]:
        with person.client.get(source["src"]) as answer:
            assert answer.status_code == 200
            texts.append(str(answer.headers))
    runtime = app.extensions["asterism"]
    with runtime.database.reading() as db:
        names = {clip.source_sha256 for clip in db.scalars(select(Clip))}
        names |= set(db.scalars(select(Rendition.sha256))) | {SECRET}
    for text in texts:
        assert not [name for name in names if name in text]


def test_a_clip_keeps_its_number_and_no_two_share_one(app: Flask) -> None:
    person = participant(app)
    seen: dict[str, int] = {}
    for view in walk(person)[:-1]:
        for clip in view["trial"]["clips"]:
            assert clip["label"] is None
            assert seen.setdefault(clip["id"], clip["number"]) == clip["number"]
    assert sorted(seen.values()) == list(range(1, len(seen) + 1))
    assert len(seen) > 4


def test_neither_numbers_nor_the_order_of_loading_follow_the_files(app: Flask) -> None:
    people = [participant(app), *(join(app.test_client()) for _ in range(3))]
    first = [person.call("POST", "/start").get_json()["trial"]["clips"] for person in people]
    with app.extensions["asterism"].database.reading() as db:
        position = {clip.public_id: clip.position for clip in db.scalars(select(Clip))}
    by_number = [[position[clip["id"]] for clip in clips] for clips in first]
    assert not all(places == sorted(places) for places in by_number)
    upcoming = people[0].call("GET").get_json()["upcoming"]
    names = [view["poster"].split("/")[3] for view in upcoming]
    assert len(names) == 5
    assert names == sorted(names)  # by their random names


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("numbers", {None}),
        ("file_names", {f"{SECRET}_{n}" for n in range(9)}),
        ("attributes.shown", {None, *(f"Animal {n}" for n in range(1, 9))}),
    ],
)
def test_a_study_can_set_labels(app: Flask, labels: str, expected: set[str | None]) -> None:
    person = participant(app, f'[clips]\nlabels = "{labels}"\n')
    shown = {clip["label"] for view in walk(person) if view["trial"] for clip in view["trial"]["clips"]}
    assert shown <= expected
    assert len(shown - {None}) > 4 or expected == {None}


def test_labels_are_refused_that_cannot_be(app: Flask, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r'clips.labels: must be "numbers", "file_names", or "attributes."'):
        parse_definition('title = "x"\n[clips]\nlabels = "names"\n')
    folder = tmp_path / "animals"
    (folder / "clips").mkdir(parents=True)
    (folder / "clips" / "a.mp4").write_bytes(b"a")
    (folder / "study.toml").write_text('title = "x"\n[clips]\nlabels = "attributes.shwon"\n')
    (folder / "attributes.csv").write_text("clip,shown,kind\na.mp4,Animal,x\n")
    runtime = app.extensions["asterism"]
    with (
        runtime.database.writing() as db,
        pytest.raises(Invalid, match=r"attributes\.csv has no column 'shwon'; its columns are kind, shown"),
    ):
        create_study(db, runtime.settings, read_study_folder(folder))
