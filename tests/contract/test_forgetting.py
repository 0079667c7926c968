"""Who has changed something is told anew by every business process: over the real bus, with its permissions."""

import asyncio

from bus_stage import PATIENCE_S, Bus

from yinyi.bus.forgetting import SUBJECT, Forgetting, Whose
from yinyi.bus.permissions import BUSINESS

ONE, OTHER = Whose(1, 7), Whose(1, 8)


class Process:
    """A business process: what it was told to forget, as it was told."""

    def __init__(self) -> None:
        self.forgotten: asyncio.Queue[Whose] = asyncio.Queue()
        self.forgetting = Forgetting()

    async def join(self, bus: Bus) -> "Process":
        transport = await bus.join(BUSINESS)
        self.forgetting = Forgetting(transport.say)
        self.forgetting.keep(self.forgotten.put_nowait)
        await transport.listen(SUBJECT, self.forgetting.heard)
        return self

    async def next(self) -> Whose:
        async with asyncio.timeout(PATIENCE_S):
            return await self.forgotten.get()


def test_a_change_is_forgotten_here_at_once_and_in_all_other_processes(bus: Bus) -> None:
    async def story() -> None:
        here, there, elsewhere = [await Process().join(bus) for _ in range(3)]
        here.forgetting.changed(ONE)
        assert here.forgotten.get_nowait() == ONE
        assert [await each.next() for each in (there, elsewhere)] == [ONE, ONE]
        there.forgetting.changed(OTHER)
        assert [await each.next() for each in (here, elsewhere)] == [OTHER, OTHER]

    bus.play(story)


def test_a_change_of_nobody_in_particular_is_nobody_elses(bus: Bus) -> None:
    async def story() -> None:
        here, there = [await Process().join(bus) for _ in range(2)]
        here.forgetting.changed(Whose(1, 0))
        here.forgetting.changed(ONE)
        assert [here.forgotten.get_nowait() for _ in range(2)] == [Whose(1, 0), ONE]
        assert await there.next() == ONE

    bus.play(story)


def test_while_the_bus_is_away_it_is_forgotten_here(bus: Bus) -> None:
    async def story() -> None:
        here = await Process().join(bus)
        bus.stop()
        assert await bus.said.get() == ("bus.lost", BUSINESS)
        here.forgetting.changed(ONE)
        assert here.forgotten.get_nowait() == ONE

    bus.play(story)
