"""What has to hold at any time: quiet on what real flows leave behind, and it finds every row that breaks it."""

import asyncio
from datetime import timedelta

import pytest
import structlog
from breakage import PAYMENT, STEPS
from breakages import BROKEN
from broken_books import ENTRY, POSTING, UNBOOKED
from broken_lines import A_MESSAGE, A_SESSION, OF_A_STEP
from broken_payments import MONEY
from payment_checks import play
from payment_world import World
from queue_desk import as_staff
from watch_world import Watch, grown, watch

from yinyi.app.watched import MOVES, every_invariant
from yinyi.business.ledger.messages import VerifyLedger
from yinyi.business.ledger.service import LedgerService
from yinyi.business.payments.books import differences
from yinyi.business.watch.model import Invariant
from yinyi.business.watch.rounds import Rounds
from yinyi.business.watch.store import become_watcher

RULED = """
INSERT INTO payment_settlement (hospital_id, payment_id, reference, outcome, note, proposed_by, proposed_at, settled_by,
  settled_at)
SELECT 1, payment_id, reference, 'did_not_happen', 'n', 'one', :now, 'other', :now FROM payment_step
WHERE payment_id = :delivered AND kind = 'payments.take'"""


def test_quiet_on_what_real_flows_leave_behind(platform_url: str) -> None:
    async def story(it: World) -> None:
        them = await grown(it)
        assert await them.found() == {}
        assert await them.found(after=timedelta(minutes=4)) == {}, "new rows are old now"
        views = await them.look()
        assert {each.checked_at for each in views.values()} == {it.clock.now()}
        assert all(each.meaning.endswith(".") and each.meaning_zh.endswith("。") for each in views.values())

    play(platform_url, story)


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_found(platform_url: str, what: str) -> None:
    name, subject, after, statements = BROKEN[what]

    async def story(it: World) -> None:
        them = await grown(it)
        await them.sql(*statements)
        with structlog.testing.capture_logs() as logs:
            found = await them.found(after=after)
        wanted = next((each for each in found.get(name, []) if each.endswith(getattr(them, subject, subject))), "")
        assert wanted, found
        told = next(line for line in logs if line["event"] == "invariant.violated" and line["invariant"] == name)
        assert told["log_level"] == "error"
        assert wanted in told["subjects"]

    play(platform_url, story)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("delivered, and not booked", "patient_funds:outpatient: the ledger says 5000 fen, open payments say 0 fen"),
        ("delivered, and booked twice", "patient_funds:outpatient: the ledger says -5000 fen, open payments say 0 fen"),
        ("money from nothing", "1 entries are booked as taken, between accounts that this is not for"),
        ("delivered to somebody's account", "1 deliveries are booked elsewhere than their payment is for"),
        ("an entry of another kind", "1 entries are booked as gift, between accounts that this is not for"),
        ("a balance that its postings do not make", "prepaid:1: the postings say 5000 fen, the balance 5100 fen"),
    ],
)
def test_whoever_verifies_the_ledger_is_told(platform_url: str, what: str, told: str) -> None:
    async def story(it: World) -> None:
        them = await grown(it)
        verify = LedgerService([differences], MOVES).verify
        async with it.database.read() as tx:
            before = (await verify(tx, as_staff(it, "operator"), VerifyLedger())).differences
        await them.sql(*BROKEN[what].statements)
        async with it.database.read() as tx:
            after = (await verify(tx, as_staff(it, "operator"), VerifyLedger())).differences
        assert (before, told in after) == ([], True), after

    play(platform_url, story)


@pytest.mark.parametrize(
    ("kind", "hours", "of", "said"),
    [
        ("purchase", 2, "in_queue", ()),
        ("purchase", 2, "delivered", (RULED,)),
        ("void", 24, "delivered", ()),
    ],
)
def test_a_stuck_reversal_is_quiet_while_people_know_of_it_or_have_time(
    platform_url: str, kind: str, hours: int, of: str, said: tuple[str, ...]
) -> None:
    async def story(it: World) -> None:
        them = await grown(it)
        stuck = A_MESSAGE.format("stuck", f"{hours} hours")
        await them.sql(A_SESSION, stuck, OF_A_STEP.format(of), f"UPDATE line_message SET kind = '{kind}'", *said)
        assert "stuck_reversals_are_looked_into" not in await them.found(after=timedelta(minutes=6))

    play(platform_url, story)


def test_every_invariant_has_something_that_breaks_it() -> None:
    assert {each.invariant for each in BROKEN.values()} == {each.name for each in every_invariant({})}


