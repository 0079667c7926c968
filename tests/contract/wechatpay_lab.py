"""A WeChat Pay on a real socket for one test, with somebody who receives its callbacks."""

import asyncio
import atexit
import contextlib
import functools
import shutil
import socket
import tempfile
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yinyi.access.payment.wechatpay.config import Settings
from yinyi.access.payment.wechatpay.plugin import PLUGIN, WeChatPay
from yinyi.business.payments.model import CallbackRead, Order, RefundOrder
from yinyi.kernel.clock import Clock
from yinyi.kernel.listening import listening
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import Surroundings
from yinyi_sandbox.wechatpay.app import app
from yinyi_sandbox.wechatpay.credentials import Credentials, Trust, make_credentials
from yinyi_sandbox.wechatpay.faults import Fault, Place
from yinyi_sandbox.wechatpay.phone import Phone
from yinyi_sandbox.wechatpay.sandbox import Pace, Sandbox

PATIENCE_S = 20.0
AT_ONCE = Pace(refund_takes_s=0.0, ladder_scale=0.0)


@dataclass
class MovingClock:
    """The real time, moved by an offset that a test may change."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Mailbox:
    """Receives callbacks; refuses the first so many. ``word``: what it accepts the others with."""

    refuse: int = 0
    word: bytes = b""
    received: asyncio.Queue[Received] = field(default_factory=asyncio.Queue[Received])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message: Message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.received.put_nowait(Received(scope["path"], headers, body))
        accepted = (200, self.word) if self.word else (204, b"")
        (status, word), self.refuse = ((500, b""), self.refuse - 1) if self.refuse else (accepted, 0)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": word})

    async def next(self) -> Received:
        async with asyncio.timeout(PATIENCE_S):
            return await self.received.get()


@dataclass
class Lab:
    """One WeChat Pay, the hospital's connector to it, a payer, and the mailbox of callbacks."""

    clock: MovingClock
    base_url: str
    credentials: Credentials
    sandbox: Sandbox
    mailbox: Mailbox
    settings: Settings
    pay: WeChatPay

    @property
    def phone(self) -> Phone:
        return self.sandbox.phone

    def fault(self, at: Place, kind: str, *, count: int = 1, ms: int = 0, status: int = 500, code: str = "X") -> None:
        self.sandbox.faults.add(Fault(at=at, kind=kind, count=count, ms=ms, status=status, code=code))

    def order(self, reference: str, amount_fen: int = 5_000, merchant: str = "outpatient") -> Order:
        return order_of(self.clock, reference, amount_fen, merchant)

    def scanned(self, reference: str, amount_fen: int = 5_000, merchant: str = "outpatient") -> Order:
        """An order whose payer shows his code."""
        return msgspec.structs.replace(self.order(reference, amount_fen, merchant), scanned=True)

    async def read_next(self) -> CallbackRead:
        got = await self.mailbox.next()
        return self.pay.read_callback(got.path, got.headers, got.body)

    def connector(self, **changes: object) -> WeChatPay:
        """Another connector, with some settings changed."""
        settings = msgspec.structs.replace(self.settings, **changes)
        return PLUGIN.build(
            settings, Surroundings(clock=self.clock, callback_url=f"{self.base_url}/callbacks/wechatpay")
        )


def surroundings(clock: Clock, base_url: str) -> Surroundings:
    return Surroundings(clock=clock, callback_url=f"{base_url}/callbacks/wechatpay")


def order_of(clock: Clock, reference: str, amount_fen: int = 5_000, merchant: str = "outpatient") -> Order:
    return Order(
        reference=reference,
        merchant=merchant,
        amount_fen=Fen(amount_fen),
        description="挂号费 心内科 Registration",
        expires_at=clock.now() + timedelta(minutes=10),
    )


def refund_of(order: Order, reference: str, amount_fen: int) -> RefundOrder:
    return RefundOrder(
        reference=reference,
        order_reference=order.reference,
        merchant=order.merchant,
        amount_fen=Fen(amount_fen),
        order_amount_fen=order.amount_fen,
        reason="号源已被取走",
    )


@contextlib.asynccontextmanager
async def lab(tmp_path: Path, trust: Trust = "public_key", pace: Pace = AT_ONCE) -> AsyncGenerator[Lab]:
    with listening() as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        clock = MovingClock()
        credentials = credentials_for(trust)
        sandbox = Sandbox(credentials, clock, tmp_path / "wechatpay.sqlite", pace)
        mailbox = Mailbox()
        settings = settings_for(trust, base_url)
        async with serving(with_mailbox(app(sandbox), mailbox), listener):
            pay: WeChatPay = PLUGIN.build(settings, surroundings(clock, base_url))
            await pay.start()
            try:
                yield Lab(clock, base_url, credentials, sandbox, mailbox, settings, pay)
            finally:
                await pay.stop()


@functools.cache
def credentials_for(trust: Trust) -> Credentials:
    """Made once for all tests of this process: keys take a while to make and to load."""
    folder = Path(tempfile.mkdtemp(prefix="yinyi-wechatpay-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_credentials(folder, "http://127.0.0.1:9", datetime.now(UTC), trust)


def settings_for(trust: Trust, base_url: str) -> Settings:
    """What the connector is configured with."""
    written = msgspec.json.decode(credentials_for(trust).settings_file.read_bytes(), type=Settings)
    return msgspec.structs.replace(written, base_url=base_url)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(application: ASGIApp, listener: socket.socket) -> AsyncGenerator[None]:
    """Serves the application on a bound socket, as the product does: uvicorn with httptools."""
    server = _Server(uvicorn.Config(application, http="httptools", log_config=None, timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(PATIENCE_S):
        while not server.started:
            assert not task.done(), "the server did not start"
            await asyncio.sleep(0)
    try:
        yield
    finally:
        server.should_exit = True
        await task


def with_mailbox(application: ASGIApp, mailbox: Mailbox) -> ASGIApp:
    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        to_mailbox = scope["type"] == "http" and scope["path"].startswith("/callbacks/")
        await (mailbox if to_mailbox else application)(scope, receive, send)

    return either
