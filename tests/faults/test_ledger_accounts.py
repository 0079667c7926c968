"""The accounts on which nothing is to stay, and deposits: what is in doubt at the hospital, what is over or short."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from runpy import run_path
from typing import Any, cast

import pytest
from payment_checks import pay_in_time, play, reference_of
from payment_far_side import FEE, Mishap
from payment_world import ZONE, World, world
from queue_desk import as_staff, lost
from watch_world import watch

from yinyi.app.watched import MOVES
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.ledger.messages import VerifyLedger
from yinyi.business.ledger.model import JournalEntry, Posting, deposit_account
from yinyi.business.ledger.service import LedgerService
from yinyi.business.payments import books, builder
from yinyi.business.payments.callbacks import understood
from yinyi.business.payments.errors import AlreadyBooked, MoreThanInSuspense
from yinyi.business.payments.messages import RefundPayment
from yinyi.business.payments.messages_found import BookSuspense, ListSuspense, Suspense
from yinyi.business.payments.model import CallbackRead, SuspenseMove
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.postings import CREDITED
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.rules import Rule
from yinyi.business.payments.service import TAKEN_UP, NewPayment
from yinyi.business.payments.suspense import SuspenseDesk
from yinyi.business.payments.view import state_of
from yinyi.kernel.errors import ChannelUnavailable, NotAllowed, SecondPersonNeeded
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Outcome, Unknown

CHANNEL, FUNDS, HIS, INCOME = (
    "channel:wechatpay:outpatient",
    "patient_funds:outpatient",
    "his:outpatient",
    "hospital:outpatient:registration",
)


async def verified(it: World) -> None:
    async with it.database.read() as tx:
        report = await LedgerService([books.differences], MOVES).verify(tx, as_staff(it, "operator"), VerifyLedger())
    assert report.differences == []


# ---- what the HIS may have booked


async def told_and_in_doubt(it: World, mishap: Mishap) -> str:
    """Paid; the hospital was told so, and says nothing."""
    number = await it.open()
    await it.drive(number)
    await it.choose(number)
    await it.drive(number)
    it.channel.pay(reference_of(await it.plan(number)))
    it.script.mishaps["confirm"] = deque([mishap])
    it.script.mishaps["ask_hospital"] = lost(500)
    it.clock.advance(timedelta(seconds=6))
    await it.drive(number)
    assert (await it.balance(HIS), await it.balance(FUNDS), await it.balance(INCOME)) == (-FEE, 0, 0)
    await verified(it)
    return number


async def standing(it: World) -> tuple[int, int, int]:
    await verified(it)
    return await it.balance(HIS), await it.balance(FUNDS), await it.balance(INCOME)


def test_what_the_hospital_may_have_booked_stands_apart_until_it_says_that_it_has(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await told_and_in_doubt(it, "lost_after")
        it.script.mishaps.clear()
        assert state_of(await it.to_the_end(number)) == "fulfilled"
        assert await standing(it) == (0, 0, -FEE)

    play(platform_url, story)


def test_what_the_hospital_has_not_booked_is_the_patients_again(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await told_and_in_doubt(it, "lost_before")
        for reference in it.hospital.numbers:
            it.hospital.numbers[reference] = "released"
        it.script.mishaps.clear()
        assert state_of(await it.to_the_end(number)) == "returned"
        assert await standing(it) == (0, 0, 0)
        assert await it.balance(CHANNEL) == 0

    play(platform_url, story)


def test_it_stands_apart_as_long_as_undoing_is_in_doubt(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await told_and_in_doubt(it, "lost_after")
        it.script.mishaps["release"] = lost(500)
        for _ in range(40):
            it.clock.advance(timedelta(minutes=1))
            await it.drive(number)
        plan = await it.plan(number)
        assert plan.attention == "confirm_undo_unknown"
        assert await standing(it) == (-FEE, 0, 0)
        async with it.database.read() as tx:
            entries = await tx.fetchval("SELECT count(*) FROM journal_entry WHERE kind LIKE 'his_%'")
        assert entries <= 5, "not one for every try"
        it.script.mishaps.clear()
        assert state_of(await it.to_the_end(number)) == "returned"
        assert await standing(it) == (0, 0, 0)

    play(platform_url, story)


def test_what_is_in_doubt_when_the_release_comes_is_posted_by_its_migration(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await told_and_in_doubt(it, "lost_after")
        migration = run_path(str(Path(__file__).parents[2] / "migrations/versions/0010_what_channels_tell.py"))
        async with it.database.transaction() as tx:
            await tx.execute("ALTER TABLE posting DISABLE TRIGGER USER")
            await tx.execute("ALTER TABLE journal_entry DISABLE TRIGGER USER")
            await tx.execute("DELETE FROM posting WHERE credit_account LIKE 'his:%'")
            await tx.execute("DELETE FROM journal_entry WHERE kind = 'his_in_doubt'")
            await tx.execute(migration["POST_DOUBTS"])
        assert await standing(it) == (-FEE, 0, 0)
        it.script.mishaps.clear()
        await it.to_the_end(number)
        assert await standing(it) == (0, 0, -FEE)

    play(platform_url, story)


# ---- suspense


async def book(it: World, move: SuspenseMove, fen: int, name: str, **more: str) -> Suspense:
    message = BookSuspense(
        item=more.get("item", "4200002511"),
        move=move,
        amount_fen=Fen(fen),
        scope=cast(Any, more.get("scope", "outpatient")),
        channel=more.get("channel", "wechatpay"),
        note="in the statement",
    )
    desk = SuspenseDesk(it.means.registry, ZONE)
    async with it.database.transaction() as tx:
        await desk.book(tx, as_staff(it, name), message, None)
    return await listed(it)


async def listed(it: World) -> Suspense:
    async with it.database.read() as tx:
        return await SuspenseDesk(it.means.registry, ZONE).list(tx, as_staff(it, "operator"), ListSuspense())


def test_money_that_belongs_to_nothing_comes_and_goes_by_two(platform_url: str) -> None:
    """A channel has told of an order that nobody knows."""

    async def story(it: World) -> None:
        number = await it.open()
        await it.callback(number, "E1", 1200, reference="26010112000000AAAAAAAA02")
        [stranger] = (await listed(it)).unknown
        item = stranger.reference
        assert (stranger.amount_fen, stranger.source) == (1200, "wechatpay")
        first = await book(it, "over_found", 1200, "operator", item=item)
        assert (first.over_fen, [each.proposed_by for each in first.said]) == (0, ["operator"])
        with pytest.raises(SecondPersonNeeded):
            await book(it, "over_found", 1200, "operator", item=item)
        await book(it, "over_found", 1300, "supervisor", item=item)
        found = await book(it, "over_found", 1300, "operator", item=item)
        assert (found.over_fen, found.said, found.unknown) == (1300, [], [])
        with pytest.raises(AlreadyBooked):
            await book(it, "over_found", 1300, "supervisor", item=item)
        with pytest.raises(MoreThanInSuspense):
            await book(it, "over_given_back", 1301, "operator", item=item)
        for name in ("operator", "supervisor"):
            await book(it, "over_given_back", 1000, name, item=item)
            left = await book(it, "over_paid_out", 300, name, item=item, channel="")
        assert (left.over_fen, len(left.entries)) == (0, 3)
        assert (await it.balance(CHANNEL), await it.balance("paid_out:window:outpatient")) == (300, -300)
        assert await watch(it).found() == {}
        await verified(it)

    play(platform_url, story)


@pytest.mark.parametrize("order", ["", "26010112000000AAAAAAAA02"])
def test_what_went_out_is_not_shown_as_money_that_came_in(platform_url: str, order: str) -> None:
    """Of an order that nobody knows, whether or not the channel names it."""

    async def story(it: World) -> None:
        read = CallbackRead(
            event_id="R1",
            about="refund",
            reference="50300806962022",
            order_reference=order,
            merchant="outpatient",
            amount_fen=Fen(1200),
            outcome=Done(),
        )
        read = understood(read)
        assert await it.payments.callbacks.keep(it.call(), "wechatpay", b"body", read) is None
        assert [each.refunded for each in (await listed(it)).unknown] == [True]
        for name in ("operator", "supervisor"):
            found = await book(it, "short_found", 1200, name, item=read.reference)
        assert (found.short_fen, found.unknown) == (1200, [])

    play(platform_url, story)


def test_what_a_payment_has_booked_meanwhile_belongs_to_it(platform_url: str) -> None:
    """Told as a stranger's, before a restore has found the payment again."""

    async def story(it: World) -> None:
        plan = await pay_in_time(it)
        async with it.database.read() as tx:
            await tx.execute(
                "INSERT INTO payment_callback (hospital_id, source, event_id, reference, verdict, outcome, body_hash,"
                " received_at, applied_at, amount_fen, merchant, about) VALUES (1, 'wechatpay', 'E0', $1, 'stranger',"
                " $3, '', $2, $2, 5000, 'outpatient', 'take')",
                reference_of(plan),
                it.clock.now(),
                '{"type": "done"}',
            )
        assert (await listed(it)).unknown == []
        with pytest.raises(AlreadyBooked):
            await book(it, "over_found", FEE, "operator", item=reference_of(plan))

    play(platform_url, story)


