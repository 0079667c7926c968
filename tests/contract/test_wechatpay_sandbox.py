"""The sandbox keeps WeChat Pay's rules: against strangers, against its own merchants, and in any order of events."""

import asyncio
import contextlib
import dataclasses
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from starlette.applications import Starlette
from starlette.routing import Mount
from wechatpay_lab import (
    AT_ONCE,
    PATIENCE_S,
    Lab,
    MovingClock,
    credentials_for,
    lab,
    order_of,
    serving,
    settings_for,
    surroundings,
)

from examples import examples
from yinyi.access.payment.wechatpay.config import Settings
from yinyi.access.payment.wechatpay.plugin import PLUGIN, WeChatPay
from yinyi.business.payments.ports import CallbackRefused
from yinyi.kernel.outcome import Done, Unknown, Waiting
from yinyi.wire.signing import wechatpay
from yinyi.wire.signing.rsa import load_private_key, sign
from yinyi.wire.signing.wechatpay import Authorization
from yinyi_sandbox.wechatpay.credentials import MerchantAccount, make_credentials
from yinyi_sandbox.wechatpay.faults import Fault
from yinyi_sandbox.wechatpay.hanging_up import with_line
from yinyi_sandbox.wechatpay.model import Order, Refusal
from yinyi_sandbox.wechatpay.routes import routes
from yinyi_sandbox.wechatpay.rules import Rules
from yinyi_sandbox.wechatpay.sandbox import Sandbox
from yinyi_sandbox.wechatpay.seals import Seals
from yinyi_sandbox.wechatpay.store import Store

Run = Callable[[Coroutine[Any, Any, Any]], Any]
TARGET = "/v3/certificates"
NUMBER = "P20261123000001"
STRANGER = rsa.generate_private_key(65537, 2048).public_key()


@contextlib.asynccontextmanager
async def browser(it: Lab) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=it.base_url, trust_env=False, timeout=10) as client:
        yield client


def authorization(it: Lab, *, age_s: int = 0, target: str = TARGET, signer: str = "outpatient", **fields: str) -> str:
    """An authorization for a GET of ``target``, by hand, with some of its fields changed."""
    merchant = it.settings.merchants["outpatient"]
    key = load_private_key(Path(it.settings.merchants[signer].private_key_file).read_bytes())
    timestamp = int(it.clock.now().timestamp()) - age_s
    message = wechatpay.request_message("GET", target, timestamp, "nonce", b"")
    made = Authorization(
        mchid=merchant.mchid,
        nonce="nonce",
        signature=sign(key, message),
        timestamp=timestamp,
        serial_no=merchant.serial_no,
    )
    return wechatpay.write_authorization(dataclasses.replace(made, **fields))


