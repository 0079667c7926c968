"""A payment channel's connector and its far side: what behaviours of the ports are played on."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Literal, Protocol

from yinyi.business.payments.model import CallbackRead, Order, RefundOrder
from yinyi.business.payments.ports import CallbackRefused, ReceivesCallbacks
from yinyi.conformance.behaviour import NotKept, NotTried, expect
from yinyi.conformance.connectors import FarConnector, both_started
from yinyi.conformance.place import Callback, Ground
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Waiting
from yinyi.kernel.plugin import Plugin

_CALLBACK_WITHIN_S = 20.0
_numbers = itertools.count(1)
_RUN = secrets.token_hex(3).upper()

Purse = Literal["pays", "password", "no_money"]
"""What comes of a payer's code: he pays at once, once he has typed his password, or not at all."""


class Payer(Protocol):
    """Somebody with the channel's application on his phone."""

    def pay(self, code_url: str) -> bool:
        """False: the code cannot be paid (any more), and nothing was taken."""
        ...

    def asked_fen(self, code_url: str) -> int:
        """What his phone shows him before he pays."""
        ...

    def refunded_fen(self, code_url: str) -> int:
        """What has come back to him of what he paid by this code."""
        ...


class ShowsHisCode(Protocol):
    """A payer whose code a connector can scan (``ScansCode``)."""

    def show_code(self, purse: Purse) -> tuple[str, str]:
        """The code, and what his phone pays by once it was scanned."""
        ...


class FarPayment(FarConnector, Protocol):
    """A channel's sandbox. It goes by the place's clock."""

    @property
    def merchant(self) -> str:
        """The name, in the settings, of one that takes money."""
        ...

    @property
    def payer(self) -> Payer: ...


class Stage:
    """``channel``: the connector, with its ports; ``hasty``: the same, soon out of patience."""

    def __init__(self, channel: Any, hasty: Any, far: FarPayment, place: Ground) -> None:
        self.channel = channel
        self.hasty = hasty
        self.line = far.line
        self.payer: Any = far.payer
        self.clock = place.clock
        self._merchant = far.merchant
        self._mailbox = place.mailbox

    def order(self, amount_fen: int = 5_000, *, scanned: bool = False, merchant: str = "") -> Order:
        """One that nobody has seen yet."""
        return Order(
            reference=reference(),
            merchant=merchant or self._merchant,
            amount_fen=Fen(amount_fen),
            description="挂号费 心内科 Registration",
            expires_at=self.clock.now() + timedelta(minutes=10),
            scanned=scanned,
        )

    async def shown(self, order: Order) -> str:
        """The text of its code."""
        outcome = expect(await self.channel.show_code(order), Waiting)
        assert outcome.show is not None, "Waiting without a code to show"
        return outcome.show.code_url

    async def paid(self, order: Order) -> str:
        """The code that it was paid by."""
        code = await self.shown(order)
        assert self.payer.pay(code), "the sandbox's payer could not pay a fresh code"
        return code

    def his_code(self, purse: Purse) -> tuple[str, str]:
        if not hasattr(self.payer, "show_code"):
            raise NotTried("the sandbox's payer has no show_code")
        return self.payer.show_code(purse)

    async def callback(self, about: Literal["take", "refund"], ref: str) -> tuple[Callback, CallbackRead]:
        """The next one about it.

        Raises:
            NotKept: none comes.
        """
        refusals: list[str] = []
        try:
            async with asyncio.timeout(_CALLBACK_WITHIN_S):
                return await self._next(about, ref, refusals)
        except TimeoutError:
            why = f"; refused were: {', '.join(sorted(set(refusals)))}" if refusals else ""
            raise NotKept(f"no callback of the {about} within {_CALLBACK_WITHIN_S:g} s{why}") from None

    async def _next(self, about: str, ref: str, refusals: list[str]) -> tuple[Callback, CallbackRead]:
        while True:
            callback = await self._mailbox.received.get()
            try:
                told = self.read(callback)
            except CallbackRefused as why:  # of an earlier behaviour, perhaps, that has moved the clock
                refusals.append(str(why))
                continue
            if (told.about, told.reference) == (about, ref):
                return callback, told

    def read(self, callback: Callback) -> CallbackRead:
        return self.channel.read_callback(callback.path, callback.headers, callback.body)

    async def calm(self) -> None:
        self.clock.offset = timedelta()
        await self.line.calm()


def refund_of(order: Order, amount_fen: int, ref: str = "") -> RefundOrder:
    return RefundOrder(
        reference=ref or reference(),
        order_reference=order.reference,
        merchant=order.merchant,
        amount_fen=Fen(amount_fen),
        order_amount_fen=order.amount_fen,
        reason="号源已被取走",
    )


def reference() -> str:
    """One that was never used here."""
    return f"K{_RUN}{next(_numbers):06d}"


@asynccontextmanager
async def on_stage(plugin: Plugin, far: FarPayment, place: Ground) -> AsyncGenerator[tuple[Any, Stage]]:
    """The connector, and the stage.

    Raises:
        ValueError: the sandbox has other settings than the connector takes.
    """
    async with both_started(plugin, far, place) as (channel, hasty):
        place.mailbox.answers = _answers(channel)
        yield channel, Stage(channel, hasty, far, place)


def _answers(channel: object) -> Callable[[Callback], tuple[int, bytes]]:
    """As the platform answers callbacks."""

    def answer(callback: Callback) -> tuple[int, bytes]:
        if not isinstance(channel, ReceivesCallbacks):
            return 404, b""
        try:
            channel.read_callback(callback.path, callback.headers, callback.body)
        except CallbackRefused as why:
            reply = channel.rejected(str(why))
        else:
            reply = channel.accepted()
        return reply.status, reply.body

    return answer
