"""What `doctor` says of a bucket: each fault by its name, and nothing where all is well or no bucket is set."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.bucket.copies import look_after_bucket
from app.config import Settings
from app.db import Database
from app.doctor.bucket import bucket as look_at_bucket
from app.doctor.finding import Finding
from tests.bucket_server import SECRET, BucketServer

pytest_plugins = ["tests.bucket_fixtures"]

Spoil = Callable[[BucketServer, Settings, Database], Settings | None]


def emptied(s3: BucketServer, *_: object) -> None:
    s3.objects.pop(next(iter(s3.objects)))


def strange(s3: BucketServer, *_: object) -> None:
    s3.objects["clips/left-behind.mp4"] = next(iter(s3.objects.values()))


def behind(seconds: float) -> Spoil:
    return lambda s3, *_: setattr(s3, "ahead", seconds)


def setting(name: str, value: object) -> Spoil:
    return lambda s3, *_: setattr(s3, name, value)


def with_settings(**changes: str) -> Spoil:
    return lambda _, here, __: here.model_copy(update=changes)


SPOILT: dict[str, tuple[Spoil, str, str]] = {
    "key": (with_settings(bucket_key="GKother"), "bucket", "it does not know the key (ASTERISM_BUCKET_KEY)"),
    "secret": (with_settings(bucket_secret="0" * 64), "bucket", "the secret is wrong (ASTERISM_BUCKET_SECRET)"),
    "region": (with_settings(bucket_region="eu-north-1"), "bucket", "the region is wrong (ASTERISM_BUCKET_REGION)"),
    "clock far off": (behind(3000), "bucket", "differ by more than a quarter of an hour"),
    "clock off": (behind(-600), "bucket", "its clock is 10 minutes behind this machine's"),
    "public": (setting("public", True), "bucket's rights", "anybody can list it: make it private"),
    "cors": (setting("allow_origin", None), "bucket's rights", "it does not let pages of https://lab.example read"),
    "refuses": (setting("refuse", (503, "SlowDown")), "bucket", "it refuses with status 503, SlowDown"),
    "emptied": (emptied, "files in the bucket", "1 of 12 are not there yet"),
    "strange": (strange, "files in the bucket", "1 are of no study that is open here, such as clips/left-behind.mp4"),
    "unset": (with_settings(bucket_url=""), "bucket", "which is not set any longer: empty it, and delete"),
}


def findings(settings: Settings) -> dict[str, Finding]:
    return {one.subject: one for one in look_at_bucket(settings)}


@pytest.mark.parametrize("fault", [None, *SPOILT])
def test_doctor_finds_what_is_wrong_with_a_bucket(
    here: Settings, database: Database, s3: BucketServer, fault: str | None
) -> None:
    here = here.model_copy(update={"base_url": "https://lab.example"})
    look_after_bucket(database, here)
    if fault is None:
        said = findings(here)
        assert [one for one in said.values() if not one.ok] == []
        assert set(said) == {"bucket", "bucket's rights", "files in the bucket"}
        return
    spoil, subject, words = SPOILT[fault]
    here = spoil(s3, here, database) or here
    found = findings(here)
    assert not found[subject].ok
    assert words in found[subject].text
    assert [name for name, one in found.items() if not one.ok] == [subject]
    assert not any(SECRET in one.text or "X-Amz" in one.text for one in found.values())


def test_doctor_says_nothing_where_there_is_no_bucket(settings: Settings) -> None:
    assert findings(settings) == {}


def test_something_else_than_a_bucket_is_named(here: Settings, s3: BucketServer) -> None:
    other = here.model_copy(update={"bucket_url": s3.url + "-2"})
    assert findings(other)["bucket"].text.endswith(
        "there is no such bucket (ASTERISM_BUCKET_URL); clips come from this server's own disk"
    )


def test_a_bucket_where_nothing_listens_is_said_to_be_out_of_reach(here: Settings) -> None:
    nowhere = here.model_copy(update={"bucket_url": "http://127.0.0.1:1/clips"})
    assert "it cannot be reached" in findings(nowhere)["bucket"].text
