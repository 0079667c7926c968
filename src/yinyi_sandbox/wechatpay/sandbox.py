"""WeChat Pay as a whole: its memory, rules, keys, faults and callbacks, and what the payer does with his phone."""

from pathlib import Path

import msgspec

from yinyi.kernel.clock import Clock
from yinyi_sandbox.wechatpay.callbacks import Callbacks
from yinyi_sandbox.wechatpay.credentials import Credentials
from yinyi_sandbox.wechatpay.faults import Faults
from yinyi_sandbox.wechatpay.phone import Phone
from yinyi_sandbox.wechatpay.rules import Rules
from yinyi_sandbox.wechatpay.seals import Seals
from yinyi_sandbox.wechatpay.store import Store


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fast things go. ``ladder_scale``: multiplies the waits between repeated callbacks."""

    refund_takes_s: float = 1.0
    ladder_scale: float = 1.0


class Sandbox:
    """Everything but HTTP. Make it inside the running event loop, then ``start`` it."""

    def __init__(
        self, credentials: Credentials, clock: Clock, path: Path | None = None, pace: Pace | None = None
    ) -> None:
        """``path``: the SQLite file; None forgets everything at the end."""
        pace = pace or Pace()
        self.credentials = credentials
        self.faults = Faults()
        self.store = Store(path)
        self.rules = Rules(self.store, clock, pace.refund_takes_s)
        self.seals = Seals(credentials, clock)
        self.callbacks = Callbacks(self.store, credentials, self.seals, self.faults, clock, pace.ladder_scale)
        self.phone = Phone(self.rules, credentials, self.faults, self.callbacks)

    async def start(self) -> None:
        self.callbacks.start()

    async def stop(self) -> None:
        await self.phone.stop()
        await self.callbacks.stop()
        self.store.close()
