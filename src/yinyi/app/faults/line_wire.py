"""The way of one process to the bank, with a script in front of every message.

An answer that nobody gives in time is waited for in the time of the simulated clock: whoever waits for it is parked
here until that time has come.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, NoReturn, TypeVar

import msgspec

from yinyi.app.faults.far_bank import HABITS, Said, SimBank
from yinyi.app.faults.model import FaultName
from yinyi.app.faults.script import Killed, Script
from yinyi.business.lines.errands import Errands
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.session_model import (
    Approved,
    Card,
    Declined,
    Delivered,
    Desk,
    Detail,
    LineAnswer,
    MessageKind,
    MessageNo,
    NeverSent,
    NoAnswer,
    Original,
    ReversalReason,
    Settled,
    SignedOn,
    Totals,
)
from yinyi.business.lines.session_ports import Late
from yinyi.kernel.money import Fen
from yinyi.wire.iso8583 import des

A = TypeVar("A")
BANK = "bank"
SLOT = PosSession(BANK, "898310070110001", "10000001")
HALVES = (bytes(range(1, 17)), bytes(range(101, 117)))
"""Of the terminal's master key."""
SLOW = timedelta(seconds=30)
NOT_SIGNED_ON = Declined(code="22", reason="bad_request", must_sign_on=True)
_DECLINED = {
    "purchase": Declined(code="51", reason="insufficient_funds"),
    "sign_on": Declined(code="03", reason="not_permitted"),
}
_NOT_DONE = Declined(code="12", reason="not_refundable")


class _Parked(NamedTuple):
    until: datetime
    go_on: "asyncio.Future[None]"


