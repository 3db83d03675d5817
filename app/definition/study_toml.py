"""study.toml: what a study is, validated with errors that name the key and the reason."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from analysis.designs import DEFAULT_DESIGN, DEFAULT_EVIDENCE, DesignName
from app.definition.consent import Consent, clause_problems
from app.definition.moments import Moment
from app.definition.networks import Models
from app.definition.questions import MAX_QUESTIONS, Question, question_problems
from app.definition.quotas import Quota
from app.definition.ratings import Ratings
from app.definition.section import Section
from app.definition.sets import Sets
from app.definition.study_toml_errors import (
    DefinitionRefused,
    Place,
    SettingProblem,
    line_of,
    place_of,
    question_depth,
    setting_problem,
)
from app.definition.toml_hints import toml_problem
from app.i18n.renamed import current_texts
from app.models import ParticipantSession, Study, StudyRevision

FILE = "study.toml"
# As JSON writes them; line ends and tabs have signs of their own. No table or figure could hold one.
CONTROLS = re.compile(r"(?<!\\)(?:\\\\)*\\(?:u00[01][0-9a-f]|u007f|b|f)")


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("must be a full http or https address")
    return value


WebAddress = Annotated[str, AfterValidator(_web_address), Field(max_length=2000)]
Code = Annotated[str, Field(min_length=1, max_length=100)]


class Texts(Section):
    """What the participant reads, in Markdown (the question: one plain line); unset texts are the page's own."""

    consent: str | None = Field(default=None, max_length=50_000)
    instructions: str | None = Field(default=None, max_length=50_000)
    thanks: str | None = Field(default=None, max_length=50_000)
    question: str | None = Field(default=None, min_length=1, max_length=300)
    screened_out: str | None = Field(default=None, max_length=50_000)
    quota_full: str | None = Field(default=None, max_length=50_000)
    # Any other text of the participant's pages: the English wording, and its replacement.
    replace: Annotated[dict[str, Annotated[str, Field(max_length=2000)]], AfterValidator(current_texts)] = Field(
        default={}, max_length=1000
    )


class Clips(Section):
    """What participants see of clips.

    `labels` is what they may know: a number, the file's name, or a column of attributes.csv. `max_side` is the longer
    side of the converted clips in pixels; smaller ones are never enlarged.
    """

    labels: Annotated[str, Field(pattern=r"^(numbers|file_names|attributes\..+)$")] = "numbers"
    max_side: int = Field(default=960, ge=160, le=1920)


class Playback(Section):
    """How clips play in the arena."""

    play: Literal["hover", "click", "always"] = "hover"
    sound: bool = False
    loop: bool = True
    watch: Literal["free", "before_placing", "before_done"] = "free"
    enlarge: bool = True


class ArenaLooks(Section):
    """How the arena looks and helps."""

    guide_lines: bool = False
    hints: bool = True
    background: Literal["auto", "grey"] = "auto"
    min_window: int | None = Field(default=None, ge=200, le=2000)


class Design(Section):
    """Which clips a trial shows."""

    method: DesignName = DEFAULT_DESIGN
    max_items: int = Field(default=20, ge=3, le=100)
    repeats: int = Field(default=0, ge=0, le=10)
    checks: int = Field(default=0, ge=0, le=10)
    practice: bool = False
    practice_pass: float | None = Field(default=None, ge=0.0, le=1.0)


class Stop(Section):
    """When a session ends: at the first of these rules that is met."""

    min_evidence: float = Field(default=DEFAULT_EVIDENCE, gt=0.0, le=100.0)
    max_minutes: float = Field(default=30.0, gt=0.0, le=24 * 60.0)
    max_trials: int = Field(default=200, ge=1, le=1000)


class QualityRules(Section):
    """When a session, or a trial, is proposed to be left out of the results; people decide. 0 switches a rule off."""

    outlier_z: float = Field(default=3.0, ge=0.0, le=100.0)
    repeats: bool = True
    failed_checks: int = Field(default=1, ge=0, le=10)
    seconds_per_item: float = Field(default=1.0, ge=0.0, le=600.0)


class Recruitment(Section):
    """When and where participants come from, and how they get back. `parameters` are the names in the link's query.

    Each way in which somebody's part can end has a code and an address of its own (`app.recruiters.endings`); with
    `return_after` the page opens the address by itself after so many seconds.

    With `devices` "mouse" somebody needs a mouse, a trackpad or a pen: what a device has decides, not its name.

    `without_id` says who is admitted without the person's id: everybody who has the plain link (but nobody whose link
    should have held an id and does not), anybody at all, or nobody.
    """

    opens: Moment | None = None
    closes: Moment | None = None
    places: int | None = Field(default=None, ge=1, le=100_000)
    quotas: dict[str, Quota] = Field(default={}, max_length=MAX_QUESTIONS)
    devices: Literal["any", "mouse"] = "any"
    visits: int = Field(default=1, ge=1, le=1000)
    parameters: list[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]] = Field(
        default=["PROLIFIC_PID", "STUDY_ID", "SESSION_ID"], max_length=10
    )
    without_id: Literal["plain_link", "anybody", "nobody"] = "plain_link"
    signed: bool = False
    return_after: int | None = Field(default=None, ge=5, le=120)
    completion_code: Code | None = None
    completion_url: WebAddress | None = None
    screened_out_code: Code | None = None
    screened_out_url: WebAddress | None = None
    quota_full_code: Code | None = None
    quota_full_url: WebAddress | None = None
    no_consent_code: Code | None = None
    no_consent_url: WebAddress | None = None
    withdrawn_code: Code | None = None
    withdrawn_url: WebAddress | None = None
    full_code: Code | None = None
    full_url: WebAddress | None = None


