"""What is drawn of an electronic receipt's file, and what is not."""

import io
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from receipt_paper import receipt_pdf
from yinyi.business.fiscal.drawing import MOST_BYTES, DrawnPage, FileRefused, drawn
from yinyi.business.fiscal.model import MOST_PAGES


def opened(page: DrawnPage) -> Image.Image:
    image = Image.open(io.BytesIO(page.jpeg), formats=["JPEG"])
    assert image.size == (page.width, page.height)
    return image


def test_what_stands_on_it_can_be_read_from_its_picture() -> None:
    [page] = drawn(receipt_pdf())
    assert max(page.width, page.height) == 1400
    assert [found.text for found in zxingcpp.read_barcodes(opened(page))] == ["33060126/0012345678"]


def test_no_more_pages_than_are_shown() -> None:
    assert len(drawn(receipt_pdf(2))) == 2
    assert len(drawn(receipt_pdf(MOST_PAGES + 3))) == MOST_PAGES


def empty() -> bytes:
    document: Any = pypdfium2.PdfDocument.new()
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>The receipt is being made</html>",
        b"%PDF-1.7\n",
        receipt_pdf()[:200],
        b"%PDF-1.7\n" + bytes(MOST_BYTES),
        empty(),
    ],
    ids=["nothing", "another kind", "a head", "torn", "too large", "no page"],
)
def test_what_is_no_receipt_is_refused(data: bytes) -> None:
    with pytest.raises(FileRefused):
        drawn(data)
