"""A line to an acquirer of bank cards: what behaviours of ``Acquirer`` are played on. The stage is also the terminal:
it keeps the session's keys, its batch and its trace numbers."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal, NamedTuple, Protocol

from msgspec.structs import replace

from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.session_model import (
    Approved,
    Card,
    Declined,
    Desk,
    Detail,
    LineAnswer,
    MessageNo,
    NeverSent,
    NoAnswer,
    Original,
    Settled,
    SignedOn,
    Totals,
)
from yinyi.conformance.behaviour import NotKept, NotTried, expect
from yinyi.conformance.connectors import FarConnector, both_started, one_started
from yinyi.conformance.place import Ground
from yinyi.kernel.far_side import Mishap
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import Plugin
from yinyi.wire.beijing_time import BEIJING
from yinyi.wire.iso8583 import des
from yinyi.wire.iso8583.mac import mac
from yinyi.wire.iso8583.model import MacAlgorithm
from yinyi.wire.iso8583.pin import encrypt_pin_block

Said = Literal["purchase", "void", "refund", "reversal", "settle"]
Wrong = Literal["wrong_mac", "no_mac", "wrong_amount", "another_terminal", "undecided"]
"""How the far side answers next, having done what it was asked; of ``undecided``, perhaps."""
_CHIP_DATA = bytes.fromhex("9F2608AB")
_WITHIN_S = 20.0
_AGAIN_S = 0.05


class FarLine(FarConnector, Protocol):
    """An acquirer's sandbox. ``hasty`` names all its acquirers anew, with the shorter time. It may have
    ``answers(at, wrong)`` and ``calm()``, which takes that back; and further settings, for the same terminal:
    ``two_addresses``, of which the first is ``line``; ``within_tls``; and ``another_certificate``, with which
    the one that it shows is not believed."""

    @property
    def acquirer(self) -> str:
        """The name, in the settings, of the one that is spoken to."""
        ...

    @property
    def merchant_no(self) -> str: ...

    @property
    def terminal_no(self) -> str:
        """Of this merchant; its batch is open and empty."""
        ...

    @property
    def tmk(self) -> bytes:
        """The master key of this terminal."""
        ...

    @property
    def pan(self) -> str:
        """Of a chip card with at least 1000 yuan."""
        ...

    @property
    def pin(self) -> str: ...

    def balance_fen(self) -> int:
        """What the card has."""
        ...


Another = Callable[[dict[str, Any]], AbstractAsyncContextManager[Any]]


class LateAnswer(NamedTuple):
    slot: PosSession
    number: MessageNo
    answer: Approved | Declined


class Stage:
    """``line``: the connector of one acquirer; ``hasty``: the same, soon out of patience; ``another(settings)``: one
    more, with further settings."""

    def __init__(self, line: Any, hasty: Any, far: FarLine, place: Ground, another: Another) -> None:
        self.another = another
        self.line = line
        self.hasty = hasty
        self.far = far
        self.slot = PosSession(far.acquirer, far.merchant_no, far.terminal_no)
        self.late: asyncio.Queue[LateAnswer] = asyncio.Queue()
        self._clock = place.clock
        self._batch_no, self._trace_no = 1, 0
        self._pik, self._mak = b"", b""
        self._in_batch: list[Detail] = []
        self._before_fen = far.balance_fen()
        hasty.hear_late(self._hear_late)

    def _hear_late(self, slot: PosSession, number: MessageNo, answer: Approved | Declined) -> None:
        self.late.put_nowait(LateAnswer(slot, number, answer))

    # -- the terminal

    def desk(self, original: Original | None = None, *, has_mac: bool = True) -> Desk:
        """For the next message, or for the reversal of this one."""
        if original is None:
            self._trace_no += 1
        batch_no, trace_no = (
            (self._batch_no, self._trace_no) if original is None else (original.batch_no, original.trace_no)
        )
        at = self._clock.now().astimezone(BEIJING)
        return Desk(self.slot, batch_no, trace_no, at, self._authenticate if has_mac else None)

    async def _authenticate(self, algorithm: MacAlgorithm, data: bytes) -> bytes:
        return mac(algorithm, self._mak, data)

    def card(self, pin: str = "") -> Card:
        """As the reader and the pad give it."""
        return Card(
            pan=self.far.pan,
            entry_mode="chip",
            sequence_no="001",
            chip_data=_CHIP_DATA,
            pin_block=encrypt_pin_block(self._pik, pin or self.far.pin, self.far.pan),
            pin_key_check=des.check_value(self._pik),
        )

    async def sign_on(self) -> SignedOn:
        """The keys that came are used from now on.

        Raises:
            NotKept: a key is missing, or is not the one of its check value.
        """
        signed = expect(await self.line.sign_on(self.desk()), SignedOn)
        keys: dict[str, bytes] = {}
        for each in signed.keys:
            key = des.decrypt_ecb(self.far.tmk, each.key)
            if des.check_value(key, len(each.check_value)) != each.check_value:
                raise NotKept(f"the {each.purpose} is not the key of its check value")
            keys[each.purpose] = key
        if not {"pik", "mak"} <= keys.keys():
            raise NotKept(f"expected a pik and a mak, saw {sorted(keys)}")
        self._pik, self._mak = keys["pik"], keys["mak"]
        self._batch_no = signed.batch_no or self._batch_no
        return signed

    # -- what is said

    async def purchase(self, amount_fen: int = 5_000, *, by: Any = None) -> tuple[Original, Any]:
        """What was said and what came of it."""
        desk, card = self.desk(), self.card()
        answer = await (by or self.line).purchase(desk, Fen(amount_fen), card)
        return self._original("purchase", desk, card, amount_fen, answer), answer

    async def bought(self, amount_fen: int = 5_000) -> Original:
        original, answer = await self.purchase(amount_fen)
        expect(answer, Approved)
        return original

    async def void(self, original: Original, *, by: Any = None) -> tuple[Original, Any]:
        desk = self.desk()
        answer = await (by or self.line).void(desk, original)
        return self._original("void", desk, original.card, original.amount_fen, answer), answer

    async def refund(self, original: Original, amount_fen: int, *, by: Any = None) -> LineAnswer:
        desk = self.desk()
        answer = await (by or self.line).refund(desk, original, Fen(amount_fen))
        self._original("refund", desk, original.card, amount_fen, answer)
        return answer

    async def reverse(self, original: Original, tries: int = 0, *, by: Any = None) -> LineAnswer:
        answer: LineAnswer = await (by or self.line).reverse(self.desk(original), original, "no_answer", tries)
        if isinstance(answer, Approved):
            self._in_batch = [each for each in self._in_batch if each.trace_no != original.trace_no]
        return answer

    def _original(self, kind: Any, desk: Desk, card: Card, amount_fen: int, answer: object) -> Original:
        said = Original(
            kind=kind,
            batch_no=desk.batch_no,
            trace_no=desk.trace_no,
            sent_at=desk.at,
            amount_fen=Fen(amount_fen),
            card=replace(card, pin_block=b"", pin_key_check=b""),
            approved=answer if isinstance(answer, Approved) else None,
        )
        if said.approved is not None:
            self.counts(said)
        return said

    def counts(self, said: Original) -> None:
        """It moved money in this batch."""
        detail = Detail(kind=said.kind, trace_no=said.trace_no, pan=said.card.pan, amount_fen=said.amount_fen)
        self._in_batch.append(detail)

    def taken_fen(self) -> int:
        """From the card, since the behaviour began."""
        return self._before_fen - self.far.balance_fen()

    # -- the batch

    def totals(self) -> Totals:
        debits = [each.amount_fen for each in self._in_batch if each.kind == "purchase"]
        credits = [each.amount_fen for each in self._in_batch if each.kind != "purchase"]
        return Totals(
            debit_fen=Fen(sum(debits)), debits=len(debits), credit_fen=Fen(sum(credits)), credits=len(credits)
        )

    def details(self) -> Sequence[Detail]:
        return tuple(self._in_batch)

    async def begin_batch(self) -> None:
        """What stands in the open one is settled, and a new one begins."""
        settled = expect(await self.line.settle(self.desk(), self.totals()), Settled)
        if not settled.balanced:
            await self.upload()
        await self.next_batch()

    async def next_batch(self) -> None:
        """The one that was open is closed."""
        self._in_batch, self._batch_no = [], self._batch_no + 1
        await self.sign_on()

    async def upload(self) -> None:
        """All details, no more at once than fit."""
        details, most = self.details(), self.line.habits.most_details
        for at in range(0, len(details), most):
            expect(await self.line.upload(self.desk(), details[at : at + most]), Approved)
        expect(await self.line.end_upload(self.desk(), len(details)), Approved)

    # -- what goes wrong

    def answers(self, at: Said, wrong: Wrong) -> None:
        """
        Raises:
            NotTried: the sandbox has no hand for it.
        """
        hand = getattr(self.far, "answers", None)
        if hand is None:
            raise NotTried("its sandbox has no answers")
        hand(at, wrong)

    def befall(self, mishap: Mishap) -> None:
        self.far.line.befall(mishap)

    async def is_back(self) -> None:
        """The line has healed by itself.

        Raises:
            NotKept: it has not.
        """
        for connector in (self.line, self.hasty):
            try:
                async with asyncio.timeout(_WITHIN_S):
                    while not isinstance(answer := await connector.echo(self.desk()), Approved):
                        expect(answer, NeverSent, NoAnswer)
                        await asyncio.sleep(_AGAIN_S)
            except TimeoutError:
                raise NotKept("the line does not come back") from None

    async def renewed(self) -> None:
        """Over connections on which nothing is on its way any more."""
        await self.far.line.settled()
        await self.far.line.down(True)
        await self.far.line.calm()
        await self.is_back()

    async def next_late(self) -> LateAnswer:
        """
        Raises:
            NotKept: none is told.
        """
        try:
            async with asyncio.timeout(_WITHIN_S):
                return await self.late.get()
        except TimeoutError:
            raise NotKept("no late answer is told") from None

    async def calm(self) -> None:
        calm = getattr(self.far, "calm", None)
        if calm is not None:
            await calm()
        await self.renewed()
        await self.sign_on()
        self._before_fen = self.far.balance_fen()
        while not self.late.empty():
            self.late.get_nowait()


@asynccontextmanager
async def on_stage(plugin: Plugin, far: FarLine, place: Ground) -> AsyncGenerator[tuple[Any, Stage]]:
    """The connector of one acquirer, and the stage.

    Raises:
        ValueError: the sandbox has other settings than the connector takes.
    """

    @asynccontextmanager
    async def another(settings: dict[str, Any]) -> AsyncGenerator[Any]:
        async with one_started(plugin, {**far.settings, **settings}, place) as lines:
            yield lines.acquirers[far.acquirer]

    async with both_started(plugin, far, place) as (lines, hasty):
        line, soon = (each.acquirers[far.acquirer] for each in (lines, hasty))
        stage = Stage(line, soon, far, place, another)
        await stage.is_back()
        await stage.sign_on()
        yield line, stage


def never_sent(answer: object) -> None:
    """
    Raises:
        NotKept: it is not told that nothing has left.
    """
    expect(answer, NeverSent)
