"""A receipt printer without hardware: takes real ESC/POS bytes and keeps the last papers as pictures."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from yinyi.devices.device import PrinterFault
from yinyi.devices.virtual.watched import Watched
from yinyi.wire.receipt import ReceiptUnreadable, decode_receipts
from yinyi.wire.terminal_line import Condition, DeviceKind


class Pictures:
    """Papers as ``000001.png`` … in a folder, oldest deleted."""

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder = folder
        self._keep = keep
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def numbers(self) -> list[int]:
        """Of those that are kept, newest first."""
        return sorted((int(path.stem) for path in self._folder.glob("[0-9]*.png")), reverse=True)

    def picture(self, number: int) -> bytes | None:
        path = self._path(number)
        return path.read_bytes() if path.exists() else None

    def add(self, images: Iterable[Image.Image]) -> None:
        for image in images:
            newest = next(iter(self.numbers()), 0)
            unfinished = self._path(newest + 1).with_suffix(".part")
            image.save(unfinished, "PNG")
            unfinished.replace(self._path(newest + 1))
        for number in self.numbers()[self._keep :]:
            self._path(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.png"


class PrinterWithoutHardware(Watched):
    """What virtual printers share: they can be out of paper, jammed, offline and slow."""

    def __init__(self, name: str, folder: Path, keep: int = 50) -> None:
        super().__init__(name)
        self._pictures = Pictures(folder, keep)
        self._delay_s = 0.0

    @property
    def delay_s(self) -> float:
        return self._delay_s

    def change(self, state: Condition, delay_s: float) -> None:
        """The condition from now on, and how long a paper takes."""
        self._delay_s = delay_s
        self.becomes(state)

    def papers(self) -> list[int]:
        """Numbers of the papers that are kept, newest first."""
        return self._pictures.numbers()

    def paper(self, number: int) -> bytes | None:
        """A paper as PNG."""
        return self._pictures.picture(number)

    async def ready(self) -> None:
        """Takes as long as a paper does. A fault that comes meanwhile spoils it.

        Raises:
            PrinterFault: see there.
        """
        self._check()
        await asyncio.sleep(self._delay_s)
        self._check()

    def _check(self) -> None:
        if self.state in ("paper_out", "jam", "offline"):
            raise PrinterFault(self.state)


class VirtualPrinter(PrinterWithoutHardware):
    """Of receipts."""

    kind: DeviceKind = "receipt_printer"

    async def print_receipt(self, data: bytes) -> None:
        """See ``PrintsReceipts``."""
        await self.ready()
        try:
            await asyncio.to_thread(lambda: self._pictures.add(decode_receipts(data)))
        except ReceiptUnreadable as error:
            raise PrinterFault("bad_data") from error
