"""Independent peers: a public SDK accepts the sandbox, and our requests pass a check that shares no code with us."""

import asyncio
import base64
import importlib
import json
import re
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from starlette.types import Receive, Scope, Send
from wechatpay_lab import Lab, MovingClock, credentials_for, lab, refund_of, serving, settings_for, surroundings

from yinyi.access.payment.wechatpay.plugin import PLUGIN, WeChatPay
from yinyi.business.payments.model import Order
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import NotSent, Unknown
from yinyi_sandbox.wechatpay.credentials import Trust

Run = Callable[[Coroutine[Any, Any, Any]], Any]
both_ways = pytest.mark.parametrize("trust", ["public_key", "certificates"])


class Sdk:
    """The SDK ``wechatpayv3``, pointed at the sandbox from its very first request; it blocks, so it runs in threads."""

    def __init__(self, it: Lab, trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_PROXY", "*")
        package: Any = importlib.import_module("wechatpayv3")
        core: Any = importlib.import_module("wechatpayv3.core")
        gateway = property(lambda _: it.base_url, lambda _, value: None)
        monkeypatch.setattr(core, "Core", type("Core", (core.Core,), {"_gate_way": gateway}))
        merchant = it.settings.merchants["outpatient"]
        by_public_key = {
            "public_key": Path(merchant.public_key_file).read_text() if merchant.public_key_file else None,
            "public_key_id": merchant.public_key_id or None,
        }
        self.codepay = package.WeChatPayType.CODEPAY
        self._sdk = package.WeChatPay(
            wechatpay_type=package.WeChatPayType.NATIVE,
            mchid=merchant.mchid,
            private_key=Path(merchant.private_key_file).read_text(),
            cert_serial_no=merchant.serial_no,
            appid=merchant.appid,
            apiv3_key=Path(merchant.api_key_file).read_text(),
            notify_url=f"{it.base_url}/callbacks/wechatpay",
            timeout=(5, 10),
            **(by_public_key if trust == "public_key" else {}),
        )

    async def call(self, name: str, **arguments: Any) -> tuple[int, Any]:
        status, text = await asyncio.to_thread(getattr(self._sdk, name), **arguments)
        return status, json.loads(text) if text else None

    def read_callback(self, headers: dict[str, str], body: bytes) -> Any:
        return self._sdk.callback(headers, body)


@both_ways
def test_the_sdk_takes_and_gives_back_money(
    tmp_path: Path, run: Run, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with lab(tmp_path, trust) as it:
            sdk = await asyncio.to_thread(Sdk, it, trust, monkeypatch)
            number = "SDK2026112300001"
            amount = {"total": 1_000, "currency": "CNY"}
            status, told = await sdk.call("pay", description="挂号费", out_trade_no=number, amount=amount)
            assert status == 200
            code_url = told["code_url"]
            status, told = await sdk.call("query", out_trade_no=number)
            assert (status, told["trade_state"]) == (200, "NOTPAY")
            it.phone.pay(code_url)
            status, told = await sdk.call("query", out_trade_no=number)
            assert (status, told["trade_state"], told["amount"]["payer_total"]) == (200, "SUCCESS", 1_000)
            transaction_id = told["transaction_id"]
            status, told = await sdk.call("query", transaction_id=transaction_id)
            assert (status, told["out_trade_no"]) == (200, number)
            got = await it.mailbox.next()
            notice = sdk.read_callback(got.headers, got.body)
            assert notice["event_type"] == "TRANSACTION.SUCCESS"
            assert notice["resource"]["out_trade_no"] == number
            assert (await sdk.call("close", out_trade_no=number))[1]["code"] == "ORDERPAID"

            part = {"refund": 400, "total": 1_000, "currency": "CNY"}
            status, told = await sdk.call("refund", out_refund_no="SDKR1", amount=part, out_trade_no=number)
            assert (status, told["amount"]["refund"]) == (200, 400)
            rest = {"refund": 600, "total": 1_000, "currency": "CNY"}
            status, told = await sdk.call("refund", out_refund_no="SDKR2", amount=rest, transaction_id=transaction_id)
            assert status == 200
            status, told = await sdk.call("query_refund", out_refund_no="SDKR1")
            assert (status, told["status"]) == (200, "SUCCESS")
            got = await it.mailbox.next()
            notice = sdk.read_callback(got.headers, got.body)
            assert notice["event_type"] == "REFUND.SUCCESS"
            assert notice["resource"]["refund_status"] == "SUCCESS"
            status, told = await sdk.call("refund", out_refund_no="SDKR3", amount=part, out_trade_no=number)
            assert (status, told["code"]) == (400, "INVALID_REQUEST")

    run(main())


@both_ways
def test_the_sdk_closes_and_sees_forgery(
    tmp_path: Path, run: Run, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with lab(tmp_path, trust) as it:
            sdk = await asyncio.to_thread(Sdk, it, trust, monkeypatch)
            amount = {"total": 1_000}
            order = {"description": "x", "out_trade_no": "SDK2026112300002", "amount": amount}
            code_url = (await sdk.call("pay", **order))[1]["code_url"]
            assert (await sdk.call("close", out_trade_no=order["out_trade_no"]))[0] == 204
            assert (await sdk.call("query", out_trade_no=order["out_trade_no"]))[1]["trade_state"] == "CLOSED"
            assert it.phone.scan(code_url).state == "closed"
            status, told = await sdk.call("query", out_trade_no="SDK2026112300003")
            assert (status, told["code"]) == (404, "ORDER_NOT_EXIST")
            it.fault("query", "bad_signature")
            with pytest.raises(Exception, match="verify"):
                await sdk.call("query", out_trade_no=order["out_trade_no"])
            it.fault("callback", "forged")
            it.mailbox.refuse = 1
            code_url = (await sdk.call("pay", **(order | {"out_trade_no": "SDK2026112300004"})))[1]["code_url"]
            it.phone.pay(code_url)
            forged, true = await it.mailbox.next(), await it.mailbox.next()
            assert sdk.read_callback(forged.headers, forged.body) is None
            assert sdk.read_callback(true.headers, true.body)["resource"]["trade_state"] == "SUCCESS"

    run(main())


@both_ways
def test_the_sdk_takes_by_the_payers_code_and_reverses(
    tmp_path: Path, run: Run, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with lab(tmp_path, trust) as it:
            sdk = await asyncio.to_thread(Sdk, it, trust, monkeypatch)

            async def pay(number: str, payer_code: str) -> tuple[int, Any]:
                return await sdk.call(
                    "pay",
                    description="挂号费",
                    out_trade_no=number,
                    amount={"total": 1_000},
                    payer={"auth_code": payer_code},
                    scene_info={"store_info": {"out_id": "A1"}},
                    pay_type=sdk.codepay,
                )

            code = it.phone.show_code().payer_code
            status, told = await pay("SDK2026112300005", code)
            assert (status, told["trade_state"], told["trade_type"]) == (200, "SUCCESS", "MICROPAY")
            assert (await pay("SDK2026112300006", code))[1]["code"] == "AUTH_CODE_INVALID"
            status, told = await sdk.call("codepay_reverse", out_trade_no="SDK2026112300005")
            assert (status, told["out_trade_no"]) == (200, "SDK2026112300005")
            assert (await sdk.call("query", out_trade_no="SDK2026112300005"))[1]["trade_state"] == "REVOKED"

            asks = it.phone.show_code("password")
            status, told = await pay("SDK2026112300007", asks.payer_code)
            assert (status, told["trade_state"]) == (202, "USERPAYING")
            it.phone.pay(asks.code_url)
            status, told = await sdk.call("query", out_trade_no="SDK2026112300007")
            assert (status, told["trade_state"], told["amount"]["payer_total"]) == (200, "SUCCESS", 1_000)

    run(main())


@dataclass
class Recorder:
    """Takes down requests byte for byte and answers all with 500."""

    seen: list[tuple[str, str, dict[str, str], bytes]] = field(
        default_factory=list[tuple[str, str, dict[str, str], bytes]]
    )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        query = scope["query_string"].decode()
        target = scope["raw_path"].decode() + (f"?{query}" if query else "")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.seen.append((scope["method"], target, headers, body))
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body"})


def check_by_hand(key: RSAPublicKey, method: str, target: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
    """Verifies a request as WeChat Pay documents it, with nothing of ours; gives the fields of its authorization."""
    scheme, rest = headers["authorization"].split(" ", 1)
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    fields = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    message = "\n".join([method, target, fields["timestamp"], fields["nonce_str"], body.decode()]) + "\n"
    key.verify(base64.b64decode(fields["signature"]), message.encode(), PKCS1v15(), SHA256())
    return fields


def test_what_we_send_is_signed_as_documented(run: Run) -> None:
    async def main() -> Recorder:
        recorder = Recorder()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            clock = MovingClock()
            settings = settings_for("public_key", base_url)
            pay: WeChatPay = PLUGIN.build(settings, surroundings(clock, "https://hospital.example"))
            order = Order(
                reference="P20261123000001",
                merchant="outpatient",
                amount_fen=Fen(5_000),
                description="挂号费" * 50,
                expires_at=clock.now() + timedelta(minutes=10),
            )
            scanned = msgspec.structs.replace(order, reference="P20261123000002", scanned=True)
            refund = refund_of(order, "R000001", 100)
            async with serving(recorder, listener):
                outcomes = [
                    await pay.show_code(order),
                    await pay.ask(order),
                    await pay.close(order),
                    await pay.refund(refund),
                    await pay.ask_refund(refund),
                    await pay.take_by_code(scanned, "130061098828009406"),
                    await pay.close(scanned),
                ]
                await pay.stop()
        assert all(isinstance(outcome, Unknown | NotSent) for outcome in outcomes)
        return recorder

    recorder: Recorder = run(main())
    certificate = credentials_for("public_key").settings_file.with_name("outpatient_certificate.pem")
    parsed = load_pem_x509_certificate(certificate.read_bytes())
    key = parsed.public_key()
    assert isinstance(key, RSAPublicKey)
    nonces: set[str] = set()
    for method, target, headers, body in recorder.seen:
        fields = check_by_hand(key, method, target, headers, body)
        nonces.add(fields["nonce_str"])
        assert fields["mchid"] == "9900000001"
        assert int(fields["serial_no"], 16) == parsed.serial_number
        assert headers["accept"] == "application/json"
        assert headers["wechatpay-serial"].startswith("PUB_KEY_ID_")
        assert headers["user-agent"]
    assert len(nonces) == len(recorder.seen) == 7
    assert [(method, target) for method, target, _, _ in recorder.seen] == [
        ("POST", "/v3/pay/transactions/native"),
        ("GET", "/v3/pay/transactions/out-trade-no/P20261123000001?mchid=9900000001"),
        ("POST", "/v3/pay/transactions/out-trade-no/P20261123000001/close"),
        ("POST", "/v3/refund/domestic/refunds"),
        ("GET", "/v3/refund/domestic/refunds/R000001"),
        ("POST", "/v3/pay/transactions/codepay"),
        ("POST", "/v3/pay/transactions/out-trade-no/P20261123000002/reverse"),
    ]
    native = json.loads(recorder.seen[0][3])
    assert native["amount"]["total"] == 5_000
    assert native["notify_url"] == "https://hospital.example/callbacks/wechatpay"
    assert len(native["description"].encode()) <= 127
    assert native["description"].startswith("挂号费")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", native["time_expire"])
    assert datetime.fromisoformat(native["time_expire"])
    codepay = json.loads(recorder.seen[5][3])
    assert (codepay["payer"], codepay["amount"]["total"]) == ({"auth_code": "130061098828009406"}, 5_000)
    assert codepay["scene_info"] == {"store_info": {"out_id": "hospital"}}, "what is not configured is left out"
    assert not {"notify_url", "time_expire"} & set(codepay), "a code payment knows neither"
    assert json.loads(recorder.seen[6][3]) == {"appid": codepay["appid"], "mchid": "9900000001"}
