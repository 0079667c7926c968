"""Notices: what is forged, stale or changed is refused; the rest comes until it is accepted, once, twice or late."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from alipay_lab import AT_ONCE, build, credentials, lab, settings_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wechatpay_lab import MovingClock, refund_of

from examples import examples
from yinyi.access.payment.alipay.plugin import Alipay
from yinyi.business.payments.model import CallbackRead
from yinyi.business.payments.ports import CallbackRefused
from yinyi.kernel.outcome import Done, Refused, Waiting
from yinyi.wire import beijing_time
from yinyi_sandbox.alipay.callbacks import LADDER_S
from yinyi_sandbox.alipay.sandbox import Pace, Sandbox
from yinyi_sandbox.alipay.seals import Seals

Run = Callable[[Coroutine[Any, Any, Any]], Any]
NUMBER = "P20261123000001"


def test_a_notice_is_repeated_until_it_is_accepted(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.mailbox.refuse = 3
            it.phone.pay(await it.shown(it.order(NUMBER)))
            told = [await it.read_next() for _ in range(4)]
            assert len({each.event_id for each in told}) == 1
            await it.sandbox.callbacks.send_now()
            assert it.mailbox.received.empty()

    run(main())


def test_a_notice_is_given_up_after_eight_times(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.mailbox.word = b"fail"
            it.phone.pay(await it.shown(it.order(NUMBER)))
            for _ in range(len(LADDER_S) + 1):
                await it.mailbox.next()
            await it.sandbox.callbacks.send_now()
            assert it.sandbox.store.next_event_at() is None
            assert it.mailbox.received.empty()
            assert (len(LADDER_S) + 1, sum(LADDER_S)) == (8, 24 * 3_600 + 24 * 60)

    run(main())


def test_the_waits_are_of_the_moved_clock(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path, Pace()) as it:
            it.mailbox.refuse = 1
            it.phone.pay(await it.shown(it.order(NUMBER)))
            await it.mailbox.next()
            await it.sandbox.callbacks.send_now()
            assert it.mailbox.received.empty()
            it.clock.offset = timedelta(minutes=4)
            await it.sandbox.callbacks.send_now()
            assert (await it.read_next()).reference == NUMBER

    run(main())


@pytest.mark.parametrize("kind", ["forged", "stale", "wrong_merchant"])
def test_a_forged_or_stale_notice_is_refused_and_the_true_one_follows(tmp_path: Path, run: Run, kind: str) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.fault("callback", kind)
            it.mailbox.refuse = 1
            it.phone.pay(await it.shown(it.order(NUMBER)))
            with pytest.raises(CallbackRefused):
                await it.read_next()
            assert (await it.read_next()).reference == NUMBER

    run(main())


def test_a_wrong_amount_reaches_the_engine_as_it_is(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.fault("callback", "wrong_amount")
            it.phone.pay(await it.shown(it.order(NUMBER)))
            assert (await it.read_next()).amount_fen == 5_001

    run(main())


def test_withheld_duplicated_delayed(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.fault("callback", "withheld")
            it.phone.pay(await it.shown(it.order(NUMBER)))
            await it.sandbox.callbacks.send_now()
            assert it.sandbox.store.next_event_at() is None
            assert it.mailbox.received.empty()
            it.fault("callback", "duplicated")
            it.phone.pay(await it.shown(it.order("P20261123000002")))
            assert await it.read_next() == await it.read_next()
            it.fault("callback", "delayed", ms=50)
            it.phone.pay(await it.shown(it.order("P20261123000003")))
            assert (await it.read_next()).reference == "P20261123000003"

    run(main())


def test_a_notice_may_come_before_the_answer(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.fault("precreate", "early")
            order = it.order(NUMBER)
            assert isinstance(await it.pay.show_code(order), Waiting)
            assert it.mailbox.received.qsize() == 1
            assert isinstance((await it.read_next()).outcome, Done)
            assert isinstance(await it.pay.ask(order), Done)

    run(main())


def test_notices_survive_a_restart_of_the_sandbox(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            code = await it.shown(it.order(NUMBER))
            await it.sandbox.callbacks.stop()
            it.phone.pay(code)
            again = Sandbox(it.credentials, it.clock, tmp_path / "alipay.sqlite", AT_ONCE)
            await again.start()
            assert (await it.read_next()).reference == NUMBER
            assert again.phone.look(code).state == "paid"
            await again.stop()

    run(main())


def test_a_refund_is_not_taken_for_a_payment(tmp_path: Path, run: Run) -> None:
    """The notice says ``TRADE_SUCCESS`` after a refund in part, and ``TRADE_CLOSED`` after the last one."""

    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order(NUMBER, 1_000)
            it.phone.pay(await it.shown(order))
            assert (await it.read_next()).about == "take"
            for number, amount_fen, in_all in (("R000001", 300, 300), ("R000002", 700, 1_000)):
                await it.pay.refund(refund_of(order, number, amount_fen))
                got = await it.mailbox.next()
                assert (b"TRADE_CLOSED" if in_all == 1_000 else b"TRADE_SUCCESS") in got.body
                told = it.pay.read_callback(got.path, got.headers, got.body)
                assert (told.about, told.reference, told.amount_fen) == ("refund", number, in_all)
                assert isinstance(told.outcome, Done)

    run(main())


class Desk:
    """Notices without a network: what Alipay would send, and who reads it."""

    def __init__(self) -> None:
        self.clock = MovingClock()
        self.seals = Seals(credentials())
        self.pay: Alipay = build(settings_for("http://127.0.0.1:9"), self.clock, "http://127.0.0.1:9")

    def notice(self, **changes: str) -> bytes:
        fields = PAID | {"notify_time": beijing_time.write(self.clock.now())} | changes
        return urlencode(self.seals.notice({name: value for name, value in fields.items() if value})).encode()

    def read(self, body: bytes) -> CallbackRead:
        return self.pay.read_callback("/callbacks/alipay", {}, body)


PAID = {
    "notify_id": "ac05099524730693a8b330c5ecf72da9786",
    "app_id": "2099000000000001",
    "seller_id": "2088990000000001",
    "out_trade_no": NUMBER,
    "trade_no": "2026112322001",
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "50.00",
    "gmt_payment": "2026-11-23 10:00:00",
    "subject": "挂号费 & 诊费=50%",
    "buyer_id": "2088000000000000",
    "charset": "utf-8",
}


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


def test_a_good_notice_is_read_at_the_desk(desk: Desk) -> None:
    told = desk.read(desk.notice())
    assert (told.event_id, told.amount_fen, told.merchant) == (PAID["notify_id"], 5_000, "outpatient")
    assert isinstance(told.outcome, Done)
    assert told.outcome.evidence["success_time"] == "2026-11-23T10:00:00+08:00"
    assert PAID["buyer_id"] not in str(told)
    assert isinstance(desk.read(desk.notice(trade_status="TRADE_FINISHED")).outcome, Done)


@pytest.fixture(scope="module")
def good(desk: Desk) -> bytes:
    return desk.notice()


@given(data=st.data())
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_bit_anywhere_is_refused(desk: Desk, good: bytes, data: st.DataObject) -> None:
    body = bytearray(good)
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    body[bit // 8] ^= 1 << (bit % 8)
    try:
        told = desk.read(bytes(body))
    except CallbackRefused:
        return
    assert told == desk.read(good), "the case of a hexadecimal digit is not signed"


@pytest.mark.parametrize(
    "changes",
    [
        {"trade_status": "WAIT_BUYER_PAY"},
        {"trade_status": "SOMETHING_NEW"},
        {"trade_no": ""},
        {"notify_id": ""},
        {"out_trade_no": ""},
        {"total_amount": ""},
        {"total_amount": "-50.00"},
        {"total_amount": "50.001"},
        {"total_amount": "5e1"},
        {"charset": "GBK"},
        {"app_id": "2099000000000002"},
        {"seller_id": "2088990000000002"},
        {"app_id": ""},
        {"notify_time": "now"},
    ],
)
def test_a_well_signed_notice_that_says_too_little_is_refused(desk: Desk, changes: dict[str, str]) -> None:
    with pytest.raises(CallbackRefused):
        desk.read(desk.notice(**changes))


@pytest.mark.parametrize(("hours", "good"), [(-1, False), (0, True), (25, True), (27, False)])
def test_a_notice_may_be_as_old_as_alipays_last_repeat(desk: Desk, hours: int, good: bool) -> None:
    body = desk.notice()
    desk.clock.offset = timedelta(hours=hours)
    try:
        if good:
            assert desk.read(body).reference == NUMBER
        else:
            with pytest.raises(CallbackRefused):
                desk.read(body)
    finally:
        desk.clock.offset = timedelta()


@pytest.mark.parametrize(
    ("changes", "about", "reference", "done"),
    [
        ({"trade_status": "TRADE_CLOSED"}, "take", NUMBER, False),
        ({"refund_fee": "10.00", "gmt_refund": "2026-11-23 11:00:00.123", "out_biz_no": "R1"}, "refund", "R1", True),
        ({"refund_fee": "10.00", "out_biz_no": NUMBER}, "refund", "2026112322001 10.00", True),
        ({"refund_fee": "10.00", "out_biz_no": ""}, "refund", "2026112322001 10.00", True),
        ({"refund_fee": "20.00", "out_biz_no": ""}, "refund", "2026112322001 20.00", True),
        ({"refund_fee": "50.00", "out_biz_no": NUMBER, "trade_status": "TRADE_CLOSED"}, "take", NUMBER, False),
        ({"refund_fee": "50.00", "out_biz_no": "R1", "trade_status": "TRADE_CLOSED"}, "refund", "R1", True),
        ({"refund_fee": "0.00"}, "take", NUMBER, True),
    ],
)
def test_only_a_payment_tells_a_payment(
    desk: Desk, changes: dict[str, str], about: str, reference: str, done: bool
) -> None:
    told = desk.read(desk.notice(**changes))
    assert (told.about, told.reference, told.order_reference) == (about, reference, NUMBER if about == "refund" else "")
    assert isinstance(told.outcome, Done if done else Refused)


def test_what_is_no_form_is_refused(desk: Desk) -> None:
    good = desk.notice()
    for body in (b"", b"{}", b"\xff" * 10, good + b"&" + good, good.replace(b"sign=", b"sing="), b"a" * 70_000):
        with pytest.raises(CallbackRefused):
            desk.read(body)


def test_the_replies_to_notices(desk: Desk) -> None:
    assert (desk.pay.accepted().status, desk.pay.accepted().body) == (200, b"success")
    rejected = desk.pay.rejected("坏的签名")
    assert rejected.body != b"success"
    assert "坏" not in rejected.body.decode()
