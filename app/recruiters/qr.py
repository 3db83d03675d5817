"""A link as a QR code."""

from __future__ import annotations

from io import BytesIO

import segno


def qr_svg(link: str, *, title: str) -> bytes:
    """The code as an SVG of its own: dark on light, with the quiet zone that readers need, also on a dark page."""
    out = BytesIO()
    # A quarter of the code may be dirty or covered: it is printed on paper.
    segno.make(link, error="q", micro=False).save(
        out, kind="svg", scale=8, border=4, dark="#000", light="#fff", title=title, svgclass=None, lineclass=None
    )
    return out.getvalue()
