"""How often a channel is asked and how much it is sent at once is data of that channel."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from yinyi.access.hospital.fhir.config import FhirConfig
from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.soap.config import SoapConfig
from yinyi.access.hospital.trades.hospital import TradesHospital
from yinyi.access.payment.alipay import config as alipay
from yinyi.access.payment.unionpay.config import LineSettings
from yinyi.access.payment.unionpay.plugin import UnionPay
from yinyi.access.payment.wechatpay import config as wechatpay
from yinyi.app.bank_lines import bank_lines, card_lines
from yinyi.business.billing.plans import LockInvoices, SettleInvoices
from yinyi.business.inpatient.plans import PostDeposit
from yinyi.business.payments.cards import RefundToCard, TakeByCard, nothing_lost
from yinyi.business.payments.channels import TAKE_RULE, RefundByChannel, TakeByCode
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.plan import TAKE, Plan, Step
from yinyi.business.payments.rules import AskPace, CardPace, Pace, Rule, pace_of
from yinyi.business.scheduling.plans import ConfirmNumber, HoldNumber, KeepNumber, TellArrival
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


SETTINGS: list[tuple[type[msgspec.Struct], dict[str, Any]]] = [
    (ProceduresConfig, {"url": "postgresql://x"}),
    (FhirConfig, {"url": "https://x"}),
    (SoapConfig, {}),
]


WRONG_THERE: list[dict[str, Any]] = [{"ask_every_s": []}, {"undo_every_s": [0]}, {"wait_every_s": [1]}]


def no_turns(*_: object) -> None:
    """Nothing is asked here."""


@pytest.mark.parametrize(("settings", "told"), SETTINGS)
def test_how_often_a_hospital_is_asked_is_a_setting_of_its_connector(settings: type[Any], told: dict[str, Any]) -> None:
    """Of whatever it is told, and of all connectors of this release."""
    limits = msgspec.convert(told | {"pace": {"ask_every_s": [7, 70], "undo_every_s": [9]}}, settings)
    around = SimpleNamespace(turns=no_turns, clock=None)
    hospital: Any = TradesHospital(cast(Any, None), limits, cast(Any, around))
    effects = [HoldNumber(hospital), KeepNumber(hospital), ConfirmNumber(hospital), TellArrival(hospital, 5.0)]
    for each in (*effects, LockInvoices(hospital), SettleInvoices(hospital), PostDeposit(hospital)):
        assert (each.rule.ask_every_s, each.rule.undo_every_s) == ((7, 70), (9,)), each.kind
    for wrong in WRONG_THERE:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(told | {"pace": wrong}, settings)


def test_a_hospital_without_a_pace_is_asked_as_the_rules_have_it() -> None:
    hospital: Any = SimpleNamespace(call_timeout_s=5.0)
    assert HoldNumber(hospital).rule.ask_every_s == Rule().ask_every_s == AskPace().ask_every_s
    assert SettleInvoices(hospital).rule.undo_every_s == Rule().undo_every_s == AskPace().undo_every_s


def test_how_often_the_record_of_a_card_is_looked_at_is_a_setting_of_its_acquirer() -> None:
    told = {"ask_every_s": [7], "wait_every_s": [8], "undo_every_s": [9], "refund_ask_every_s": [10]}
    account = {"acquirer": "a", "merchant_no": "m", "scope": "outpatient", "display_name": "x", "cards": ["bank"]}
    address = {"host": "x", "port": 1}
    acquirers = {"a": {"addresses": [address], "pace": told}, "b": {"addresses": [address]}}
    merchants = {name: account | {"acquirer": name, "cards": [card]} for name, card in (("a", "bank"), ("b", "public"))}
    config = msgspec.convert({"acquirers": acquirers, "merchants": merchants}, LineSettings)
    built = {name: UnionPay(each, cast(Any, SimpleNamespace(relay=None))) for name, each in config.acquirers.items()}
    lines = bank_lines(SimpleNamespace(acquirers=built), config)
    by_channel = card_lines(lines, cast(Any, None), cast(Any, None), nothing_lost)
    take, back = TakeByCard(by_channel["bank_card"]).rule, RefundToCard(by_channel["bank_card"]).rule
    assert (take.ask_every_s, take.wait_every_s, take.undo_every_s, back.ask_every_s) == ((7,), (8,), (9,), (10,))
    assert back.wait_every_s == CardPace().refund_wait_every_s
    assert TakeByCard(by_channel["public_card"]).rule.ask_every_s == CardPace().ask_every_s


def test_a_pace_of_another_kind_is_none() -> None:
    hospital = SimpleNamespace(pace=AskPace(ask_every_s=(7,)))
    assert pace_of(hospital, AskPace) == AskPace(ask_every_s=(7,))
    assert pace_of(hospital, Pace) is None
    assert pace_of(hospital, CardPace) is None
    assert pace_of(SimpleNamespace(), AskPace) is None


def test_who_says_nothing_is_asked_as_the_rules_have_it() -> None:
    rule = TAKE_RULE
    assert (Pace().at_once, Pace().ask_every_s, Pace().wait_every_s) == (
        rule.at_once,
        rule.ask_every_s,
        rule.wait_every_s,
    )
