"""An ID card reader without hardware: a card is laid on it and taken away by hand of the control."""

import asyncio

from yinyi.devices.device import CardOnReader, Changed, Observation, ReaderEmpty, Report
from yinyi.wire.terminal_line import Credential, DeviceKind


class CardInTheWay(Exception):
    """Another card lies on the reader."""


class VirtualReader:
    """Hands over the 256-byte text block of a resident ID card, whatever it says, or the serial number of another card,
    as a real reader would."""

    kind: DeviceKind = "id_reader"

    def __init__(self, name: str) -> None:
        self.name = name
        self.card: Credential | None = None
        self.light = False
        self._happened: asyncio.Queue[Observation] = asyncio.Queue()

    def condition(self) -> Changed:
        return Changed("ok")

    async def run(self, report: Report) -> None:
        while True:
            report(await self._happened.get())

    def set_light(self, on: bool) -> None:
        self.light = on

    def lay(self, card: Credential) -> None:
        """
        Raises:
            CardInTheWay: see there.
        """
        if self.card is not None:
            raise CardInTheWay("another card lies on the reader")
        self.card = card
        self._happened.put_nowait(CardOnReader(card))

    def remove(self) -> bool:
        """Whether there was a card."""
        if self.card is None:
            return False
        self.card = None
        self._happened.put_nowait(ReaderEmpty())
        return True