def test_two_who_mean_different_windows_do_not_agree(platform_url: str) -> None:
    async def story(it: World) -> None:
        for name in ("operator", "supervisor"):
            await book(it, "over_found", 900, name)
        await book(it, "over_paid_out", 900, "operator", channel="", scope="outpatient")
        left = await book(it, "over_paid_out", 900, "supervisor", channel="", scope="inpatient")
        assert left.over_fen == 900
        left = await book(it, "over_paid_out", 900, "operator", channel="", scope="inpatient")
        assert left.over_fen == 0
        assert await it.balance("paid_out:window:inpatient") == -900

    play(platform_url, story)


def test_what_is_missing_is_found_or_borne(platform_url: str) -> None:
    async def story(it: World) -> None:
        for name in ("operator", "supervisor"):
            await book(it, "short_found", 900, name)
        for name in ("operator", "supervisor"):
            await book(it, "short_made_good", 400, name)
            left = await book(it, "short_borne", 500, name, channel="")
        assert left.short_fen == 0
        assert (await it.balance(CHANNEL), await it.balance("hospital:outpatient:shortfall")) == (-500, 500)
        await verified(it)

    play(platform_url, story)


def test_money_is_somewhere(platform_url: str) -> None:
    async def story(it: World) -> None:
        with pytest.raises(NotAllowed):
            await book(it, "over_found", 1, "operator", channel="")
        with pytest.raises(NotAllowed):
            await book(it, "over_kept", 1, "operator")
        with pytest.raises(ChannelUnavailable):
            await book(it, "over_found", 1, "operator", channel="unionpay")

    play(platform_url, story)


