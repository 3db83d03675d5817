"""Still pictures as items: each form is shown as Pillow itself shows it; what cannot be shown is refused in words."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from app.video import Limits, Options, VideoError, convert
from app.video.kinds import kind_of
from app.video.pictures import PICTURE, POSTER, read_picture, render_picture
from tests.factories_video import picture

SIZE = (96, 64)
BLACK, GREY = (0, 0, 0), (128, 128, 128)


def quarters(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(picture(*SIZE)).convert(mode)


def shown(path: Path, background: tuple[int, int, int] = BLACK, **limits: int) -> NDArray[Any]:
    """What a browser gets of a file, as (height, width, 3)."""
    assert kind_of(path, Limits()) == "picture"
    made = render_picture(path, path.parent, Options(background=background), Limits(**limits))
    with Image.open(path.parent / PICTURE) as image:
        assert (image.mode, image.size) == ("RGB", (made.width, made.height))
        assert not image.info.get("icc_profile")
        assert not image.info.get("exif")
        return np.asarray(image)


def refusal(path: Path, **limits: int) -> str:
    with pytest.raises(VideoError) as caught:
        read_picture(path, Limits(**limits), BLACK)
    return str(caught.value)


def near(actual: NDArray[Any], expected: Image.Image, most: float = 0) -> None:
    difference = np.abs(actual.astype(int) - np.asarray(expected).astype(int))
    assert difference.mean() <= most


@pytest.mark.parametrize(
    ("name", "mode", "options", "most"),
    [
        ("rgb.png", "RGB", {}, 0),
        ("palette.png", "P", {}, 0),
        ("grey.png", "L", {}, 0),
        ("two.png", "1", {}, 0),
        ("interlaced.gif", "P", {"interlace": 1}, 0),
        ("a.bmp", "RGB", {}, 0),
        ("lzw.tiff", "RGB", {"compression": "tiff_lzw"}, 0),
        ("jpeg.tif", "RGB", {"compression": "jpeg"}, 3),
        ("a.jpg", "RGB", {"quality": 95}, 3),
        ("progressive.jpeg", "RGB", {"quality": 95, "progressive": True}, 3),
        ("grey.jpg", "L", {"quality": 95}, 3),
        ("print.jpg", "CMYK", {"quality": 95}, 3),
        ("print.tif", "CMYK", {}, 3),
        ("a.webp", "RGB", {"quality": 95}, 3),
        ("exact.webp", "RGB", {"lossless": True}, 3),
    ],
)
def test_every_form_is_shown_as_pillow_shows_it(
    tmp_path: Path, name: str, mode: str, options: Any, most: float
) -> None:
    quarters(mode).save(tmp_path / name, **options)
    with Image.open(tmp_path / name) as own:
        near(shown(tmp_path / name), own.convert("RGB"), most)


@pytest.mark.parametrize("name", ["photo.jpg", "photo.mp4", "no extension"])
def test_the_name_says_nothing(tmp_path: Path, name: str) -> None:
    quarters().save(tmp_path / name, "PNG")
    near(shown(tmp_path / name), quarters())


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(tmp_path: Path, form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if form in {"JPEG", "WEBP"} else {}
    quarters().save(tmp_path / "a", form, exif=exif, **options)
    with Image.open(tmp_path / "a") as own:
        upright = ImageOps.exif_transpose(own)
    assert upright.size == (SIZE if orientation < 5 else SIZE[::-1])
    near(shown(tmp_path / "a"), upright, 3)


def test_sixteen_bits_keep_their_shades(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 96).astype(np.uint16), (64, 1))
    for name in ("a.png", "a.tif"):
        Image.fromarray(ramp).save(tmp_path / name)
        assert np.abs(shown(tmp_path / name)[..., 0].astype(int) - np.round(ramp / 257)).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("background", [BLACK, GREY])
def test_what_is_transparent_shows_the_background(tmp_path: Path, mode: str, background: tuple[int, int, int]) -> None:
    image = quarters("RGBA")
    image.putalpha(Image.fromarray(np.where(np.arange(96) < 48, 0, 255).astype(np.uint8)[None].repeat(64, axis=0)))
    image.convert(mode).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as own:
        expected = Image.alpha_composite(Image.new("RGBA", SIZE, (*background, 255)), own.convert("RGBA"))
    on_background = shown(tmp_path / "a.png", background)
    near(on_background, expected.convert("RGB"))
    assert on_background[5, 5].tolist() == list(background)
    remarks = read_picture(tmp_path / "a.png", Limits(), background)[2]
    assert "transparent" in remarks[0]


def test_a_profile_is_brought_to_standard_colours(tmp_path: Path) -> None:
    # Linear light: 128 there is much brighter in sRGB.
    wide = ImageCms.createProfile("XYZ")
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for name, icc in (("xyz", ImageCms.ImageCmsProfile(wide).tobytes()), ("lab", lab), ("noise", b"no profile" * 20)):
        quarters().save(tmp_path / f"{name}.png", icc_profile=icc)
        image, _, remarks = read_picture(tmp_path / f"{name}.png", Limits(), BLACK)
        assert "colour profile cannot be used" in remarks[0]
        near(np.asarray(image), quarters())
    quarters().save(tmp_path / "own.png", icc_profile=linear_profile())
    image, _, remarks = read_picture(tmp_path / "own.png", Limits(), BLACK)
    assert remarks == []
    value = np.asarray(quarters())[5, 5].astype(float) / 255
    expected = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055) * 255
    assert np.abs(np.asarray(image)[5, 5] - expected).max() <= 2


def linear_profile() -> bytes:
    """sRGB's own profile with straight lines in place of its curves: what is stored is linear light."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    for place in range(count):
        tag, offset, _ = struct.unpack(">4sII", data[132 + 12 * place : 144 + 12 * place])
        if tag in {b"rTRC", b"gTRC", b"bTRC"}:
            # "curv" with no points is the identity.
            data[offset : offset + 12] = b"curv" + bytes(8)
        if tag == b"desc":
            data[offset : offset + 4] = b"zzzz"
    return bytes(data)


