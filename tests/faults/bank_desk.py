"""A bank that takes money at its own terminals for payments that were opened at it."""

from datetime import timedelta

from msgspec.structs import replace
from payment_far_side import FEE
from payment_world import ZONE, World
from queue_desk import as_staff

from yinyi.bus.call import Call
from yinyi.bus.operation import Caller
from yinyi.business.payments.at_institution import InstitutionTakings
from yinyi.business.payments.messages_institution import (
    ConfirmGiveBack,
    GetTaken,
    GiveBackOrder,
    ListGiveBacks,
    ReportTaken,
    TakenView,
)
from yinyi.business.payments.messages_taken_list import (
    ListedTake,
    ListTakenDifferences,
    SettleTakenDifference,
    SubmitTakenList,
    TakenDay,
    TakenDifferences,
)
from yinyi.business.payments.model import DifferenceRuling
from yinyi.business.payments.service import TAKEN_UP
from yinyi.business.payments.taken_lists import TakenLists
from yinyi.kernel.money import Fen

BANK = "icbc"
AT_BANK = f"channel:institution:{BANK}"


def as_bank(it: World, who: str = BANK, patient_id: int = 0) -> Call:
    call = it.call()
    told = {"caller": Caller.INSTITUTION, "institution_id": who, "terminal_id": "", "patient_id": patient_id}
    return replace(call, principal=replace(call.principal, **told))


def desk(it: World) -> InstitutionTakings:
    return InstitutionTakings(it.payments, ZONE)


async def open_at_bank(it: World, who: str = BANK) -> str:
    """A number is held for somebody who stands at the bank's own terminal."""
    new, call = it.new(next(it.numbers)), as_bank(it, who, patient_id=1)
    async with it.database.transaction() as tx:
        number = await it.payments.open(tx, call, new)
    it.begun[number] = call.notes.get(TAKEN_UP)
    await it.drive(number)
    return number


async def report(
    it: World,
    number: str,
    reference: str = "B20261127-1",
    fen: int = FEE,
    who: str = BANK,
    ahead: timedelta = -timedelta(seconds=1),
) -> None:
    """The operation, up to its commit; a process that dies then leaves what it has taken up behind."""
    now = it.clock.now()
    message = ReportTaken(
        payment_no=number,
        reference=reference,
        amount_fen=Fen(fen),
        taken_at=now + ahead,
        taken_on=now.date(),
    )
    call = as_bank(it, who)
    async with it.database.transaction() as tx:
        await desk(it).report(tx, call, message, None)
    if TAKEN_UP in call.notes:
        it.begun[number] = call.notes[TAKEN_UP]


async def told(it: World, reference: str = "B20261127-1", who: str = BANK) -> TakenView:
    async with it.database.read() as tx:
        return await desk(it).get(tx, as_bank(it, who), GetTaken(reference=reference))


async def orders(it: World, who: str = BANK) -> list[GiveBackOrder]:
    async with it.database.read() as tx:
        return (await desk(it).list(tx, as_bank(it, who), ListGiveBacks())).orders


async def confirm(it: World, reference: str, who: str = BANK, theirs: str = "", ago: timedelta = timedelta()) -> None:
    """``theirs``: the bank's own number; empty: one made of the order's."""
    theirs = theirs or f"BACK{reference}"
    message = ConfirmGiveBack(reference=reference, their_reference=theirs, given_back_at=it.clock.now() - ago)
    async with it.database.transaction() as tx:
        await desk(it).confirm(tx, as_bank(it, who), message, None)


async def lists(
    it: World, *rows: tuple[str, str, int], part: tuple[int, int] = (1, 1), days: int = 0, who: str = BANK
) -> TakenDay:
    """The bank's list of today, or of so many days later: reference, payment number, fen."""
    on = it.clock.now().date() + timedelta(days=days)
    listed = [ListedTake(reference=each[0], payment_no=each[1], amount_fen=Fen(each[2])) for each in rows]
    message = SubmitTakenList(taken_on=on, rows=listed, part=part[0], parts=part[1])
    desk, call = TakenLists(), as_bank(it, who)
    async with it.database.transaction() as tx:
        return await desk.show(tx, call, await desk.submit(tx, call, message, None))


async def differences(it: World) -> list[tuple[str, str, str]]:
    """What the staff sees: bank, reference, what."""
    today = it.clock.now().date()
    asked = ListTakenDifferences(since=today - timedelta(days=1), until=today + timedelta(days=1))
    async with it.database.read() as tx:
        found = await TakenLists().list(tx, as_bank(it), asked)
    return [(each.institution_id, each.reference, each.what) for each in found.differences]


async def settle(
    it: World,
    reference: str,
    ruling: DifferenceRuling,
    name: str,
    *,
    days: int = 0,
) -> TakenDifferences:
    """One of the staff says which side is right, of the day that is so many days from now."""
    on = it.clock.now().date() + timedelta(days=days)
    message = SettleTakenDifference(
        institution_id=BANK, taken_on=on, reference=reference, ruling=ruling, note="asked the bank"
    )
    desk, call = TakenLists(), as_staff(it, name)
    async with it.database.transaction() as tx:
        return await desk.show_settled(tx, call, await desk.settle(tx, call, message, None))


async def locked_out(it: World, number: str) -> None:
    """Everything that was begun has ended without anybody."""
    await it.cancel(number)
    assert (await it.to_the_end(number)).ended_at is not None
