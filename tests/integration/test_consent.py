"""The consent page: what somebody agrees to is what the page showed, whatever changed in between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import Settings
from app.definition.study_toml import parse_definition
from app.definition.study_toml_errors import DefinitionRefused
from app.domain import SessionState
from app.models import Answer, ParticipantSession, Study
from app.participation.enrolment import enter
from app.participation.pilots import pilot_ticket
from app.recruiters.signing import link_key, personal_link
from app.results.chosen import ExportOptions
from app.results.export_tables import answer_rows
from app.studies.editing import current_text, save_settings
from app.studies.lifecycle import close_study
from app.studies.text import with_settings
from tests import experimenter
from tests.factories import make_study

TOML = 'title = "A study"\nseed = 7\n[texts]\nconsent = "We store what you do."\n[design]\nmax_items = 5\n'
CHANGED = "This study was changed after you opened this page."


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    """An open study with a consent text of its own."""
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        make_study(lab.database, settings, toml=TOML, owner_id=1)
        yield lab


CLAUSES = [
    {"name": "storage", "ask": {"en": "Store **it**.", "de": "Speichern Sie es."}},
    {"name": "sharing", "ask": "Share it.", "required": False},
]


def save(lab: experimenter.Lab, **changes: Any) -> None:
    """Save some settings, as a new version where they make one; `stop__max_trials` is stop.max_trials."""
    with lab.database.writing() as db:
        text = current_text(db.scalars(select(Study)).one())
        changed = with_settings(text, {key.replace("__", "."): value for key, value in changes.items()})
        save_settings(db, "faces", changed, may_make_version=True)


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


def sessions(lab: experimenter.Lab) -> list[ParticipantSession]:
    with lab.database.reading() as db:
        return list(db.scalars(select(ParticipantSession).order_by(ParticipantSession.number)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"stop__max_minutes": 45.0}, "at most 45 minutes"),
        ({"texts__consent": "We store what you do, and sell it."}, "and sell it."),
        ({"title": "Another study"}, "Another study"),
        ({"texts__replace": {"I agree": "I want to"}}, "I want to"),
    ],
    ids=["a new version", "the consent", "the title", "a wording"],
)
def test_whoever_read_an_older_page_reads_the_present_one_before_a_session_begins(
    lab: experimenter.Lab, change: dict[str, Any], says: str
) -> None:
    form = form_of(lab.client.get("/join/faces?PROLIFIC_PID=abc&SESSION_ID=1").text)
    save(lab, **change)
    again = lab.client.post("/join/faces?PROLIFIC_PID=abc&SESSION_ID=1", data=form)
    assert again.status_code == 409
    assert (CHANGED in again.text, says in again.text) == (True, True)
    assert sessions(lab) == []
    assert lab.client.post("/join/faces?PROLIFIC_PID=abc&SESSION_ID=1", data=form_of(again.text)).status_code == 303
    (session,) = sessions(lab)
    with lab.database.reading() as db:
        assert session.version == db.scalar(select(func.max(Study.version)))
    assert session.recruiter == {"PROLIFIC_PID": "abc", "SESSION_ID": "1"}


def test_what_changes_nothing_that_was_read_asks_nobody_again(lab: experimenter.Lab) -> None:
    form = form_of(lab.client.get("/join/faces").text)
    save(lab, recruitment__places=30, texts__thanks="Bye.")
    assert lab.client.post("/join/faces", data=form).status_code == 303


def test_a_page_without_the_mark_of_what_it_showed_counts_only_while_nothing_was_ever_changed(
    lab: experimenter.Lab,
) -> None:
    # A page that an earlier release showed, or a script that never read one.
    assert lab.client.post("/join/faces").status_code == 303
    save(lab, stop__max_trials=3)
    again = lab.client.post("/join/faces")
    assert (again.status_code, len(sessions(lab))) == (409, 1)
    assert lab.client.post("/join/faces", data=form_of(again.text)).status_code == 303


def test_a_session_that_goes_on_keeps_the_version_and_the_consent_that_it_began_with(lab: experimenter.Lab) -> None:
    link = "/join/faces?PROLIFIC_PID=abc"
    page = lab.client.get(link)
    assert lab.client.post(link, data=form_of(page.text)).status_code == 303
    save(lab, stop__max_trials=3, texts__consent="Another text.")
    reopened = lab.client.get(link).text
    assert ("We store what you do." in reopened, "Another text." in reopened) == (True, False)
    # The page from before and the page from now lead to the same session, which is asked nothing again.
    for form in (form_of(page.text), form_of(reopened)):
        assert lab.client.post(link, data=form).status_code == 303
    assert [one.version for one in sessions(lab)] == [1]
    assert "Another text." in lab.client.get("/join/faces?PROLIFIC_PID=other").text


def test_another_visit_begins_with_the_present_text(lab: experimenter.Lab) -> None:
    save(lab, recruitment__visits=2)
    with lab.database.writing() as db:
        _finish_a_visit(db)
    link = "/join/faces?PROLIFIC_PID=abc"
    form = form_of(lab.client.get(link).text)
    save(lab, texts__consent="Another text.")
    again = lab.client.post(link, data={**form, "again": "1"})
    assert (again.status_code, CHANGED in again.text, "take part again" in again.text) == (409, True, True)
    # Back to the end of the session that is finished: nothing begins, so nothing is asked.
    assert lab.client.post(link, data=form).status_code == 303
    assert lab.client.post(link, data={**form_of(again.text), "again": "1"}).status_code == 303
    assert [one.visit for one in sessions(lab)] == [1, 2]


def _finish_a_visit(db: Session) -> None:
    enter(db, "faces", {"PROLIFIC_PID": "abc"})
    db.scalars(select(ParticipantSession)).one().state = SessionState.FINISHED
    db.commit()


def test_a_signed_link_is_signed_on_the_page_that_is_shown_again(lab: experimenter.Lab, settings: Settings) -> None:
    save(lab, recruitment__signed=True)
    key = link_key(settings.secret_key, "faces")
    link = personal_link("/join/faces", "PROLIFIC_PID", "ada", key=key, study_name="faces")
    form = form_of(lab.client.get(link).text)
    save(lab, stop__max_trials=3)
    again = lab.client.post("/join/faces", data=form)
    assert (again.status_code, form_of(again.text)["sig"]) == (409, form["sig"])
    assert lab.client.post("/join/faces", data=form_of(again.text)).status_code == 303


def test_the_page_is_shown_again_in_the_language_in_which_it_was_read(lab: experimenter.Lab) -> None:
    form = form_of(lab.client.get("/join/faces?lang=de").text)
    save(lab, stop__max_trials=3)
    again = lab.client.post("/join/faces", data=form, headers={"Accept-Language": "fr"})
    assert (again.status_code, 'lang="de"' in again.text, "geändert" in again.text) == (409, True, True)
    # The mark is of the language, too: nobody begins in one that was not read.
    switched = lab.client.post("/join/faces", data={**form_of(again.text), "lang": "es"})
    assert (switched.status_code, 'lang="es"' in switched.text) == (409, True)
    assert lab.client.post("/join/faces", data=form_of(again.text)).status_code == 303
    assert [one.language for one in sessions(lab)] == ["de"]


@pytest.mark.parametrize("full", [False, True], ids=["closed", "full"])
def test_whoever_cannot_take_part_any_more_is_told_so_and_not_asked_again(lab: experimenter.Lab, full: bool) -> None:
    form = form_of(lab.client.get("/join/faces?PROLIFIC_PID=late").text)
    save(lab, stop__max_trials=3, **({"recruitment__places": 1} if full else {}))
    if full:
        assert _join(lab.client, "first") == 303
    else:
        with lab.database.writing() as db:
            close_study(db, "faces")
    answer = lab.client.post("/join/faces?PROLIFIC_PID=late", data=form)
    assert (answer.status_code, CHANGED in answer.text) == (403, False)
    assert ("full" if full else "not taking") in answer.text
    assert len(sessions(lab)) == int(full)


def _join(client: FlaskClient, person: str) -> int:
    link = f"/join/faces?PROLIFIC_PID={person}"
    return client.post(link, data=form_of(client.get(link).text)).status_code


def test_a_pilot_reads_the_present_text_too(lab: experimenter.Lab, settings: Settings) -> None:
    with lab.database.reading() as db:
        link = f"/try/faces/{pilot_ticket(settings.secret_key, db.scalars(select(Study)).one())}"
    form = form_of(lab.client.get(link).text)
    save(lab, texts__consent="Another text.")
    again = lab.client.post(link, data=form)
    assert (again.status_code, CHANGED in again.text, "Another text." in again.text) == (409, True, True)
    assert lab.client.post(link, data=form_of(again.text)).status_code == 303


def ticked(lab: experimenter.Lab) -> list[tuple[str, str, Any]]:
    with lab.database.reading() as db:
        query = select(Answer.question, Answer.sheet, Answer.value).order_by(Answer.session_id, Answer.question)
        return [tuple(row) for row in db.execute(query)]


def test_without_a_required_clause_no_session_begins_and_what_was_ticked_is_kept(lab: experimenter.Lab) -> None:
    save(lab, consent__clauses=CLAUSES)
    link = "/join/faces?PROLIFIC_PID=abc&lang=de"
    page = lab.client.get(link).text
    assert ("Speichern Sie es." in page, "Bitte kreuzen Sie an" in page) == (True, True)
    again = lab.client.post(link, data=form_of(page) | {"clause": ["sharing"]})
    assert again.status_code == 400
    (storage, sharing) = re.findall(r'(<input type="checkbox".*?)</div>', again.text, re.DOTALL)
    assert ('aria-invalid="true"' in storage, "hidden>Sie können nur" in storage) == (True, False)
    assert ("checked" in sharing, "hidden>Sie können nur" in sharing) == (True, True)
    assert (sessions(lab), ticked(lab)) == ([], [])

    done = lab.client.post(link, data=form_of(again.text) | {"clause": ["storage", "unknown"]})
    assert done.status_code == 303
    kept = [("sharing", "consent", False), ("storage", "consent", True)]
    assert ticked(lab) == kept
    # Who comes back has ticked already; later words are for later sessions.
    assert "kreuzen Sie an" not in lab.client.get(link).text
    save(lab, consent__clauses=[{"name": "storage", "ask": "Sell it."}])
    assert lab.client.post(link, data=form_of(lab.client.get(link).text)).status_code == 303
    assert ticked(lab) == kept
    experimenter.log_in(lab.client)
    shown = lab.client.get(f"/studies/faces/sessions/{sessions(lab)[0].public_id}").text
    assert re.findall(r"<dt[^>]*>(.*?)\s*</dt>\s*<dd[^>]*>(.*?)</dd>", shown, re.DOTALL)[-2:] == [
        ("<p>Speichern Sie es.</p>", "ticked"),
        ("<p>Share it.</p>", "not ticked"),
    ]
    with lab.database.reading() as db:
        options = ExportOptions(with_simulated=True, with_unfinished=True)
        rows = list(answer_rows(db, db.scalars(select(Study)).one(), options))
    assert [(row["question"], row["asked"], row["kind"], row["value"]) for row in rows] == [
        ("storage", "consent", "consent", "true"),
        ("sharing", "consent", "consent", "false"),
    ]


def test_whoever_declines_tries_or_previews_need_tick_nothing_they_do_not_begin(lab: experimenter.Lab) -> None:
    save(lab, consent__clauses=CLAUSES, recruitment__no_consent_code="NO")
    link = "/join/faces?PROLIFIC_PID=abc"
    form = form_of(lab.client.get(link).text)
    assert "You do not take part" in lab.client.post(link, data=form | {"declined": "1"}).text
    experimenter.log_in(lab.client)
    assert lab.client.get("/studies/faces/preview").text.count("disabled>") == 2
    with lab.database.reading() as db:
        ticket = pilot_ticket(lab.settings.secret_key, db.scalars(select(Study)).one())
    refused = lab.client.post(f"/try/faces/{ticket}", data=form_of(lab.client.get(f"/try/faces/{ticket}").text))
    assert (refused.status_code, 'aria-invalid="true"' in refused.text) == (400, True)
    tried = lab.client.post(f"/try/faces/{ticket}", data=form_of(refused.text) | {"clause": "storage"})
    assert (tried.status_code, sessions(lab)[0].is_pilot) == (303, True)
    assert ticked(lab) == [("sharing", "consent", False), ("storage", "consent", True)]


def test_a_clause_that_shares_its_name_with_a_question_is_refused() -> None:
    text = 'title = "x"\n[[questions]]\nname = "age"\nask = "?"\nkind = "text"\n'
    clause = '[[consent.clauses]]\nname = "Age"\nask = "."\n'
    with pytest.raises(
        DefinitionRefused, match=r"line 7: consent.clauses: clause 1: name: question 1 has this name, too"
    ):
        parse_definition(text + clause)
    with pytest.raises(
        DefinitionRefused, match=r"line 9: consent.clauses: clause 1: requird: no such key; did you mean req"
    ):
        parse_definition(text + clause.replace("Age", "a") + "requird = true\n")
    with pytest.raises(DefinitionRefused, match=r"clause 2: name: clause 1 is called a, too"):
        parse_definition('title = "x"\n' + 2 * clause.replace("Age", "a"))
