"""Receipts as bytes: what we write is what a printer draws, also by the hand of another library; garbage is refused."""

import random
from typing import Any, cast

import pytest
from escpos.printer import Dummy
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from examples import examples
from yinyi.wire.receipt import (
    BAND_ROWS,
    DOTS,
    MAX_ROWS,
    ReceiptUnreadable,
    decode_receipts,
    encode_receipt,
)

FOOT = b"\x1dVB\x18"


def noise(rows: int, seed: int = 1) -> Image.Image:
    return Image.frombytes("1", (DOTS, rows), random.Random(seed).randbytes(DOTS // 8 * rows))


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and ImageChops.difference(one.convert("L"), other.convert("L")).getbbox() is None


@given(st.integers(1, 3 * BAND_ROWS), st.integers())
@settings(max_examples=examples(30), deadline=None)
def test_an_image_comes_back(rows: int, seed: int) -> None:
    image = noise(rows, seed)
    (paper,) = decode_receipts(encode_receipt(image))
    assert same(paper, image)


def test_two_papers_in_one_stream() -> None:
    first, second = noise(10, 1), noise(300, 2)
    papers = decode_receipts(encode_receipt(first) + encode_receipt(second))
    assert [paper.height for paper in papers] == [10, 300]
    assert same(papers[1], second)


def test_the_library_escpos_draws_the_same() -> None:
    """python-escpos as an independent writer of the same commands."""
    image = noise(700)
    peer = cast(Any, Dummy())
    peer.image(image, impl="bitImageRaster", fragment_height=512)
    peer.ln(2)
    peer.cut()
    (paper,) = decode_receipts(peer.output)
    assert same(paper.crop((0, 0, DOTS, 700)), image)
    assert paper.height > 700


def test_bands_fit_small_printers() -> None:
    data = encode_receipt(noise(BAND_ROWS * 2 + 1))
    assert data.count(b"\x1dv0\x00\x48\x00") == 3
    assert data.startswith(b"\x1b@\x1dv0\x00\x48\x00\x00\x01")
    assert data.endswith(FOOT)


@pytest.mark.parametrize(
    "image",
    [Image.new("L", (DOTS, 10)), Image.new("1", (DOTS + 8, 10)), Image.new("1", (DOTS, MAX_ROWS + 1))],
    ids=["grey", "wide", "long"],
)
def test_only_receipts_are_encoded(image: Image.Image) -> None:
    with pytest.raises(ValueError, match="not a receipt"):
        encode_receipt(image)


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"\x1b",
        b"\x1d",
        b"\x1bd",
        b"\x1ba",
        b"\x1dV",
        b"\x1dVB",
        b"\x1dv0\x00\x48\x00\x02\x00" + bytes(143),
        b"\x1dv0\x00\x49\x00\x01\x00" + bytes(73),
        b"\x1dv0\x01\x48\x00\x01\x00" + bytes(72),
        b"\x1dv0\x00\x00\x00\x01\x00",
        b"\x1bd\xff" * 40,
    ],
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(ReceiptUnreadable):
        decode_receipts(data)


@given(st.binary(max_size=200), st.integers(0, 400))
@settings(max_examples=examples(100), deadline=None)
def test_damaged_receipts_end_in_papers_or_a_refusal(junk: bytes, at: int) -> None:
    data = encode_receipt(noise(4))
    damaged = data[:at] + junk + data[at:]
    try:
        papers = decode_receipts(damaged)
    except ReceiptUnreadable:
        return
    assert all(paper.width == DOTS and paper.height <= MAX_ROWS for paper in papers)
