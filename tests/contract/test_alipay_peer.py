"""Independent peers: a public SDK accepts the sandbox, and our requests pass a check that shares no code with us."""

import asyncio
import base64
import importlib
import json
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from alipay_lab import Lab, build, lab, settings_for
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from starlette.types import Receive, Scope, Send
from wechatpay_lab import MovingClock, order_of, refund_of, serving

from yinyi.kernel.outcome import NotSent, Unknown

Run = Callable[[Coroutine[Any, Any, Any]], Any]
NUMBER = "SDK2026112300001"


class Sdk:
    """The SDK ``python-alipay-sdk``, pointed at the sandbox; it blocks, so it runs in threads."""

    def __init__(self, it: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_PROXY", "*")
        self.package: Any = importlib.import_module("alipay")
        merchant = it.settings.merchants["outpatient"]
        self._sdk = self.package.AliPay(
            appid=merchant.app_id,
            app_notify_url=f"{it.base_url}/callbacks/alipay",
            app_private_key_string=Path(merchant.private_key_file).read_text(),
            alipay_public_key_string=Path(merchant.alipay_public_key_file).read_text(),
        )
        self._sdk._gateway = f"{it.base_url}/gateway.do"

    async def call(self, name: str, **arguments: Any) -> dict[str, str]:
        """The reply, whose signature the SDK found good."""
        return await asyncio.to_thread(getattr(self._sdk, f"api_alipay_trade_{name}"), **arguments)

    def finds_good(self, body: bytes) -> dict[str, str] | None:
        """The fields of a notice, if its signature is good."""
        fields = dict(parse_qsl(body.decode()))
        signature = fields.pop("sign")
        return fields if self._sdk.verify(dict(fields), signature) else None


def test_the_sdk_takes_and_gives_back_money(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            sdk = Sdk(it, monkeypatch)
            order = {"out_trade_no": NUMBER, "total_amount": "10.00", "subject": "挂号费 & 诊费"}
            told = await sdk.call("precreate", **order)
            assert told["code"] == "10000"
            code = told["qr_code"]
            assert code.startswith("https://qr.alipay.com/")
            told = await sdk.call("query", out_trade_no=NUMBER)
            assert told["sub_code"] == "ACQ.TRADE_NOT_EXIST", "nobody has scanned it"
            it.phone.scan(code)
            assert (await sdk.call("query", out_trade_no=NUMBER))["trade_status"] == "WAIT_BUYER_PAY"
            it.phone.pay(code)
            told = await sdk.call("query", out_trade_no=NUMBER)
            assert (told["trade_status"], told["total_amount"]) == ("TRADE_SUCCESS", "10.00")
            by_number = await sdk.call("query", trade_no=told["trade_no"])
            assert by_number["out_trade_no"] == NUMBER
            notice = sdk.finds_good((await it.mailbox.next()).body)
            assert notice
            assert (notice["trade_status"], notice["out_trade_no"]) == ("TRADE_SUCCESS", NUMBER)
            assert notice["subject"] == order["subject"]
            assert (await sdk.call("close", out_trade_no=NUMBER))["code"] == "40004"

            part = {"out_trade_no": NUMBER, "refund_amount": "4.00", "out_request_no": "SDKR1"}
            told = await sdk.call("refund", **part)
            assert (told["fund_change"], told["refund_fee"]) == ("Y", "4.00")
            told = await sdk.call("refund", **part)
            assert (told["fund_change"], told["refund_fee"]) == ("N", "4.00")
            rest = {"trade_no": by_number["trade_no"], "refund_amount": "6.00", "out_request_no": "SDKR2"}
            assert (await sdk.call("refund", **rest))["refund_fee"] == "10.00"
            told = await sdk.call("fastpay_refund_query", out_trade_no=NUMBER, out_request_no="SDKR1")
            assert (told["refund_status"], told["refund_amount"]) == ("REFUND_SUCCESS", "4.00")
            told = await sdk.call("fastpay_refund_query", out_trade_no=NUMBER, out_request_no="SDKR3")
            assert (told["code"], "refund_status" in told) == ("10000", False)
            for in_all, status in (("4.00", "TRADE_SUCCESS"), ("10.00", "TRADE_CLOSED")):
                notice = sdk.finds_good((await it.mailbox.next()).body)
                assert notice
                assert (notice["refund_fee"], notice["trade_status"]) == (in_all, status)
            assert (await sdk.call("query", out_trade_no=NUMBER))["trade_status"] == "TRADE_CLOSED"

    run(main())


def test_the_sdk_takes_by_the_payers_code_and_cancels(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            sdk = Sdk(it, monkeypatch)
            order = {"scene": "bar_code", "subject": "x", "total_amount": "0.01"}
            told = await sdk.call("pay", out_trade_no="SDK1", auth_code=it.phone.show_code(), **order)
            assert (told["code"], told["total_amount"]) == ("10000", "0.01")
            told = await sdk.call("pay", out_trade_no="SDK2", auth_code=it.phone.show_code("password"), **order)
            assert told["code"] == "10003"
            told = await sdk.call("pay", out_trade_no="SDK3", auth_code="281234567890123456", **order)
            assert told["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"
            for number, action in (("SDK1", "refund"), ("SDK2", "close"), ("SDK3", None)):
                told = await sdk.call("cancel", out_trade_no=number)
                assert (told["code"], told["retry_flag"], told.get("action")) == ("10000", "N", action)

    run(main())


def test_the_sdk_sees_forgery(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            sdk = Sdk(it, monkeypatch)
            it.fault("query", "bad_signature")
            with pytest.raises(sdk.package.exceptions.AliPayValidationError):
                await sdk.call("query", out_trade_no=NUMBER)
            it.fault("callback", "forged")
            it.mailbox.refuse = 1
            it.phone.pay(await it.shown(it.order(NUMBER)))
            forged, true = await it.mailbox.next(), await it.mailbox.next()
            assert sdk.finds_good(forged.body) is None
            assert sdk.finds_good(true.body)

    run(main())


@dataclass
class Recorder:
    """Takes down requests byte for byte, and answers all as the sandbox would answer a stranger."""

    seen: list[tuple[str, str, bytes]] = field(default_factory=list[tuple[str, str, bytes]])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.seen.append((scope["method"], scope["query_string"].decode(), body))
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body"})


def check_by_hand(key: RSAPublicKey, query: str, body: bytes) -> dict[str, str]:
    """Verifies a request as Alipay documents it, with nothing of ours; gives its parameters."""
    params = dict(parse_qsl(query, strict_parsing=True)) | dict(parse_qsl(body.decode(), strict_parsing=True))
    pairs = sorted((name, value) for name, value in params.items() if name != "sign" and value != "")
    message = "&".join(f"{name}={value}" for name, value in pairs)
    key.verify(base64.b64decode(params["sign"]), message.encode(), PKCS1v15(), SHA256())
    return params


def test_what_we_send_is_signed_as_documented(run: Run) -> None:
    async def main() -> Recorder:
        recorder = Recorder()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            clock = MovingClock()
            pay = build(settings_for(base_url), clock, "https://hospital.example")
            order = order_of(clock, "P20261123000001", 5_005)
            refund = refund_of(order, "R000001", 100)
            async with serving(recorder, listener):
                outcomes = [
                    await pay.show_code(order),
                    await pay.take_by_code(order, "281234567890123456"),
                    await pay.ask(order),
                    await pay.close(order),
                    await pay.refund(refund),
                    await pay.ask_refund(refund),
                ]
                await pay.stop()
        assert all(isinstance(outcome, Unknown | NotSent) for outcome in outcomes)
        return recorder

    recorder: Recorder = run(main())
    file = settings_for("").merchants["outpatient"].private_key_file
    key = load_pem_private_key(Path(file).read_bytes(), None).public_key()
    assert isinstance(key, RSAPublicKey)
    sent = [(method, check_by_hand(key, query, body)) for method, query, body in recorder.seen]
    assert all(method == "POST" and "charset=utf-8" in query for method, query, _ in recorder.seen)
    for _, params in sent:
        assert (params["app_id"], params["sign_type"], params["version"]) == ("2099000000000001", "RSA2", "1.0")
        assert len(params["timestamp"]) == 19
    assert [params["method"] for _, params in sent] == [
        "alipay.trade.precreate",
        "alipay.trade.pay",
        "alipay.trade.query",
        "alipay.trade.close",
        "alipay.trade.refund",
        "alipay.trade.fastpay.refund.query",
    ]
    precreate, pay, _, close, refund, _ = (json.loads(params["biz_content"]) for _, params in sent)
    assert sent[0][1]["notify_url"] == sent[1][1]["notify_url"] == "https://hospital.example/callbacks/alipay"
    assert all("notify_url" not in params for _, params in sent[2:])
    assert (precreate["total_amount"], precreate["seller_id"]) == ("50.05", "2088990000000001")
    assert len(precreate["time_expire"]) == 19
    assert (pay["scene"], pay["auth_code"]) == ("bar_code", "281234567890123456")
    assert close == {"out_trade_no": "P20261123000001"}
    assert (refund["refund_amount"], refund["out_request_no"]) == ("1.00", "R000001")
