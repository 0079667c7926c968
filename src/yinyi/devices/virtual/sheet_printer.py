"""A printer of A4 and A5 without hardware: takes real PDF and keeps the last sheets as pictures."""

import asyncio
from typing import Any

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
        await asyncio.to_thread(lambda: self._pictures.add(sheets_of(data)))


def sheets_of(data: bytes) -> list[Image.Image]:
    """A PDF as it comes out of the printer.

    Raises:
        PrinterFault: it is none.
    """
    import pypdfium2  # ten megabytes that a kiosk without such a printer does not need

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise PrinterFault("bad_data") from error
    pages: list[Any] = [document[number] for number in range(min(len(document), _MOST_SHEETS))]
    images: list[Image.Image] = [page.render(scale=_SCALE).to_pil().convert("L") for page in pages]
    document.close()
    return images
