"""Receipts as ESC/POS bytes: a black-and-white image sent as raster bands (``GS v 0``), then feed and cut.

Everything is sent as an image, so that a rare character in a name does not depend on a printer's ROM. Commands as in
Epson's "ESC/POS Command Reference": ``ESC @``, ``ESC d``, ``ESC J``, ``GS v 0``, ``GS V``; text settings are skipped.
"""

from collections.abc import Iterator
from itertools import pairwise

from PIL import Image

DOTS = 576
"""Dots across the 72 mm print width of 80 mm paper at 203.2 dpi: 8 dots are exactly 1 mm."""
DOTS_PER_MM = 8
BAND_ROWS = 256
"""Rows sent at once: within the buffer of small printers."""
MAX_ROWS = 6000
"""The longest paper, 75 cm: whatever is longer is a mistake."""

_INIT = b"\x1b@"
_RASTER = b"\x1dv0\x00"
_FEED_AND_CUT = b"\x1dVB\x18"
"""Partial cut after feeding 24 motion units, so that the cutter is past the last row."""
_INVERTED = bytes(0xFF ^ byte for byte in range(256))
"""Pillow's set bit is white, the printer's is a dot."""


class ReceiptUnreadable(Exception):
    """These bytes are not a receipt that we print."""


def encode_receipt(image: Image.Image) -> bytes:
    """The bytes that print an image (mode ``1``, black on white, ``DOTS`` wide) on one paper and cut it.

    Raises:
        ValueError: another mode or width, or higher than ``MAX_ROWS``.
    """
    if image.mode != "1" or image.width != DOTS or not 0 < image.height <= MAX_ROWS:
        raise ValueError(f"not a receipt: mode {image.mode}, {image.width} × {image.height}")
    ink = image.tobytes().translate(_INVERTED)
    row_bytes = DOTS // 8
    parts = [_INIT]
    for top, bottom in pairwise((*range(0, image.height, BAND_ROWS), image.height)):
        parts.append(_RASTER + row_bytes.to_bytes(2, "little") + (bottom - top).to_bytes(2, "little"))
        parts.append(ink[top * row_bytes : bottom * row_bytes])
    return b"".join((*parts, _FEED_AND_CUT))


def decode_receipts(data: bytes) -> list[Image.Image]:
    """What a printer would print: one image (mode ``1``, black on white) for each paper that is cut off.

    Feeds are white rows; whatever is printed after the last cut stays in the printer and is not among the papers.

    Raises:
        ReceiptUnreadable: an unknown command, cut-off data, or more than ``MAX_ROWS`` on one paper.
    """
    papers: list[Image.Image] = []
    bands: list[Image.Image] = []
    for band in _bands(data):
        if band is not None:
            bands.append(band)
            if sum(one.height for one in bands) > MAX_ROWS:
                raise ReceiptUnreadable("the paper is too long")
        elif bands:
            papers.append(_joined(bands))
            bands = []
    return papers


def _bands(data: bytes) -> Iterator[Image.Image | None]:
    """Images from top to bottom; ``None`` is a cut."""
    at = 0
    while at < len(data):
        two = data[at : at + 2]
        if two == b"\x1b@":
            at += 2
        elif two in (b"\x1ba", b"\x1bt", b"\x1b3", b"\x1bM", b"\x1b!"):
            _byte(data, at + 2)
            at += 3
        elif two == b"\x1b2":
            at += 2
        elif two in (b"\x1bd", b"\x1bJ"):
            rows = _byte(data, at + 2) * (30 if two == b"\x1bd" else 1)
            if rows:
                yield _white(rows)
            at += 3
        elif data[at] == 0x0A:
            yield _white(30)
            at += 1
        elif two == b"\x1dv":
            band, at = _raster(data, at)
            yield band
        elif two == b"\x1dV":
            feeds = _byte(data, at + 2) in (65, 66) and _byte(data, at + 3) >= 0
            at += 4 if feeds else 3
            yield None
        else:
            raise ReceiptUnreadable(f"unknown command at byte {at}")


def _raster(data: bytes, at: int) -> tuple[Image.Image, int]:
    """``GS v 0 m xL xH yL yH d…``: one band, padded with white to the paper's width, and where it ends."""
    header = data[at : at + 8]
    if len(header) < 8 or header[2:3] != b"0" or header[3] not in (0, 48):
        raise ReceiptUnreadable(f"not a raster image of single density at byte {at}")
    row_bytes = int.from_bytes(header[4:6], "little")
    rows = int.from_bytes(header[6:8], "little")
    end = at + 8 + row_bytes * rows
    if not 0 < row_bytes <= DOTS // 8 or not 0 < rows <= MAX_ROWS or end > len(data):
        raise ReceiptUnreadable(f"raster image of impossible size at byte {at}")
    band = _white(rows)
    band.paste(Image.frombytes("1", (row_bytes * 8, rows), data[at + 8 : end].translate(_INVERTED)), (0, 0))
    return band, end


def _joined(bands: list[Image.Image]) -> Image.Image:
    paper = _white(sum(band.height for band in bands))
    top = 0
    for band in bands:
        paper.paste(band, (0, top))
        top += band.height
    return paper


def _white(rows: int) -> Image.Image:
    """Pillow keeps 255 for white in mode ``1``; with 1 the image would not compare equal to one that was read."""
    return Image.new("1", (DOTS, rows), 255)


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise ReceiptUnreadable("the data ends within a command")
    return data[at]
