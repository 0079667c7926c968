"""An answer says how it stood when the question was asked, not how it stands when the answer has come."""

import asyncio
from datetime import timedelta

import pytest

from yinyi.app.faults.far_side import SimChannel
from yinyi.app.faults.model import Fault, Run, Schedule
from yinyi.app.faults.play import play
from yinyi.app.faults.stage import stage
from yinyi.business.payments.model import Order
from yinyi.kernel.outcome import Answer, NotFound

ASK = SimChannel.ask


def test_not_found_is_not_believed_before_its_time_although_it_comes_late(
    platform_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order arrives at the last moment that the channel's rules allow, while "not found" is on its way."""
    waited: list[timedelta] = []

    async def played() -> Run:
        async with stage(platform_url) as it:
            calm = await play(it, Schedule("leaves"))
            at = 1 + next(i for i, each in enumerate(calm.moments) if each.cell == "payments.take/wechatpay do")
            began = it.clock.now()

            async def ask(self: SimChannel, order: Order) -> Answer:
                answer, since = await ASK(self, order), it.clock.now() - began
                if isinstance(answer, NotFound) and (not waited or SOON <= since < BELIEVED):
                    slow = BELIEVED - since if waited else SHIFTED
                    waited.append(slow)
                    it.clock.at += slow
                return answer

            monkeypatch.setattr(SimChannel, "ask", ask)
            run = await play(it, Schedule("leaves", (Fault(at, "late_effect"),)))
            assert [take.reason for take in (await it.plan()).takes()] == [""], "one order, and it was there"
            return run

    assert asyncio.run(played()).violations == ()
    assert len(waited) == 2


SHIFTED, SOON, BELIEVED = timedelta(seconds=3), timedelta(seconds=30.3), timedelta(seconds=35.2)
"""The first answer is slow, so that the channel is asked within the last five seconds before it is believed; and when
that answer comes."""
