"""A bank has taken the money at its own terminal: it is delivered, or the bank has to give it back, until it has."""

from collections import deque
from datetime import timedelta

import pytest
from bank_desk import AT_BANK, BANK, confirm, differences, lists, locked_out, open_at_bank, orders, report, told
from payment_checks import play
from payment_far_side import FEE, Killed
from payment_world import World
from refund_desk import refund

from yinyi.business.payments.errors import (
    GiveBackUnknown,
    GivenBackAlready,
    PaymentUnknown,
    ReferenceUsed,
    TakenUnknown,
)
from yinyi.business.payments.invariants import payment_invariants
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.plans import REGISTRATION
from yinyi.business.watch.model import numbered
from yinyi.kernel.errors import InvalidField

OWED_BACK = f"refunds:institution:{BANK}"


async def broken(it: World) -> list[str]:
    """What should hold of payments and does not."""
    wrong: list[str] = []
    known = {"hospital": 1, "now": it.clock.now(), "lows": [0], "highs": [2**62]}
    async with it.database.read() as tx:
        for each in payment_invariants(it.means.registry.rules, (REGISTRATION,)):
            statement, values = numbered(each.statement, {**known, **each.parameters})
            wrong += [f"{each.name}: {dict(row)}" for row in await tx.fetch(statement, *values)]
    return wrong + await it.books_differ()


def test_what_is_owed_is_delivered_and_booked(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await open_at_bank(it)
        await report(it, number)
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.tender) == ("fulfilled", "institution")
        view = await told(it)
        assert (view.verdict, view.give_backs, view.amount_fen) == ("delivered", [], FEE)
        assert (await it.balance(AT_BANK), await orders(it)) == (FEE, [])
        assert await broken(it) == []

    play(platform_url, story)


def test_what_the_hospital_refuses_is_owed_back_until_the_bank_has_given_it(platform_url: str) -> None:
    async def story(it: World) -> None:
        it.script.mishaps["confirm"] = deque(["refuse"])
        number = await open_at_bank(it)
        await report(it, number)
        await it.drive(number)
        assert (await told(it)).verdict == "give_back"
        [order] = await orders(it)
        assert (order.amount_fen, order.taken_reference, order.payment_no) == (FEE, "B20261127-1", number)
        assert await it.balance(OWED_BACK) == -FEE, "owed to whoever paid"
        assert await it.balance(AT_BANK) == FEE, "the bank has it"
        it.clock.advance(timedelta(hours=25))
        await it.drive(number)
        assert (await it.plan(number)).attention == "refund_waiting", "people look into it after a day"
        for _ in range(2):
            await confirm(it, order.reference)
        with pytest.raises(GivenBackAlready):
            await confirm(it, order.reference, theirs="B-BACK-2")
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.attention) == ("returned", "")
        assert ((await told(it)).verdict, await orders(it)) == ("given_back", [])
        assert (await it.balance(OWED_BACK), await it.balance(AT_BANK)) == (0, 0)
        assert await broken(it) == []

    play(platform_url, story)


UNWANTED = {
    "cancelled": "cancelled",
    "too late": "paid_late",
    "another amount": "changed",
    "paid twice": "already_paid",
}


@pytest.mark.parametrize("what", UNWANTED)
def test_what_is_not_owed_is_kept_as_taken_and_ordered_back_at_once(platform_url: str, what: str) -> None:
    async def story(it: World) -> None:
        number, second = await open_at_bank(it), "B20261127-2"
        fen = FEE - 1 if what == "another amount" else FEE
        match what:
            case "cancelled":
                await locked_out(it, number)
            case "too late":
                it.clock.advance(timedelta(minutes=9))
            case "paid twice":
                await report(it, number)
                await it.to_the_end(number)
            case _:
                pass
        await report(it, number, second, fen)
        view = await told(it, second)
        assert view.verdict == "give_back", "before anything else has happened"
        [order] = view.give_backs
        assert (order.amount_fen, order.reason) == (fen, UNWANTED[what])
        assert await orders(it) == [order]
        await it.drive(number)
        if what == "another amount":
            await report(it, number, "B20261127-3", FEE)
            await it.drive(number)
            assert (await told(it, "B20261127-3")).verdict == "delivered", "it can still be paid"
        await confirm(it, order.reference)
        plan = await it.to_the_end(number)
        delivered = what in ("another amount", "paid twice")
        assert state_of(plan) == ("fulfilled" if delivered else "returned")
        assert (await told(it, second)).verdict == "given_back"
        assert await it.balance(AT_BANK) == (FEE if delivered else 0)
        assert await broken(it) == []

    play(platform_url, story)


