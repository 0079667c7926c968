"""A reversal that the bank never answers: tried as often as it may be, then for people; others go on meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from yinyi.app.faults import cardholder
from yinyi.app.faults.far_bank import HABITS, REFUSED, Said
from yinyi.app.faults.house import ZONE
from yinyi.app.faults.line_house import CHANNEL
from yinyi.app.faults.model import FEE
from yinyi.app.faults.stage import Stage, stage
from yinyi.bus.call import Call, Principal
from yinyi.bus.operation import Caller
from yinyi.business.ledger import store as ledger
from yinyi.business.lines.session_model import Approved, Declined
from yinyi.business.payments.errors import NothingRefused
from yinyi.business.payments.human_queue import HumanQueue
from yinyi.business.payments.messages_queue import Case, GetCase, PayOut, SettleByHand
from yinyi.business.payments.model import ByHand
from yinyi.business.payments.plan import REFUND, TAKE
from yinyi.business.payments.view import state_of
from yinyi.kernel.money import Fen

pytestmark = pytest.mark.usefixtures("unlogged")


def play(url: str, story: Callable[[Stage], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with stage(url) as it:
            it.somebody_else()
            it.script.began(())
            it.house.began()
            it.by_card = True
            it.script.calm = True
            await it.line.begins(signed_on=True)
            await it.open()
            await it.drive()
            await story(it)

    asyncio.run(whole())


async def stuck(it: Stage) -> str:
    """The bank has taken the money, the answer is lost, and no reversal is answered: the reference, once people are
    called."""
    it.line.bank.next["purchase"] = "lost_after"
    it.line.bank.mute = True
    await cardholder.inserts(it)
    await until_called(it, "take_undo_unknown")
    take = (await it.plan()).latest(TAKE)
    assert take is not None
    return take.reference


async def until_called(it: Stage, why: str, every: timedelta = timedelta(seconds=30)) -> None:
    while not (plan := await it.plan()).attention:
        assert plan.ended_at is None
        await it.wait(every)
        await it.drive()
    assert plan.attention == why


def desk(it: Stage) -> HumanQueue:
    return HumanQueue(it.payments, ZONE)


def staff(it: Stage, name: str) -> Call:
    now = it.clock.now()
    who = Principal(caller=Caller.STAFF, hospital_id=1, staff_id="operator", person=name)
    return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key="k")


async def case(it: Stage) -> Case:
    async with it.quiet.read() as tx:
        return await desk(it).case(tx, staff(it, "anna"), GetCase(number=it.number))


async def two_say(it: Stage, reference: str, outcome: ByHand) -> None:
    message = SettleByHand(payment_no=it.number, reference=reference, outcome=outcome, note="by the statement")
    for name in ("anna", "bernd"):
        async with it.quiet.transaction() as tx:
            await desk(it).settle_by_hand(tx, staff(it, name), message, None)
    await it.drive()


async def pay_out(it: Stage, reference: str) -> None:
    async with it.quiet.transaction() as tx:
        message = PayOut(payment_no=it.number, reference=reference, note="the bank does not give it back")
        await desk(it).pay_out(tx, staff(it, "anna"), message, None)
    await it.drive()


async def balances(it: Stage) -> dict[str, int]:
    async with it.quiet.read() as tx:
        rows = await ledger.balances(tx, 1)
    found = {row["account"]: row["debit_fen"] - row["credit_fen"] for row in rows}
    return {name.split(":")[1]: fen for name, fen in found.items() if name.startswith("channel:") and fen}


def test_it_stands_in_the_queue_with_what_is_known_and_others_go_on(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        reference = await stuck(it)
        (message,) = [row for row in await it.line.record() if row["reference"] == reference]
        assert (message["state"], message["reversal_reason"]) == ("stuck", "no_answer")
        assert message["reversal_tries"] >= HABITS.reversal_tries
        shown = await case(it)
        (step,) = [each for each in shown.steps if each.reference == reference]
        assert (step.state, step.in_doubt, step.amount_fen, step.channel) == ("undo_unknown", True, FEE, CHANNEL)
        assert "settle_by_hand" in shown.can
        assert isinstance(await it.line.next_pays("next"), Approved)
        assert it.line.bank.wrong == []

    play(platform_url, story)


def test_by_itself_it_goes_no_more_often_than_the_bank_wants(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        reference = await stuck(it)
        (said,) = it.line.bank.said
        reverse, pause = it.ours.sessions.reverse, timedelta(seconds=HABITS.reversal_every_s)
        await it.wait(pause)
        before = said.reversals
        await reverse(reference)
        assert said.reversals == before + 1
        await it.wait(pause - timedelta(seconds=1))
        await reverse(reference)
        assert said.reversals == before + 1, "not yet"
        await reverse(reference, at_once=True)
        assert said.reversals == before + 2, "people want it now"

    play(platform_url, story)


def test_who_wants_to_pay_does_not_wait_for_the_pause(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        it.line.bank.next["purchase"] = "lost_after"
        it.line.bank.mute = True
        await cardholder.inserts(it)
        await it.wait(timedelta(seconds=3))
        await it.drive()
        (said,) = it.line.bank.said
        assert said.reversals == 1
        it.line.bank.mute = False
        assert isinstance(await it.line.next_pays("next"), Approved)
        assert (said.reversals, said.happened) == (2, False)

    play(platform_url, story)


def test_a_reversal_that_never_left_does_not_wait_for_the_pause(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        it.line.bank.next |= {"purchase": "lost_after", "reverse": "not_sent"}
        await cardholder.inserts(it)
        await it.wait(timedelta(seconds=3))
        await it.drive()
        (said,) = it.line.bank.said
        assert (said.reversals, said.happened) == (0, True)
        await it.wait(timedelta(seconds=10))
        await it.drive()
        assert (said.reversals, said.happened) == (1, False)

    play(platform_url, story)


def test_when_the_bank_answers_later_it_is_settled(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        await stuck(it)
        it.line.bank.mute = False
        assert await it.until_the_end()
        plan = await it.plan()
        assert (state_of(plan), plan.attention, it.account.kept_fen(set())) == ("closed", "", 0)
        assert await balances(it) == {}

    play(platform_url, story)


def test_what_people_find_has_happened_is_refunded_on_the_line(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        reference = await stuck(it)
        await two_say(it, reference, "happened")
        (message,) = [row for row in await it.line.record() if row["reference"] == reference]
        assert message["state"] == "approved", "nobody reverses it any more"
        assert await it.ours.sessions.reverse(reference, at_once=True) == "approved"
        assert await it.until_the_end()
        plan = await it.plan()
        assert (state_of(plan), plan.returned_fen, it.account.kept_fen(set())) == ("returned", FEE, 0)
        assert await balances(it) == {}

    play(platform_url, story)


def test_what_people_find_never_happened_is_closed(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        reference = await stuck(it)
        it.line.bank.said[0].happened = False
        await two_say(it, reference, "did_not_happen")
        assert await it.until_the_end()
        assert state_of(await it.plan()) == "closed"
        (message,) = [row for row in await it.line.record() if row["reference"] == reference]
        assert message["state"] == "reversed"

    play(platform_url, story)


def refuses(_: Said) -> Declined:
    return REFUSED


def test_what_the_bank_does_not_give_back_is_paid_out_at_a_window(
    platform_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(it: Stage) -> None:
        monkeypatch.setattr(it.line.bank, "refund", refuses)
        monkeypatch.setattr(it.line.bank, "void", refuses)
        reference = await stuck(it)
        with pytest.raises(NothingRefused):
            await pay_out(it, reference)
        await two_say(it, reference, "happened")
        await until_called(it, "refund_refused")
        shown = await case(it)
        assert "pay_out" in shown.can
        refused = next(each for each in reversed(shown.steps) if each.kind == REFUND)
        asked = len(it.line.bank.said)
        await pay_out(it, refused.reference)
        with pytest.raises(NothingRefused):
            await pay_out(it, refused.reference)
        await until_called(it, "refund_waiting")
        await it.wait(timedelta(hours=5))
        await it.drive()
        assert len(it.line.bank.said) == asked, "the bank is not asked for it any more"
        assert await balances(it) == {CHANNEL: FEE}
        shown = await case(it)
        (at_window,) = [each for each in shown.steps if each.channel == "window"]
        assert (at_window.state, at_window.in_doubt, at_window.amount_fen) == ("waiting", True, FEE)
        await two_say(it, at_window.reference, "happened")
        plan = await it.plan()
        assert (state_of(plan), plan.returned_fen, plan.attention) == ("returned", FEE, "")
        assert await balances(it) == {CHANNEL: FEE, "window": -FEE}

    play(platform_url, story)


def test_a_refund_that_people_find_never_happened_goes_again(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        await cardholder.pays(it)
        assert await it.until_the_end()
        it.line.bank.next["refund"] = "lost_before"
        await it.refund(Fen(2000))
        await it.drive()
        await until_called(it, "refund_unknown", timedelta(hours=6))
        (refund,) = [each for each in (await it.plan()).steps if each.kind == REFUND]
        await two_say(it, refund.reference, "did_not_happen")
        await it.wait(timedelta(hours=2))
        await it.drive()
        assert (await it.plan()).returned_fen == 2000
        assert it.account.kept_fen(set()) == FEE - 2000

    play(platform_url, story)
