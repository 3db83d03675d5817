"""Whether a file is a still picture, a sound, or neither: by what it holds, never by its name.

Runs in the child process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PIL import Image

from app.video.records import Limits, VideoError
from app.video.sounds import begins_like_a_sound, holds_only_sound

Kind = Literal["clip", "picture", "sound"]

# What Pillow is let try. Each is read by code of its own, and none can point to another file.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")
# Of these a few bytes decide. Two letters as of BMP can also begin a text.
CERTAIN = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
UNCERTAIN = (b"GIF87a", b"GIF89a", b"BM")
# Formats that can move. What moves is a clip (GIF, PNG), or is refused as such (WebP).
MOVING = ("GIF", "PNG", "WEBP")
NEW_CAMERA = (b"heic", b"heix", b"mif1", b"avif")


def kind_of(path: Path, limits: Limits) -> Kind:
    """What kind of item a file becomes. What is neither picture nor sound counts as a clip: the video's own refusals
    then say what it is.

    Raises
    ------
    VideoError
        When it is a picture of a kind that is not read.
    OSError
        When the file cannot be read at all.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if head[4:8] == b"ftyp" and head[8:12] in NEW_CAMERA:
        raise VideoError("the file is a HEIC or AVIF picture, which is not read; save it as JPEG or PNG first")
    if b"<svg" in head.lower():
        raise VideoError("the file is an SVG drawing, which is not read; save it as PNG first")
    if _is_still(path, head):
        return "picture"
    if begins_like_a_sound(head) or holds_only_sound(path, limits):
        return "sound"
    return "clip"


def _is_still(path: Path, head: bytes) -> bool:
    certain = head.startswith(CERTAIN) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")
    if not certain and not head.startswith(UNCERTAIN):
        return False
    # The limit on pixels is ours, and comes where the picture is read.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path, formats=FORMATS) as image:
            return image.format not in MOVING or getattr(image, "n_frames", 1) == 1
    except MemoryError:
        raise
    except Exception:
        # Pillow's readers raise a dozen kinds of errors; reading the picture itself will say what is wrong.
        return certain
