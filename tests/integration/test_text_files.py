"""Pictures and clips in a study's texts: added, shown to whoever reads them, and kept wherever the study goes."""

from __future__ import annotations

import io
import os
import re
import shutil
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from app.backups.backup import make_backup
from app.clips.text_files import prepare, text_files
from app.config import Settings
from app.definition.find import find_study
from app.doctor.content import look_into
from app.domain import StudyState
from app.errors import Invalid
from app.markdown import Shown, image_marks, to_html, to_text
from app.models import Rendition
from app.studies.deletion import delete_study
from app.studies.duplication import duplicate_study
from app.studies.editing import save_settings
from app.studies.lifecycle import create_study, export_study, open_study
from app.studies.study_folder import read_study_folder
from tests import experimenter
from tests.conftest import ROOT
from tests.factories import make_study
from tests.uploading import Sender, error_of

CLIP = sorted((ROOT / "demo" / "clips").glob("*.mp4"))[0]
CONSENT = "Press ![a red square](red.png) when you see ![a spinning shape](spin.mp4)"


def png(colour: tuple[int, ...] = (255, 0, 0, 0)) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study's folder whose consent shows a picture and a clip."""
    made = tmp_path / "shown"
    (made / "clips").mkdir(parents=True)
    (made / "texts").mkdir()
    for number, clip in enumerate(sorted((ROOT / "demo" / "clips").glob("*.mp4"))[1:4]):
        shutil.copy(clip, made / "clips" / f"clip{number}.mp4")
    (made / "texts" / "red.png").write_bytes(png())
    shutil.copy(CLIP, made / "texts" / "spin.mp4")
    (made / "study.toml").write_text(f'title = "Shown"\nlanguage = "en"\n[texts]\nconsent = "{CONSENT}"\n')
    return made


