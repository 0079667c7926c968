"""One of a crowd: what he asks for is served by whichever process is alive, and asked again if that one was killed."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, Protocol

import msgspec

from yinyi.app.faults.at_terminal import ASKED_ON, TRIED_AGAIN, AtTerminal
from yinyi.app.faults.cardholder import statement_tells
from yinyi.app.faults.house import Desk, House
from yinyi.app.faults.line_house import CHANNEL, CardAccount, LineHouse
from yinyi.app.faults.line_wire import BANK
from yinyi.app.faults.luck import Luck
from yinyi.app.faults.model import Told
from yinyi.app.faults.person import T
from yinyi.app.faults.processes import Process, Unanswered
from yinyi.app.faults.script import CommitLost
from yinyi.app.faults.wishes import What
from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.lines.session_model import Batch, LineAnswer
from yinyi.business.payments.errors import AlreadyUnderWay, NothingInDoubt
from yinyi.business.payments.messages import ReceiveCallback
from yinyi.business.payments.model import CallbackRead
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.service import PaymentService
from yinyi.business.payments.view import state_of
from yinyi.kernel.outcome import Done

MOST_TRIES = 40
TELLS_AGAIN = timedelta(seconds=15)
WAITS_FOR_A_NUMBER = timedelta(minutes=3)
_USED = """
SELECT coalesce(sum(CASE WHEN p.debit_account = $2 THEN p.amount_fen ELSE -p.amount_fen END), 0)::bigint
FROM journal_entry e JOIN posting p USING (hospital_id, entry_id)
WHERE e.hospital_id = 1 AND e.source LIKE $1 || '%' AND $2 IN (p.debit_account, p.credit_account)
"""


class WentAway(Exception):
    """What he wants is somebody else's, and he has asked often enough."""


class Around(Protocol):
    """What a visitor sees of the crowd. ``line``: of the terminal at which all stand who have come with a card."""

    line: LineHouse

    def alive(self) -> list[Process]: ...

    def errand(self, work: Coroutine[Any, Any, None], who: str) -> None: ...

    def opened(self, number: str, visitor: "Visitor") -> None: ...


class Visitor(AtTerminal):
    """``name``: in the schedule. ``comes_after``: when he comes."""

    def __init__(self, name: str, house: House, around: Around, script: Luck, comes_after: timedelta) -> None:
        super().__init__(house, script)
        self.name, self.shape, self.beside, self.comes_after = name, "", "", comes_after
        self._around = around
        self._dice: random.Random = script.dice
        self.line = around.line
        self.sides[CHANNEL] = self.account = CardAccount(around.line.bank, pan=f"622588{name[1:]:0>10}")
        script.tell, script.pays = self._tell_first, self.pays

    async def open(self, what: What = "registration") -> None:
        """As often as he has patience for, while somebody else has what he wants."""
        for _ in range(MOST_TRIES):
            try:
                return await super().open(what)
            except AlreadyUnderWay:
                await self.wait(self._dice.random() * WAITS_FOR_A_NUMBER)
        raise WentAway

    async def _opened(self, desk: Desk, tx: Tx, call: Call, what: What) -> str:
        number = await super()._opened(desk, tx, call, what)
        self._around.opened(number, self)
        return number

    async def change(self, make: Callable[[Desk, Tx, Call], Awaitable[T]]) -> T:
        """Under one key: what was committed before its process was killed, or the answer lost, is the answer."""
        for _ in range(MOST_TRIES):
            made: list[T] = []
            process = await self._somebody()
            try:
                await process.serve(lambda process=process, made=made: self._served(process, make, made))
            except (Unanswered, CommitLost):
                await self.wait(timedelta(seconds=1))
            if made:
                return made[0]
        raise AssertionError("nobody ever answers")

    async def _served(self, process: Process, make: Callable[[Desk, Tx, Call], Awaitable[T]], made: list[T]) -> None:
        call = self.call()
        async with process.database.transaction() as tx:
            made.append(await make(process.desk, tx, call))
        await process.desk.payments.settled(call, self.number or str(made[0]))

    async def _somebody(self) -> Process:
        while not (alive := self._around.alive()):
            await self.wait(timedelta(seconds=1))
        return self._dice.choice(alive)

    async def hear(self, step: Step, read: CallbackRead) -> None:
        """The channel tells again until it is answered."""
        message = ReceiveCallback(plugin=step.channel, path="", headers={}, body=msgspec.json.encode(read))
        for _ in range(MOST_TRIES):
            process = await self._somebody()
            callbacks = process.desk.payments.callbacks
            try:
                await process.serve(lambda callbacks=callbacks: callbacks.receive(self.call(), message))
            except (Unanswered, CommitLost):
                await self.wait(TELLS_AGAIN)
            else:
                return
        raise AssertionError("nobody ever hears")

    async def _tell_first(self, step: Step, answer: Done) -> None:
        read = self.told_of(step, f"first {step.reference}", answer)
        self._around.errand(self.hear(step, read), f"{self.name}'s channel")

    async def drive(self) -> None:
        """He looks at the screen again."""
        await self.wait(timedelta(seconds=0.5))

    async def wait(self, time: timedelta) -> None:
        await asyncio.sleep(time / timedelta(seconds=1))

    async def until_the_end(self) -> bool:
        while (plan := await self.plan()).ended_at is None:
            if self._waits(plan):
                return False
            await self.wait(max(await self.next_at() or timedelta(), timedelta(seconds=2)))
        return True

    def _waits(self, plan: Plan) -> bool:
        """For people to look at the bank's statement."""
        patience = TRIED_AGAIN if plan.attention == "refund_refused" else ASKED_ON
        called_at = plan.attention_at
        return self.by_card and called_at is not None and self.clock.now() >= called_at + patience

    async def is_seen_to(self) -> None:
        """What he has come for with his card ends, by the bank's statement if by nothing else."""
        if self.by_card and self.payment_id:
            for _ in range(MOST_TRIES):
                if await self.until_the_end():
                    return
                with suppress(NothingInDoubt):  # they have said it, and nobody has gone on with it yet
                    await statement_tells(self)
                await self.wait(ASKED_ON)

    @property
    def desk_of_payments(self) -> PaymentService:
        return self._dice.choice(self._around.alive()).desk.payments

    async def comes_with_card(self, *, signed_on: bool) -> None:
        """To where others stand, too."""

    async def settles(self, batch_no: int) -> Batch | LineAnswer | None:
        process, answers = await self._somebody(), list[Batch | LineAnswer]()
        try:
            await process.serve(lambda: self._settled(process, batch_no, answers))
        except (Unanswered, CommitLost):
            return None
        return answers[0]

    async def _settled(self, process: Process, batch_no: int, answers: list[Batch | LineAnswer]) -> None:
        answers.append(await process.line.sessions.settle(BANK, self.line.session_id, batch_no))

    def see(self, plan: Plan) -> None:
        """His payment is so on disk."""
        self.told.append(Told(self.clock.now(), state_of(plan)))

    async def used_fen(self) -> int:
        """By this payment alone: others may use the same account."""
        async with self.quiet.read() as tx:
            return await tx.fetchval(_USED, self.number, f"prepaid:{self.patient_id}")