@dataclass
class SimWire:
    """``name``, ``habits``: as any acquirer has them. ``heard_late``: wait until a late answer is written down."""

    bank: SimBank
    script: Script
    name: str = BANK
    habits = HABITS
    late: Late | None = None
    settled_late: Callable[[], Any] | None = None
    _parked: "dict[asyncio.Task[Any], _Parked]" = field(default_factory=dict["asyncio.Task[Any]", _Parked])
    _watched: "dict[asyncio.Task[Any], asyncio.Future[None]]" = field(default_factory=dict[Any, Any])
    _too_late: list[Said] = field(default_factory=list[Said])
    """Whose answers come as soon as nobody waits for them any more."""

    def hear_late(self, late: Late) -> None:
        self.late = late

    # -- time

    async def park(self, time: timedelta) -> None:
        """The errand that runs here stands still until the clock says so."""
        task = asyncio.current_task()
        assert task is not None
        parked = _Parked(self.script.clock.now() + time, asyncio.get_running_loop().create_future())
        self._parked[task] = parked
        if (watch := self._watched.pop(task, None)) is not None:
            watch.set_result(None)
        try:
            await parked.go_on
        finally:
            self._parked.pop(task, None)

    def next_due(self) -> datetime | None:
        """When somebody who is parked goes on."""
        return min((each.until for each in self._parked.values()), default=None)

    async def go_on(self) -> None:
        """Whose time has come, the first of them, as far as he comes.

        Raises:
            Killed
        """
        task = min(self._parked, key=lambda each: self._parked[each].until)
        self._parked.pop(task).go_on.set_result(None)
        if await self.stands(task):
            return
        if isinstance(task.exception(), Killed):
            raise Killed
        for said in self._too_late:
            await self._told_late(said)
        self._too_late.clear()

    async def stands(self, task: "asyncio.Task[Any]") -> bool:
        """Wait until it is parked; False: it is done."""
        if task in self._parked:
            return True
        watch = self._watched[task] = asyncio.get_running_loop().create_future()
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        self._watched.pop(task, None)
        return not task.done()

    async def call_off(self) -> None:
        """The process is dead: none of its errands comes back."""
        tasks = list(self._parked)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._too_late.clear()

    def is_waited_for(self) -> int:
        return len(self._parked)

    async def _told_late(self, said: Said) -> None:
        assert self.late is not None
        assert self.settled_late is not None
        assert said.late is not None
        said.heard = said.heard or not said.reversals
        self.late(SLOT, MessageNo(*said.number), said.late)
        await self.settled_late()
        if self.script.dead:
            raise Killed

    # -- messages

    async def leaves(self, kind: MessageKind) -> None:
        """A message is about to leave."""

    async def purchase(self, desk: Desk, amount_fen: Fen, card: Card) -> LineAnswer:
        await self.leaves("purchase")
        said = self.bank.comes("purchase", desk, card.pan, amount_fen)
        return await self._money(said, self.bank.purchase)

    async def void(self, desk: Desk, original: Original) -> LineAnswer:
        await self.leaves("void")
        said = self.bank.comes("void", desk, original.card.pan, original.amount_fen, original)
        return await self._money(said, self.bank.void)

    async def refund(self, desk: Desk, original: Original, amount_fen: Fen) -> LineAnswer:
        await self.leaves("refund")
        said = self.bank.comes("refund", desk, original.card.pan, amount_fen, original)
        return await self._money(said, self.bank.refund)

    async def reverse(self, desk: Desk, original: Original, why: ReversalReason, tries: int) -> LineAnswer:
        await self.leaves(original.kind)
        said = self.bank.found((original.batch_no, original.trace_no))
        name = self._goes_wrong("reverse")
        if said is None:
            said = Said(original.kind, (original.batch_no, original.trace_no), original.card.pan, original.amount_fen)
        if name == "crash_before":
            await self._die()
        if name == "not_sent":
            return NeverSent(detail="the line is down")
        said.reversals += 1
        return await self._reversed(said, name)

    async def _reversed(self, said: Said, name: FaultName | None) -> LineAnswer:
        self.bank.mute = self.bank.mute or name == "mute"
        if self.bank.mute or name in ("lost_before", "silent_before"):
            await self._silence(name)
            return NoAnswer()
        if name == "sign_on_first":
            self.bank.day.signs_off()
        if name == "cut_over":
            self.bank.day.ends()
        if name == "refused":
            said.refused = True
            return _NOT_DONE
        if said.late is not None and not said.overtaken:
            await self._told_late(said)
        answer = self.bank.reverse(said)
        if name == "crash_after":
            await self._die()
        if name in ("lost_after", "silent_after", "bad_mac"):
            await self._silence(name)
            return NoAnswer()
        said.heard = said.heard or isinstance(answer, Approved)
        return answer

    async def _silence(self, name: FaultName | None) -> None:
        if name in ("silent_before", "silent_after"):
            await self.park(timedelta(seconds=HABITS.answer_timeout_s))

    async def _money(self, said: Said, happen: Callable[[Said], Approved | Declined]) -> LineAnswer:
        """A message of money, and what goes wrong with it."""
        await self._overtaken_answers()
        match name := self._goes_wrong(said.kind):
            case "crash_before":
                await self._die()
            case "crash_after":
                happen(said)
                await self._die()
            case "not_sent":
                said.heard = True
                return NeverSent(detail="the line is down")
            case "refused":
                said.heard = True
                return _DECLINED.get(said.kind, _NOT_DONE)
            case "lost_before" | "silent_before":
                await self._silence(name)
                return NoAnswer()
            case "lost_after" | "silent_after" | "bad_mac":
                happen(said)
                await self._silence(name)
                return NoAnswer(why="bad_mac" if name == "bad_mac" else "no_answer")
            case "late_answer" | "crossed" | "overtaken":
                return await self._too_slow(said, happen(said), name)
            case _:
                return await self._answered(said, happen, name)

    async def _answered(
        self, said: Said, happen: Callable[[Said], Approved | Declined], name: FaultName | None
    ) -> LineAnswer:
        if name == "sign_on_first":
            self.bank.day.signs_off()
        if name == "cut_over":
            self.bank.day.ends()
        answer = happen(said)
        if name == "asks_sign_on":
            answer = self._asking(said, answer)
        if name == "slow":
            await self.park(SLOW)
        if name == "taken_over" and self.script.steal is not None:
            await self.script.steal()
        elif name == "taken_over":
            self.script.in_vain(f"line.{said.kind}", "exchange", name)
        said.heard = True
        return NOT_SIGNED_ON if name == "sign_on_first" and said.kind != "purchase" else answer

    def _asking(self, said: Said, answer: Approved | Declined) -> Approved | Declined:
        """For a sign-on besides: processing request 3 of the header."""
        if isinstance(answer, Declined):
            self.script.in_vain(f"line.{said.kind}", "exchange", "asks_sign_on")
            return answer
        self.bank.asks_sign_on()
        return msgspec.structs.replace(answer, must_sign_on=True)

    async def _too_slow(self, said: Said, answer: Approved | Declined, name: FaultName) -> LineAnswer:
        """The answer comes when nobody waits for it any more, on the way of its reversal, or behind the reversal."""
        await self.park(timedelta(seconds=HABITS.answer_timeout_s))
        said.late, said.overtaken = answer, name == "overtaken"
        if name == "late_answer":
            self._too_late.append(said)
        return NoAnswer()

    async def _overtaken_answers(self) -> None:
        """Those whose reversals were answered come with the next message."""
        for said in self.bank.said:
            if said.late is not None and said.overtaken and said.heard:
                await self._told_late(said)

    async def _managed(self, kind: MessageKind, happen: Callable[[], A]) -> "A | Declined | NeverSent | NoAnswer":
        """A message that moves no money, and what goes wrong with it."""
        match name := self._goes_wrong(kind):
            case "crash_before":
                await self._die()
            case "not_sent":
                return NeverSent(detail="the line is down")
            case "refused":
                return _DECLINED.get(kind, _NOT_DONE)
            case "lost_before":
                return NoAnswer()
            case "sign_on_first":
                self.bank.day.signs_off()
            case "cut_over":
                self.bank.day.ends()
            case "unbalanced":
                self.bank.miscounted.add(self.bank.day.batch_no)
            case _:
                pass
        answer = happen()
        if name == "unbalanced" and answer != Settled(balanced=False):
            self.script.in_vain(f"line.{kind}", "exchange", name)
        if name == "crash_after":
            await self._die()
        return NoAnswer() if name == "lost_after" else answer

    async def sign_on(self, desk: Desk) -> SignedOn | Declined | NeverSent | NoAnswer:
        await self.leaves("sign_on")
        self.bank.numbered(desk)
        return await self._managed("sign_on", self._keys)

    def _keys(self) -> SignedOn:
        """Others each time."""
        self.bank.signs_on()
        one, other = HALVES
        tmk = bytearray(a ^ b for a, b in zip(one, other, strict=True))
        fresh = self.bank.keys_given.to_bytes(8)
        pik, mak = bytearray(b"PIK" + fresh + b"PIKPI"), bytearray(b"MAK" + fresh + b"MAKMA")
        return SignedOn(
            keys=(
                Delivered("pik", des.encrypt_ecb(tmk, bytes(pik)), des.check_value(pik)),
                Delivered("mak", des.encrypt_ecb(tmk, bytes(mak)), des.check_value(mak)),
            ),
            batch_no=self.bank.day.batch_no,
        )

    async def sign_off(self, desk: Desk) -> LineAnswer:
        return Approved(retrieval_ref="")

    async def echo(self, desk: Desk) -> LineAnswer:
        return Approved(retrieval_ref="")

    async def balance(self, desk: Desk, card: Card) -> LineAnswer:
        return Approved(retrieval_ref="", amount_fen=Fen(100))

    async def settle(self, desk: Desk, totals: Totals) -> Settled | LineAnswer:
        await self.leaves("settle")
        self.bank.expected("settle", desk)
        await self._overtaken_answers()
        return await self._managed("settle", lambda: self._compared(desk.batch_no, totals))

    def _compared(self, batch_no: int, totals: Totals) -> Settled | LineAnswer:
        return self.bank.day.settle(batch_no, totals, self.bank.totals(batch_no))

    async def upload(self, desk: Desk, details: Sequence[Detail]) -> LineAnswer:
        await self.leaves("upload")
        self.bank.numbered(desk)
        return await self._managed("upload", lambda: self.bank.day.upload(desk.batch_no, details))

    async def end_upload(self, desk: Desk, count: int, *, balanced: bool = False) -> LineAnswer:
        await self.leaves("upload")
        self.bank.numbered(desk)
        ours = self.bank.totals(desk.batch_no)
        return await self._managed("upload", lambda: self.bank.day.end_upload(desk.batch_no, count, ours))

    def _goes_wrong(self, kind: str) -> FaultName | None:
        return self.script.at(f"line.{kind}", "exchange") or self.bank.next.pop(kind, None)

    async def _die(self) -> NoReturn:
        await self.script.die()


class SimErrands(Errands[A]):
    """Waited for until they are back, or parked."""

    def __init__(self, wire: SimWire) -> None:
        super().__init__()
        self._wire = wire

    async def back(self, task: "asyncio.Task[A]", wait_s: float) -> bool:
        return not await self._wire.stands(task)
