"""An engine that is wrong is found out: each of these is broken on purpose, and the simulation says so."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import uvloop

from yinyi.app.faults.explore import Explorer
from yinyi.app.faults.model import Run, Schedule
from yinyi.app.faults.play import play
from yinyi.app.faults.stage import Stage, stage
from yinyi.business.ledger.model import JournalEntry
from yinyi.business.payments import apply, engine, in_all, postings, signals, transitions, writes
from yinyi.business.payments.actions import Action, End, GiveBack, Retry
from yinyi.business.payments.engine import Rules
from yinyi.business.payments.plan import TAKE, Plan, Step
from yinyi.business.payments.rules import Rule
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, Refused, Unknown

PAYMENTS = "yinyi.business.payments"
NO_MORE_THAN_TAKEN = "ALTER TABLE payment DROP CONSTRAINT payment_refunds_check"
"""The database would contradict before any money shows it."""
LEARNED, UNDO_LEARNED, ENTRIES = apply.learned, apply.undo_learned, postings.entries
UNDONE, PUSH = (vars(engine)[name] for name in ("_undone", "_push"))


def timeout_is_failure(broken: pytest.MonkeyPatch) -> None:
    def learned(plan: Plan, step: Step, answer: Answer, rules: Rules, now: datetime) -> Plan:
        failed = isinstance(answer, Unknown) and step.state == "doing"
        return LEARNED(plan, step, Refused(reason="declined") if failed else answer, rules, now)

    broken.setattr(f"{PAYMENTS}.apply.learned", learned)


def what_never_left_never_happened(broken: pytest.MonkeyPatch) -> None:
    """Although a call before it may have."""
    broken.setattr(f"{PAYMENTS}.plan.Step.left_in_doubt", property(lambda step: False))


def not_found_is_believed_at_once(broken: pytest.MonkeyPatch) -> None:
    def at_once(rule: Rule) -> timedelta:
        return timedelta()

    broken.setattr(f"{PAYMENTS}.one_step.believed_after", at_once)


def late_success_is_ignored(broken: pytest.MonkeyPatch) -> None:
    table: dict[Any, dict[Any, Any]] = {}
    for state, event, end in transitions.table():
        table.setdefault(state, {})
        if end != "late":
            table[state][event] = end
    broken.setattr(f"{PAYMENTS}.transitions._TABLE", table)


def numbers_are_not_released(broken: pytest.MonkeyPatch) -> None:
    def undone(plan: Plan, step: Step, rules: Rules, now: datetime) -> Action | None:
        return UNDONE(plan, step, rules, now) if step.kind == TAKE else None

    broken.setattr(f"{PAYMENTS}.engine._undone", undone)


def nothing_is_fenced(broken: pytest.MonkeyPatch) -> None:
    guard = "AND p.version = w.version AND p.lease_epoch IS NOT DISTINCT FROM w.held"
    alive = "AND EXISTS (SELECT FROM process_lease WHERE epoch = $3 AND alive_until > w.at)"
    statement: str = vars(writes)["_WRITE"]
    assert guard in statement
    assert alive in statement
    open_to_all = statement.replace(guard, "AND $3::bigint > 0").replace(alive, "")
    broken.setattr(f"{PAYMENTS}.writes._WRITE", open_to_all)


def refunds_are_forgotten(broken: pytest.MonkeyPatch) -> None:
    def nothing(plan: Plan, take: Step, rules: Rules, now: datetime) -> Action | None:
        return None

    broken.setattr(f"{PAYMENTS}.engine._give_back", nothing)


def every_refund_is_a_new_one(broken: pytest.MonkeyPatch) -> None:
    def again(plan: Plan, take: Step, rules: Rules, now: datetime) -> Action | None:
        refunds = plan.refunds_of(take)
        return GiveBack(take) if not refunds or refunds[-1].state in ("doing", "unknown") else None

    broken.setattr(f"{PAYMENTS}.engine._give_back", again)


def refunds_are_not_booked(broken: pytest.MonkeyPatch) -> None:
    def entries(*more: Any) -> list[JournalEntry]:
        return [entry for entry in ENTRIES(*more) if entry.kind != "refunded"]

    broken.setattr(f"{PAYMENTS}.drive.entries", entries)


def obligations_are_never_freed(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(f"{PAYMENTS}.writes._FREED", "")


def nobody_asks_after_a_crash(broken: pytest.MonkeyPatch) -> None:
    def push(plan: Plan, step: Step, rule: Rule, now: datetime) -> Action:
        return Retry(step) if step.state == "doing" else PUSH(plan, step, rule, now)

    broken.setattr(f"{PAYMENTS}.engine._push", push)


def unknown_undo_is_done(broken: pytest.MonkeyPatch) -> None:
    def undo_learned(plan: Plan, step: Step, answer: Answer, rules: Rules, now: datetime) -> Plan:
        return UNDO_LEARNED(plan, step, Done() if isinstance(answer, Unknown) else answer, rules, now)

    broken.setattr(f"{PAYMENTS}.apply.undo_learned", undo_learned)


def turning_back_is_the_end(broken: pytest.MonkeyPatch) -> None:
    def back(plan: Plan, rules: Rules, now: datetime) -> Action:
        return End("closed")

    broken.setattr(f"{PAYMENTS}.engine._back", back)


def any_part_is_the_whole(broken: pytest.MonkeyPatch) -> None:
    def owed(plan: Plan) -> Fen:
        return Fen(0 if any(take.state == "done" for take in plan.takes()) else plan.amount_fen)

    for module in ("amounts", "engine", "postings", "view", "apply"):
        broken.setattr(f"{PAYMENTS}.{module}.owed_fen", owed)


def a_quote_is_forgotten(broken: pytest.MonkeyPatch) -> None:
    def whole(plan: Plan) -> Fen:
        return plan.amount_fen

    broken.setattr(f"{PAYMENTS}.amounts.to_take_fen", whole)


def refunds_after_delivery_are_not_driven(broken: pytest.MonkeyPatch) -> None:
    def nothing(plan: Plan, rules: Rules, now: datetime) -> list[Action]:
        return []

    broken.setattr(f"{PAYMENTS}.engine._going_back", nothing)


def refunds_at_the_channel_are_not_counted(broken: pytest.MonkeyPatch) -> None:
    def unheard(plan: Plan, *more: object) -> Plan:
        return plan

    broken.setattr(f"{PAYMENTS}.apply.refunded_at_channel", unheard)


def a_sum_of_refunds_is_taken_for_one(broken: pytest.MonkeyPatch) -> None:
    def one(plan: Plan, take: Step, told_with: str, told: in_all.Sum) -> int:
        return told.amount_fen

    broken.setattr(f"{PAYMENTS}.in_all._theirs_fen", one)


def what_went_back_counts_as_paid(broken: pytest.MonkeyPatch) -> None:
    def never(plan: Plan, take: Step, answer: Answer) -> bool:
        return False

    broken.setattr(f"{PAYMENTS}.apply.is_given_back", never)


def a_refused_void_is_the_end(broken: pytest.MonkeyPatch) -> None:
    def always(rule: Rule, one: datetime, other: datetime) -> bool:
        return True

    broken.setattr(f"{PAYMENTS}.engine.is_same_day", always)
    broken.setattr(f"{PAYMENTS}.plan.Step.booked", property(lambda step: True))


def what_is_refunded_stays_income(broken: pytest.MonkeyPatch) -> None:
    def delivered(plan: Plan) -> int:
        return plan.amount_fen if postings.fulfilled(plan) else 0

    broken.setattr(f"{PAYMENTS}.postings.delivered_fen", delivered)


def settlements_are_not_reversed(broken: pytest.MonkeyPatch) -> None:
    async def undo(self: object, plan: Plan, step: Step, now: datetime) -> Answer:
        return Done()

    broken.setattr("yinyi.business.insurance.plans.SettleClaim.undo", undo)


def amounts_stay_as_they_were_planned(broken: pytest.MonkeyPatch) -> None:
    moved: str = vars(writes)["_MOVED"]
    assert "amount_fen = r.amount_fen, " in moved
    broken.setattr(f"{PAYMENTS}.writes._MOVED", moved.replace("amount_fen = r.amount_fen, ", ""))
    broken.setattr(f"{PAYMENTS}.writes.write_statement", vars(writes)["write_statement"].__wrapped__)
    assert "amount_fen = excluded.amount_fen, " in signals.TENDER_SENT
    signalled = signals.TENDER_SENT.replace("amount_fen = excluded.amount_fen, ", "")
    broken.setattr(f"{PAYMENTS}.signals.TENDER_SENT", signalled)


def refunds_are_not_conditional(broken: pytest.MonkeyPatch) -> str:
    """Whatever has gone back before, all that was taken can go back: in the engine, its signal and the database."""

    def left(plan: Plan, take: Step) -> Fen:
        return take.amount_fen

    for module in ("amounts", "apply"):
        broken.setattr(f"{PAYMENTS}.{module}.left_fen", left)
    signal: str = vars(signals)["_REFUND"]
    assert "AND refunds_fen + $5 <= taken_fen" in signal
    broken.setattr(f"{PAYMENTS}.signals._REFUND", signal.replace("AND refunds_fen + $5 <= taken_fen", ""))
    return NO_MORE_THAN_TAKEN


Mutant = Callable[[pytest.MonkeyPatch], str | None]
"""Breaks the engine; where a constraint has to go too, the statement that drops it."""

MUTANTS: dict[Mutant, tuple[str, ...]] = {
    timeout_is_failure: ("pays",),
    what_never_left_never_happened: ("deposit_is_posted_again",),
    not_found_is_believed_at_once: ("pays",),
    late_success_is_ignored: ("pays_too_late",),
    numbers_are_not_released: ("pays",),
    nothing_is_fenced: ("pays_from_account",),
    refunds_are_forgotten: ("pays",),
    every_refund_is_a_new_one: ("pays",),
    refunds_are_not_booked: ("pays",),
    obligations_are_never_freed: ("pays",),
    nobody_asks_after_a_crash: ("pays",),
    unknown_undo_is_done: ("leaves",),
    turning_back_is_the_end: ("pays",),
    any_part_is_the_whole: ("pays_in_parts",),
    a_quote_is_forgotten: ("is_insured",),
    refunds_after_delivery_are_not_driven: ("wants_parts_back",),
    refunds_at_the_channel_are_not_counted: ("refunded_there",),
    a_sum_of_refunds_is_taken_for_one: ("refunded_there_in_all",),
    what_went_back_counts_as_paid: ("given_back_unheard",),
    refunds_are_not_conditional: ("two_give_back",),
    a_refused_void_is_the_end: ("wants_all_back_next_day", "wants_all_back"),
    what_is_refunded_stays_income: ("wants_parts_back",),
    settlements_are_not_reversed: ("is_insured_and_refused",),
    amounts_stay_as_they_were_planned: ("pays_in_parts",),
}
"""With the shapes in which it is looked for."""


async def judged(url: str, schedules: Callable[[Stage], AsyncIterator[Run]], statement: str | None) -> tuple[str, ...]:
    """What the judge says first. An exception is no finding: it fails the test."""
    async with stage(url) as it:
        async with it.quiet.read() as tx:
            await tx.execute(statement or "SELECT")
        async for run in schedules(it):
            if run.violations:
                return run.violations
    return ()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Takes back what a mutant has broken, also in statements that are kept."""
    writes.write_statement.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    writes.write_statement.cache_clear()


