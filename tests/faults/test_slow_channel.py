"""A channel that answers, but slowly, never looks dead: it must not slow down what has nothing to do with it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from payment_far_side import SimChannel
from payment_world import ZONE, World
from process_stage import LEASE, PATIENCE_S, Process, play

from yinyi.business.payments import limits
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.lease import Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.model import Order
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.service import PaymentService
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.plans import ConfirmNumber, HoldNumber, KeepNumber, Registration
from yinyi.kernel.outcome import Outcome

OUT, DRIVEN = 2, 8


@dataclass
class SlowChannel(SimChannel):
    """Shows a code once it may. ``out``, ``most_out``: calls that are at it, and were at most."""

    answers: asyncio.Event = field(default_factory=asyncio.Event)
    out: int = 0
    most_out: int = 0

    async def show_code(self, order: Order) -> Outcome:
        self.out += 1
        self.most_out = max(self.most_out, self.out)
        try:
            await self.answers.wait()
        finally:
            self.out -= 1
        return await super().show_code(order)


def with_two_channels(it: World) -> SlowChannel:
    """WeChat Pay is slow, Alipay is not."""
    slow = SlowChannel(it.clock, it.script)
    names, scopes = ("wechatpay", "alipay"), ("outpatient", "inpatient")
    registry = Registry(
        effects=[HoldNumber(it.hospital), KeepNumber(it.hospital), ConfirmNumber(it.hospital)],
        purposes=[Registration()],
        channels={"wechatpay": slow, "alipay": SimChannel(it.clock, it.script, "alipay")},
        merchants=MerchantTable({(scope, name): scope for scope in scopes for name in names}),
    )
    it.means = replace(it.means, registry=registry)
    it.payments = PaymentService(it.database, registry, Driver(it.means), ZONE)
    return slow


async def chosen(it: World, tender: str, count: int) -> list[str]:
    """By a process that dies then: whoever finds them sends their calls."""
    numbers = [await it.open() for _ in range(count)]
    for number in numbers:
        await it.drive(number)
    it.clock.advance(LEASE)
    for number in numbers:
        await it.choose(number, tender)
    return numbers


async def states(it: World, numbers: Sequence[str]) -> set[str]:
    return {state_of(await it.plan(number)) for number in numbers}


async def process(it: World) -> Process:
    """It drives few at a time, and few calls to a channel are out at once; who waits for a place waits for long."""
    lease = Lease(it.database, it.clock, "one")
    await lease.take()
    means = replace(it.means, lease=lease, limits=Limits(OUT, PATIENCE_S))
    return Process(lease, Driver(means, at_once=DRIVEN))


@pytest.mark.parametrize("line", [limits.LONGEST_LINE, 3], ids=["line", "line too long"])
def test_who_waits_for_a_slow_channel_is_in_nobodys_way(
    platform_url: str, line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More wait for it than are driven at once, and all of them were there before those of the other channel."""
    monkeypatch.setattr(limits, "LONGEST_LINE", line)

    async def story(it: World) -> None:
        slow = with_two_channels(it)
        waiting = await chosen(it, "wechatpay", 2 * DRIVEN)
        others = await chosen(it, "alipay", 3)
        one = await process(it)
        ids = [(await it.plan(number)).payment_id for number in others]
        while await states(it, others) != {"waiting"}:  # their codes are shown, however slow the other one is
            await one.driver.look()
            await one.idle(*ids)
        assert "waiting" not in await states(it, waiting)
        assert (slow.out, slow.most_out) == (OUT, OUT)
        slow.answers.set()
        await one.driver.stop()
        held = 2 * DRIVEN if line > 2 * DRIVEN else OUT + line
        shown = [number for number in waiting if state_of(await it.plan(number)) == "waiting"]
        assert len(shown) == held, "whoever stood in the line has his turn"

    play(platform_url, story)
