"""An experimenter's Markdown as HTML that is safe to show (F38), with the pictures and clips that its study keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import Any
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from app.media import sources_of

_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "hr", "img", "li", "ol", "p", "pre", "s", "source",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul", "video",
}  # fmt: skip
_SIZE = {"width", "height"}
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt"} | _SIZE,
    "source": {"src", "type"},
    "video": {"controls", "playsinline", "preload", "poster", "aria-label"} | _SIZE,
}
_renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@dataclass(frozen=True)
class Shown:
    """A picture, clip or sound as a text shows it: its addresses by kind of rendition, and its size in pixels."""

    addresses: Mapping[str, str]
    width: int
    height: int


@dataclass(frozen=True)
class ImageMark:
    """What a text says of a picture: `![alt](name)`."""

    name: str
    alt: str


NOTHING_SHOWN: Mapping[str, Shown] = {}


def to_html(markdown: str, shown: Mapping[str, Shown] = NOTHING_SHOWN) -> str:
    """HTML of a Markdown text: raw HTML is shown as text, and only harmless tags and web or mail links remain.

    `![what it shows](name)` becomes what `shown` has under that name; of any other, what it shows is read as words.
    """
    return nh3.clean(
        _renderer.render(markdown, {"shown": shown}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


def to_text(markdown: str) -> str:
    """A Markdown text without its marks, in one line, for headings and tables that hold plain text."""
    return " ".join(unescape(nh3.clean(_renderer.render(markdown), tags=set())).split())


def image_marks(markdown: str) -> Iterator[ImageMark]:
    """The pictures that a text names, in its order."""
    for token in _renderer.parse(markdown):
        for child in token.children or ():
            if child.type == "image":
                yield _mark(child)


def _mark(token: Token) -> ImageMark:
    alt = RendererHTML().renderInlineAsText(token.children or [], _renderer.options, {})
    return ImageMark(unquote(str(token.attrs["src"])), " ".join(alt.split()))


def _show(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, env: Mapping[str, Any]) -> str:
    mark = _mark(tokens[index])
    one: Shown | None = env.get("shown", NOTHING_SHOWN).get(mark.name)
    if one is None:
        return escape(mark.alt)
    size = f'width="{one.width}" height="{one.height}"'
    if "picture" in one.addresses:
        return f'<img src="{escape(one.addresses["picture"])}" alt="{escape(mark.alt)}" {size}>'
    sources = "".join(f'<source src="{escape(of["src"])}" type="{of["type"]}">' for of in sources_of(one.addresses))
    poster = escape(one.addresses["poster"])
    return (
        f'<video controls playsinline preload="metadata" poster="{poster}" aria-label="{escape(mark.alt)}" {size}>'
        f"{sources}</video>"
    )


_renderer.add_render_rule("image", _show)
