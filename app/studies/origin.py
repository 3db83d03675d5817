"""Where the data of a study came from that were brought in, and what such a study cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.errors import NotAllowed
from app.models import Study


def check_collected_here(study: Study, what: str) -> None:
    """Return if participants took part in the study here.

    Raises
    ------
    NotAllowed
        When its data were brought in; `what` is what cannot be done, as "be opened".
    """
    if study.origin is not None:
        raise NotAllowed(
            f"The data of the study {study.name} were brought in, without its clips' files: it cannot {what}."
        )


def origin_sentences(study: Study) -> list[str]:
    """What has to be known of where the data came from, in sentences; none where they were collected here."""
    return list(study.origin["sentences"]) if study.origin is not None else []


def times_known(study: Study) -> bool:
    """Whether times say more than the order of the trials."""
    return study.origin is None or bool(study.origin["times_known"])


def has_placements(study: Study) -> bool:
    """Whether raters' placements are known; otherwise their RDMs came with the data."""
    return study.origin is None or bool(study.origin["has_placements"])


def not_known(study: Study, table: str) -> frozenset[str]:
    """The columns of a table of the bundle that came empty; what the database holds there is made up."""
    told: Mapping[str, Any] = {} if study.origin is None else study.origin["not_known"]
    return frozenset(told.get(table, ()))