def test_sides_are_bounded_and_nothing_is_made_larger(tmp_path: Path) -> None:
    for size, expected in (((2000, 1000), (960, 480)), ((1000, 2000), (480, 960)), ((100, 50), (100, 50))):
        Image.new("RGB", size, "red").save(tmp_path / "a.png")
        assert shown(tmp_path / "a.png").shape[1::-1] == expected
        with Image.open(tmp_path / POSTER) as poster:
            assert max(poster.size) == min(480, max(size))


def test_a_picture_with_one_frame_is_a_picture_and_one_that_moves_is_none(tmp_path: Path) -> None:
    frames = [Image.new("RGB", SIZE, (60 * shade, 0, 200)) for shade in range(3)]
    for form in ("GIF", "PNG"):
        frames[0].save(tmp_path / "still", form)
        assert kind_of(tmp_path / "still", Limits()) == "picture"
        frames[0].save(tmp_path / "moving", form, save_all=True, append_images=frames[1:], duration=100)
        assert kind_of(tmp_path / "moving", Limits()) == "clip"
    frames[0].save(tmp_path / "pages.tif", save_all=True, append_images=frames[1:])
    assert read_picture(tmp_path / "pages.tif", Limits(), BLACK)[2] == ["page 1 of 3 is shown"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_f37_a_picture_that_breaks_off_is_refused(tmp_path: Path, form: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    whole = BytesIO()
    Image.fromarray(noise).save(whole, form)
    (tmp_path / "a").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    assert "damaged or incomplete" in refusal(tmp_path / "a")


def test_f37_a_bomb_is_refused_by_its_header_alone(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    bomb.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    assert kind_of(bomb, Limits()) == "picture"
    assert refusal(bomb) == "the picture has 60000 x 60000 pixels; at most 64 million are allowed"
    Image.new("RGB", (15, 400)).save(tmp_path / "thin.png")
    assert "at least 16 x 16" in refusal(tmp_path / "thin.png")
    assert "MB are allowed" in refusal(tmp_path / "thin.png", file_bytes=10)
    Image.fromarray(np.ones((64, 64), np.float32)).save(tmp_path / "numbers.tif")
    assert "32-bit numbers" in refusal(tmp_path / "numbers.tif")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<svg xmlns='x'></svg>", "SVG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypavif", "AVIF"),
    ],
)
def test_f37_pictures_of_other_kinds_are_refused_by_name(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(VideoError, match=reason):
        kind_of(tmp_path / "a", Limits())


def test_further_pictures_in_a_jpeg_are_told(tmp_path: Path) -> None:
    quarters("RGB").save(tmp_path / "a.jpg", "JPEG")
    one = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(one * 3)
    _, _, remarks = read_picture(tmp_path / "a.jpg", Limits(), BLACK)
    assert remarks == ["the file holds 3 pictures one after the other: the first one is shown"]


def test_the_child_process_makes_two_files_of_a_picture(tmp_path: Path) -> None:
    quarters("RGBA").save(tmp_path / "a.mov", "PNG")
    made = convert(tmp_path / "a.mov", tmp_path / "out")
    assert (made.kind, set(made.files), made.frames, made.has_sound) == ("picture", {"picture", "poster"}, 1, False)
    with Image.open(made.files["picture"].path) as image:
        near(np.asarray(image), quarters())
