"""Whatever comes to whichever address of the web interfaces, it is answered, in few words, and nobody is to blame but
its sender: never a 500 of ours, never a stack, a statement or a path. All of the business layer is behind them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import alipay_lab
import wechatpay_lab
from bad_messages import HipPeer, ProcessPeer
from bad_peers import HIS, SoapPeer
from bad_requests import LEAKS
from garbage import ALIPAY, WECHATPAY, Garbage, garbage
from holder_stage import HolderStage, InProcess, holder_stage
from hypothesis import HealthCheck, example, given, settings
from starlette.types import ASGIApp, Message

from examples import examples
from yinyi.access.payment.wechatpay.plugin import PLUGIN as CONNECTOR
from yinyi.interface.server import Interfaces, Surroundings

WITHIN_S = 20.0
"""Nothing takes so long: who waits for ever is found here."""
FEW_BYTES = 4096
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
NAMES: Sequence[str] = ("callbacks", "rest", "soap", "verify")


class Bus(InProcess):
    connected = True

    async def listen(self, subject: str, heard: Callable[[str, bytes], Awaitable[None]]) -> None: ...


async def answered(app: ASGIApp, request: Garbage) -> tuple[int, bytes, bytes]:
    """Status, headers and body; whatever is raised on the way is raised here."""
    coming, told = list(request.pieces), list[Message]()

    async def receive() -> Message:
        if coming:
            return {"type": "http.request", "body": coming.pop(0), "more_body": bool(coming) or request.end != "whole"}
        if request.end == "endless":
            return {"type": "http.request", "body": bytes(1 << 16), "more_body": True}
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        told.append(message)

    async with asyncio.timeout(WITHIN_S):
        await app(request.scope(), receive, send)
    start, *rest = told
    assert (start["type"], rest[-1].get("more_body", False)) == ("http.response.start", False)
    headers = b"".join(name + value for name, value in start["headers"])
    return start["status"], headers, b"".join(each.get("body", b"") for each in rest)


def judge(request: Garbage, status: int, headers: bytes, body: bytes) -> None:
    """
    Raises:
        AssertionError: it was not answered as it should be.
    """
    text = body.decode()
    wrong = [leak for leak in (*LEAKS, "InternalError") if leak in text or leak.encode() in headers]
    asks = request.method == "POST" and request.path.startswith("/soap")
    fault = asks and status == 500  # SOAP 1.1, section 6.2: whoever is to blame
    if "<faultcode>soap:Server<" in text or (status >= 500 and not fault):
        wrong.append("it is our fault")
    if status != 200 and len(body) > FEW_BYTES:
        wrong.append("it is a long answer")
    assert not wrong, f"{request} {status} {headers!r} {body!r}"


async def behind(stage: HolderStage) -> tuple[ASGIApp, str]:
    """The web interfaces, and the secret of an institution that asks by SOAP."""
    clock = stage.line.clock
    async with stage.line.database.transaction() as tx:
        secret = await stage.business.institutions.add(tx, HIS, "UsernameToken", clock.now())
    buses = dict.fromkeys(NAMES, Bus(stage.business.dispatcher))
    return Interfaces(buses, Surroundings(clock=clock, zone=ZoneInfo("Asia/Shanghai"))).app, secret


def channels() -> dict[str, Any]:
    """Those that callbacks are for; nobody is at their other ends."""
    clock, away = wechatpay_lab.MovingClock(timedelta()), "http://127.0.0.1:9"
    told = wechatpay_lab.surroundings(clock, away)
    return {
        "wechatpay": CONNECTOR.build(wechatpay_lab.settings_for("public_key", away), told),
        "alipay": alipay_lab.build(alipay_lab.settings_for(away), clock, away),
    }


def test_whatever_comes_is_answered_and_nothing_leaks(platform_url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with holder_stage(platform_url, tmp_path, channels=channels()) as stage:
            app, secret = await behind(stage)
            clock, loop = stage.line.clock, asyncio.get_running_loop()
            peers = tuple(each("", secret, clock) for each in (SoapPeer, HipPeer, ProcessPeer))
            statuses: set[int] = set()

            @settings(max_examples=examples(600), deadline=None, derandomize=True, suppress_health_check=SLOW)
            @given(garbage(peers))
            @example(Garbage("POST", "/callbacks/wechatpay", b"", [], [WECHATPAY], "whole"))
            @example(Garbage("POST", "/callbacks/alipay", b"", [], [ALIPAY], "endless"))
            @example(Garbage("POST", "/callbacks/alipay", b"", [], [ALIPAY], "gone"))
            def each(request: Garbage) -> None:
                told = asyncio.run_coroutine_threadsafe(answered(app, request), loop).result()
                statuses.add(told[0])
                judge(request, *told)

            await asyncio.to_thread(each)
            assert {200, 400, 401, 404, 405, 413, 500} <= statuses, "it was not turned away at the first door only"

    asyncio.run(story())
