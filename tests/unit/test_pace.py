"""How often a channel is asked and how much it is sent at once is data of that channel."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from yinyi.access.payment.alipay import config as alipay
from yinyi.access.payment.wechatpay import config as wechatpay
from yinyi.business.payments.channels import TAKE_RULE, RefundByChannel, TakeByCode
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.plan import TAKE, Plan, Step
from yinyi.business.payments.rules import Pace
from yinyi.kernel.money import Fen

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SLOW = Pace(at_once=2, ask_every_s=(7, 70), wait_every_s=(9,))


def channel(**more: object) -> Any:
    return SimpleNamespace(call_timeout_s=5.0, settles_after=timedelta(seconds=30), **more)


def test_a_channel_with_a_pace_of_its_own() -> None:
    take, back = TakeByCode(channel(pace=SLOW)).rule, RefundByChannel(channel(pace=SLOW)).rule
    assert (take.ask_every_s, take.wait_every_s, take.at_once, back.at_once) == ((7, 70), (9,), 2, 2)
    other = TakeByCode(channel()).rule
    assert (other.ask_every_s, other.wait_every_s) == (TAKE_RULE.ask_every_s, TAKE_RULE.wait_every_s)
    assert other.at_once == TAKE_RULE.at_once


def test_so_many_calls_at_once_as_the_channel_says() -> None:
    async def out(name: str, pace: Pace) -> int:
        limits = Limits(patience_s=0.0)
        params = {"channel": name}
        step = Step(position=30, attempt=1, kind=TAKE, reference="r", amount_fen=Fen(1), since=NOW, params=params)
        rule = TakeByCode(channel(pace=pace)).rule
        places = [limits.place(PLAN, step, "do", rule, NOW) for _ in range(5)]
        return sum([(await place.__aenter__()).answer is None for place in places])

    assert asyncio.run(out("slow", SLOW)) == SLOW.at_once
    assert asyncio.run(out("quick", Pace(at_once=4))) == 4


PLAN = Plan(
    hospital_id=1,
    payment_id=1,
    payment_no="",
    ask_no="",
    purpose="registration",
    scope="outpatient",
    amount_fen=Fen(1),
    started_at=NOW,
    pay_by=NOW,
)


@pytest.mark.parametrize("settings", [wechatpay.Settings, alipay.Settings])
def test_it_is_a_setting_within_bounds(settings: type[wechatpay.Settings | alipay.Settings]) -> None:
    told = {"merchants": {}, "pace": {"at_once": 2, "ask_every_s": [7, 70], "wait_every_s": [9]}}
    assert msgspec.convert(told, settings).pace == SLOW
    for wrong in WRONG:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"merchants": {}, "pace": wrong}, settings)


WRONG: list[dict[str, Any]] = [
    {"at_once": 0},
    {"at_once": 65},
    {"ask_every_s": []},
    {"wait_every_s": [0]},
    {"often": 1},
]


def test_who_says_nothing_is_asked_as_the_rules_have_it() -> None:
    rule = TAKE_RULE
    assert (Pace().at_once, Pace().ask_every_s, Pace().wait_every_s) == (
        rule.at_once,
        rule.ask_every_s,
        rule.wait_every_s,
    )
