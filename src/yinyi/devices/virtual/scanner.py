"""A bar code scanner without hardware: the control holds a text against it."""

import asyncio

from yinyi.devices.device import Changed, Report, TextRead
from yinyi.wire.terminal_line import DeviceKind


class VirtualScanner:
    """Reads what ``scan`` is given."""

    kind: DeviceKind = "scanner"

    def __init__(self, name: str) -> None:
        self.name = name
        self._texts: asyncio.Queue[str] = asyncio.Queue()

    def condition(self) -> Changed:
        return Changed("ok")

    async def run(self, report: Report) -> None:
        while True:
            report(TextRead(await self._texts.get()))

    def scan(self, text: str) -> None:
        self._texts.put_nowait(text)
