"""What can be read off a printed slip: its QR code, and the big number by its shape."""

import io
from functools import cache
from itertools import pairwise

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from yinyi.business.documents.render import font_folder
from yinyi.kernel.ids import number_on_slip

MM = 8
"""Dots of a receipt printer in a millimetre."""
NUMBER_MM, TEXT_MM = 12, 4

_SHAPE = (24, 40)

Ink = NDArray[np.bool_]
"""Dots: rows of columns, true where it is black."""


class Paper:
    """One slip, 576 dots wide."""

    def __init__(self, png: bytes) -> None:
        self.image = Image.open(io.BytesIO(png)).convert("L")
        self._ink = np.asarray(self.image) < 128

    def code(self) -> str:
        """What its QR code says."""
        read = zxingcpp.read_barcodes(self.image)
        assert len(read) == 1, f"{len(read)} codes are readable on the paper"
        return read[0].text

    def payment_no(self) -> str:
        """The number in its QR code, whatever kind of slip the code says it is."""
        return number_on_slip(self.code())

    def number(self) -> int:
        """The digits that are at least 12 mm high, which only the number is."""
        digits = ""
        for top, bottom in _runs(_any(self._ink, 1)):
            if bottom - top < NUMBER_MM * MM * 0.95:
                continue
            band = self._ink[top:bottom]
            shapes = [_trimmed(band[:, left:right]) for left, right in _runs(_any(band, 0))]
            tall = [shape for shape in shapes if shape.shape[0] >= NUMBER_MM * MM * 0.95]
            if tall and all(shape.shape[0] < 3 * NUMBER_MM * MM for shape in tall):
                digits = "".join(map(_digit, tall))
                break
        assert digits, "no number stands out on the paper"
        return int(digits)


def _runs(line: Ink) -> list[tuple[int, int]]:
    """Where ink begins and ends along an axis."""
    padded = np.concatenate(([False], line, [False]))
    edges = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return [(begin, end) for begin, end in pairwise(edges) if line[begin]]


def _any(ink: Ink, axis: int) -> Ink:
    return np.asarray(ink.any(axis=axis))


def _trimmed(ink: Ink) -> Ink:
    rows = np.flatnonzero(ink.any(axis=1))
    return ink[rows[0] : rows[-1] + 1]


def _digit(ink: Ink) -> str:
    """The digit of the print font that it looks like; nothing for what is none, as 号 behind the number."""
    likeness = {digit: _alike(ink, shape) for digit, shape in _digits().items()}
    best = max(likeness, key=lambda digit: likeness[digit])
    return best if likeness[best] > 0.85 else ""


def _alike(one: Ink, other: Ink) -> float:
    """The share of dots that agree at one size; nothing alike where one is much wider."""
    width, width_other = one.shape[1] / one.shape[0], other.shape[1] / other.shape[0]
    if not 0.8 < width / width_other < 1.25:
        return 0.0
    return 1 - np.count_nonzero(_sized(one) ^ _sized(other)) / (_SHAPE[0] * _SHAPE[1])


def _sized(ink: Ink) -> Ink:
    return np.asarray(Image.fromarray(ink).resize(_SHAPE), np.bool_)


@cache
def _digits() -> dict[str, Ink]:
    font = ImageFont.truetype(next((font_folder() / "700Bold").glob("*.ttf")), 200)
    drawn: dict[str, Ink] = {}
    for digit in "0123456789":
        image = Image.new("L", (300, 400))
        ImageDraw.Draw(image).text((50, 50), digit, fill=255, font=font)
        ink = np.asarray(image) > 128
        drawn[digit] = _trimmed(ink[:, ink.any(axis=0)])
    return drawn
