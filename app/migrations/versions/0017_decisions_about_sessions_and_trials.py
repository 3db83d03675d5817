"""Decisions about sessions and trials, kept for good; results with and without what was left out"""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

VERDICTS = ("exclude", "include", "dismiss")
WORK_STATES = ("idle", "waiting", "computing", "failed")
# The kind of a line of a session's log, the verdict, and the action in the audit log.
BEFORE = (("excluded", "exclude", "session left out"), ("included", "include", "session taken in again"))


def upgrade() -> None:
    """Make the table of decisions out of the sessions' logs, and empty tables of results: they are computed anew."""
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("trial_id", sa.Integer(), nullable=True),
        sa.Column(
            "verdict",
            sa.Enum(*VERDICTS, name="verdict", native_enum=False, length=16, create_constraint=True),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("rule", sa.String(length=32), nullable=True),
        sa.Column("account", sa.String(length=254), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["participant_session.id"], name=op.f("fk_decision_session_id")),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_decision_trial_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_session_id"), "decision", ["session_id"])
    op.create_index(op.f("ix_decision_trial_id"), "decision", ["trial_id"])
    _fill()
    op.drop_table("rater_result")
    op.drop_table("study_result")
    _results()


def _fill() -> None:
    """What was decided before: the logs of the sessions say what and when, the audit log in the same order who."""
    connection = op.get_bind()
    tables = sa.MetaData()
    tables.reflect(connection, only=["decision", "session_event", "participant_session", "study", "audit_log"])
    event, session, study = (tables.tables[name] for name in ("session_event", "participant_session", "study"))
    audit = tables.tables["audit_log"]
    rows = []
    for kind, verdict, action in BEFORE:
        accounts = defaultdict(list)
        noted = sa.select(audit.c.study, audit.c.account, audit.c.detail, audit.c.at).where(audit.c.action == action)
        for name, account, detail, at in connection.execute(noted.order_by(audit.c.id)):
            accounts[name, (detail or {}).get("rater")].append((at, account))
        events = (
            sa.select(event.c.id, event.c.session_id, event.c.detail, event.c.at, study.c.name, session.c.number)
            .join_from(event, session, session.c.id == event.c.session_id)
            .join(study, study.c.id == session.c.study_id)
            .where(event.c.kind == kind)
            .order_by(event.c.id)
        )
        of_session = defaultdict(list)
        for told in connection.execute(events):
            of_session[told.session_id].append(told)
        for logged in of_session.values():
            # A study of the same name that was deleted earlier has older lines.
            known = accounts[logged[0].name, f"P{logged[0].number:03d}"][-len(logged) :]
            for place, one in enumerate(logged):
                rows.append(
                    {
                        "order": one.id,
                        "session_id": one.session_id,
                        "verdict": verdict,
                        "reason": (one.detail or {}).get("reason"),
                        "account": known[place][1] if len(known) == len(logged) else None,
                        "at": one.at,
                    }
                )
    for row in sorted(rows, key=lambda row: row.pop("order")):
        connection.execute(tables.tables["decision"].insert().values(**row))


def _results() -> None:
    op.create_table(
        "rater_result",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("with_excluded", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("inputs", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["participant_session.id"], name=op.f("fk_rater_result_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "method", "with_excluded", name=op.f("pk_rater_result")),
    )
    op.create_table(
        "study_result",
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("with_simulated", sa.Boolean(), nullable=False),
        sa.Column("with_unfinished", sa.Boolean(), nullable=False),
        sa.Column("with_excluded", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("inputs", sa.String(length=64), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(*WORK_STATES, name="workstate", native_enum=False, length=16, create_constraint=True),
            nullable=False,
        ),
        sa.Column("wanted", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=True),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("raters", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_result_study_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(
            "study_id",
            "method",
            "with_simulated",
            "with_unfinished",
            "with_excluded",
            name=op.f("pk_study_result"),
        ),
    )
