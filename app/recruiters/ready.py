"""Ready links for each recruiter, and what participants get at each ending, as the page "Recruit" shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.definition.setting_texts import SETTING_TEXTS
from app.definition.study_toml import Recruitment
from app.recruiters.arrival import plain
from app.recruiters.endings import Ending, WayBack, code_and_url, way_back
from app.recruiters.known import RECRUITERS, SONA, Recruiter


@dataclass(frozen=True)
class ReadyLink:
    """A recruiter's link: what is entered there, `steps` that remain to be done there, and what stands in the way.

    `problems` name settings to change; with them the link would not bring who people are, or bring nobody in.
    """

    recruiter: str
    link: str
    steps: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class ShownEnding:
    """An ending with its two settings, and the address as it is filled in for a person called EXAMPLE."""

    name: str
    when: str
    key: str
    code: str | None
    url: str | None
    example: WayBack


def _setting(key: str) -> str:
    """The name of a setting on the page "Settings"."""
    return f"“{SETTING_TEXTS[f'recruitment.{key}'].name}”"


ANOTHER = "Another panel"
_CODE = "12345"
WHEN = {
    Ending.COMPLETION: ("Complete", "has finished, and answered what is asked at the end"),
    Ending.SCREENED_OUT: ("Screened out", "gave an answer that ends the session"),
    Ending.QUOTA_FULL: ("Quota full", "gave an answer that enough others have given"),
    Ending.NO_CONSENT: ("No consent", "does not agree on the first page"),
    Ending.WITHDRAWN: ("Withdrawn", "leaves for good"),
    Ending.FULL: ("Study full", "comes when the study is full or closed"),
}


def ready_links(recruitment: Recruitment, link: str) -> list[ReadyLink]:
    """The link for each recruiter; those that fit the study's settings come first."""
    ready = [_ready(recruiter, recruitment, link) for recruiter in RECRUITERS]
    return sorted([*ready, _another(recruitment, link)], key=lambda one: len(one.problems) > 0)


def endings_of(recruitment: Recruitment) -> list[ShownEnding]:
    """All endings, with their ways back filled in."""
    example = {name: f"EXAMPLE-{name}"[:64] for name in recruitment.parameters}
    return [
        ShownEnding(
            *WHEN[ending], ending.value, *code_and_url(recruitment, ending), way_back(recruitment, ending, example)
        )
        for ending in Ending
    ]


def _ready(recruiter: Recruiter, recruitment: Recruitment, link: str) -> ReadyLink:
    names = recruitment.parameters
    problems = []
    if not names or plain(names[0]) != plain(recruiter.parameters[0]):
        wanted = ", ".join(recruiter.parameters)
        problems.append(f"The link would not say who people are: set {_setting('parameters')} to {wanted}.")
    elif recruiter is SONA and _CODE not in (way_back(recruitment, Ending.COMPLETION, {names[0]: _CODE}).url or ""):
        problems.append(
            f"Nobody would get credit: {_setting('completion_url')} must contain survey_code={{survey_code}}."
        )
    if recruitment.signed:
        problems.append(f"{recruiter.name} cannot sign links: switch {_setting('signed')} off, or make personal links.")
    address = f"{link}?{recruiter.query}" if recruiter.query else link
    return ReadyLink(recruiter.name, address, recruiter.steps, tuple(problems))


def _another(recruitment: Recruitment, link: str) -> ReadyLink:
    names: Sequence[str] = recruitment.parameters
    query = "&".join(f"{name}=[{name}]" for name in names)
    steps = (
        "Put the panel's own placeholder, such as {{id}}, in place of each name in square brackets.",
        "Enter the codes and addresses below as the panel's redirects.",
    )
    problems = []
    if recruitment.signed:
        problems.append(f"Panels cannot sign links: switch {_setting('signed')} off, or make personal links.")
    if not names:
        problems.append(f"The link would not say who people are: {_setting('parameters')} is empty.")
    return ReadyLink(ANOTHER, f"{link}?{query}" if query else link, steps, tuple(problems))
