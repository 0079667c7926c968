"""Alipay as a whole: its memory, rules, keys, faults and notices, and what the payer does with his phone."""

from pathlib import Path

import msgspec

from yinyi.kernel.clock import Clock
from yinyi_sandbox.alipay.callbacks import Callbacks
from yinyi_sandbox.alipay.credentials import Credentials
from yinyi_sandbox.alipay.faults import Faults
from yinyi_sandbox.alipay.phone import Phone
from yinyi_sandbox.alipay.rules import Rules
from yinyi_sandbox.alipay.seals import Seals
from yinyi_sandbox.alipay.store import Store


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How things go. ``ladder_scale``: multiplies the waits between repeated notices.

    password_above_fen: a payer types his password for more than that.
    """

    ladder_scale: float = 1.0
    password_above_fen: int = 100_000


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
        self.rules = Rules(self.store, clock, credentials.merchants, pace.password_above_fen)
        self.seals = Seals(credentials)
        self.callbacks = Callbacks(self.store, self.seals, self.faults, clock, pace.ladder_scale)
        self.phone = Phone(self.rules, self.store, credentials.merchants, self.faults, self.callbacks)

    async def start(self) -> None:
        self.callbacks.start()

    async def stop(self) -> None:
        await self.phone.stop()
        await self.callbacks.stop()
        self.store.close()