@pytest.mark.usefixtures("unlogged")
@pytest.mark.parametrize("mutant", [pytest.param(each, id=each.__name__) for each in MUTANTS])
def test_a_wrong_engine_is_found_out(platform_url: str, broken: pytest.MonkeyPatch, mutant: Mutant) -> None:
    def schedules(it: Stage) -> AsyncIterator[Run]:
        return Explorer(it, shapes=MUTANTS[mutant]).explore(1)

    statement = mutant(broken)
    assert uvloop.run(judged(platform_url, schedules, statement)) != ()


def balances_stand_still(broken: pytest.MonkeyPatch) -> None:
    def nothing(found: list[JournalEntry]) -> str:
        return ""

    broken.setattr(f"{PAYMENTS}.drive.balance_rows", nothing)


def what_is_withdrawn_stays_on_the_account(broken: pytest.MonkeyPatch) -> str:
    def booked_fen(plan: Plan, take: Step) -> int:
        return 0

    broken.setattr(f"{PAYMENTS}.plan.Plan.booked_fen", booked_fen)
    return NO_MORE_THAN_TAKEN


def nobody_is_asked_to_agree(broken: pytest.MonkeyPatch) -> None:
    def agreed(plan: Plan, before: Step | None = None) -> bool:
        return False

    broken.setattr(f"{PAYMENTS}.engine.to_agree", agreed)
    broken.setattr(f"{PAYMENTS}.amounts.to_agree", agreed)


