"""What a study's own rules delete, when, and what is said of it before and after."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from app.accounts.audit import entries_named
from app.cli import commands
from app.config import Settings
from app.db import Database, open_database
from app.definition.find import find_study
from app.domain import SessionState, StudyState
from app.models import Answer, ParticipantSession, Study, StudyRevision, now
from app.participation.enrolment import enter
from app.participation.retention import apply_retention, overdue_studies, planned
from app.participation.trials import start
from app.participation.withdrawal import withdraw
from tests import experimenter
from tests.factories import make_study
from tests.integration.test_privacy import everything, take_part

TOML = 'title = "A study"\n[design]\nmax_items = 4\n[stop]\nmax_trials = 1\n'
RULES = "[retention]\nrecruiter_ids_days = 60\nunfinished_days = 30\nwithdrawn_days = 7\n"
NAMES = ["finished-id", "unfinished-id", "withdrawn-id", "recent-id"]


def crowd(database: Database, settings: Settings, toml: str, *, rule_is_new: bool = False) -> datetime:
    """Four participants, the first three last seen 100 days ago; returns now. The rules are as old, unless new."""
    make_study(database, settings, toml=toml)
    take_part(database, 6, {"PROLIFIC_PID": NAMES[0]})
    for name in NAMES[1:]:
        with database.writing() as db:
            token = enter(db, "faces", {"PROLIFIC_PID": name}).token
        start(database, token)
        if name == NAMES[2]:
            with database.writing() as db:
                withdraw(db, token)
    long_ago = now() - timedelta(days=100)
    with database.writing() as db:
        db.execute(update(ParticipantSession).where(ParticipantSession.number < 4).values(last_seen_at=long_ago))
        if not rule_is_new:
            db.execute(update(Study).values(created_at=long_ago))
            db.execute(update(StudyRevision).values(at=long_ago))
        db.commit()
    return now()


def test_what_is_due_goes_and_the_rest_stays_and_the_log_says_so(both_settings: Settings) -> None:
    database = open_database(both_settings.database)
    crowd(database, both_settings, TOML + RULES)
    with database.reading() as db:
        told = [(plan.rule, plan.sessions, plan.later) for plan in planned(db, find_study(db, "faces"))]
        assert told == [("recruiter_ids_days", 3, 1), ("unfinished_days", 1, 1), ("withdrawn_days", 1, 0)]
        assert overdue_studies(db, by=timedelta(days=2)) == [("faces", 5)]
    assert apply_retention(database) == 5
    kept = everything(database)
    assert [name in kept for name in NAMES] == [False, False, False, True]
    with database.reading() as db:
        sessions = list(db.scalars(select(ParticipantSession).order_by(ParticipantSession.number)))
        assert [one.ended_by for one in sessions] == ["trials", "retention", "retention", None]
        assert [len(one.trials) for one in sessions] == [1, 0, 0, 1]
        entry = entries_named(db, "faces")[-1]
        assert (entry.who, entry.action) == ("retention rule", "deleted by rule")
        assert entry.detail == {
            "recruiter_ids_after_60_days": ["P001", "P002", "P003"],
            "unfinished_after_30_days": ["P002"],
            "withdrawn_after_7_days": ["P003"],
        }
        assert overdue_studies(db, by=timedelta(days=2)) == []
    # A second look on the same day finds nothing, and writes nothing.
    assert apply_retention(database) == 0
    with database.reading() as db:
        assert sum(entry.action == "deleted by rule" for entry in entries_named(db, "faces")) == 1
    # Who finished is known by the link until the study is closed, and then no longer.
    with database.writing() as db:
        assert enter(db, "faces", {"PROLIFIC_PID": NAMES[0]}).resumed
        db.execute(update(ParticipantSession).values(last_seen_at=now() - timedelta(days=100)))
        db.execute(update(Study).values(state=StudyState.CLOSED))
        db.commit()
    apply_retention(database)
    with database.reading() as db:
        assert set(db.scalars(select(ParticipantSession.recruiter_key))) == {None}
    database.close()


@pytest.mark.parametrize(("rules", "new"), [("", False), (RULES, True)], ids=["no rule", "a new rule"])
def test_nothing_is_deleted_without_a_rule_or_before_its_notice(settings: Settings, rules: str, new: bool) -> None:
    database = open_database(settings.database)
    at = crowd(database, settings, TOML + rules, rule_is_new=new)
    before = everything(database)
    assert apply_retention(database) == 0
    assert everything(database) == before
    with database.reading() as db:
        plans = planned(db, find_study(db, "faces"))
        assert len(plans) == (3 if new else 0)
        # Old enough for long, it goes three days after the rule was saved.
        assert all(timedelta(days=2.9) < plan.at - at < timedelta(days=3.1) for plan in plans if plan.at)
    assert apply_retention(database, at=at + timedelta(days=4)) == (5 if new else 0)
    database.close()


def test_answers_of_people_who_were_turned_away_go_and_the_count_of_them_stays(both_settings: Settings) -> None:
    database = open_database(both_settings.database)
    rule = "[retention]\nscreened_out_days = 5\n"
    crowd(database, both_settings, TOML + rule)
    away = {"P001": SessionState.SCREENED_OUT, "P003": SessionState.QUOTA_FULL}
    with database.writing() as db:
        for session in db.scalars(select(ParticipantSession).where(ParticipantSession.number < 4)):
            session.state = away.get(session.rater, SessionState.ARRANGING)
            db.add(Answer(session_id=session.id, sheet="before", question="age", value="given"))
        db.commit()
    assert apply_retention(database) == 2
    with database.reading() as db:
        sessions = list(db.scalars(select(ParticipantSession).order_by(ParticipantSession.number)))
        assert {one.rater: one.state for one in sessions if one.state in away.values()} == away
        assert [one.ended_by for one in sessions][::2] == ["retention", "retention"]
        assert [one.recruiter.get("PROLIFIC_PID") for one in sessions] == [None, NAMES[1], None, NAMES[3]]
        assert [len(one.trials) for one in sessions] == [0, 1, 0, 1]
        assert list(db.scalars(select(Answer.session_id))) == [sessions[1].id]
    # What is deleted is not deleted again.
    assert apply_retention(database) == 0
    database.close()


def test_page_and_command_say_what_will_be_deleted(lab: experimenter.Lab) -> None:
    data = ["--data", str(lab.settings.data)]
    nothing = CliRunner().invoke(commands, ["study", "retention", "faces", *data])
    assert "nothing is deleted by itself" in nothing.output
    client = lab.client
    experimenter.make_account(lab.database)
    experimenter.log_in(client)
    assert "data-retention" not in client.get("/studies/faces").text
    with lab.database.writing() as db:
        study = find_study(db, "faces")
        study.definition = study.definition | {"retention": {"withdrawn_days": 1}}
        db.commit()
    told = "All data of sessions that were withdrawn will be deleted 1 day after the session was last seen"
    assert told in CliRunner().invoke(commands, ["study", "retention", "faces", *data]).output
    assert told in client.get("/studies/faces").text
