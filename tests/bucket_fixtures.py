"""An installation with a bucket, for the tests that name this in their `pytest_plugins`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.config import Settings
from app.db import Database
from tests.bucket_server import KEY, REGION, SECRET, BucketServer, bucket_server
from tests.factories import make_study


@pytest.fixture
def s3() -> Iterator[BucketServer]:
    with bucket_server() as held:
        yield held


@pytest.fixture
def here(settings: Settings, database: Database, s3: BucketServer) -> Settings:
    """An installation with a bucket, and an open study whose six clips wait for it."""
    keys = {"bucket_key": KEY, "bucket_secret": SECRET, "bucket_region": REGION}
    made = settings.model_copy(update={"bucket_url": s3.url, **keys})
    make_study(database, made, name="one")
    return made