def doubts_stay_in_the_books(broken: pytest.MonkeyPatch) -> None:
    name = "_in_doubt_at_hospital"
    posted: Callable[..., list[JournalEntry]] = vars(postings)[name]

    def never_taken_back(after: Plan, more_fen: int, *when: Any) -> list[JournalEntry]:
        return posted(after, max(0, more_fen), *when)

    broken.setattr(f"{PAYMENTS}.postings.{name}", never_taken_back)


def refunds_leave_in_any_order(broken: pytest.MonkeyPatch) -> None:
    def at_once(plan: Plan, refund: Step) -> bool:
        return True

    broken.setattr(f"{PAYMENTS}.engine._is_its_turn", at_once)


@pytest.mark.parametrize(
    ("mutant", "shape"),
    [
        (refunds_leave_in_any_order, "wants_parts_back"),
        (nobody_is_asked_to_agree, "is_insured_wholly_and_leaves"),
        (doubts_stay_in_the_books, "hospital_is_mute"),
        (balances_stand_still, "pays_from_account"),
        (balances_stand_still, "pays_from_account_and_by_phone"),
        (what_is_withdrawn_stays_on_the_account, "tops_up_and_withdraws"),
    ],
)
def test_a_wrong_account_is_found_out(
    platform_url: str, broken: pytest.MonkeyPatch, mutant: Mutant, shape: str
) -> None:
    """Nothing needs to go wrong besides."""

    async def schedules(it: Stage) -> AsyncIterator[Run]:
        yield await play(it, Schedule(shape))

    statement = mutant(broken)
    assert uvloop.run(judged(platform_url, schedules, statement)) != ()
