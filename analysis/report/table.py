"""Tables of the report's page, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its text, whether it is a text rather than a number, whether it asks for attention."""

    text: str
    is_text: bool = False
    flagged: bool = False


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """An HTML table; every text is escaped."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(cell: Cell) -> str:
    classes = " ".join(name for name, on in (("text", cell.is_text), ("flagged", cell.flagged)) if on)
    return f'<td class="{classes}">{escape(cell.text)}</td>' if classes else f"<td>{escape(cell.text)}</td>"


def remarked(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose last column holds remarks, without that column when there are none."""
    shown = len(header) if any(row[-1] for row in rows) else len(header) - 1
    cells = [[Cell(text, is_text=place == len(header) - 1) for place, text in enumerate(row[:shown])] for row in rows]
    return table(caption, header[:shown], cells)