def test_what_is_mended_is_gone_and_what_stands_is_told_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        them = await grown(it)
        refund = ("returned", "payments.refund")
        await them.sql(STEPS.format("state = 'refused'", *refund))
        first = (await them.look())[MONEY].findings[0].found_at
        with structlog.testing.capture_logs() as logs:
            again = (await them.look(after=timedelta(minutes=1)))[MONEY].findings[0]
        assert (again.subject, again.found_at) == (them.returned, first)
        assert not [line for line in logs if line["event"] == "invariant.violated" and line["invariant"] == MONEY]
        await them.sql(STEPS.format("state = 'done'", *refund))
        assert MONEY not in await them.found(after=timedelta(minutes=1))

    play(platform_url, story)


# ---- large tables, slice by slice


def test_a_walk_looks_at_all_of_it_slice_by_slice(platform_url: str) -> None:
    async def story(it: World) -> None:
        them = await grown(it, slice_rows=2)
        await them.sql("ALTER TABLE posting DISABLE TRIGGER USER", UNBOOKED)
        name = "movements_are_booked"
        looks = [(await them.look())[name] for _ in range(5)]
        assert [each.violations for each in looks] == [0, 1, 1, 1, 1], "the fourth of five payments"
        assert [each.rounds for each in looks] == [0, 0, 0, 1, 1]

    play(platform_url, story)


def test_what_is_new_is_not_left_to_the_round(platform_url: str) -> None:
    async def story(it: World) -> None:
        them = await grown(it)
        name = "bookings_have_their_movement"
        await them.look()
        await them.look()
        small = Watch(it, Rounds(it.database, it.clock, 1, them.rounds.invariants, slice_rows=1))
        await them.sql(ENTRY, POSTING)
        assert name not in await small.found(), "an older one might still be on its way to the disk"
        assert (await small.found(after=timedelta(seconds=16)))[name] == ["NOBODY:taken"]

    play(platform_url, story)


# ---- who looks, and when


def test_each_is_looked_at_when_it_is_due_and_by_one(platform_url: str) -> None:
    async def story(it: World) -> None:
        one, other = watch(it).rounds, watch(it).rounds
        names = {each.name for each in one.invariants}
        both = await asyncio.gather(one.check_due(), other.check_due())
        rest = [await one.check_due(), await other.check_due()]
        done = [name for names in (*both, *rest) for name in names]
        assert sorted(done) == sorted(names), "each once"
        it.clock.advance(timedelta(seconds=19))
        assert await one.check_due() == []
        it.clock.advance(timedelta(seconds=1))
        assert set(await one.check_due()) == {each.name for each in one.invariants if each.every_s == 20}

    play(platform_url, story)


def test_who_finds_another_at_it_leaves_it_to_him(platform_url: str) -> None:
    async def story(it: World) -> None:
        one, other = watch(it).rounds, watch(it).rounds
        async with it.database.transaction() as tx:
            assert await become_watcher(tx)
            assert await one.check_due() == []
        assert len(await other.check_due()) == len(other.invariants)

    play(platform_url, story)


class Unreadable(Invariant):
    """Cannot be looked at."""

    name = "unreadable"
    zh = "查不了。"
    statement = "SELECT * FROM no_such_table WHERE hospital_id = :hospital"


def test_one_that_cannot_be_looked_at_is_told_and_holds_up_no_other(platform_url: str) -> None:
    async def story(it: World) -> None:
        them = watch(it)
        them.rounds = Rounds(it.database, it.clock, 1, [Unreadable(), *them.rounds.invariants])
        with structlog.testing.capture_logs() as logs:
            checked = await them.rounds.check_due()
        assert len(checked) == len(them.rounds.invariants) - 1
        assert [line["why"] for line in logs if line["event"] == "invariant.not_checked"] == ["UndefinedTableError"]
        assert await them.rounds.check_due() == [], "not again at once"
        views = await them.look()
        assert (views["unreadable"].problem, views["unreadable"].checked_at) == ("UndefinedTableError", None)

    play(platform_url, story)


# ---- in numbers


def test_figures_say_how_it_stands(platform_url: str) -> None:
    async def story(it: World) -> None:
        them = await grown(it)
        await them.look()
        await them.sql(ENTRY, PAYMENT.format("next_at = :now - interval '10 minutes'", "waiting"))
        await them.look(after=timedelta(seconds=20))
        it.clock.advance(timedelta(seconds=7))
        figures = await them.figures()
        assert figures["payments_open"] == {"": 2}
        assert figures["payments_in_human_queue"] == {"": 1}
        assert figures["payments_human_queue_oldest_seconds"][""] > 0
        assert figures["payments_oldest_overdue_seconds"] == {"": 627}
        assert figures["invariant_holds"]["audit_sealed"] == 1
        assert figures["invariant_holds"]["nothing_without_owner"] == 0
        assert figures["invariant_violations"]["nothing_without_owner"] == 1
        assert set(figures["invariant_checked_age_seconds"].values()) == {7}

    play(platform_url, story)
