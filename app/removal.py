"""Deleting what refers to a row, in every table that does, so that nothing of it is left."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Table, delete, or_, select
from sqlalchemy.orm import Session

from app.models import Base, table_of


def overwrite_deleted(db: Session) -> None:
    """From here on what this database session deletes is overwritten: SQLite would only mark it as free."""
    if db.get_bind().dialect.name == "sqlite":
        db.connection().exec_driver_sql("PRAGMA secure_delete = ON")


def remove_below(
    db: Session,
    root: type[Base],
    which: ColumnElement[bool],
    *,
    keep: Collection[str] = (),
    only: Collection[str] | None = None,
) -> None:
    """Delete every row that refers to the rows `which` of `root`, directly or through others; those rows stay.

    It follows the foreign keys of the metadata, so that a table that is new is not forgotten. Does not commit.

    Parameters
    ----------
    keep
        Names of tables that are left alone.
    only
        Names of the tables whose rows are deleted; all that refer to the rows, unless given.
    """
    top = table_of(root)
    for table in reversed(root.metadata.sorted_tables):
        is_left = table is top or table.name in keep or (only is not None and table.name not in only)
        condition = None if is_left else refers_to(table, top, which)
        if condition is not None:
            db.execute(delete(table).where(condition))


def refers_to(table: Table, root: Table, which: ColumnElement[bool]) -> ColumnElement[bool] | None:
    """Which rows of `table` refer to the rows `which` of `root`; None when the table has nothing to do with it.

    A key that becomes NULL when its row goes ties nothing to it.
    """
    conditions = []
    for key in table.foreign_keys:
        parent = key.column.table
        if key.ondelete == "SET NULL" or parent is table:
            continue
        above = which if parent is root else refers_to(parent, root, which)
        if above is not None:
            conditions.append(key.parent.in_(select(key.column).where(above)))
    return or_(*conditions) if conditions else None