def test_only_a_merchants_own_fresh_signature_is_accepted(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it, browser(it) as client:
            good = authorization(it)
            assert (await client.get(TARGET, headers={"authorization": good})).status_code == 200
            for bad in (
                "",
                "Bearer x",
                authorization(it, age_s=310),
                authorization(it, age_s=-1200),
                authorization(it, target=f"{TARGET}?x=1"),
                authorization(it, signer="inpatient"),
                authorization(it, mchid="9900000009"),
                authorization(it, mchid=it.settings.merchants["inpatient"].mchid),
                authorization(it, serial_no="AB12"),
                authorization(it, signature="AAAA"),
                authorization(it, nonce="other"),
            ):
                reply = await client.get(TARGET, headers={"authorization": bad})
                assert (reply.status_code, reply.json()["code"]) == (401, "SIGN_ERROR")
                assert reply.headers["wechatpay-signature"], "errors are signed as well"
            reply = await client.post("/v3/pay/transactions/native", content=b"x" * 70_000)
            assert reply.status_code == 413

    run(main())


def test_the_phone_and_the_faults_over_http(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it, browser(it) as client:
            outcome = await it.pay.show_code(it.order("P20261123000001"))
            assert isinstance(outcome, Waiting)
            assert outcome.show
            code = {"code_url": outcome.show.code_url}
            assert (await client.post("/phone/scan", json=code)).json()["state"] == "payable"
            assert (await client.post("/phone/refuse", json=code)).json()["state"] == "payable"
            later = await client.post("/phone/pay", json=code | {"after_s": 0.01})
            assert later.json()["state"] == "payable"
            assert (await it.read_next()).reference == "P20261123000001"
            twice = await client.post("/phone/pay", json=code)
            assert (twice.status_code, twice.json()["code"]) == (409, "ORDERPAID")
            assert [each["state"] for each in (await client.get("/phone/orders")).json()] == ["paid"]
            for bad in ({"code_url": "weixin://unknown"}, {"code_url": 1}, {}, code | {"after_s": -1}):
                assert (await client.post("/phone/pay", json=bad)).status_code in (400, 404, 409)

            fault = {"at": "native", "kind": "error", "count": 2, "status": 429, "code": "FREQUENCY_LIMITED"}
            assert (await client.post("/faults", json=fault)).json()[0]["count"] == 2
            await it.pay.show_code(it.order("P20261123000002"))
            assert (await client.get("/faults")).json()[0]["count"] == 1
            assert (await client.delete("/faults")).json() == []
            assert not it.sandbox.faults.waiting()
            for bad in ({"at": "native", "kind": "race"}, {"at": "moon", "kind": "slow"}, fault | {"x": 1}):
                assert (await client.post("/faults", json=bad)).status_code == 400

    run(main())


def test_credentials_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    settings_file = tmp_path / "plugins" / "wechatpay.json"
    settings_file.parent.mkdir()
    now = MovingClock().now()
    first = make_credentials(tmp_path / "keys", "http://127.0.0.1:1", now, settings_file=settings_file)
    again = make_credentials(tmp_path / "keys", "http://127.0.0.1:2", now, settings_file=settings_file)
    assert first.platform_certificate == again.platform_certificate
    assert first.platform_key.private_numbers() == again.platform_key.private_numbers()
    assert first.merchants["9900000001"].api_key == again.merchants["9900000001"].api_key
    written = msgspec.json.decode(settings_file.read_bytes(), type=Settings)
    assert written.base_url == "http://127.0.0.1:2"
    assert set(written.merchants) == {"outpatient", "inpatient"}
    secrets = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(secrets) == 11
    assert all(path.stat().st_mode & 0o077 == 0 for path in [*secrets, tmp_path / "keys" / "merchant"])
    expired = make_credentials(tmp_path / "keys", "http://127.0.0.1:2", now + timedelta(days=6 * 365))
    assert expired.platform_certificate != first.platform_certificate, "a certificate that ran out is made anew"


def test_it_can_be_mounted_below_a_path(run: Run) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/wechatpay"
            clock = MovingClock()
            sandbox = Sandbox(credentials_for("certificates"), clock, None, AT_ONCE)
            pay: WeChatPay = PLUGIN.build(
                settings_for("certificates", base_url), surroundings(clock, "http://127.0.0.1:9")
            )
            async with serving(with_line(Starlette(routes=[Mount("/wechatpay", routes=routes(sandbox))])), listener):
                order = order_of(clock, "P20261123000001")
                assert isinstance(await pay.show_code(order), Waiting)
                assert isinstance(await pay.ask(order), Waiting)
                sandbox.faults.add(Fault(at="query", kind="down"))
                assert isinstance(await pay.ask(order), Unknown)
                await pay.stop()
            await sandbox.stop()

    run(main())


def test_a_new_platform_certificate_is_learnt(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path, "certificates") as it:
            order = it.order("P20261123000001")
            outcome = await it.pay.show_code(order)
            assert isinstance(outcome, Waiting)
            assert outcome.show
            it.phone.pay(outcome.show.code_url)
            got = await it.mailbox.next()
            other = make_credentials(tmp_path / "other", it.base_url, it.clock.now())
            renewed = dataclasses.replace(other, merchants=it.credentials.merchants)
            it.sandbox.seals = Seals(renewed, it.clock)
            assert isinstance(await it.pay.ask(order), Unknown), "just refreshed: not again for every stranger"
            it.clock.offset = timedelta(seconds=31)
            signed = it.sandbox.seals.sign(renewed.platform_serial_no, got.body)
            headers = {name.lower(): value for name, value in signed.items()}
            with pytest.raises(CallbackRefused, match="yet"):
                it.pay.read_callback(got.path, headers, got.body)
            async with asyncio.timeout(PATIENCE_S):
                while not await reads(it, headers, got.body):
                    continue
            assert isinstance(await it.pay.ask(order), Done)

    run(main())


async def reads(it: Lab, headers: dict[str, str], body: bytes) -> bool:
    """Whether the connector reads it by now; lets its other tasks run first."""
    await asyncio.sleep(0)
    try:
        return it.pay.read_callback("/callbacks/wechatpay", headers, body).reference == NUMBER
    except CallbackRefused:
        return False


class OneOrder(RuleBasedStateMachine):
    """Whatever a merchant and a payer do to one order, in whatever order, the sums and the final states hold."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = MovingClock()
        self.store = Store(None)
        self.desk = Rules(self.store, self.clock, refund_takes_s=5.0)
        self.merchant = MerchantAccount("outpatient", "门诊", "9900000001", "wx1", "AB", STRANGER, b"k" * 32)
        self.seen = ["NOTPAY"]
        self.refunds: dict[str, int] = {}
        self.request = msgspec.json.encode(
            {
                "appid": "wx1",
                "mchid": "9900000001",
                "description": "x",
                "out_trade_no": NUMBER,
                "notify_url": "https://hospital.example/callbacks",
                "amount": {"total": 1_000},
                "time_expire": (self.clock.now() + timedelta(minutes=30)).isoformat(),
            }
        )
        self.code_url = self.desk.place(self.merchant, "AB", self.request).code_url

    @property
    def order(self) -> Order:
        return self.desk.find("9900000001", NUMBER)

    @rule()
    def place_again(self) -> None:
        with contextlib.suppress(Refusal):
            assert self.desk.place(self.merchant, "AB", self.request).code_url == self.code_url

    @rule()
    def close(self) -> None:
        with contextlib.suppress(Refusal):
            self.desk.close(self.merchant, NUMBER, msgspec.json.encode({"mchid": "9900000001"}))

    @rule()
    def pay(self) -> None:
        before = self.order
        try:
            self.desk.pay(self.code_url)
        except Refusal:
            assert before.state != "NOTPAY" or before.expires_at <= self.desk.now()
        else:
            assert before.state == "NOTPAY"

    @rule(minutes=st.integers(1, 20))
    def wait(self, minutes: int) -> None:
        self.clock.offset += timedelta(minutes=minutes)

    @rule(number=st.sampled_from(["R1", "R2", "R3"]), amount=st.integers(1, 1_200))
    def give_back(self, number: str, amount: int) -> None:
        asked = {
            "out_trade_no": NUMBER,
            "out_refund_no": number,
            "amount": {"refund": amount, "total": 1_000, "currency": "CNY"},
        }
        try:
            refund = self.desk.give_back("9900000001", "AB", msgspec.json.encode(asked))
        except Refusal:
            return
        assert self.refunds.setdefault(number, refund.refund) == refund.refund == amount

    @invariant()
    def final_states_are_final(self) -> None:
        state = self.order.state
        if state != self.seen[-1]:
            assert (self.seen[-1], state) in {("NOTPAY", "CLOSED"), ("NOTPAY", "SUCCESS"), ("SUCCESS", "REFUND")}
            self.seen.append(state)

    @invariant()
    def no_more_is_given_back_than_was_taken(self) -> None:
        order = self.order
        assert order.refunded == sum(self.refunds.values()) <= (order.total if order.transaction_id else 0)

    @invariant()
    def what_was_paid_is_announced_once(self) -> None:
        events = self.store.events_due(float("inf"), 10)
        assert len([event for event in events if event.kind == "take"]) == (1 if self.order.transaction_id else 0)

    def teardown(self) -> None:
        self.store.close()


OneOrder.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=20, deadline=None)
TestOneOrder = OneOrder.TestCase
