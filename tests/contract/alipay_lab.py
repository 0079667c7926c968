"""An Alipay on a real socket for one test, with somebody who receives its notices."""

import atexit
import contextlib
import functools
import shutil
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
from wechatpay_lab import Mailbox, MovingClock, order_of, serving, with_mailbox

from yinyi.access.payment.alipay.config import Settings
from yinyi.access.payment.alipay.plugin import PLUGIN, Alipay
from yinyi.business.payments.model import CallbackRead, Order
from yinyi.kernel.clock import Clock
from yinyi.kernel.listening import listening
from yinyi.kernel.outcome import Waiting
from yinyi.kernel.plugin import Surroundings
from yinyi_sandbox.alipay.app import app
from yinyi_sandbox.alipay.credentials import Credentials, make_credentials
from yinyi_sandbox.alipay.faults import Fault, Place
from yinyi_sandbox.alipay.phone import Phone
from yinyi_sandbox.alipay.sandbox import Pace, Sandbox

AT_ONCE = Pace(ladder_scale=0.0)


@dataclass
class Lab:
    """One Alipay, the hospital's connector to it, a payer, and the mailbox of notices."""

    clock: MovingClock
    base_url: str
    credentials: Credentials
    sandbox: Sandbox
    mailbox: Mailbox
    settings: Settings
    pay: Alipay
    others: list[Alipay] = field(default_factory=list[Alipay])

    @property
    def phone(self) -> Phone:
        return self.sandbox.phone

    def fault(self, at: Place, kind: str, *, count: int = 1, ms: int = 0, code: str = "", sub_code: str = "") -> None:
        told = {"code": code, "sub_code": sub_code} if code else {}
        self.sandbox.faults.add(Fault(at=at, kind=kind, count=count, ms=ms, **told))

    def order(self, reference: str, amount_fen: int = 5_000, merchant: str = "outpatient") -> Order:
        return order_of(self.clock, reference, amount_fen, merchant)

    def scanned(self, reference: str, amount_fen: int = 5_000) -> Order:
        """An order that is paid by the payer's code."""
        return msgspec.structs.replace(self.order(reference, amount_fen), scanned=True)

    async def shown(self, order: Order) -> str:
        """Places the order; the text of its code."""
        outcome = await self.pay.show_code(order)
        assert isinstance(outcome, Waiting), outcome
        assert outcome.show
        return outcome.show.code_url

    async def read_next(self) -> CallbackRead:
        got = await self.mailbox.next()
        return self.pay.read_callback(got.path, got.headers, got.body)

    def connector(self, **changes: object) -> Alipay:
        """Another connector, with some settings changed; the lab stops it."""
        self.others.append(build(msgspec.structs.replace(self.settings, **changes), self.clock, self.base_url))
        return self.others[-1]


def build(settings: Settings, clock: Clock, base_url: str) -> Alipay:
    return PLUGIN.build(settings, Surroundings(clock=clock, callback_url=f"{base_url}/callbacks/alipay"))


@contextlib.asynccontextmanager
async def lab(tmp_path: Path, pace: Pace = AT_ONCE) -> AsyncGenerator[Lab]:
    with listening() as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        clock = MovingClock(timedelta())
        sandbox = Sandbox(credentials(), clock, tmp_path / "alipay.sqlite", pace)
        mailbox = Mailbox(word=b"success")
        settings = settings_for(base_url)
        async with serving(with_mailbox(app(sandbox), mailbox), listener):
            it = Lab(clock, base_url, credentials(), sandbox, mailbox, settings, build(settings, clock, base_url))
            try:
                yield it
            finally:
                for connector in (it.pay, *it.others):
                    await connector.stop()


@functools.cache
def credentials() -> Credentials:
    """Made once for all tests of this process: keys take a while to make and to load."""
    folder = Path(tempfile.mkdtemp(prefix="yinyi-alipay-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_credentials(folder, "http://127.0.0.1:9/gateway.do")


def settings_for(base_url: str) -> Settings:
    """What the connector is configured with."""
    written = msgspec.json.decode(credentials().settings_file.read_bytes(), type=Settings)
    return msgspec.structs.replace(written, gateway_url=f"{base_url}/gateway.do")
