"""Devices without hardware are as somebody says that they are; a door and a camera do nothing else."""

import asyncio

from yinyi.devices.device import Changed, Report
from yinyi.wire.terminal_line import Condition, DeviceKind


class Watched:
    """What has a condition, and tells when it changes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state: Condition = "ok"
        self._changes: asyncio.Queue[Changed] = asyncio.Queue()

    def condition(self) -> Changed:
        return Changed(self.state)

    async def run(self, report: Report) -> None:
        while True:
            report(await self._changes.get())

    def becomes(self, state: Condition) -> None:
        """From now on."""
        self.state = state
        self._changes.put_nowait(Changed(state))


class VirtualDoor(Watched):
    """Of the machine's case."""

    kind: DeviceKind = "door"


class VirtualCamera(Watched):
    """It takes no pictures."""

    kind: DeviceKind = "camera"
