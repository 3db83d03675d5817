"""The ways in which somebody's part can end, each with the code and the address that the recruiter has for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.definition.study_toml import Recruitment
from app.domain import SessionState
from app.recruiters.completion import completion_address


class Ending(StrEnum):
    """How it ended; the names of its two settings begin with this."""

    COMPLETION = "completion"
    SCREENED_OUT = "screened_out"
    QUOTA_FULL = "quota_full"
    NO_CONSENT = "no_consent"
    WITHDRAWN = "withdrawn"
    FULL = "full"
    """The study was full, or not open, when somebody came."""


@dataclass(frozen=True)
class WayBack:
    """What somebody gets at the end: a code to enter, and the address that leads back.

    `incomplete`: there is an address, but the link did not bring what it needs. After `seconds` the page opens the
    address by itself.
    """

    code: str | None
    url: str | None
    incomplete: bool = False
    seconds: int | None = None


NO_WAY_BACK = WayBack(None, None)
ENDING_OF_STATE = {
    SessionState.FINISHED: Ending.COMPLETION,
    SessionState.SCREENED_OUT: Ending.SCREENED_OUT,
    SessionState.QUOTA_FULL: Ending.QUOTA_FULL,
    SessionState.WITHDRAWN: Ending.WITHDRAWN,
}


def code_and_url(recruitment: Recruitment, ending: Ending) -> tuple[str | None, str | None]:
    """The two settings of an ending, as study.toml has them."""
    return getattr(recruitment, f"{ending}_code"), getattr(recruitment, f"{ending}_url")


def way_back(recruitment: Recruitment, ending: Ending, recruiter: Mapping[str, str]) -> WayBack:
    """The way back of somebody whose link brought these parameters, filled in."""
    code, url = code_and_url(recruitment, ending)
    filled = None if url is None else completion_address(url, recruiter, recruitment.parameters, code)
    return WayBack(
        code,
        filled,
        incomplete=url is not None and filled is None,
        seconds=recruitment.return_after if filled is not None else None,
    )
