"""What a bank does not mend of its list two people settle; what nobody settles calls people, as does a late list."""

import asyncio
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from bank_desk import AT_BANK, BANK, differences, lists, open_at_bank, report, settle
from payment_checks import play, waits_for_a_lock
from payment_far_side import FEE
from payment_world import ZONE, World
from queue_desk import as_staff

from yinyi.business.payments import taken_list_store
from yinyi.business.payments.errors import NothingToRule
from yinyi.business.payments.invariants import SuspenseIsExplained
from yinyi.business.payments.messages_found import BookSuspense, ListSuspense
from yinyi.business.payments.messages_taken_list import ListedTake
from yinyi.business.payments.model import ListsExpected
from yinyi.business.payments.suspense import SuspenseDesk
from yinyi.business.payments.taken_list_invariants import TakenDifferencesAreSettled, TakenListsArrive
from yinyi.business.watch.model import Invariant, numbered
from yinyi.kernel.errors import ChannelUnavailable, NotAllowed, SecondPersonNeeded
from yinyi.kernel.money import Fen

LEFT_OUT = "B-000002"


async def broken(it: World, invariant: Invariant, after: timedelta = timedelta()) -> list[str]:
    known: dict[str, Any] = {"hospital": 1, "now": it.clock.now() + after, **invariant.parameters}
    statement, values = numbered(invariant.statement, known)
    async with it.database.read() as tx:
        return [row["subject"] for row in await tx.fetch(statement, *values)]


async def left_out(it: World) -> tuple[str, str]:
    """The bank has taken two, and lists one of them."""
    listed, other = await open_at_bank(it), await open_at_bank(it)
    for number, reference in ((listed, "B-000001"), (other, LEFT_OUT)):
        await report(it, number, reference)
        await it.to_the_end(number)
    await lists(it, ("B-000001", listed, FEE))
    return listed, other


def test_a_part_that_comes_twice_at_once_is_kept_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await open_at_bank(it)
        row = ListedTake(reference="B-000001", payment_no=number, amount_fen=Fen(FEE))
        on, now, bank = it.clock.now().date(), it.clock.now(), taken_list_store.Bank(1, BANK)
        async with it.database.transaction() as tx:
            assert await taken_list_store.keep(tx, bank, on, (1, 1), [row], now) == {"B-000001"}
            again = asyncio.create_task(lists(it, ("B-000001", number, FEE)))
            while not await waits_for_a_lock(it):
                assert not again.done(), await again
        assert (await again).listed_count == 1
        assert await differences(it) == [(BANK, "B-000001", "unheard")]

    play(platform_url, story)


def test_two_people_settle_it_and_who_says_otherwise_begins_anew(platform_url: str) -> None:
    async def story(it: World) -> None:
        await left_out(it)
        assert await differences(it) == [(BANK, LEFT_OUT, "unlisted")]
        shown = await settle(it, LEFT_OUT, "as_listed", "operator")
        assert [(each.ruling, each.proposed_by) for each in shown.said] == [("as_listed", "operator")]
        with pytest.raises(SecondPersonNeeded):
            await settle(it, LEFT_OUT, "as_listed", "operator")
        shown = await settle(it, LEFT_OUT, "as_heard", "supervisor")
        assert [(each.ruling, each.proposed_by) for each in shown.said] == [("as_heard", "supervisor")]
        assert len(shown.differences) == 1
        shown = await settle(it, LEFT_OUT, "as_heard", "operator")
        assert (shown.differences, shown.said, await differences(it)) == ([], [], [])
        with pytest.raises(NothingToRule):
            await settle(it, LEFT_OUT, "as_heard", "supervisor")
        with pytest.raises(NothingToRule):
            await settle(it, "B-000001", "as_heard", "operator")
        async with it.database.read() as tx:
            kept = await tx.fetchrow("SELECT note, proposed_by, settled_by FROM payment_settlement")
        assert tuple(kept or ()) == ("asked the bank / asked the bank", "supervisor", "operator")

    play(platform_url, story)


