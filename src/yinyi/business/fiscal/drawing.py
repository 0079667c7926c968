"""The file of an electronic receipt, drawn for a screen: what it says, and nothing else that it holds."""

import io
import math
import threading
from dataclasses import dataclass
from typing import Any

import pypdfium2
from PIL import Image

from yinyi.business.fiscal.model import MOST_PAGES

MOST_BYTES = 4 * 1024 * 1024
_SIDE = 1400
_PAGE_BYTES = 360 * 1024
"""The longest side, and what fits a message of the bus."""
_QUALITIES = (90, 75, 60, 40, 20)
_ONE_AT_A_TIME = threading.Lock()
"""PDFium is made for one thread."""


class FileRefused(Exception):
    """No PDF that can be shown: another kind of file, too large, locked, or broken."""


@dataclass(frozen=True)
class DrawnPage:
    """As JPEG; its size in pixels."""

    jpeg: bytes
    width: int
    height: int


def drawn(data: bytes) -> list[DrawnPage]:
    """The first pages, with the seals on them. Takes some fifty milliseconds of CPU each, so it is called in a thread.

    Raises:
        FileRefused: see there.
    """
    if len(data) > MOST_BYTES or not data.startswith(b"%PDF-"):
        raise FileRefused("too large" if data.startswith(b"%PDF-") else "no PDF")
    with _ONE_AT_A_TIME:
        try:
            document: Any = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            raise FileRefused(str(error)) from error
        try:
            document.init_forms()  # a seal is a field of a form
            found = [_drawn(document[nth]) for nth in range(min(len(document), MOST_PAGES))]
        except pypdfium2.PdfiumError as error:
            raise FileRefused(str(error)) from error
        finally:
            document.close()
    if not found:
        raise FileRefused("no page")
    return found


def _drawn(page: Any) -> DrawnPage:
    longest = max(page.get_size())
    if not (math.isfinite(longest) and longest > 0):
        raise FileRefused("no size")
    picture: Image.Image = page.render(scale=_SIDE / longest).to_pil().convert("RGB")
    for quality in _QUALITIES:
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=quality)
        if data.tell() <= _PAGE_BYTES:
            return DrawnPage(data.getvalue(), picture.width, picture.height)
    raise FileRefused("too much on one page")
