"""An experimenter's Markdown as HTML that is safe to show (F38)."""

from __future__ import annotations

from html import unescape

import nh3
from markdown_it import MarkdownIt

_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def to_html(markdown: str) -> str:
    """HTML of a Markdown text: raw HTML is shown as text, and only harmless tags and web or mail links remain."""
    return nh3.clean(
        _renderer.render(markdown),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


def to_text(markdown: str) -> str:
    """A Markdown text without its marks, in one line, for headings and tables that hold plain text."""
    return " ".join(unescape(nh3.clean(_renderer.render(markdown), tags=set())).split())