class Retention(Section):
    """After how many days what is deleted by itself; unset: never. Days count from when a session was last seen."""

    recruiter_ids_days: int | None = Field(default=None, ge=1, le=36_500)
    unfinished_days: int | None = Field(default=None, ge=1, le=36_500)
    withdrawn_days: int | None = Field(default=None, ge=1, le=36_500)
    screened_out_days: int | None = Field(default=None, ge=1, le=36_500)


class StudyDefinition(Section):
    """The whole of study.toml."""

    title: str = Field(min_length=1, max_length=200)
    language: Literal["auto", "en", "de", "fr", "es"] = "auto"
    seed: int = Field(default=1, ge=0, lt=2**63)
    comment: bool = True
    texts: Texts = Texts()
    consent: Consent = Consent()
    playback: Playback = Playback()
    arena: ArenaLooks = ArenaLooks()
    clips: Clips = Clips()
    sets: Sets = Sets()
    design: Design = Design()
    stop: Stop = Stop()
    quality: QualityRules = QualityRules()
    recruitment: Recruitment = Recruitment()
    retention: Retention = Retention()
    questions: list[Question] = Field(default=[], max_length=MAX_QUESTIONS)
    ratings: Ratings = Ratings()
    models: Models = Models()


def parse_definition(text: str, *, file: str = FILE) -> StudyDefinition:
    """The validated definition of a study.

    Raises
    ------
    DefinitionRefused
        When the text is not TOML, or a key is unknown, missing or has a value that cannot be used; the message names
        the file, the key and the reason.
    """
    return check_definition(read_toml(text, file=file), file=file, text=text)


def read_toml(text: str, *, file: str = FILE) -> dict[str, Any]:
    """What the text says, not validated.

    Raises
    ------
    DefinitionRefused
        When the text is not TOML, or holds a control character.
    """
    try:
        # The line end gives a mistake in the last line its line.
        raw = tomllib.loads(text + "\n")
    except tomllib.TOMLDecodeError as error:
        raise DefinitionRefused([SettingProblem(None, *toml_problem(text, error))], file) from error
    except RecursionError as error:
        reason = "lists or tables lie too deep in one another"
        raise DefinitionRefused([SettingProblem(None, None, reason)], file) from error
    if found := CONTROLS.search(json.dumps(raw, default=str)):
        sign = "a zero byte" if found[0] == "\\u0000" else "a control character"
        raise DefinitionRefused([SettingProblem(None, None, f"a text holds {sign} ({found[0]}): take it out")], file)
    return raw


def check_definition(raw: dict[str, Any], *, file: str = FILE, text: str = "") -> StudyDefinition:
    """As `parse_definition`, for a definition that is already a dict; `text` is what it was read from, for lines."""
    try:
        definition = StudyDefinition.model_validate(raw)
    except ValidationError as error:
        problems = [(place_of(problem), setting_problem(problem, StudyDefinition)) for problem in error.errors()]
        raise _refusal(problems, file, text) from error
    clauses = definition.consent.clauses
    problems = [
        *question_problems(definition.questions),
        *question_problems(definition.ratings.questions, "ratings"),
        *question_problems(clauses, "consent", list_name="clauses"),
        *clause_problems(clauses, definition.questions),
    ]
    if problems:
        raise _refusal(problems, file, text)
    return definition


def _refusal(problems: Sequence[tuple[Place, str]], file: str, text: str) -> DefinitionRefused:
    return DefinitionRefused([_told(place, sentence, line_of(text, place)) for place, sentence in problems], file)


def _told(place: Place, sentence: str, line: int | None) -> SettingProblem:
    above = question_depth(place)
    if above is not None and len(place) > above:
        # Of all in a list there is one setting; which of them it is, and what of it, is in the sentence.
        words = [
            f"{'clause' if place[0] == 'consent' else 'question'} {int(place[above]) + 1}",
            ".".join(map(str, place[above + 1 :])),
            sentence,
        ]
        key, told = ".".join(map(str, place[:above])), ": ".join(filter(None, words))
        return SettingProblem(key, line, told, at=place[above:], reason=sentence)
    return SettingProblem(".".join(map(str, place)) or "the file", line, sentence)


def definition_of(study: Study) -> StudyDefinition:
    """A study's definition. Each is validated once: what is stored under a study does not change."""
    return _stored_definition(json.dumps(study.definition))


def definition_of_session(db: Session, session: ParticipantSession, study: Study) -> StudyDefinition:
    """The definition that a session follows: its version's, with what was changed in that since without a new one."""
    if session.version == study.version:
        return definition_of(study)
    stored = db.scalar(_OF_VERSION, {"study": study.id, "version": session.version})
    # Pilots of a draft have no version to keep.
    return definition_of(study) if stored is None else _stored_definition(json.dumps(stored))


_OF_VERSION = (
    select(StudyRevision.definition)
    .where(StudyRevision.study_id == bindparam("study"), StudyRevision.version == bindparam("version"))
    .order_by(StudyRevision.number.desc())
    .limit(1)
)


@lru_cache(maxsize=256)
def _stored_definition(definition: str) -> StudyDefinition:
    return check_definition(json.loads(definition))
