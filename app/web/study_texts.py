"""A study's Markdown texts as HTML, with the pictures and clips that the study keeps for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.clips.text_files import text_files
from app.markdown import Shown, to_html
from app.models import Study, TextFile
from app.web.signing import READERS, MediaFile, media_url

ToHtml = Callable[[str], str]


def html_of(db: Session, study: Study) -> ToHtml:
    """How a text of the study becomes HTML that is safe to show."""
    return partial(to_html, shown={one.name: _shown(one) for one in text_files(db, study)})


def text_file_view(one: TextFile) -> dict[str, Any]:
    """A file of the texts for the page of settings."""
    addresses = _addresses(one)
    return {
        "name": one.name,
        "bytes": one.bytes,
        "width": one.width,
        "height": one.height,
        "plays": "picture" not in addresses,
        "poster": addresses["poster"],
        "remarks": one.remarks,
    }


def _shown(one: TextFile) -> Shown:
    return Shown(_addresses(one), one.width, one.height)


def _addresses(one: TextFile) -> dict[str, str]:
    renditions = [MediaFile(kind, sha256) for kind, sha256 in one.renditions.items()]
    return {each.kind: media_url(one.study_id, READERS, one.public_id, each) for each in renditions}