# ---- deposits


class DepositPurpose:
    """What a deposit's plans are made of."""

    name = "deposit"
    version = 1
    kinds: tuple[str, ...] = (builder.INPATIENT_POST,)


@dataclass
class PostDeposit:
    """The stay's account at the hospital is credited; ``mute``: it says nothing of it."""

    posted: set[str] = field(default_factory=set[str])
    mute: bool = False
    kind = builder.INPATIENT_POST
    version = 1
    rule = Rule(send_within_s=900, give_up_s=900, people_after_s=960, attempts=5, repeatable=True, spread=0.0)

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        self.posted.add(plan.payment_no)
        return Unknown() if self.mute else Done()

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        if self.mute:
            return Unknown()
        return Done() if plan.payment_no in self.posted else NotFound()

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        self.posted.discard(plan.payment_no)
        return Done()


def test_a_deposit_is_a_liability_of_its_own_that_never_falls_below_zero(platform_url: str) -> None:
    async def story() -> None:
        his = PostDeposit(mute=True)
        async with world(platform_url, [his], [DepositPurpose()]) as it:
            number = await deposited(it)
            funds = "patient_funds:inpatient"
            assert (await it.balance("his:inpatient"), await it.balance(funds)) == (-FEE, 0)
            assert await it.balance(deposit_account("H7")) == 0
            await verified(it)
            his.mute = False
            assert state_of(await it.to_the_end(number)) == "fulfilled"
            assert (await it.balance("his:inpatient"), await it.balance(deposit_account("H7"))) == (0, -FEE)
            await used(it, 4000)
            with pytest.raises(BalanceTooLow):
                await give_back(it, number, 1001)
            await give_back(it, number, 1000)
            await it.to_the_end(number)
            assert (await it.balance(deposit_account("H7")), await it.balance("channel:wechatpay:inpatient")) == (
                0,
                4000,
            )
            await verified(it)
            async with it.database.read() as tx:
                rows = await ledger.movements(tx, 1, deposit_account("H7"), 2)
                together = await ledger.balances_together(tx, 1)
            assert [(row["kind"], row["amount_fen"]) for row in rows] == [("taken_back", -1000), ("used", -4000)]
            assert [row["credit_fen"] for row in together if row["account"].startswith("deposit:")] == [FEE]
            assert [row["account"] for row in together if row["account"].startswith("deposit:")] == ["deposit:*"]

    asyncio.run(story())


async def deposited(it: World) -> str:
    """Paid for stay H7, and the hospital was told."""
    new = NewPayment(
        purpose="deposit",
        scope="inpatient",
        amount_fen=FEE,
        description="住院预交金",
        pay_by=it.clock.now() + timedelta(minutes=8),
        steps=builder.deposit(),
        facts={CREDITED: deposit_account("H7")},
    )
    call = it.call()
    async with it.database.transaction() as tx:
        number = await it.payments.open(tx, call, new)
    it.begun[number] = call.notes.get(TAKEN_UP)
    await it.choose(number)
    await it.drive(number)
    it.channel.pay(reference_of(await it.plan(number)))
    it.clock.advance(timedelta(seconds=6))
    await it.drive(number)
    return number


async def used(it: World, fen: int) -> None:
    """The stay's bill takes so much of it."""
    posting = Posting(
        debit_account=deposit_account("H7"), credit_account="hospital:inpatient:stay", amount_fen=Fen(fen)
    )
    now = it.clock.now()
    entry = JournalEntry(
        hospital_id=1, source="bill:H7", kind="used", business_date=now.date(), posted_at=now, postings=(posting,)
    )
    async with it.database.transaction() as tx:
        await ledger.post(tx, [entry])


async def give_back(it: World, number: str, fen: int) -> None:
    message = RefundPayment(payment_no=number, amount_fen=Fen(fen), reason="多交退回")
    async with it.database.transaction() as tx:
        await RefundDesk(it.payments, ZONE).refund(tx, as_staff(it, "operator"), message, None)
