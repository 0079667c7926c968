"""What goes back from a prepaid account to where it came from, before it is asked for and after."""

from collections.abc import Iterator
from datetime import timedelta

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.ledger.model import prepaid_account
from yinyi.business.payments import signals
from yinyi.business.payments.amounts import refundable_fen
from yinyi.business.payments.plan import REFUND, TAKE, Plan
from yinyi.business.payments.postings import fulfilled
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import paid_at
from yinyi.business.prepaid import store
from yinyi.business.prepaid.messages import GetWithdrawal, GivenBack, ToBeGivenBack, Withdrawal
from yinyi.kernel.means import TenderName
from yinyi.kernel.money import Fen

REFUNDABLE_FOR = timedelta(days=350)
"""Channels give back for a year; what is older goes over the counter."""
TOP_UPS_AT_A_TIME = 20
TOLD_FOR = timedelta(days=7)
"""So long what was given back is told."""


class Withdrawals:
    """``GetWithdrawal``: looks without touching anything."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(GetWithdrawal, self.get)

    async def get(self, tx: Tx, call: Call, message: GetWithdrawal) -> Withdrawal:
        hospital_id, patient_id = call.hospital_id, call.principal.patient_id
        mode, balance_fen = await store.standing(tx, hospital_id, prepaid_account(str(patient_id)))
        if balance_fen is None:
            return Withdrawal(mode=mode, balance_fen=Fen(0), parts=[], at_window_fen=Fen(0), given_back=[])
        since = call.now - REFUNDABLE_FOR
        numbers = await store.top_ups(tx, hospital_id, patient_id, since, TOP_UPS_AT_A_TIME)
        plans = returnable(await signals.find_among(tx, hospital_id, numbers), self._registry)
        to_origin_fen = Fen(min(balance_fen, sum(map(refundable_fen, plans))))
        numbers = await store.withdrawn(tx, hospital_id, patient_id, since, TOP_UPS_AT_A_TIME)
        asked = await signals.find_among(tx, hospital_id, numbers)
        given = [part for plan in asked for part in _given_back(plan) if part.asked_at > call.now - TOLD_FOR]
        return Withdrawal(
            mode=mode,
            balance_fen=balance_fen,
            parts=[_part(plan, part_fen) for plan, part_fen in divided(plans, to_origin_fen)],
            at_window_fen=Fen(balance_fen - to_origin_fen),
            given_back=sorted(given, key=lambda part: part.asked_at, reverse=True),
        )


def returnable(plans: list[Plan], registry: Registry) -> list[Plan]:
    """Those that were credited, and by a channel that still gives back."""
    known = [plan for plan in plans if registry.gives_back(plan)]
    return [plan for plan in known if plan.direction == "forward" and fulfilled(plan)]


def divided(plans: list[Plan], amount_fen: int) -> Iterator[tuple[Plan, Fen]]:
    """So much, over these top-ups in their order."""
    for plan in plans:
        part_fen = Fen(min(amount_fen, refundable_fen(plan)))
        if part_fen:
            yield plan, part_fen
        amount_fen -= part_fen


def _part(plan: Plan, amount_fen: Fen) -> ToBeGivenBack:
    return ToBeGivenBack(
        payment_no=plan.payment_no,
        tender=_tender(plan),
        paid_at=paid_at(plan) or plan.started_at,
        amount_fen=amount_fen,
    )


def _tender(plan: Plan) -> TenderName:
    take = next(step for step in reversed(plan.steps) if step.kind == TAKE and step.state == "done")
    return take.channel


def _given_back(plan: Plan) -> Iterator[GivenBack]:
    for step in plan.steps:
        if step.kind == REFUND and step.booked:
            yield GivenBack(
                payment_no=plan.payment_no,
                tender=step.channel,
                amount_fen=step.amount_fen,
                asked_at=step.sent_at or step.since,
                done=step.state == "done",
                arrives_by=step.until if step.state != "done" else None,
            )
