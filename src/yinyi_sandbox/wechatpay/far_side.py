"""The sandbox WeChat Pay as the far side of its connector, for the conformance kit."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal

import msgspec

from yinyi.kernel.far_side import Line, Place
from yinyi_sandbox.wechatpay.app import app
from yinyi_sandbox.wechatpay.credentials import Trust, make_credentials
from yinyi_sandbox.wechatpay.model import Behaviour, Refusal
from yinyi_sandbox.wechatpay.sandbox import Pace, Sandbox

_AT_ONCE = Pace(refund_takes_s=0.0, ladder_scale=0.0)
_PURSES: dict[str, Behaviour] = {"pays": "pays", "password": "password", "no_money": "empty"}


class Payer:
    def __init__(self, sandbox: Sandbox) -> None:
        self._phone = sandbox.phone

    def pay(self, code_url: str) -> bool:
        try:
            self._phone.pay(code_url)
        except Refusal:
            return False
        return True

    def asked_fen(self, code_url: str) -> int:
        return self._phone.scan(code_url).amount_fen

    def refunded_fen(self, code_url: str) -> int:
        return self._phone.scan(code_url).refunded_fen

    def show_code(self, purse: Literal["pays", "password", "no_money"]) -> tuple[str, str]:
        shown = self._phone.show_code(_PURSES[purse])
        return shown.payer_code, shown.code_url


class FarWeChatPay:
    merchant = "outpatient"

    def __init__(self, settings: dict[str, Any], line: Line, payer: Payer) -> None:
        self.settings = settings
        self.hasty: dict[str, Any] = {"call_timeout_s": 0.3}
        self.line, self.payer = line, payer


@asynccontextmanager
async def far_side(place: Place, trust: Trust = "public_key") -> AsyncGenerator[FarWeChatPay]:
    """``trust``: whether the connector goes by WeChat Pay's public key or by its platform certificates."""
    made = await asyncio.to_thread(make_credentials, place.folder, "http://127.0.0.1:9", place.clock.now(), trust)
    sandbox = Sandbox(made, place.clock, place.folder / "orders.sqlite", _AT_ONCE)
    line = await place.line(await place.serve(app(sandbox)))
    settings = msgspec.json.decode(made.settings_file.read_bytes(), type=dict[str, Any])
    yield FarWeChatPay({**settings, "base_url": f"http://127.0.0.1:{line.port}"}, line, Payer(sandbox))
