"""The recruiters that the docs describe: the parameters of their links, their placeholders, what is entered there."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Recruiter:
    """A recruiter's facts.

    `parameters` are the names in the link's query, the person's id first; `query` is what the experimenter adds to the
    participants' link, with the recruiter's own placeholders ("" when the recruiter adds the parameters itself);
    `steps` are what to do with it on the recruiter's own pages; `person` matches the ids of people that nobody could
    guess (None: they are short, or of any form).
    """

    name: str
    parameters: tuple[str, ...]
    query: str
    steps: tuple[str, ...]
    person: re.Pattern[str] | None = None


PROLIFIC = Recruiter(
    "Prolific",
    ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID"),
    "PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}",
    (
        "Enter the link as the study's URL, and choose “I'll use URL parameters”.",
        "Add a completion path for each code below; the one for screened out pays a fixed amount.",
    ),
    re.compile(r"[0-9a-f]{24}"),
)
SONA = Recruiter(
    "SONA",
    ("survey_code",),
    "survey_code=%SURVEY_CODE%",
    (
        "Enter the link as the study URL; SONA fills in %SURVEY_CODE%.",
        "Copy the client-side completion URL into “Completion address”, with survey_code={survey_code} at its end: "
        "opening it gives the credit.",
    ),
)
MTURK = Recruiter(
    "MTurk",
    ("workerId", "hitId", "assignmentId"),
    "",
    (
        "Enter the link as an external question; MTurk adds who people are.",
        "Participants enter the completion code in the HIT. A preview shows the consent without a button.",
    ),
    re.compile(r"A[0-9A-Z]{11,20}"),
)
CONNECT = Recruiter(
    "CloudResearch Connect",
    ("participantId", "assignmentId", "projectId"),
    "",
    (
        "Enter the link as the project's URL; Connect adds who people are.",
        "Copy the redirect URL that Connect shows into “Completion address”.",
    ),
    re.compile(r"[0-9A-F]{32}"),
)

RECRUITERS = (PROLIFIC, SONA, MTURK, CONNECT)

UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)

# MTurk shows a task before it is accepted under this assignment; nothing is stored for a preview.
PREVIEW_ASSIGNMENT = "ASSIGNMENT_ID_NOT_AVAILABLE"


def is_guessable(person_id: str) -> bool:
    """Whether a stranger could guess this id, as on the short codes of SONA or of a lab's own list.

    Ids are taken for guessable unless they have the form of a recruiter's long random ids.
    """
    forms = [recruiter.person for recruiter in RECRUITERS if recruiter.person is not None] + [UUID]
    return not any(form.fullmatch(person_id) for form in forms)
