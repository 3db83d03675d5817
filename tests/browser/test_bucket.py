"""A participant's page loads its clips from a bucket, and from the server where the bucket fails."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Request

from app.bucket.copies import look_after_bucket
from tests.browser.session_pages import Device, begin
from tests.browser.session_site import Site
from tests.bucket_server import KEY, REGION, SECRET, bucket_server

pytest_plugins = ["tests.browser.session_fixtures"]
pytestmark = pytest.mark.browser


def test_clips_are_loaded_from_the_bucket_and_from_the_server_where_it_fails(site: Site, device: Device) -> None:
    with bucket_server() as server:
        keys = {"bucket_key": KEY, "bucket_secret": SECRET, "bucket_region": REGION}
        settings = site.settings.model_copy(update={"bucket_url": server.url, **keys})
        with_bucket = Site(settings)
        server.allow_origin = with_bucket.address
        look_after_bucket(with_bucket.database, settings)
        try:
            for away in (False, True):
                server.away = away
                server.asked.clear()
                fetched: list[str] = []
                words: list[str] = []

                def note(request: Request, fetched: list[str] = fetched) -> None:
                    if request.resource_type == "fetch" and re.search(r"/media/.*\.(mp4|webm)", request.url):
                        fetched.append(urlsplit(request.url).query.partition("&")[2])

                page = device().new_page()
                page.on("request", note)
                page.on("console", lambda said, words=words: words.append(said.text))
                # People of their own: the other site of these data counts its people from one too.
                begin(page, with_bucket.link(person="bucket-away" if away else "bucket-there"))
                page.wait_for_function("() => document.querySelector('#loading').textContent === ''")
                page.wait_for_function("() => performance.getEntriesByType('resource').length > 0")
                assert "from=bucket" in fetched
                assert not any("Content Security Policy" in one for one in words), words
                if away:
                    assert fetched.count("") >= 4
                else:
                    assert set(fetched) == {"from=bucket"}
                    assert len(set(server.methods("GET"))) >= 4
                assert page.locator(".is-failed").count() == 0
        finally:
            with_bucket.stop()