def test_what_is_settled_is_open_again_once_a_side_changes(platform_url: str) -> None:
    async def story(it: World) -> None:
        listed, other = await left_out(it)
        await settle(it, LEFT_OUT, "as_heard", "operator")
        await lists(it, ("B-000001", listed, FEE), (LEFT_OUT, other, FEE - 100))
        await settle(it, LEFT_OUT, "as_heard", "supervisor")
        assert await differences(it) == [(BANK, LEFT_OUT, "differs")], "the first has said it of something else"
        await settle(it, LEFT_OUT, "as_heard", "operator")
        assert await differences(it) == []
        await lists(it, ("B-000001", listed, FEE), (LEFT_OUT, other, FEE + 100))
        assert await differences(it) == [(BANK, LEFT_OUT, "differs")]

    play(platform_url, story)


def test_what_nobody_settles_calls_people(platform_url: str) -> None:
    async def story(it: World) -> None:
        await left_out(it)
        settled = TakenDifferencesAreSettled(ZONE)
        assert await broken(it, settled, timedelta(days=2)) == []
        assert await broken(it, settled, timedelta(days=3)) == [f"{BANK} {LEFT_OUT}"]
        await settle(it, LEFT_OUT, "as_heard", "operator")
        assert await broken(it, settled, timedelta(days=3)) == [f"{BANK} {LEFT_OUT}"], "one is not enough"
        await settle(it, LEFT_OUT, "as_heard", "supervisor")
        assert await broken(it, settled, timedelta(days=3)) == []

    play(platform_url, story)


def test_a_list_that_does_not_come_calls_people(platform_url: str) -> None:
    async def story(it: World) -> None:
        today = it.clock.now().astimezone(ZONE).date()
        it.clock.advance(datetime.combine(today + timedelta(days=1), time(9, 59), ZONE) - it.clock.now())
        arrive = TakenListsArrive(ListsExpected(banks=(BANK,), by=time(10)), ZONE)
        nobody = TakenListsArrive(ListsExpected(), ZONE)
        assert await broken(it, arrive) == [f"{BANK} {today - timedelta(days=1)}"], "the day before, since ten o'clock"
        late = timedelta(minutes=1)
        assert await broken(it, arrive, late) == [f"{BANK} {today}"]
        assert await broken(it, nobody, late) == []
        await lists(it, part=(1, 2), days=-1)
        assert await broken(it, arrive, late) == [f"{BANK} {today}"], "half of it"
        await lists(it, part=(2, 2), days=-1)
        assert await broken(it, arrive, late) == []
        days = [today + timedelta(days=ahead) for ahead in (2, 1)]
        assert await broken(it, arrive, late + timedelta(days=2)) == [f"{BANK} {day}" for day in days]

    play(platform_url, story)


def test_what_a_bank_never_took_goes_to_suspense_by_two(platform_url: str) -> None:
    async def story(it: World) -> None:
        await left_out(it)
        await settle(it, LEFT_OUT, "as_listed", "operator")
        desk = SuspenseDesk(it.means.registry, ZONE)
        message = BookSuspense(
            item=f"{BANK} {LEFT_OUT}",
            move="short_found",
            amount_fen=Fen(FEE),
            scope="outpatient",
            channel="institution",
            institution_id=BANK,
            note="the bank never took it",
        )
        async with it.database.read() as tx:
            said = (await desk.list(tx, as_staff(it, "operator"), ListSuspense())).said
        assert said == [], "which side is right is no money"
        for who in ("operator", "supervisor"):
            assert await it.balance(AT_BANK) == 2 * FEE
            async with it.database.transaction() as tx:
                await desk.book(tx, as_staff(it, who), message, None)
        assert (await it.balance(AT_BANK), await it.balance("suspense:short")) == (FEE, FEE)
        assert await broken(it, SuspenseIsExplained()) == []
        assert await it.books_differ() == []

    play(platform_url, story)


@pytest.mark.parametrize(
    ("channel", "institution_id", "error"),
    [("institution", "", NotAllowed), ("wechatpay", BANK, NotAllowed), ("institution", "abc", ChannelUnavailable)],
)
def test_money_at_a_bank_needs_its_name(
    platform_url: str, channel: str, institution_id: str, error: type[Exception]
) -> None:
    async def story(it: World) -> None:
        message = BookSuspense(
            item="4711",
            move="short_found",
            amount_fen=Fen(FEE),
            scope="outpatient",
            channel=channel,
            institution_id=institution_id,
            note="not there",
        )
        with pytest.raises(error):
            async with it.database.transaction() as tx:
                await SuspenseDesk(it.means.registry, ZONE).book(tx, as_staff(it, "operator"), message, None)

    play(platform_url, story)
