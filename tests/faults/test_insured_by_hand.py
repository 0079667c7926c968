"""A settlement of which only people find out that the insurance has made it is booked as it was quoted."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from test_card_stuck import two_say, until_called

from yinyi.app.faults.judge import violations
from yinyi.app.faults.model import FEE
from yinyi.app.faults.shapes import begin, open_take
from yinyi.app.faults.stage import Stage, stage
from yinyi.business.insurance.model import Claim, Split
from yinyi.business.ledger import store as ledger
from yinyi.business.payments.books import differences
from yinyi.business.payments.builder import INSURANCE_SETTLE
from yinyi.business.payments.invariants import SettlementsAreBooked
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import state_of
from yinyi.business.watch.store import look
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Evidence, Outcome, Unknown

pytestmark = pytest.mark.usefixtures("unlogged")
PROMISED = Fen(FEE * 7 // 10)


def played(url: str, story: Callable[[Stage], Awaitable[None]]) -> None:
    """Somebody has paid his part of an insured bill, and people are called: the insurance has settled it, and nothing
    of what it answers arrives."""

    async def whole() -> None:
        async with stage(url) as it:
            it.somebody_else()
            it.script.began(())
            it.house.began()
            it.script.calm = True
            fall_silent(it)
            await begin(it, "insured_invoice")
            take = await open_take(it)
            assert take is not None
            it.channel.pay(take.reference)
            await it.callback(take, "paid")
            await it.drive()
            await until_called(it, "settle_undo_unknown")
            await story(it)

    asyncio.run(whole())


async def agrees(it: Stage) -> bool:
    """Whether everything does: money, hospital, insurance, books, and what was told."""
    async with it.quiet.read() as tx:
        found = await differences(tx, 1)
        found += [each.detail for each in await look(tx, 1, SettlementsAreBooked(), [(0, 2**62)], it.clock.now())]
    return [*found, *await violations(it, await it.plan())] == []


def fall_silent(it: Stage) -> None:
    """The insurance does what it is told, and nothing of what it says arrives."""
    scheme, settle = it.scheme, it.scheme.settle

    async def unheard(reference: str, claim: Claim, quoted: Split) -> Outcome:
        await settle(reference, claim, quoted)
        return Unknown()

    async def silent(*told: object) -> Answer:
        return Unknown()

    vars(scheme).update(settle=unheard, ask_settlement=silent, reverse=silent)


def hear_again(it: Stage) -> None:
    for name in ("settle", "ask_settlement", "reverse"):
        vars(it.scheme).pop(name)


async def balance(it: Stage, account: str) -> int:
    """Debits less credits."""
    async with it.quiet.read() as tx:
        rows = await ledger.balances(tx, 1)
    return sum(row["debit_fen"] - row["credit_fen"] for row in rows if row["account"] == account)


async def settlement(it: Stage) -> Step:
    step = (await it.plan()).latest(INSURANCE_SETTLE)
    assert step is not None
    return step


def test_what_was_settled_is_owed_and_delivered_for(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        await two_say(it, (await settlement(it)).reference, "happened")
        assert await it.until_the_end()
        plan = await it.plan()
        assert (state_of(plan), await balance(it, "insurance:employees")) == ("fulfilled", PROMISED)
        assert await agrees(it)

    played(platform_url, story)


def test_what_was_settled_and_is_given_up_after_all_is_owed_until_it_is_reversed(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        await it.bill_is_changed()
        await two_say(it, (await settlement(it)).reference, "happened")
        await it.wait(timedelta(seconds=5))
        await it.drive()
        assert (await settlement(it)).state == "undo_unknown", "the hospital has refused the bill"
        assert await balance(it, "insurance:employees") == PROMISED
        hear_again(it)
        assert await it.until_the_end()
        plan = await it.plan()
        assert (state_of(plan), await balance(it, "insurance:employees")) == ("returned", 0)
        assert await agrees(it)

    played(platform_url, story)


def test_what_was_never_settled_is_not_owed(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        it.scheme.settlements.clear()
        await two_say(it, (await settlement(it)).reference, "did_not_happen")
        assert await it.until_the_end()
        plan = await it.plan()
        assert (state_of(plan), await balance(it, "insurance:employees")) == ("returned", 0)
        assert await agrees(it)

    played(platform_url, story)


def test_what_was_settled_and_is_not_booked_is_told(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was when what people had found out said nothing of what is owed."""

    async def story(it: Stage) -> None:
        await two_say(it, (await settlement(it)).reference, "happened")
        assert await it.until_the_end()
        async with it.quiet.read() as tx:
            [told] = await differences(tx, 1)
            [broken] = await look(tx, 1, SettlementsAreBooked(), [(0, 2**62)], it.clock.now())
        assert told == f"insurance:employees: the ledger says 0 fen, the payments say {PROMISED} fen"
        assert broken.detail == f"its insurance owes {PROMISED} fen, and 0 are booked"

    def nothing(registry: Registry, plan: Plan, step: Step) -> Evidence:
        return {}

    monkeypatch.setattr(Registry, "promised", nothing)
    played(platform_url, story)