def test_one_number_of_theirs_is_one_movement(platform_url: str) -> None:
    async def story(it: World) -> None:
        number, other = await open_at_bank(it), await open_at_bank(it)
        for _ in range(3):
            await report(it, number)
        for wrong in ((number, FEE + 1), (other, FEE)):
            with pytest.raises(ReferenceUsed):
                await report(it, wrong[0], fen=wrong[1])
        await it.to_the_end(number)
        assert await it.balance(AT_BANK) == FEE
        for ahead in (timedelta(minutes=6), -timedelta(days=300)):
            with pytest.raises(InvalidField):
                await report(it, other, "B20261127-9", ahead=ahead)

    play(platform_url, story)


def test_who_has_given_back_once_is_not_believed_twice(platform_url: str) -> None:
    async def story(it: World) -> None:
        it.script.mishaps["confirm"] = deque(["refuse", "refuse"])
        numbers = [await open_at_bank(it), await open_at_bank(it)]
        for nth, number in enumerate(numbers):
            await report(it, number, f"B20261127-{nth}")
            await it.drive(number)
        first, second = await orders(it)
        with pytest.raises(InvalidField):
            await confirm(it, first.reference, ago=timedelta(days=300))
        await confirm(it, first.reference)
        with pytest.raises(ReferenceUsed):
            await confirm(it, second.reference, theirs=f"BACK{first.reference}")
        assert [order.reference for order in await orders(it)] == [second.reference], "it is still owed"
        await confirm(it, second.reference, theirs="B-BACK-2")
        for number in numbers:
            assert state_of(await it.to_the_end(number)) == "returned"

    play(platform_url, story)


def test_an_institution_has_what_was_opened_at_it(platform_url: str) -> None:
    async def story(it: World) -> None:
        number, at_kiosk = await open_at_bank(it), await it.open()
        await it.drive(at_kiosk)
        for wrong in ((number, "abc"), (at_kiosk, BANK)):
            with pytest.raises(PaymentUnknown):
                await report(it, wrong[0], who=wrong[1])
        with pytest.raises(PaymentUnknown):
            await report(it, "2611270000000000000000")
        it.script.mishaps["confirm"] = deque(["refuse"])
        await report(it, number)
        await it.drive(number)
        [order] = await orders(it)
        assert await orders(it, "abc") == []
        with pytest.raises(GiveBackUnknown):
            await confirm(it, order.reference, "abc")
        with pytest.raises(TakenUnknown):
            await told(it, who="abc")

    play(platform_url, story)


def test_both_take_it_and_the_bank_gives_it_back(platform_url: str) -> None:
    """While a code is on the screen of a kiosk the bank says that it has taken the money."""

    async def story(it: World) -> None:
        number = await open_at_bank(it)
        await it.choose(number)
        await it.drive(number)
        await report(it, number)
        view = await told(it)
        assert (view.verdict, view.give_backs[0].reason) == ("give_back", "held_elsewhere")
        take = (await it.plan(number)).latest("payments.take")
        assert take is not None
        it.channel.pay(take.reference)
        it.clock.advance(timedelta(seconds=6))
        await it.drive(number)
        await confirm(it, view.give_backs[0].reference)
        plan = await it.to_the_end(number)
        assert (state_of(plan), await it.balance(AT_BANK)) == ("fulfilled", 0)
        assert await broken(it) == []

    play(platform_url, story)


