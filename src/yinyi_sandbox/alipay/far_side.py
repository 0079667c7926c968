"""The sandbox Alipay as the far side of its connector, for the conformance kit."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal

import msgspec

from yinyi.kernel.far_side import Line, Place
from yinyi_sandbox.alipay.app import app
from yinyi_sandbox.alipay.credentials import make_credentials
from yinyi_sandbox.alipay.model import Refusal
from yinyi_sandbox.alipay.sandbox import Pace, Sandbox

_AT_ONCE = Pace(ladder_scale=0.0)


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
        return self._phone.look(code_url).amount_fen

    def refunded_fen(self, code_url: str) -> int:
        return self._phone.look(code_url).refunded_fen

    def show_code(self, purse: Literal["pays", "password", "no_money"]) -> tuple[str, str]:
        shown = self._phone.show(purse)
        return shown.payer_code, shown.code_url


class FarAlipay:
    merchant = "outpatient"

    def __init__(self, settings: dict[str, Any], line: Line, payer: Payer) -> None:
        self.settings = settings
        self.hasty: dict[str, Any] = {"call_timeout_s": 0.3}
        self.line, self.payer = line, payer


@asynccontextmanager
async def far_side(place: Place) -> AsyncGenerator[FarAlipay]:
    made = await asyncio.to_thread(make_credentials, place.folder, "http://127.0.0.1:9/gateway.do")
    sandbox = Sandbox(made, place.clock, place.folder / "trades.sqlite", _AT_ONCE)
    line = await place.line(await place.serve(app(sandbox)))
    settings = msgspec.json.decode(made.settings_file.read_bytes(), type=dict[str, Any])
    yield FarAlipay({**settings, "gateway_url": f"http://127.0.0.1:{line.port}/gateway.do"}, line, Payer(sandbox))
