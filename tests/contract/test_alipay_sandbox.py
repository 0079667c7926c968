"""The sandbox keeps Alipay's rules: against strangers, against its own merchants, and in any order of events."""

import contextlib
import json
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from alipay_lab import AT_ONCE, Lab, build, credentials, lab, settings_for
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from starlette.applications import Starlette
from starlette.routing import Mount
from wechatpay_lab import MovingClock, order_of, serving

from examples import examples
from yinyi.access.payment.alipay.config import Settings
from yinyi.app.business_start import outside_of
from yinyi.app.data_folder import DataFolder
from yinyi.app.errors import CannotStart
from yinyi.app.settings import Settings as PlatformSettings
from yinyi.kernel.money import yuan
from yinyi.kernel.outcome import Unknown, Waiting
from yinyi.wire import beijing_time
from yinyi.wire.signing import alipay
from yinyi.wire.signing.rsa import load_private_key
from yinyi_sandbox.alipay.credentials import make_credentials
from yinyi_sandbox.alipay.faults import Fault
from yinyi_sandbox.alipay.model import PayerCode, Refusal, Trade
from yinyi_sandbox.alipay.routes import routes
from yinyi_sandbox.alipay.rules import Rules
from yinyi_sandbox.alipay.sandbox import Sandbox
from yinyi_sandbox.alipay.store import Store
from yinyi_sandbox.channel.hanging_up import with_line

Run = Callable[[Coroutine[Any, Any, Any]], Any]
NUMBER = "P20261123000001"
CODE = "281234567890123456"


@contextlib.asynccontextmanager
async def browser(it: Lab) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=it.base_url, trust_env=False, timeout=10) as client:
        yield client


def signed(it: Lab, method: str, content: dict[str, str], **changes: str) -> dict[str, str]:
    """The parameters of a request by the outpatients' merchant; what is changed is signed, too."""
    merchant = it.settings.merchants["outpatient"]
    params = {
        "app_id": merchant.app_id,
        "method": method,
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": beijing_time.write(it.clock.now()),
        "version": "1.0",
        "biz_content": json.dumps(content),
    } | changes
    key = load_private_key(Path(merchant.private_key_file).read_bytes())
    return params | {"sign": alipay.sign(key, params)}


