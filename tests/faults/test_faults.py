"""`yinyi faults`: nothing that can go wrong once loses money."""

import pytest
import uvloop

from yinyi.app.faults.explore import Explorer
from yinyi.app.faults.model import Schedule, faults_of
from yinyi.app.faults.play import ALL_SHAPES, play
from yinyi.app.faults.report import Tally, cells, table
from yinyi.app.faults.stage import stage

ONLY_AFTER_ANOTHER_FAULT = (
    "scheduling.hold ask",
    "payments.refund/wechatpay ask lost_before",
    "payments.take/alipay ask",
    "billing.lock ask",
    "billing.settle ask",
    "insurance.settle ask",
    "payments.refund/alipay ask",
)
"""Calls that a run without faults never makes: what goes wrong there belongs to depth 2."""
GROUPS = 24


@pytest.mark.usefixtures("unlogged")
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
    assert "crash after |" in table(tally)


def test_every_cell_is_tried(platform_url: str) -> None:
    """What the groups above play: each fault at each moment of each shape."""

    async def go() -> set[str]:
        async with stage(platform_url) as it:
            runs = [await play(it, Schedule(shape)) for shape in ALL_SHAPES]
        assert [run.violations for run in runs if run.violations] == []
        moments = [moment for run in runs for moment in run.moments]
        return {f"{each.cell} {fault}" for each in moments for fault in faults_of(each.kind, each.verb)}

    missing = set(cells()) - uvloop.run(go())
    assert {cell for cell in missing if not cell.startswith(ONLY_AFTER_ANOTHER_FAULT)} == set()
