"""The little Markdown that methods texts use, as HTML: headings, lists, paragraphs, code, emphasis, web addresses."""

from __future__ import annotations

import re
from html import escape


def to_html(text: str, *, top_level: int = 1) -> str:
    """HTML of a Markdown text whose headings # become h`top_level`, ## the next, and so on down to h6."""
    blocks: list[str] = []
    paragraph: list[str] = []
    items: list[str] = []

    def close() -> None:
        """End the open paragraph and the open list, if any."""
        if paragraph:
            blocks.append(f"<p>{_inline(' '.join(paragraph))}</p>")
            paragraph.clear()
        if items:
            blocks.append("<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>")
            items.clear()

    for line in text.splitlines():
        if heading := re.match(r"(#{1,6})\s+(.*)", line):
            close()
            level = min(len(heading[1]) + top_level - 1, 6)
            blocks.append(f"<h{level}>{_inline(heading[2])}</h{level}>")
        elif item := re.match(r"[*-]\s+(.*)", line):
            if paragraph:
                close()
            items.append(item[1])
        elif not line.strip():
            close()
        elif items:
            items[-1] += " " + line.strip()
        else:
            paragraph.append(line.strip())
    close()
    return "\n".join(blocks)


def _inline(text: str) -> str:
    text = escape(text)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<!\w)\*([^*]+)\*(?!\w)", r"<em>\1</em>", text)
    return re.sub(r"(https://[\w./()-]+[\w/])", r'<a href="\1">\1</a>', text)
