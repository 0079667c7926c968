"""The desk of prepaid accounts, and what people do at it."""

from payment_checks import reference_of
from payment_far_side import FEE
from payment_world import ZONE, World
from queue_desk import as_staff

from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.model import JournalEntry, Posting, prepaid_account
from yinyi.business.payments.messages import ChooseTender
from yinyi.business.payments.model import CallbackRead, RefundedAtChannel
from yinyi.business.payments.plan import TAKE, Plan
from yinyi.business.payments.service import TAKEN_UP
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid.messages import (
    BalancesReport,
    ListBalances,
    SetPrepaidMode,
    TopUp,
    Withdraw,
    WithdrawAtWindow,
)
from yinyi.business.prepaid.model import PrepaidMode
from yinyi.business.prepaid.service import PrepaidService
from yinyi.kernel.money import Fen

ACCOUNT = prepaid_account("1")
CHANNEL, FUNDS, INCOME = "channel:wechatpay:outpatient", "patient_funds:outpatient", "hospital:outpatient:registration"


async def desk(it: World, mode: PrepaidMode = "collect") -> PrepaidService:
    prepaid = PrepaidService(it.payments, ZONE)
    async with it.database.transaction() as tx:
        await prepaid.set_mode(tx, as_staff(it, "operator"), SetPrepaidMode(mode=mode), None)
    return prepaid


async def opening(it: World, fen: int, owner: str = "1") -> None:
    """A balance that came from somewhere else."""
    posting = Posting(debit_account="opening:test", credit_account=prepaid_account(owner), amount_fen=Fen(fen))
    now = it.clock.now()
    entry = JournalEntry(
        hospital_id=1,
        source=f"opening:{owner}",
        kind="opening",
        business_date=now.date(),
        posted_at=now,
        postings=(posting,),
    )
    async with it.database.transaction() as tx:
        await ledger.post(tx, [entry])


async def balance(it: World, owner: str = "1") -> int:
    """What the balance says, which has to be what the postings say."""
    async with it.database.read() as tx:
        rows = await ledger.balances_against_postings(tx, 1)
        assert [dict(row) for row in rows] == []
        return await ledger.balance_of(tx, 1, prepaid_account(owner))


async def topped_up(it: World, prepaid: PrepaidService, fen: int = FEE) -> str:
    call = it.call()
    async with it.database.transaction() as tx:
        number = await prepaid.top_up(tx, call, TopUp(amount_fen=Fen(fen)), None)
    it.begun[number] = call.notes.get(TAKEN_UP)
    await it.drive(number)
    await it.choose(number)
    await it.drive(number)
    it.channel.pay(reference_of(await it.plan(number)))
    assert state_of(await it.to_the_end(number)) == "fulfilled"
    return number


async def choose_part(it: World, number: str, fen: int | None) -> None:
    await choose_account(it, number, fen)
    await it.drive(number)


async def choose_account(it: World, number: str, fen: int | None = None) -> None:
    """Up to the commit; nobody has acted on it."""
    call = it.call()
    async with it.database.transaction() as tx:
        part = None if fen is None else Fen(fen)
        await it.payments.tenders.choose(
            tx, call, ChooseTender(payment_no=number, tender="prepaid", amount_fen=part), None
        )
    it.begun[number] = call.notes.get(TAKEN_UP)


async def paid_from_account(it: World, fee: int = FEE, part: int | None = None) -> Plan:
    number = await it.open(Fen(fee))
    await it.drive(number)
    await choose_part(it, number, part)
    return await it.plan(number)


async def withdraw(it: World, prepaid: PrepaidService, fen: int | None = None) -> None:
    async with it.database.transaction() as tx:
        await prepaid.withdraw(tx, it.call(), Withdraw(amount_fen=None if fen is None else Fen(fen)), None)


async def listed(it: World, prepaid: PrepaidService) -> BalancesReport:
    async with it.database.read() as tx:
        return await prepaid.list_balances(tx, as_staff(it, "operator"), ListBalances())


async def given_back_at_channel(it: World, number: str, fen: int) -> Plan:
    """Somebody gives back so much of a top-up at the channel itself, which tells of it."""
    take = (await it.plan(number)).latest(TAKE)
    assert take is not None
    it.channel.refunds["theirs"] = (take.reference, fen)
    read = CallbackRead(
        event_id="theirs",
        about="take",
        reference=take.reference,
        merchant="outpatient",
        amount_fen=Fen(fen),
        outcome=RefundedAtChannel(their_id="theirs", amount_fen=Fen(fen)),
    )
    await it.payments.callbacks.keep(it.call(), "wechatpay", b"body", read)
    return await it.to_the_end(number)


async def at_window(it: World, prepaid: PrepaidService, fen: int, receipt_no: str) -> None:
    message = WithdrawAtWindow(patient_id=1, amount_fen=Fen(fen), receipt_no=receipt_no)
    async with it.database.transaction() as tx:
        await prepaid.withdraw_at_window(tx, as_staff(it, "operator"), message, None)