def test_a_part_of_what_is_delivered_goes_back_through_the_bank(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await open_at_bank(it)
        await report(it, number)
        await it.to_the_end(number)
        await refund(it, number, 300)
        await it.drive(number)
        view = await told(it)
        assert (view.verdict, [order.amount_fen for order in view.give_backs]) == ("delivered", [300])
        await confirm(it, view.give_backs[0].reference)
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.returned_fen, await it.balance(AT_BANK)) == ("fulfilled", 300, FEE - 300)
        assert await broken(it) == []

    play(platform_url, story)


def test_the_list_of_a_day_and_what_was_said_are_compared(platform_url: str) -> None:
    """The bank was not heard once, has left one out, and has another amount of a third; it mends what it can."""

    async def story(it: World) -> None:
        said, left_out, other, never = [await open_at_bank(it) for _ in range(4)]
        for number, reference in ((said, "B-000001"), (left_out, "B-000002"), (other, "B-000003")):
            await report(it, number, reference)
            await it.to_the_end(number)
        rows = [("B-000001", said, FEE), ("B-000003", other, FEE + 1), ("B-000004", never, FEE)]
        half = await lists(it, *rows[:1], part=(1, 2))
        assert (half.complete, half.differences) == (False, []), "the rest is still to come"
        day = await lists(it, *rows[1:], part=(2, 2))
        assert (day.complete, day.listed_count, day.heard_count) == (True, 3, 3)
        assert (day.listed_fen, day.heard_fen) == (3 * FEE + 1, 3 * FEE)
        wrong = {(BANK, "B-000002", "unlisted"), (BANK, "B-000003", "differs"), (BANK, "B-000004", "unheard")}
        assert set(await differences(it)) == wrong
        it.clock.advance(timedelta(minutes=9))
        await report(it, never, "B-000004")
        assert (await told(it, "B-000004")).give_backs[0].reason == "paid_late", "nobody can use it any more"
        rows[1:2] = [("B-000002", left_out, FEE), ("B-000003", other, FEE)]
        mended = await lists(it, *rows)
        assert (mended.complete, mended.differences, await differences(it)) == (True, [], [])
        assert mended.listed_count == mended.heard_count == 4
        assert await broken(it) == []

    play(platform_url, story)


def test_a_list_is_a_banks_own_and_each_number_stands_in_one(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await open_at_bank(it)
        await report(it, number)
        listed = ("B20261127-1", number, FEE)
        assert (await lists(it)).differences[0].what == "unlisted", "a day without anything"
        assert (await lists(it, listed)).differences == []
        assert (await lists(it, listed)).listed_count == 1, "it takes the place of the one before"
        theirs = await lists(it, listed, who="abc")
        assert [each.what for each in theirs.differences] == ["unheard"]
        with pytest.raises(ReferenceUsed):
            await lists(it, listed, days=1)
        for odd in (lists(it, part=(3, 2)), lists(it, days=2), lists(it, listed, listed)):
            with pytest.raises(InvalidField):
                await odd
        assert [each.what for each in (await lists(it)).differences] == ["unlisted"]

    play(platform_url, story)


@pytest.mark.parametrize("mishap", [False, True])
def test_whoever_dies_after_the_commit_leaves_nothing_undone(platform_url: str, mishap: bool) -> None:
    """The process is killed between the bank's message and the reply, at every point; the bank says it again."""

    async def story(it: World) -> None:
        killed = 0
        for kill_at in range(1, 8):
            it.begin_anew(confirm=["refuse"] if mishap else [])
            number, theirs = await open_at_bank(it), f"B20261127-K{kill_at}"
            it.script.kill_at = len(it.script.seen) + kill_at
            await report(it, number, theirs)
            await it.restart() if kill_at == 1 else None
            await report(it, number, theirs)
            for _ in range(3):
                try:
                    await it.drive(number)
                except Killed:
                    killed += 1
                    await it.restart()
            for order in await orders(it):
                await confirm(it, order.reference)
            plan = await it.to_the_end(number)
            assert state_of(plan) == ("returned" if mishap else "fulfilled")
            assert (await told(it, theirs)).verdict == ("given_back" if mishap else "delivered")
        assert await broken(it) == []
        assert await it.balance(AT_BANK) == (0 if mishap else 7 * FEE)
        assert killed >= 4

    play(platform_url, story)
