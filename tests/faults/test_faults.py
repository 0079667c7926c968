"""`yinyi faults`: nothing that can go wrong once loses money."""

from collections.abc import AsyncIterator

import pytest
import uvloop

from yinyi.app.faults.all_shapes import ALL_SHAPES
from yinyi.app.faults.explore import Explorer
from yinyi.app.faults.model import Fault, Run, Schedule, faults_of
from yinyi.app.faults.play import play
from yinyi.app.faults.report import NEVER, Tally, cells, table
from yinyi.app.faults.stage import Stage, stage

GROUPS, PARTS = 24, 3
pytestmark = pytest.mark.usefixtures("unlogged")


@pytest.mark.parametrize("group", range(GROUPS))
def test_nothing_that_goes_wrong_once_loses_money(platform_url: str, group: int) -> None:
    """All shapes, some in each group, so that several workers share them."""

    async def go() -> Tally:
        tally = Tally()
        async with stage(platform_url) as it:
            async for run in Explorer(it, shapes=tuple(ALL_SHAPES)[group::GROUPS]).explore(1):
                tally.add(run)
        return tally

    tally = uvloop.run(go())
    assert tally.violations == []
    assert tally.unknown == []
    assert "crash after |" in table(tally)


async def hunted(it: Stage, wanted: set[str]) -> AsyncIterator[Run]:
    """Runs in which these cells take effect, until all have: with one fault, or behind one of those."""
    before: list[Run] = []
    for shape in ALL_SHAPES:
        before.append(await play(it, Schedule(shape)))
        yield before[-1]
    for _ in range(2):
        played: list[Run] = []
        for run in before:
            async for more in followers(it, run, wanted):
                wanted -= {f"{cell} {fault}" for cell, fault in more.hit}
                played.append(more)
                yield more
        before = played


async def followers(it: Stage, run: Run, wanted: set[str]) -> AsyncIterator[Run]:
    """The same with one fault more, wherever that may be one of these cells."""
    last = run.schedule.faults[-1].at if run.schedule.faults else 0
    seen = set[str]()
    for at, moment in enumerate(run.moments[last:], start=last + 1):
        for fault in faults_of(moment.kind, moment.verb) if moment.situation not in seen else ():
            if f"{moment.cell} {fault}" in wanted:
                yield await play(it, run.schedule.with_fault(Fault(at, fault)))
        seen.add(moment.situation)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_cell_takes_effect(platform_url: str, part: int) -> None:
    """None is left out, but for what cannot be."""
    kinds = sorted({cell.rsplit(" ", 2)[0] for cell in cells()})[part::PARTS]
    wanted = {cell for cell in cells() if cell.rsplit(" ", 2)[0] in kinds}
    assert len(wanted) > 60

    async def go() -> list[Run]:
        async with stage(platform_url) as it:
            return [run async for run in hunted(it, wanted)]

    runs = uvloop.run(go())
    assert [(run.schedule, run.violations) for run in runs if run.violations] == []
    assert wanted == set()
    assert not NEVER.keys() & {f"{cell} {fault}" for run in runs for cell, fault in run.hit}


def test_what_others_have_done_does_not_show(platform_url: str) -> None:
    """Whatever was played in between, the same schedule is the same run, to the minute."""

    async def go() -> None:
        schedules = [Schedule("hospital_is_mute"), Schedule("wants_all_back", (Fault(3, "lost_after"),))]
        async with stage(platform_url) as it:
            first = [await play(it, each) for each in schedules]
            for shape in ("hospital_is_mute", "refund_takes_days", "leaves", "card_refunded_next_day"):
                await play(it, Schedule(shape, (Fault(1, "crash_before"),)))
            again = [await play(it, each) for each in schedules]
        for one, other in zip(first, again, strict=True):
            assert [each.cell for each in other.moments] == [each.cell for each in one.moments]
            assert (other.hit, other.ending, other.took) == (one.hit, one.ending, one.took)

    uvloop.run(go())


def test_a_fault_that_cannot_happen_there_is_told(platform_url: str) -> None:
    """So is one whose moment is another than it was planned for."""

    async def go() -> tuple[Run, list[Run]]:
        async with stage(platform_url) as it:
            stray = await play(it, Schedule("pays", (Fault(1, "wrong_amount"),)))
            calm = await play(it, Schedule("leaves"))
            other = Run(
                schedule=Schedule("pays"), moments=calm.moments, hit=(), ending="", took=calm.took, violations=()
            )
            planned = Explorer(it).deeper(other, Schedule("pays", (Fault(len(calm.moments), "crash_before"),)), 0)
            return stray, [run async for run in planned]

    stray, [moved] = uvloop.run(go())
    assert stray.violations == ("wrong_amount cannot happen at scheduling.hold do",)
    assert stray.hit == ()
    assert any("not the run that was planned" in sentence for sentence in moved.violations)


def test_what_makes_no_difference_does_not_count(platform_url: str) -> None:
    """Long after an order has left, that it is not found is believed no more, and is not said."""

    async def go() -> Run:
        async with stage(platform_url) as it:
            calm = await play(it, Schedule("leaves"))
            asked = [at for at, each in enumerate(calm.moments, 1) if each.cell == "payments.take/wechatpay ask"]
            return await play(it, Schedule("leaves", (Fault(asked[-1], "not_found"),)))

    run = uvloop.run(go())
    assert run.violations == ()
    assert run.hit == ()
