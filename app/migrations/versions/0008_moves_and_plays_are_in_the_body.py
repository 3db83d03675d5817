"""Moves and plays are read from the body of their trial, which has always held them"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.errors import ConfigurationError

revision = "0008"
down_revision = "0007"

MOVES = """
SELECT move.move_order, clip.public_id, move.t_ms, move.x, move.y, move.how
FROM move JOIN clip ON clip.id = move.clip_id WHERE move.trial_id = :trial ORDER BY move.move_order
"""
PLAYS = """
SELECT play.play_order, clip.public_id, play.t_ms, play.played_ms, play.how, play.ended
FROM play JOIN clip ON clip.id = play.clip_id WHERE play.trial_id = :trial ORDER BY play.play_order
"""


def upgrade() -> None:
    """Drop the tables, after each trial's rows were found in its body."""
    connection = op.get_bind()
    for trial in connection.scalars(sa.text("SELECT trial_id FROM submission ORDER BY trial_id")).all():
        raw = connection.scalar(sa.text("SELECT body FROM submission WHERE trial_id = :trial"), {"trial": trial})
        body = json.loads(bytes(raw))
        moves = _numbered(body["moves"], body.get("moves_gap"), ("clip", "t", "x", "y", "how"))
        plays = _numbered(body["plays"], body.get("plays_gap"), ("clip", "t", "ms", "how", "ended"))
        for name, query, sent in (("move", MOVES, moves), ("play", PLAYS, plays)):
            stored = [tuple(row) for row in connection.execute(sa.text(query), {"trial": trial})]
            if stored != sent:
                raise ConfigurationError(
                    f"the database was not brought to this version: what table {name} holds of trial {trial} is not "
                    "what the page had sent. Nothing was changed. Please report this, and go on with the version before"
                )
    op.drop_table("move")
    op.drop_table("play")


def _numbered(entries: list[dict[str, Any]], gap: dict[str, int] | None, columns: tuple[str, ...]) -> list[Any]:
    after, left_out = (gap["after"], gap["left_out"]) if gap else (len(entries), 0)
    return [
        (place + left_out if place >= after else place, *(entry[column] for column in columns))
        for place, entry in enumerate(entries)
    ]
