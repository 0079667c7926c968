"""Callbacks: what is forged, stale or changed is refused; the rest comes until it is accepted, once, twice or late."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wechatpay_lab import AT_ONCE, Lab, MovingClock, Received, credentials_for, lab, settings_for, surroundings

from examples import examples
from yinyi.access.payment.wechatpay.plugin import PLUGIN, WeChatPay
from yinyi.business.payments.ports import CallbackRefused
from yinyi.kernel.outcome import Done, Waiting
from yinyi_sandbox.wechatpay.callbacks import LADDER_S
from yinyi_sandbox.wechatpay.sandbox import Sandbox
from yinyi_sandbox.wechatpay.seals import Seals

Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def pays(it: Lab, reference: str = "P20261123000001") -> None:
    outcome = await it.pay.show_code(it.order(reference))
    assert isinstance(outcome, Waiting)
    assert outcome.show
    it.phone.pay(outcome.show.code_url)


def test_a_callback_is_repeated_until_it_is_accepted(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.mailbox.refuse = 3
            await pays(it)
            told = [await it.read_next() for _ in range(4)]
            assert len({each.event_id for each in told}) == 1
            await it.sandbox.callbacks.send_now()
            assert it.mailbox.received.empty()

    run(main())


def test_a_callback_is_given_up_at_the_end_of_the_ladder(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.mailbox.refuse = 1_000
            await pays(it)
            for _ in range(len(LADDER_S) + 1):
                await it.mailbox.next()
            await it.sandbox.callbacks.send_now()
            assert it.sandbox.store.next_event_at() is None

    run(main())


@pytest.mark.parametrize("kind", ["forged", "stale"])
def test_a_forged_or_stale_callback_is_refused_and_the_true_one_follows(tmp_path: Path, run: Run, kind: str) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.fault("callback", kind)
            it.mailbox.refuse = 1
            await pays(it)
            with pytest.raises(CallbackRefused):
                await it.read_next()
            assert (await it.read_next()).reference == "P20261123000001"

    run(main())


def test_a_wrong_amount_or_merchant_reaches_the_engine_as_it_is(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.fault("callback", "wrong_amount")
            await pays(it)
            assert (await it.read_next()).amount_fen == 5_001
            it.fault("callback", "wrong_merchant")
            await pays(it, "P20261123000002")
            assert (await it.read_next()).merchant not in it.settings.merchants

    run(main())


def test_withheld_duplicated_delayed(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.fault("callback", "withheld")
            await pays(it)
            await it.sandbox.callbacks.send_now()
            assert it.sandbox.store.next_event_at() is None
            assert it.mailbox.received.empty()
            it.fault("callback", "duplicated")
            await pays(it, "P20261123000002")
            assert await it.read_next() == await it.read_next()
            it.fault("callback", "delayed", ms=50)
            await pays(it, "P20261123000003")
            assert (await it.read_next()).reference == "P20261123000003"

    run(main())


def test_a_callback_may_come_before_the_answer(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.fault("native", "early")
            order = it.order("P20261123000001")
            outcome = await it.pay.show_code(order)
            assert isinstance(outcome, Waiting)
            assert it.mailbox.received.qsize() == 1
            assert isinstance((await it.read_next()).outcome, Done)
            assert isinstance(await it.pay.ask(order), Done)

    run(main())


def test_callbacks_survive_a_restart_of_the_sandbox(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order("P20261123000001")
            outcome = await it.pay.show_code(order)
            assert isinstance(outcome, Waiting)
            await it.sandbox.callbacks.stop()
            assert outcome.show
            it.phone.pay(outcome.show.code_url)
            again = Sandbox(it.credentials, it.clock, tmp_path / "wechatpay.sqlite", AT_ONCE)
            await again.start()
            assert (await it.read_next()).reference == order.reference
            assert again.rules.find("9900000001", order.reference).state == "SUCCESS"
            await again.stop()

    run(main())


def test_the_replies_to_callbacks(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            assert it.pay.accepted().status == 204
            rejected = it.pay.rejected("坏的签名")
            assert rejected.status == 401, "it is sent again, and nothing of ours is broken"
            assert msgspec.json.decode(rejected.body)["message"] == "坏的签名"

    run(main())


class Desk:
    """Callbacks without a network: what WeChat Pay would send, and who reads it."""

    def __init__(self) -> None:
        self.clock = MovingClock()
        self.credentials = credentials_for("public_key")
        self.seals = Seals(self.credentials, self.clock)
        found = settings_for("public_key", "http://127.0.0.1:9")
        self.pay: WeChatPay = PLUGIN.build(found, surroundings(self.clock, "http://127.0.0.1:9"))

    def callback(self, content: dict[str, Any], event_type: str = "TRANSACTION.SUCCESS") -> Received:
        merchant = self.credentials.merchants["9900000001"]
        resource = self.seals.resource(merchant, "transaction", content)
        body = msgspec.json.encode({"id": "EV-1", "event_type": event_type, "resource": resource})
        return Received("/callbacks/wechatpay", self.headers(body), body)

    def headers(self, body: bytes) -> dict[str, str]:
        signed = self.seals.sign(self.credentials.public_key_id, body)
        return {name.lower(): value for name, value in signed.items()}


PAID = {
    "mchid": "9900000001",
    "out_trade_no": "P20261123000001",
    "trade_state": "SUCCESS",
    "transaction_id": "4200",
    "success_time": "2026-11-23T10:00:00+08:00",
    "amount": {"total": 5_000, "currency": "CNY", "payer_total": 5_000},
    "payer": {"openid": "oSecret"},
}


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


def test_a_good_callback_is_read_at_the_desk(desk: Desk) -> None:
    got = desk.callback(PAID)
    told = desk.pay.read_callback(got.path, got.headers, got.body)
    assert (told.event_id, told.amount_fen, told.merchant) == ("EV-1", 5_000, "outpatient")
    assert "oSecret" not in str(told)


@given(data=st.data())
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_bit_anywhere_is_refused(desk: Desk, data: st.DataObject) -> None:
    got = desk.callback(PAID)
    body = bytearray(got.body)
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    body[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(CallbackRefused):
        desk.pay.read_callback(got.path, got.headers, bytes(body))


@pytest.mark.parametrize("name", ["wechatpay-timestamp", "wechatpay-nonce", "wechatpay-serial", "wechatpay-signature"])
def test_a_missing_or_changed_header_is_refused(desk: Desk, name: str) -> None:
    got = desk.callback(PAID)
    without = {key: value for key, value in got.headers.items() if key != name}
    changed = got.headers | {name: got.headers[name][::-1]}
    for headers in (without, changed, {}):
        with pytest.raises(CallbackRefused):
            desk.pay.read_callback(got.path, headers, got.body)


@pytest.mark.parametrize(("minutes", "good"), [(-6, False), (-4, True), (4, True), (6, False)])
def test_the_window_is_five_minutes_either_way(desk: Desk, minutes: int, good: bool) -> None:
    got = desk.callback(PAID)
    desk.clock.offset = timedelta(minutes=minutes)
    try:
        if good:
            assert desk.pay.read_callback(got.path, got.headers, got.body).event_id == "EV-1"
        else:
            with pytest.raises(CallbackRefused):
                desk.pay.read_callback(got.path, got.headers, got.body)
    finally:
        desk.clock.offset = timedelta()


@pytest.mark.parametrize(
    "changes",
    [
        {"trade_state": "NOTPAY"},
        {"trade_state": "SOMETHING_NEW"},
        {"transaction_id": ""},
        {"amount": None},
        {"amount": {"total": 5_000, "currency": "USD"}},
        {"amount": {"total": "5000"}},
        {"out_trade_no": 7},
        {"mchid": None},
    ],
)
def test_a_well_signed_callback_that_says_too_little_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    got = desk.callback(PAID | changes)
    with pytest.raises(CallbackRefused):
        desk.pay.read_callback(got.path, got.headers, got.body)


def test_what_we_do_not_wait_for_is_refused(desk: Desk) -> None:
    other_event = desk.callback(PAID, "COUPON.USE")
    for body in (other_event.body, b"", b"{}", b"[1]", b"\xff" * 10, b" " * 70_000):
        with pytest.raises(CallbackRefused):
            desk.pay.read_callback("/callbacks/wechatpay", desk.headers(body), body)
