"""The operations of deposits in a world, for those who test them."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from inpatient_far_side import OWN, SimInpatients
from payment_checks import reference_of
from payment_far_side import FEE, Mishap, Script
from payment_world import ZONE, World, world

from yinyi.bus.database import Tx
from yinyi.business.identity.model import PatientFacts
from yinyi.business.inpatient.messages import (
    DepositAccount,
    PayDeposit,
    ReturnDeposit,
    ReturnDepositAtWindow,
)
from yinyi.business.inpatient.plans import DepositPurpose, PostDeposit
from yinyi.business.inpatient.service import InpatientService
from yinyi.business.ledger.model import deposit_account, income_account, paid_out_account
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.service import TAKEN_UP
from yinyi.kernel.money import Fen

ACCOUNT = deposit_account(OWN)
STAY, PAID_OUT = income_account("inpatient", "stay"), paid_out_account("inpatient")
LEFT = 2 * FEE - 4000


def account(balance_fen: int, paid_out_fen: int) -> DepositAccount:
    return DepositAccount(admission_no=OWN, balance_fen=Fen(balance_fen), paid_out_fen=Fen(paid_out_fen))


class Index:
    """Patient 1 of ours is the hospital's P1."""

    async def patient_no(self, hospital_id: int, patient_id: int) -> str:
        return f"P{patient_id}"

    async def facts(self, tx: Tx, hospital_id: int, patient_id: int) -> PatientFacts:
        raise AssertionError("nothing is printed here")


class Desk:
    """The inpatients' operations in a world."""

    def __init__(self, it: World, his: SimInpatients) -> None:
        self.it, self.his = it, his
        self.service = InpatientService(his, Index(), it.payments, ZONE, 0.0)

    async def paid(self, mishap: Mishap | None = None) -> Plan:
        """A deposit by code, to its end."""
        it, number = self.it, await self.opened()
        await it.choose(number)
        await it.drive(number)
        if mishap:
            self.his.script.mishaps["post"] = deque([mishap])
        it.channel.pay(reference_of(await it.plan(number)))
        return await it.to_the_end(number)

    async def opened(self) -> str:
        """Its number; it can be paid."""
        it, service = self.it, self.service
        call, message = it.call(), PayDeposit(admission_no=OWN, amount_fen=FEE)
        stay = await service.payable(call, message)
        async with it.database.transaction() as tx:
            number = await service.pay(tx, call, message, stay)
        it.begun[number] = call.notes.get(TAKEN_UP)
        return number

    async def back_at_window(self, key: str = "w") -> DepositAccount:
        """The hospital says that its window has paid out."""
        call, message = self.it.call(key), ReturnDepositAtWindow(admission_no=OWN)
        known = await self.service.accounts.known(call, message)
        async with self.it.database.transaction() as tx:
            subject = await self.service.accounts.paid_out(tx, call, message, known)
            return await self.service.accounts.show(tx, call, subject)

    async def back(self, amount_fen: int | None = None, key: str = "k") -> None:
        call = self.it.call(key)
        message = ReturnDeposit(admission_no=OWN, amount_fen=None if amount_fen is None else Fen(amount_fen))
        known = await self.service.known(call, message)
        async with self.it.database.transaction() as tx:
            await self.service.give_back(tx, call, message, known)


def play(url: str, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def on_stage() -> None:
        his = SimInpatients(Script())
        async with world(url, [PostDeposit(his)], [DepositPurpose(his)]) as it:
            his.script = it.script
            await story(Desk(it, his))

    asyncio.run(on_stage())
