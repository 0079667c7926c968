"""A device as a kiosk's agent runs it, and hands that do to it what people do."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

import msgspec

from yinyi.conformance.behaviour import NotKept, NotTried
from yinyi.conformance.place import Ground
from yinyi.devices.device import Changed, Device, Observation, TakesCards
from yinyi.kernel.plugin import Plugin, Surroundings
from yinyi.wire.terminal_line import Condition

T = TypeVar("T")
_WITHIN_S = 10.0
_LIT_WITHIN_S = 2.0
_AGAIN_S = 0.05


class FarDevice(Protocol):
    """A device's sandbox: the device itself. Of the hands it has those that its kind takes."""

    @property
    def settings(self) -> dict[str, Any]:
        """The driver's options, as in the agent's table of devices."""
        ...

    async def unplug(self, gone: bool) -> None:
        """Its cable comes out, or goes in again."""
        ...


class Stage:
    """``hands``: the far side. ``wanted``: the request that a card terminal was asked last."""

    def __init__(self, device: Device, hands: Any) -> None:
        self.device = device
        self.hands = hands
        self.wanted = ""
        self._seen: asyncio.Queue[Observation] = asyncio.Queue()
        self._stirred = asyncio.Event()

    async def run(self) -> None:
        """As the agent does: what fails is run again."""
        while True:
            with contextlib.suppress(Exception):
                await self.device.run(self._heard)
            await asyncio.sleep(_AGAIN_S)

    def _heard(self, observation: Observation) -> None:
        self._seen.put_nowait(observation)
        self._stirred.set()

    def needs(self, kind: str, hand: str = "") -> None:
        """
        Raises:
            NotTried: it is a device of another kind, or its sandbox has no such hand.
        """
        if self.device.kind != kind:
            raise NotTried(f"it is no {kind}")
        if hand and not hasattr(self.hands, hand):
            raise NotTried(f"its sandbox has no {hand}")

    async def told(self, kind: type[T]) -> T:
        """The next that it reports of this kind.

        Raises:
            NotKept: it reports none.
        """
        try:
            async with asyncio.timeout(_WITHIN_S):
                while True:
                    seen = await self._seen.get()
                    if isinstance(seen, kind):
                        return seen
        except TimeoutError:
            raise NotKept(f"no {kind.__name__} is reported") from None

    def silent(self, kind: type[object]) -> bool:
        """Whether nothing more of this kind has been reported."""
        waiting = [self._seen.get_nowait() for _ in range(self._seen.qsize())]
        return not any(isinstance(each, kind) for each in waiting)

    async def becomes(self, state: Condition) -> None:
        """
        Raises:
            NotKept: it does not come into this condition, or does not report that it has.
        """
        try:
            async with asyncio.timeout(_WITHIN_S):
                while self.device.condition().state != state:
                    await self._stirred.wait()
                    self._stirred.clear()
        except TimeoutError:
            raise NotKept(f"expected {state}, saw {self.device.condition()!r}") from None

    async def lights(self, on: bool) -> None:
        """
        Raises:
            NotKept: its light does not go on, or out.
        """
        try:
            async with asyncio.timeout(_LIT_WITHIN_S):
                while True:
                    if await self.hands.lit() == on:
                        return
                    await asyncio.sleep(_AGAIN_S)
        except TimeoutError:
            raise NotKept(f"expected its light {'on' if on else 'out'}, saw it {'out' if on else 'on'}") from None

    async def calm(self) -> None:
        await self.hands.unplug(False)
        await self.becomes("ok")
        if isinstance(self.device, TakesCards):
            self.device.leave_card(self.wanted)
            if hasattr(self.hands, "remove"):
                await self.hands.remove()
        self.silent(Changed)


@asynccontextmanager
async def on_stage(plugin: Plugin, far: FarDevice, place: Ground) -> AsyncGenerator[tuple[Any, Stage]]:
    """The driver's device, and the stage.

    Raises:
        ValueError: the sandbox has other settings than the driver takes.
    """
    settings = msgspec.convert({**far.settings, "name": "checked"}, plugin.config)
    device = plugin.build(settings, Surroundings(clock=place.clock, callback_url=""))
    stage = Stage(device, far)
    running = asyncio.create_task(stage.run())
    try:
        yield device, stage
    finally:
        running.cancel()
        await asyncio.wait([running])
