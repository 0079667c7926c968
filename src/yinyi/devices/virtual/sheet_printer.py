"""A printer of A4 and A5 without hardware: takes real PDF and keeps the last sheets as pictures."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pypdfium2
from PIL import Image

from yinyi.devices.device import PrinterFault
from yinyi.devices.virtual.printer import PrinterWithoutHardware
from yinyi.wire.terminal_line import DeviceKind

_SCALE = 150 / 72
"""150 dots an inch: small print can be read, and codes by a scanner."""
_MOST_SHEETS = 50


class VirtualSheetPrinter(PrinterWithoutHardware):
    kind: DeviceKind = "sheet_printer"

    async def print_sheets(self, data: bytes) -> None:
        """See ``PrintsSheets``."""
        await self.ready()
        try:
            await asyncio.to_thread(lambda: self._pictures.add(pages(data)))
        except pypdfium2.PdfiumError as error:
            raise PrinterFault("bad_data") from error


def pages(data: bytes) -> Iterator[Image.Image]:
    """The sheets of a PDF as they come out of the printer.

    Raises:
        PdfiumError: it is none.
    """
    document = pypdfium2.PdfDocument(data)
    try:
        for number in range(min(len(document), _MOST_SHEETS)):
            page: Any = document[number]
            yield page.render(scale=_SCALE).to_pil().convert("L")
    finally:
        document.close()
