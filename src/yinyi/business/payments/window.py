"""Cash over the counter: what a cashier says has happened, is written as such, with its posting, at once."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.payments import apply, signals
from yinyi.business.payments.amounts import owed_fen
from yinyi.business.payments.channels import WINDOW
from yinyi.business.payments.engine import Rules
from yinyi.business.payments.errors import CashDiffers, PaymentClosed, TenderUnderWay
from yinyi.business.payments.kept import keep
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done

_OPEN = ("doing", "waiting", "unknown", "undoing", "undo_unknown")


class Counter:
    """Takes and gives back cash for plans that the caller's transaction has locked."""

    def __init__(self, rules: Rules, zone: ZoneInfo) -> None:
        self._rules = rules
        self._zone = zone

    async def take(
        self, tx: Tx, call: Call, plan: Plan, told: dict[str, Any], epoch: int, amount_fen: Fen | None = None
    ) -> Plan | None:
        """The cashier has the money, as much as he says. The plan if its lease is ours now.

        Raises:
            CashDiffers: it is not what is owed.
            TenderUnderWay: a code may still be paid; the cashier waits a moment.
            PaymentClosed: it is paid already, or being undone: the cashier must not take the money.
        """
        before = plan.latest(TAKE)
        if before is None or plan.direction == "back" or plan.cancel_wanted or call.now >= plan.pay_by:
            raise PaymentClosed
        if not owed_fen(plan) or any(take.state == "late" for take in plan.takes()):
            raise PaymentClosed
        if any(take.state in _OPEN for take in plan.takes()):
            raise TenderUnderWay
        if amount_fen not in (None, owed_fen(plan)):
            raise CashDiffers
        if plan.gap_until is not None:
            raise TenderUnderWay("the database was restored, and a channel may have taken the money")
        open_plan = apply.taking_rest(plan, before, call.now) if before.state == "done" else plan
        chosen = replace(open_plan, tender=WINDOW, tender_no=plan.tender_no + 1)
        chosen = apply.chosen(chosen, _latest(open_plan, TAKE), WINDOW, plan.scope, call.now, told)
        sent = apply.sent(chosen, _latest(chosen, TAKE), call.now)
        evidence = told | {"paid_at": call.now.astimezone(UTC).isoformat()}
        after = apply.learned(sent, _latest(sent, TAKE), Done(evidence=evidence), self._rules, call.now)
        await keep(tx, plan, after, self._zone, call.now)
        return await signals.taken_at_window(tx, after, call.now, epoch)

    async def give_back(
        self, tx: Tx, call: Call, plan: Plan, told: dict[str, Any], epoch: int, amount_fen: Fen | None = None
    ) -> Plan | None:
        """The cashier has given the money back, as much as he says. The plan if its lease is ours now.

        Raises:
            PaymentClosed: there is no cash to give back.
            CashDiffers: it is neither one of the amounts that are to be given back nor all of them, or he has not said
                which of several it is.
        """
        cash = [step for step in plan.steps if step.kind == REFUND and step.channel == WINDOW]
        waiting = [step for step in cash if step.state in ("doing", "waiting", "unknown")]
        if not waiting:
            raise PaymentClosed
        after = plan
        for refund in _meant(waiting, amount_fen):
            after = apply.learned(after, refund, Done(evidence=told), self._rules, call.now)
        await keep(tx, plan, after, self._zone, call.now)
        return await signals.given_back_at_window(tx, after, call.now, epoch)


def _meant(waiting: list[Step], amount_fen: Fen | None) -> list[Step]:
    if amount_fen == sum(step.amount_fen for step in waiting):
        return waiting
    one = [step for step in waiting if amount_fen in (None, step.amount_fen)]
    if not one or (amount_fen is None and len(waiting) > 1):
        raise CashDiffers
    return one[:1]


def _latest(plan: Plan, kind: str) -> Step:
    step = plan.latest(kind)
    assert step is not None
    return step
