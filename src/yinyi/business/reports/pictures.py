"""Pictures of examinations: what of a hospital's file is believed, and what is made of it for screens and for paper.

Nothing of a hospital's file goes to a screen as it came: it is read once, and drawn anew without whatever else it
holds. The file itself is kept as the record.
"""

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from yinyi.business.reports.model import OfferedPicture, Picture

MOST = 12
"""So many of one report are kept."""
MOST_BYTES = 4 * 1024 * 1024
MOST_PIXELS = 24_000_000
CAPTION = 60
_FORMATS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
"""Told by how a file begins, never by what it is called."""
_SHOWN, _SHOWN_BYTES = 1400, 360 * 1024
_SMALL, _SMALL_BYTES = 320, 40 * 1024
_ON_PAPER, _ON_PAPER_BYTES = 1000, 64 * 1024
"""The longest side, and what fits a message of the bus or a sheet with several of them."""
_QUALITIES = (85, 70, 50, 30)


class PictureRefused(Exception):
    """No picture that can be shown: another kind of file, too large, or broken."""


@dataclass(frozen=True)
class Rendered:
    """A picture with its three files."""

    picture: Picture
    original: bytes
    shown: bytes
    small: bytes


def rendered(offered: OfferedPicture, data: bytes) -> Rendered:
    """Takes some ten milliseconds of CPU a megapixel, so it is called in a thread.

    Raises:
        PictureRefused: see there.
    """
    image = _read(data)
    large = _within(image, _SHOWN)
    picture = Picture(
        nth=offered.nth,
        caption=_caption(offered.caption),
        caption_en=_caption(offered.caption_en),
        width=large.width,
        height=large.height,
    )
    return Rendered(picture, data, _file(large, _SHOWN_BYTES), _file(_within(large, _SMALL), _SMALL_BYTES))


def for_paper(shown: bytes) -> bytes:
    """Of what we keep: smaller, as a sheet has it."""
    return _file(_within(_read(shown), _ON_PAPER), _ON_PAPER_BYTES)


def _read(data: bytes) -> Image.Image:
    kind = next((name for start, name in _FORMATS.items() if data.startswith(start)), None)
    if kind is None or len(data) > MOST_BYTES:
        raise PictureRefused("too large" if kind else "no JPEG and no PNG")
    try:
        image = Image.open(io.BytesIO(data), formats=[kind])
        if image.width * image.height > MOST_PIXELS:
            raise PictureRefused("too many pixels")
        image.load()
        plain = _plain(ImageOps.exif_transpose(image))
        return Image.frombytes(plain.mode, plain.size, plain.tobytes())
    except PictureRefused:
        raise
    except Exception as error:  # whatever a broken file does to its reader
        raise PictureRefused(type(error).__name__) from error


def _plain(image: Image.Image) -> Image.Image:
    """Grey or in colours, on white where it is transparent."""
    if image.mode.startswith("I"):  # sixteen bits a pixel, the higher byte second
        return Image.frombytes("L", image.size, image.convert("I;16").tobytes()[1::2])
    if image.mode in ("L", "1"):
        return image.convert("L")
    if "A" in image.mode or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def _within(image: Image.Image, side: int) -> Image.Image:
    """No side is longer than that."""
    smaller = image.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS)
    return smaller


def _file(image: Image.Image, most_bytes: int) -> bytes:
    """As JPEG, as good as fits; what does not fit even then gets smaller."""
    for quality in _QUALITIES:
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality)
        if data.tell() <= most_bytes:
            return data.getvalue()
    return _file(_within(image, max(image.size) * 2 // 3), most_bytes)


def _caption(text: str) -> str:
    return " ".join(text.split())[:CAPTION]