def test_strangers_are_turned_away(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it, browser(it) as client:
            good = signed(it, "alipay.trade.query", {"out_trade_no": NUMBER})
            wrong = {
                "isv.invalid-signature": good | {"biz_content": "{}"},
                "isv.invalid-app-id": good | {"app_id": "1"},
                "isv.missing-sign": {name: value for name, value in good.items() if name != "sign"},
                "isv.invalid-signature-type": signed(it, "alipay.trade.query", {}, sign_type="RSA"),
                "isv.invalid-method": signed(it, "alipay.trade.moon", {}),
                "ACQ.INVALID_PARAMETER": signed(it, "alipay.trade.query", {}),
            }
            for sub_code, params in wrong.items():
                reply = (await client.post("/gateway.do", data=params)).json()
                told = reply.get("error_response") or next(iter(reply.values()))
                assert told["sub_code"] == sub_code
            other = signed(it, "alipay.trade.query", {}, app_id="2099000000000002")
            reply = (await client.post("/gateway.do", data=other)).json()
            assert reply["error_response"]["sub_code"] == "isv.invalid-signature", "signed by another merchant"
            by_address = (await client.get("/gateway.do", params=good)).json()
            assert by_address["alipay_trade_query_response"]["sub_code"] == "ACQ.TRADE_NOT_EXIST"
            assert (await client.post("/gateway.do", content=b"x" * 70_000)).status_code == 400

    run(main())


def test_orders_out_of_form_are_refused(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it, browser(it) as client:
            good = {"out_trade_no": NUMBER, "total_amount": "50.00", "subject": "x"}
            wrong = [
                {"out_trade_no": "no spaces"},
                {"total_amount": "0.00"},
                {"total_amount": "1000000.01"},
                {"total_amount": "1e2"},
                {"subject": ""},
                {"seller_id": "2088999999999999"},
                {"time_expire": "2020-01-01 00:00:00"},
                {"time_expire": "soon"},
                {"timeout_express": "5"},
            ]
            for changes in wrong:
                params = signed(it, "alipay.trade.precreate", good | changes)
                reply = (await client.post("/gateway.do", data=params)).json()
                assert reply["alipay_trade_precreate_response"]["code"] == "40004", changes

    run(main())


def test_the_phone_and_the_faults_by_http(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it, browser(it) as client:
            code = {"code_url": await it.shown(it.order(NUMBER))}
            asked = (await client.post("/phone/scan", json=code)).json()
            assert (asked["amount_fen"], asked["state"]) == (5_000, "payable")
            assert (await client.post("/phone/refuse", json=code)).json()["state"] == "payable"
            later = await client.post("/phone/pay", json=code | {"after_s": 0.01})
            assert later.json()["state"] == "payable"
            assert (await it.read_next()).reference == NUMBER
            twice = await client.post("/phone/pay", json=code)
            assert (twice.status_code, twice.json()["code"]) == (409, "PAID")
            for bad in ({"code_url": "https://unknown"}, {"code_url": 1}, {}, code | {"after_s": -1}):
                assert (await client.post("/phone/pay", json=bad)).status_code in (400, 404, 409)

            shown = (await client.post("/phone/show-code", json={"behaviour": "password"})).json()["payer_code"]
            assert isinstance(await it.pay.take_by_code(it.scanned("P20261123000002"), shown), Waiting)
            assert [each["reference"] for each in (await client.get("/phone/waiting")).json()] == ["P20261123000002"]
            confirmed = await client.post("/phone/confirm", json={"reference": "P20261123000002"})
            assert confirmed.json()["state"] == "paid"
            assert (await client.post("/phone/confirm", json={"reference": "P3"})).status_code == 404
            assert [each["state"] for each in (await client.get("/phone/orders")).json()] == ["paid", "paid"]

            fault = {"at": "precreate", "kind": "error", "count": 2, "code": "20000", "sub_code": "isp.unknow-error"}
            assert (await client.post("/faults", json=fault)).json()[0]["count"] == 2
            await it.pay.show_code(it.order("P20261123000003"))
            assert (await client.get("/faults")).json()[0]["count"] == 1
            assert (await client.delete("/faults")).json() == []
            assert not it.sandbox.faults.waiting()
            for bad in ({"at": "precreate", "kind": "race"}, {"at": "moon", "kind": "slow"}, fault | {"x": 1}):
                assert (await client.post("/faults", json=bad)).status_code == 400

    run(main())


def test_credentials_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    settings_file = tmp_path / "plugins" / "alipay.json"
    settings_file.parent.mkdir()
    first = make_credentials(tmp_path / "keys", "http://127.0.0.1:1/gateway.do", settings_file)
    again = make_credentials(tmp_path / "keys", "http://127.0.0.1:2/gateway.do", settings_file)
    assert first.alipay_key.private_numbers() == again.alipay_key.private_numbers()
    written = msgspec.json.decode(settings_file.read_bytes(), type=Settings)
    assert written.gateway_url == "http://127.0.0.1:2/gateway.do"
    assert set(written.merchants) == {"outpatient", "inpatient"}
    secrets = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(secrets) == 5
    assert all(path.stat().st_mode & 0o077 == 0 for path in [*secrets, tmp_path / "keys" / "merchant"])


def test_a_channel_is_wired_where_it_has_settings(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.sandbox.mkdir(parents=True)
    (folder.sandbox / "procedures.json").write_text('{"url": "postgresql://127.0.0.1:9/none"}')
    chosen = PlatformSettings(data_dir=tmp_path)
    with pytest.raises(CannotStart, match="wechatpay has no settings"):
        outside_of(chosen, MovingClock())
    make_credentials(tmp_path / "keys", "http://127.0.0.1:9/gateway.do", folder.sandbox / "alipay.json")
    outside = outside_of(chosen, MovingClock())
    assert set(outside.channels) == {"alipay"}
    assert outside.merchants.of("outpatient", "alipay") == "outpatient"
    assert outside.merchants.of("inpatient", "alipay") == "inpatient"
    assert outside.merchants.of("outpatient", "wechatpay") is None


def test_it_can_be_mounted_below_a_path(run: Run) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/alipay"
            clock = MovingClock()
            sandbox = Sandbox(credentials(), clock, None, AT_ONCE)
            pay = build(settings_for(base_url), clock, "http://127.0.0.1:9")
            async with serving(with_line(Starlette(routes=[Mount("/alipay", routes=routes(sandbox))])), listener):
                order = order_of(clock, NUMBER)
                assert isinstance(await pay.show_code(order), Waiting)
                assert isinstance(await pay.ask(order), Waiting)
                sandbox.faults.add(Fault(at="query", kind="down"))
                assert isinstance(await pay.ask(order), Unknown)
                await pay.stop()
            await sandbox.stop()

    run(main())


MOVES = {
    ("", "PRECREATED"),
    ("PRECREATED", "WITHDRAWN"),
    ("PRECREATED", "WAIT_BUYER_PAY"),
    ("PRECREATED", "TRADE_SUCCESS"),
    ("WAIT_BUYER_PAY", "TRADE_SUCCESS"),
    ("WAIT_BUYER_PAY", "TRADE_CLOSED"),
    ("TRADE_SUCCESS", "TRADE_CLOSED"),
    ("TRADE_SUCCESS", "TRADE_FINISHED"),
}


class OneOrder(RuleBasedStateMachine):
    """Whatever a merchant and a payer do to one order, in whatever order, the sums and the final states hold."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = MovingClock()
        self.store = Store(None)
        self.merchant = credentials().merchants["2099000000000001"]
        self.desk = Rules(self.store, self.clock, credentials().merchants, 100_000)
        self.seen = [""]
        self.refunds: dict[str, int] = {}
        self.request = json.dumps(
            {"out_trade_no": NUMBER, "total_amount": "10.00", "subject": "x", "timeout_express": "30m"}
        )
        self.number = json.dumps({"out_trade_no": NUMBER})
        self.code = self.desk.precreate(self.merchant, self.request, "https://hospital.example/callbacks").qr_code

    @property
    def trade(self) -> Trade:
        return self.desk.look(self.code)

    @rule()
    def place_again(self) -> None:
        with contextlib.suppress(Refusal):
            assert self.desk.precreate(self.merchant, self.request, "").qr_code == self.code

    @rule()
    def scan(self) -> None:
        with contextlib.suppress(Refusal):
            self.desk.scan(self.code)

    @rule()
    def pay(self) -> None:
        before = self.trade
        try:
            self.desk.confirm(self.desk.scan(self.code))
        except Refusal:
            assert before.state not in ("WAIT_BUYER_PAY",)
        else:
            assert before.state in ("PRECREATED", "WAIT_BUYER_PAY")

    @rule()
    def pay_by_code(self) -> None:
        self.desk.show(PayerCode(code=CODE, behaviour="pays", until=self.desk.now() + 60))
        asked = json.loads(self.request) | {"scene": "bar_code", "auth_code": CODE}
        with pytest.raises(Refusal):
            self.desk.pay(self.merchant, json.dumps(asked), "")

    @rule()
    def close(self) -> None:
        with contextlib.suppress(Refusal):
            self.desk.close(self.merchant.app_id, self.number)

    @rule()
    def cancel(self) -> None:
        before = self.trade
        try:
            _, action = self.desk.cancel(self.merchant.app_id, self.number)
        except Refusal:
            assert before.paid_at
            return
        assert self.trade.state in ("WITHDRAWN", "TRADE_CLOSED")
        assert action == ("refund" if before.paid_at else "close" if before.trade_no else "")
        if before.state == "TRADE_SUCCESS":
            self.refunds[NUMBER] = 1_000

    @rule(minutes=st.sampled_from([1, 20, 60 * 24, 60 * 24 * 50]))
    def wait(self, minutes: int) -> None:
        self.clock.offset += timedelta(minutes=minutes)

    @rule(number=st.sampled_from(["R1", "R2", "R3"]), amount=st.integers(1, 1_200))
    def give_back(self, number: str, amount: int) -> None:
        asked = {"out_trade_no": NUMBER, "refund_amount": yuan(amount), "out_request_no": number}
        try:
            _, refund, moved = self.desk.refund(self.merchant.app_id, json.dumps(asked))
        except Refusal:
            return
        assert moved == (number not in self.refunds)
        assert self.refunds.setdefault(number, refund.amount) == refund.amount == amount

    @invariant()
    def final_states_are_final(self) -> None:
        state = self.trade.state
        if state != self.seen[-1]:
            assert (self.seen[-1], state) in MOVES
            self.seen.append(state)

    @invariant()
    def no_more_is_given_back_than_was_taken(self) -> None:
        trade = self.trade
        assert trade.refunded == sum(self.refunds.values()) <= (trade.total if trade.paid_at else 0)

    @invariant()
    def what_was_paid_is_announced_once(self) -> None:
        events = self.store.events_due(float("inf"), 20)
        paid = [each for each in events if each.fields["trade_status"] == "TRADE_SUCCESS"]
        assert len([each for each in paid if "refund_fee" not in each.fields]) == (1 if self.trade.paid_at else 0)

    def teardown(self) -> None:
        self.store.close()


OneOrder.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=20, deadline=None)
TestOneOrder = OneOrder.TestCase
