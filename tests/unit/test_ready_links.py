"""Ready links against what each recruiter's public documentation says that it does with them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from app.definition.moments import in_words, moment_of
from app.definition.study_toml import Recruitment, parse_definition
from app.errors import Invalid
from app.recruiters.arrival import is_preview, read_link
from app.recruiters.completion import completion_address
from app.recruiters.endings import Ending
from app.recruiters.known import CONNECT, MTURK, PROLIFIC, RECRUITERS, SONA, Recruiter
from app.recruiters.ready import ANOTHER, endings_of, ready_links
from app.studies.rules import errors_of, warnings_of

LINK = "https://lab.example/join/faces"
PERSON = "5f0c9b2a7e1d4c3b8a6f9e01"


def opened_by(recruiter: Recruiter, link: str) -> str:
    """The address that a participant's browser opens, as the recruiter's documentation describes it.

    Prolific replaces its `{{%…%}}`, SONA `%SURVEY_CODE%`; MTurk and Connect add their parameters to the address.
    """
    if recruiter is PROLIFIC:
        known = {"PROLIFIC_PID": PERSON, "STUDY_ID": "6" * 24, "SESSION_ID": "7" * 24}
        return re.sub(r"\{\{%(\w+)%\}\}", lambda placeholder: known[placeholder[1]], link)
    if recruiter is SONA:
        return link.replace("%SURVEY_CODE%", "48213")
    added = {
        MTURK: "assignmentId=3X&hitId=3Y&workerId=A1B2C3D4E5F6G7&turkSubmitTo=https%3A%2F%2Fwww.mturk.com",
        CONNECT: "participantId=0123456789ABCDEF0123456789ABCDEF&assignmentId=a1&projectId=p1",
    }[recruiter]
    return f"{link}{'&' if '?' in link else '?'}{added}"


@pytest.mark.parametrize("recruiter", RECRUITERS, ids=lambda one: one.name)
def test_each_recruiters_link_brings_who_the_person_is(recruiter: Recruiter) -> None:
    url = "https://r.example/credit?survey_code={survey_code}" if recruiter is SONA else None
    ready = ready_links(Recruitment(parameters=list(recruiter.parameters), completion_url=url), LINK)
    mine = next(one for one in ready if one.recruiter == recruiter.name)
    assert mine.problems == ()
    assert ready[0].problems == ()
    query: dict[str, list[str]] = parse_qs(urlsplit(opened_by(recruiter, mine.link)).query)
    arrival = read_link(recruiter.parameters, query)
    assert (arrival.note, set(arrival.parameters)) == (None, set(recruiter.parameters))
    # A link into which nothing was filled brings nobody, and is noticed.
    if recruiter.query:
        assert not read_link(recruiter.parameters, parse_qs(urlsplit(mine.link).query)).has_id
    # Others need other parameters, and say which.
    for one in ready:
        if one.recruiter not in (recruiter.name, ANOTHER):
            assert "set “Parameters of the link” to " in one.problems[0]


def test_what_would_not_work_is_said_beside_the_link() -> None:
    def problems(name: str, **settings: Any) -> tuple[str, ...]:
        return next(one.problems for one in ready_links(Recruitment(**settings), LINK) if one.recruiter == name)

    assert "cannot sign" in problems("Prolific", signed=True)[0]
    assert "credit" in problems("SONA", parameters=["survey_code"])[0]
    assert "credit" in problems("SONA", parameters=["survey_code"], completion_url="https://s.example/?id=1")[0]
    good = "https://s.example/?survey_code=%SURVEY_CODE%"
    assert problems("SONA", parameters=["survey_code"], completion_url=good) == ()
    assert "would not say who" in problems(ANOTHER, parameters=[])[0]


def test_mturks_preview_is_known_by_its_documented_assignment() -> None:
    assert is_preview({"assignmentId": ["ASSIGNMENT_ID_NOT_AVAILABLE"], "hitId": ["3Y"]})


def test_all_endings_are_filled_in_and_none_goes_out_with_a_placeholder() -> None:
    settings: dict[str, Any] = {}
    for ending in Ending:
        settings |= {f"{ending}_code": ending.upper(), f"{ending}_url": "https://p.example/?c={COMPLETION_CODE}&p={ID}"}
    recruitment = Recruitment(parameters=["ID"], return_after=10, **settings)
    shown = endings_of(recruitment)
    assert [one.key for one in shown] == list(Ending)
    for one in shown:
        assert one.example.url == f"https://p.example/?c={one.key.upper()}&p=EXAMPLE-ID"
        assert one.example.seconds == 10
    person = "a&b=c {x}"
    filled = completion_address(settings["full_url"], {"ID": person}, ["ID"], "FULL")
    assert filled == f"https://p.example/?c=FULL&p={quote(person, safe='')}"


@pytest.mark.parametrize("ending", Ending)
def test_an_address_that_nothing_can_fill_is_refused_by_the_name_of_its_ending(ending: Ending) -> None:
    toml = f'title = "x"\n[recruitment]\n{ending}_url = "https://x.example/?p={{NOBODY}}&c={{COMPLETION_CODE}}"\n'
    errors = errors_of(parse_definition(toml))
    assert {one.key for one in errors} == {f"recruitment.{ending}_url"}
    assert f"{ending}_code is not set" in str(errors)


def test_a_moment_says_its_time_zone_and_was_on_the_clock() -> None:
    assert moment_of("2026-12-01 09:00 Europe/Berlin").astimezone(UTC) == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert moment_of("2026-07-01 09:00 Europe/Berlin").astimezone(UTC) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert in_words(moment_of("2026-12-01T09:00:00+01:00")) == "2026-12-01 09:00 UTC+01:00"
    assert in_words(moment_of("2026-12-01T09:00:00Z")) == "2026-12-01 09:00 UTC"
    assert in_words(moment_of("2026-12-01 09:00 Europe/Berlin")) == "2026-12-01 09:00 Europe/Berlin"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2026-12-01T09:00:00", "has no time zone"),
        ("2026-12-01", "has no time zone"),
        ('"soon"', "must be a date and time with its time zone"),
        ('"2026-13-01 09:00 Europe/Berlin"', "must be a date and time"),
        ('"2026-12-01 09:00 Europe/Atlantis"', "there is no time zone 'Europe/Atlantis'"),
        ('"2026-12-01 09:00 ../../etc/passwd"', "there is no time zone"),
        ('"2026-12-01 09:00+01:00 Europe/Berlin"', "names two time zones"),
        ('"2026-03-29 02:30 Europe/Berlin"', "clocks never show 02:30"),
        ("12", "text"),
    ],
)
def test_a_moment_that_nobody_could_tell_is_refused(value: str, words: str) -> None:
    with pytest.raises(Invalid, match=r"recruitment\.opens") as refused:
        parse_definition(f'title = "x"\n[recruitment]\nopens = {value}\n')
    assert words in refused.value.message


QUESTIONS = """
[[questions]]
name = "hand"
ask = "?"
kind = "one_of"
when = "before"
choices = ["left", "right"]
[[questions]]
name = "age"
ask = "?"
kind = "number"
when = "before"
[[questions]]
name = "mood"
ask = "?"
kind = "scale"
"""


@pytest.mark.parametrize(
    ("quotas", "words"),
    [
        ("{ hand = 3 }", None),
        ("{ hand = { left = 3, right = 0 } }", None),
        ("{ hand = { up = 3 } }", "'up' is not among the answers to hand, which are left, right"),
        ("{ hand = 0 }", "nobody could take part"),
        ("{ hand = { left = 0, right = 0 } }", "nobody could take part"),
        ("{ age = 3 }", "age is a number: name ranges of it"),
        ("{ mood = 3 }", "mood is asked too late"),
        ("{ nose = 3 }", "nose is no question"),
    ],
)
def test_a_quota_that_cannot_be_kept_to_is_an_error_of_its_key(quotas: str, words: str | None) -> None:
    errors = errors_of(parse_definition(f'title = "x"\n[recruitment]\nquotas = {quotas}\n{QUESTIONS}'))
    assert [words] == [one.sentence[: len(words)] if words else one for one in errors] or (words is None and not errors)
    assert all(one.key.startswith("recruitment.quotas.") for one in errors)


@pytest.mark.parametrize("quotas", ["{ hand = -1 }", "{ hand = true }", "{ hand = 2.5 }", "{ hand = {} }", "3"])
def test_a_quota_is_a_whole_number_or_one_for_each_answer(quotas: str) -> None:
    with pytest.raises(Invalid, match=r"recruitment\.quotas"):
        parse_definition(f'title = "x"\n[recruitment]\nquotas = {quotas}\n{QUESTIONS}')


def test_settings_that_work_but_hardly_as_meant_are_warned_of() -> None:
    def warned(recruitment: str) -> list[str]:
        return [
            one.key for one in warnings_of(parse_definition(f'title = "x"\n[recruitment]\n{recruitment}\n{QUESTIONS}'))
        ]

    assert warned('quotas = { hand = 3 }\ncompletion_code = "C"') == [
        "recruitment.quota_full_code",
        "recruitment.quotas.hand",
    ]
    assert warned("return_after = 10") == ["recruitment.return_after"]
    late = "opens = 2026-02-01T00:00:00Z\ncloses = 2026-01-01T00:00:00Z"
    (error,) = errors_of(parse_definition(f'title = "x"\n[recruitment]\n{late}\n'))
    assert (error.key, error.sentence) == ("recruitment.closes", "is not after opens, which is 2026-02-01 00:00 UTC")
