"""What is found out of a card's message that has no certain end: by people while its reversal is still due, and by an
approval that comes after the bank has had nothing to reverse."""

from datetime import timedelta
from typing import Any

import pytest
from test_card_stuck import balances, case, play, two_say

from yinyi.app.faults import cardholder
from yinyi.app.faults.line_wire import SLOT
from yinyi.app.faults.model import FEE, FaultName
from yinyi.app.faults.stage import Stage
from yinyi.business.lines.errors import SessionBusy
from yinyi.business.lines.session_model import Approved, MessageNo
from yinyi.business.lines.session_store import Saying, claim
from yinyi.business.payments.plan import TAKE
from yinyi.business.payments.view import state_of

pytestmark = pytest.mark.usefixtures("unlogged")


async def message(it: Stage, reference: str) -> Any:
    [found] = [row for row in await it.line.record() if row["reference"] == reference]
    return found


async def without_a_line(it: Stage) -> str:
    """The bank has taken the money, the answer is lost, and the line is down ever since: the reference, once people
    are called."""
    it.line.bank.next["purchase"] = "lost_after"
    it.line.bank.next["reverse"] = "not_sent"
    await cardholder.inserts(it)
    plan = await it.plan()
    while not plan.attention:
        it.line.bank.next["reverse"] = "not_sent"
        await it.wait(timedelta(seconds=30))
        await it.drive()
        plan = await it.plan()
    assert plan.attention == "take_undo_unknown"
    take = plan.latest(TAKE)
    assert take is not None
    assert (await message(it, take.reference))["state"] == "in_doubt"
    return take.reference


async def reversed_(it: Stage, mishap: FaultName) -> Any:
    """A purchase whose answer did not come, and its reversal: the message, once all is over."""
    it.line.bank.next["purchase"] = mishap
    await cardholder.inserts(it)
    assert await it.until_the_end()
    take = (await it.plan()).latest(TAKE)
    assert take is not None
    return await message(it, take.reference)


async def approves_late(it: Stage, found: Any) -> None:
    wire = it.ours.wire
    assert wire is not None
    assert wire.late is not None
    wire.late(SLOT, MessageNo(found["batch_no"], found["trace_no"]), Approved(retrieval_ref="000000000009"))
    await it.ours.sessions.settled_late()


def test_what_people_find_has_happened_is_reversed_by_nobody_when_the_line_comes_back(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        reference = await without_a_line(it)
        await two_say(it, reference, "happened")
        it.line.bank.next.pop("reverse", None)
        assert (await message(it, reference))["state"] == "approved"
        assert isinstance(await it.line.next_pays("next"), Approved)
        assert await it.until_the_end()
        plan = await it.plan()
        assert (state_of(plan), plan.taken_fen, plan.returned_fen) == ("returned", FEE, FEE), "its number had gone"
        assert (it.account.kept_fen(set()), await balances(it)) == (0, {})

    play(platform_url, story)


def test_what_people_find_never_happened_is_reversed_all_the_same(platform_url: str) -> None:
    """They may have looked too early."""

    async def story(it: Stage) -> None:
        reference = await without_a_line(it)
        await two_say(it, reference, "did_not_happen")
        it.line.bank.next.pop("reverse", None)
        assert isinstance(await it.line.next_pays("next"), Approved)
        assert (await message(it, reference))["state"] == "reversed"
        assert (state_of(await it.plan()), it.account.kept_fen(set()), await balances(it)) == ("closed", 0, {})

    play(platform_url, story)


def test_nobody_finds_anything_while_the_session_is_in_use(platform_url: str) -> None:
    """Its reversal may be on its way at this moment."""

    async def story(it: Stage) -> None:
        reference = await without_a_line(it)
        found = await message(it, reference)
        now = it.clock.now()
        async with it.quiet.transaction() as tx:
            until = now + timedelta(seconds=60)
            assert await claim(tx, 1, found["session_id"], now, until, now.date(), Saying()) is not None
        with pytest.raises(SessionBusy):
            await two_say(it, reference, "happened")
        assert (await message(it, reference))["state"] == "in_doubt"
        assert "settle_by_hand" in (await case(it)).can

    play(platform_url, story)


def test_an_approval_behind_a_reversal_that_found_nothing_is_reversed(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        found = await reversed_(it, "lost_before")
        assert (found["state"], found["code"], found["card_data"] is not None) == ("reversed", "25", True)
        [said] = it.line.bank.said
        said.happened = said.on_record = True  # it comes to it after all
        await approves_late(it, found)
        found = await message(it, found["reference"])
        assert (found["state"], found["code"], found["card_data"]) == ("reversed", "25", None)
        assert (state_of(await it.plan()), it.account.kept_fen(set()), await balances(it)) == ("closed", 0, {})

    play(platform_url, story)


def test_an_approval_behind_its_reversal_changes_nothing(platform_url: str) -> None:
    async def story(it: Stage) -> None:
        found = await reversed_(it, "lost_after")
        assert (found["state"], found["card_data"]) == ("reversed", None)
        [said] = it.line.bank.said
        await approves_late(it, found)
        assert (await message(it, found["reference"]))["state"] == "reversed"
        assert said.reversals == 1

    play(platform_url, story)
