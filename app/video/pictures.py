"""A still picture becomes what a browser shows: upright, in standard colours (sRGB), opaque, of a bounded size.

Runs in the child process.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from app.video.records import Limits, Options, Probe, Rendered, VideoError, apart, colour_name

PICTURE, POSTER = "picture.webp", "clip.webp"
# The colours of a profile, and the mode in which Pillow holds them.
MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
# Formats that lose nothing are kept as they are while that takes no more than this; lossy ones, and larger files, are
# stored with a loss that is not seen.
LOSSLESS = ("PNG", "GIF", "BMP", "TIFF")
LOSSLESS_BYTES = 1_000_000
QUALITY, POSTER_QUALITY = 92, 82
SMALLEST = 16
# Where one JPEG ends and another follows, as in raw Motion JPEG.
END_AND_BEGIN = b"\xff\xd9\xff\xd8\xff"
DAMAGED = "the picture is damaged or incomplete: it cannot be decoded (was a copy broken off?)"


def render_picture(source: Path, folder: Path, options: Options, limits: Limits) -> Rendered:
    """Write PICTURE and POSTER into `folder`.

    Raises
    ------
    VideoError
        When the file is not a picture that can be used; the message says why.
    """
    image, form, remarks = read_picture(source, limits, options.background)
    given = image.size
    image.thumbnail((options.side, options.side), Image.Resampling.LANCZOS)
    _save(image, folder / PICTURE, lossless=form in LOSSLESS)
    width, height = image.size
    image.thumbnail((options.poster_side, options.poster_side), Image.Resampling.LANCZOS)
    image.save(folder / POSTER, "WEBP", quality=POSTER_QUALITY, method=4)
    name = form.lower()
    probe = Probe(name, name, *given, 0, 0.0, 0.0, 1, 0.0, variable_frame_rate=False, has_audio=False)
    return Rendered(width, height, 0.0, 1, has_sound=False, source=probe, remarks=remarks, kind="picture")


def read_picture(path: Path, limits: Limits, background: tuple[int, int, int]) -> tuple[Image.Image, str, list[str]]:
    """A picture as it is shown, in mode RGB; the name of its format; and remarks for the experimenter.

    Raises
    ------
    VideoError
        When it cannot be used; the message says why.
    """
    size = path.stat().st_size
    if size > limits.file_bytes:
        mega, most = apart(size / 1e6, limits.file_bytes / 1e6)
        raise VideoError(f"the file has {mega} MB; at most {most} MB are allowed")
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path) as image:
            # The header alone tells the size: nothing large is decoded.
            _check_size(image, limits)
            form, pages = image.format or "", getattr(image, "n_frames", 1)
            remarks = [f"page 1 of {pages} is shown"] if form == "TIFF" and pages > 1 else []
            more = path.read_bytes().count(END_AND_BEGIN) if form in {"JPEG", "MPO"} else 0
            if more:
                remarks = [f"the file holds {more + 1} pictures one after the other: the first one is shown"]
            image.load()
            upright = ImageOps.exif_transpose(image)
            shown = _opaque(_in_standard_colours(upright, remarks), background, remarks)
    except (MemoryError, VideoError):
        raise
    except Exception as error:
        # Pillow's readers raise a dozen kinds of errors where a file is damaged.
        raise VideoError(DAMAGED) from error
    # Neither where a photograph was taken nor what it was edited with is anybody's business.
    shown.info = {}
    return shown, form, remarks


def _check_size(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    if min(width, height) < SMALLEST:
        raise VideoError(f"the picture has only {width} x {height} pixels; at least {SMALLEST} x {SMALLEST} are needed")
    if width * height > limits.picture_pixels:
        raise VideoError(
            f"the picture has {width} x {height} pixels; at most {limits.picture_pixels / 1e6:.0f} million are allowed"
        )


def _in_standard_colours(image: Image.Image, remarks: list[str]) -> Image.Image:
    """The picture in sRGB: mode RGB, or RGBA where parts of it are transparent."""
    if image.mode in {"I", "F"}:
        raise VideoError("the picture's values are 32-bit numbers, of which none is white; save it with 8 or 16 bits")
    if image.mode.startswith("I;16"):
        image = _eight_bits(image)
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    icc = image.info.get("icc_profile")
    colours = None if not icc else _by_profile(image, icc, remarks)
    if colours is None:
        if image.mode == "CMYK":
            remarks.append("its colours are made for print (CMYK) and it has no profile: they are a guess")
        # By way of RGBA, which takes a palette's transparent entries with it.
        colours = image.convert("RGBA").convert("RGB") if alpha is not None else image.convert("RGB")
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def _eight_bits(image: Image.Image) -> Image.Image:
    """Of 16 bits of grey the upper 8; Pillow's own conversion cuts off all that is brighter than 255."""
    values = np.asarray(image)
    grey = Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))
    grey.info = {key: value for key, value in image.info.items() if key != "transparency"}
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return grey


def _by_profile(image: Image.Image, icc: bytes, remarks: list[str]) -> Image.Image | None:
    """The colours (mode RGB) that the picture's own profile gives; None where there is nothing to convert."""
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc))
        if ImageCms.getProfileDescription(profile).startswith("sRGB"):
            return None
        mode = MODE_OF_SPACE.get(profile.profile.xcolor_space.strip())
        if mode is None or (mode == "CMYK") != (image.mode == "CMYK") or (mode == "L" and not _is_grey(image)):
            raise ImageCms.PyCMSError("a profile of other colours")
        given = image.convert("RGBA").convert(mode) if image.has_transparency_data else image.convert(mode)
        converted = ImageCms.profileToProfile(given, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        remarks.append("its colour profile cannot be used: its colours are taken for sRGB")
        return None
    return converted


def _is_grey(image: Image.Image) -> bool:
    return image.mode in {"1", "L", "LA", "La"}


def _opaque(image: Image.Image, background: tuple[int, int, int], remarks: list[str]) -> Image.Image:
    """The picture over the study's background, as transparent clips are shown."""
    if image.mode != "RGBA":
        return image
    if image.getchannel("A").getextrema() != (255, 255):
        remarks.append(f"where it is transparent, {colour_name(background)} is shown")
    ground = Image.new("RGBA", image.size, (*background, 255))
    ground.alpha_composite(image)
    return ground.convert("RGB")


def _save(image: Image.Image, path: Path, *, lossless: bool) -> None:
    if lossless:
        image.save(path, "WEBP", lossless=True, method=4)
        if path.stat().st_size <= LOSSLESS_BYTES:
            return
    image.save(path, "WEBP", quality=QUALITY, method=4)
