"""What of a hospital's picture files is believed, and what is made of it."""

import io
from typing import Any

import pytest
from PIL import Image

from yinyi.business.reports.model import OfferedPicture
from yinyi.business.reports.pictures import MOST_BYTES, PictureRefused, for_paper, rendered

OFFERED = OfferedPicture(nth=3, caption="  横断面\n第12层 ", caption_en="x" * 200, byte_count=0)


def file(image: Image.Image, kind: str, **more: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **more)
    return data.getvalue()


def noise(width: int, height: int) -> Image.Image:
    return Image.effect_noise((width, height), 90)


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (Image.new("RGB", (60, 40), "red"), "JPEG"),
        (Image.new("CMYK", (60, 40)), "JPEG"),
        (Image.new("L", (60, 40), 7), "PNG"),
        (Image.new("1", (60, 40), 1), "PNG"),
        (Image.new("P", (60, 40), 3), "PNG"),
        (Image.new("LA", (60, 40), (0, 0)), "PNG"),
        (Image.new("RGBA", (60, 40), (0, 0, 0, 0)), "PNG"),
        (Image.new("I;16", (60, 40), 40_000), "PNG"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.mode,
)
def test_every_picture_becomes_a_jpeg_of_its_own(image: Image.Image, kind: str) -> None:
    made = rendered(OFFERED, data := file(image, kind))
    assert (made.picture.width, made.picture.height, made.original) == (60, 40, data)
    for each in (made.shown, made.small, for_paper(made.shown)):
        with Image.open(io.BytesIO(each)) as seen:
            assert (seen.format, seen.size) == ("JPEG", (60, 40))
            assert seen.mode in ("L", "RGB")


def test_what_is_transparent_is_white_and_sixteen_bits_are_not_black() -> None:
    for image, level in ((Image.new("RGBA", (60, 40), (0, 0, 0, 0)), 255), (Image.new("I;16", (60, 40), 40_000), 156)):
        with Image.open(io.BytesIO(rendered(OFFERED, file(image, "PNG")).shown)) as seen:
            point = seen.convert("L").getpixel((30, 20))
        assert isinstance(point, int | float)
        assert abs(point - level) <= 2


def test_captions_are_one_short_line() -> None:
    made = rendered(OFFERED, file(Image.new("L", (9, 9)), "PNG")).picture
    assert (made.nth, made.caption, len(made.caption_en)) == (3, "横断面 第12层", 60)


def test_nothing_but_the_picture_goes_on() -> None:
    """Names and places in a file's tags, and whatever else hangs on it, stay in the record."""
    tags = Image.Exif()
    tags[0x013B] = "Dr Somebody"
    tags[0x0112] = 6  # to be turned
    data = file(Image.new("RGB", (60, 40), "blue"), "JPEG", exif=tags, comment=b"<script>") + b"<?php ?>"
    made = rendered(OFFERED, data)
    assert (made.picture.width, made.picture.height) == (40, 60)
    for each in (made.shown, made.small):
        assert not any(word in each for word in (b"Somebody", b"script", b"php", b"Exif"))


def test_files_fit_what_they_are_for_whatever_they_show() -> None:
    made = rendered(OFFERED, file(noise(2400, 1700), "JPEG", quality=60))
    assert max(made.picture.width, made.picture.height) <= 1400
    assert len(made.shown) <= 360 * 1024
    assert len(made.small) <= 40 * 1024
    assert len(for_paper(made.shown)) <= 64 * 1024


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        file(Image.new("P", (9, 9)), "GIF"),
        file(Image.new("RGB", (9, 9)), "BMP"),
        file(noise(90, 90), "JPEG")[:300],
        file(noise(90, 90), "PNG")[:300],
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        b"\xff\xd8\xff" + b"\x00" * 100,
        file(Image.new("1", (6000, 6000)), "PNG"),
        file(noise(90, 90), "JPEG") + b"\x00" * MOST_BYTES,
    ],
    ids=["nothing", "svg", "pdf", "gif", "bmp", "cut jpeg", "cut png", "no png", "no jpeg", "pixels", "bytes"],
)
def test_what_is_no_picture_for_a_screen_is_refused(data: bytes) -> None:
    with pytest.raises(PictureRefused):
        rendered(OFFERED, data)