def test_texts_show_pictures_and_clips_wherever_the_study_goes(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    with experimenter.open_lab(settings) as lab:
        account = experimenter.make_account(lab.database)
        database = lab.database
        read = read_study_folder(folder)
        ready = [prepare(settings, file, file.name) for file in read.text_files]
        with (
            database.writing() as db,
            pytest.raises(Invalid, match=r"texts.consent: shows red.png, which is not there"),
        ):
            create_study(db, settings, read)
        with database.writing() as db:
            create_study(db, settings, read, texts=ready, by=account)
        with database.writing() as db:
            duplicate_study(db, find_study(db, "shown"), name="copy", title="Copy", by=account)
            export_study(db, settings, "copy", tmp_path / "out")
        assert (tmp_path / "out" / "texts" / "red.png").read_bytes() == png()
        assert read_study_folder(tmp_path / "out", name="again").text_files[1].read_bytes() == CLIP.read_bytes()

        experimenter.log_in(lab.client)
        page = lab.client.get("/studies/copy/preview").text
        (picture,) = re.findall(r'<img src="([^"]+)" alt="a red square" width="40" height="30">', page)
        assert 'aria-label="a spinning shape"' in page
        mp4, _webm = re.findall(r'<source src="([^"]+)"', page)
        anybody = lab.app.test_client()
        with anybody.get(picture) as shown:
            assert shown.mimetype == "image/webp"
            content = shown.get_data()
        # Seen through what is transparent: white, on light pages and on dark ones.
        assert Image.open(io.BytesIO(content)).convert("RGB").getpixel((5, 5)) == (255, 255, 255)
        with anybody.get(mp4, headers={"Range": "bytes=0-9"}) as part:
            assert part.status_code == 206
        ticket = picture.split("/")[2]
        with database.writing() as db:
            foreign = text_files(db, find_study(db, "shown"))[0].public_id
            clip = find_study(db, "copy").clips[0]
            clip_id, shown_clip = clip.public_id, text_files(db, find_study(db, "copy"))[1].renditions["mp4"]
            db.add(Rendition(clip_id=clip.id, kind="mp4", sha256=shown_clip, bytes=1))
            db.commit()
        assert anybody.get(f"/media/{ticket}/{foreign}.picture.webp").status_code == 404
        assert anybody.get(f"/media/{ticket}/{clip_id}.mp4").status_code == 404

        make_backup(database, settings, tmp_path / "backup.zip")
        with database.reading() as db:
            kept = {sha for one in text_files(db, find_study(db, "copy")) for sha in one.renditions.values()}
        with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
            assert kept <= {Path(name).stem for name in archive.namelist()}
        long_ago = time.time() - 7200
        for file in (*settings.media_folder.iterdir(), *settings.source_folder.iterdir()):
            os.utime(file, (long_ago, long_ago))
        assert [one.text for one in look_into(settings) if not one.ok and "file" in one.subject] == []
        delete_study(database, settings, "shown", typed="shown")
        assert kept <= {file.stem for file in settings.media_folder.iterdir()}
        delete_study(database, settings, "copy", typed="copy")
        assert not kept & {file.stem for file in settings.media_folder.iterdir()}


def test_what_a_text_shows_is_sent_named_and_fixed_once_it_may_have_been_read(settings: Settings) -> None:
    with experimenter.open_lab(settings) as lab:
        account = experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        make_study(lab.database, settings, state=StudyState.DRAFT, owner_id=account.id)
        sender, toml = Sender(lab), 'title = "Shown"\nlanguage = "en"\n'
        asked = '[[questions]]\nname = "seen"\nkind = "one_of"\nask = "Seen ![](red.png)?"\nchoices = ["yes", "no"]\n'
        with (
            lab.database.writing() as db,
            pytest.raises(Invalid, match=r"questions: shows red.png, which is not there"),
        ):
            save_settings(db, "faces", toml + asked, by=account)
        assert sender.send("a/my red (1).png", png(), texts="1").status_code == 204
        assert sender.send("red.png", png(), texts="1").status_code == 204
        page = lab.client.get("/api/v1/studies/faces/texts").json
        assert [(one["name"], one["width"], one["plays"]) for one in page["files"]] == [
            ("my-red-1.png", 40, False),
            ("red.png", 40, False),
        ]
        assert "50.0 MB" in error_of(sender.begin("x.mp4", b"", size=60_000_000, sha256="0" * 64, texts="1"))[2]
        assert "not a video" in error_of(sender.send("notes.mp4", b"<html>", texts="1"))[2]
        with lab.database.writing() as db:
            after, _ = save_settings(db, "faces", toml + asked, by=account)
            assert [(one.key, one.sentence[:31]) for one in after.problems] == [
                ("questions", "red.png comes without words for")
            ]
            assert (settings.uploads_folder.is_dir(), list(settings.uploads_folder.iterdir())) == (True, [])
            open_study(db, "faces", by=account)
        refused = "may have read a text that shows red.png"
        assert refused in error_of(sender.send("red.png", png((0, 0, 255, 255)), texts="1"))[2]
        headers = sender.headers
        assert lab.client.delete("/api/v1/studies/faces/texts/my-red-1.png", headers=headers).status_code == 200
        assert refused in error_of(lab.client.delete("/api/v1/studies/faces/texts/red.png", headers=headers))[2]
        assert sender.send("blue.png", png((0, 0, 255, 255)), texts="1").status_code == 204
        # The sheet of questions shows it as well.
        visitor = lab.app.test_client()
        task = visitor.get(visitor.post("/join/faces").headers["Location"]).text
        assert re.search(r'Seen <img src="/media/[^"]+" alt="" width="40" height="30">', task)


def test_only_files_of_the_study_are_shown_and_nothing_of_a_text_is_taken_as_html() -> None:
    shown = {"a.png": Shown({"picture": "/media/x/T.picture.webp", "poster": "/p"}, 4, 3)}
    html = to_html('![<b>"](a.png) ![far](https://elsewhere.example/a.png) ![none](b.png)', shown)
    image = '<img src="/media/x/T.picture.webp" alt="&lt;b&gt;&quot;" width="4" height="3">'
    assert html == f"<p>{image} far none</p>\n"
    assert to_text("See ![a dot](a.png)") == "See a dot"
    assert [(one.name, one.alt) for one in image_marks("> ![a *b*](<c d.png>)")] == [("c d.png", "a b")]
