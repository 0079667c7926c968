"""Taking money and giving it back, as effects: the bridge from plans to the connectors of channels."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from yinyi.business.payments.model import Order, RefundOrder
from yinyi.business.payments.plan import PAYER_CODE, REFUND, TAKE, Plan, Step
from yinyi.business.payments.ports import Refunds, Reverses, ScansCode, ShowsCode, TakesPayment
from yinyi.business.payments.rules import Pace, Rule, pace_of
from yinyi.kernel.outcome import Answer, Done, Outcome, Refused, Unknown, Waiting

WINDOW = "window"
"""The channel of money that a cashier has taken."""
INSTITUTION = "institution"
"""The channel of money that a bank has taken at its own terminals; the merchant is the bank's id as an institution."""
GIVEN_BACK_WITHIN_S = 86400.0
"""So long an institution has to give back what it was told to, before people look into it."""

TAKE_RULE = Rule(send_within_s=3, give_up_s=60, people_after_s=900)
REFUND_RULE = Rule(
    wait_every_s=(5, 10, 30, 60, 300, 900, 1800),
    people_after_s=3 * 86400,
    can_undo=False,
    repeatable=True,
)
WINDOW_TAKE_RULE = Rule(can_ask=False, can_undo=False, repeatable=True)
ACCOUNT_RULE = Rule(internal=True, can_ask=False, can_undo=False)
WINDOW_REFUND_RULE = Rule(can_ask=False, can_undo=False, repeatable=True, people_after_s=0)
INSTITUTION_REFUND_RULE = Rule(can_ask=False, can_undo=False, repeatable=True, people_after_s=GIVEN_BACK_WITHIN_S)


class MerchantTable:
    """Scope and channel select the merchant account (门诊/住院 are cleared apart)."""

    def __init__(self, merchants: Mapping[tuple[str, str], str]) -> None:
        """``merchants[(scope, channel)]`` is the merchant number."""
        self._merchants = dict(merchants)

    def of(self, scope: str, channel: str) -> str | None:
        if channel == WINDOW:
            return scope
        return self._merchants.get((scope, channel))


class TakeByCode:
    """Take money by a code: ours, which the payer scans, or his, which we scan."""

    kind = TAKE
    version = 1

    def __init__(self, channel: TakesPayment) -> None:
        self._channel = channel
        self._shows = channel if isinstance(channel, ShowsCode) else None
        self._scans = channel if isinstance(channel, ScansCode) else None
        pace = pace_of(channel, Pace) or Pace()
        self.rule = msgspec.structs.replace(
            TAKE_RULE,
            timeout_s=channel.call_timeout_s,
            settles_after_s=channel.settles_after.total_seconds(),
            ask_every_s=pace.ask_every_s,
            wait_every_s=pace.wait_every_s,
            at_once=pace.at_once,
        )

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        if step.scanned:
            return await self._scan(plan, step)
        if self._shows is None:
            return Refused(reason="not_permitted", detail="this channel shows no code")
        return await self._shows.show_code(_order(plan, step))

    async def _scan(self, plan: Plan, step: Step) -> Outcome:
        payer_code = step.params.get(PAYER_CODE, "")
        if self._scans is None or not payer_code:
            return Refused(reason="not_permitted", detail="nothing to scan")
        return await self._scans.take_by_code(_order(plan, step), payer_code)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._channel.ask(_order(plan, step))

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._channel.close(_order(plan, step))


class RefundByChannel:
    """Give back through the channel that took."""

    kind = REFUND
    version = 1
    rule = REFUND_RULE

    def __init__(self, channel: TakesPayment) -> None:
        self._channel = channel
        self.rule = msgspec.structs.replace(
            REFUND_RULE,
            timeout_s=channel.call_timeout_s,
            settles_after_s=channel.settles_after.total_seconds(),
            voids=isinstance(channel, Reverses),
            at_once=(pace_of(channel, Pace) or Pace()).at_once,
        )

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        if step.is_void:
            return await self._void(plan, step)
        if not isinstance(self._channel, Refunds):
            return Refused(reason="not_refundable", detail="this channel gives nothing back")
        return await self._channel.refund(_refund(plan, step))

    async def _void(self, plan: Plan, step: Step) -> Outcome:
        if not isinstance(self._channel, Reverses):
            return Refused(reason="not_permitted", detail="this channel cancels nothing that was paid")
        return await self._channel.reverse(_order(plan, _take_of(plan, step)))

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        if step.is_void:
            return await self._void(plan, step)
        if not isinstance(self._channel, Refunds):
            return Unknown(detail="this channel cannot be asked")
        return await self._channel.ask_refund(_refund(plan, step))

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Refused(reason="not_permitted", detail="a refund is not undone")


class TakenAtWindow:
    """A cashier took the money and said so by ``CollectHoldSlip``: it has happened when the step begins."""

    kind = TAKE
    version = 1
    rule = WINDOW_TAKE_RULE

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        evidence = {"operator": step.params["operator"], "receipt_no": step.params["receipt_no"]}
        return Done(evidence=evidence | {"paid_at": now.astimezone(UTC).isoformat()})

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self.do(plan, step, now)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Refused(reason="already_paid")


class GivenBackAtWindow:
    """Cash goes back over the counter: people do it, and the human queue says so until they have."""

    kind = REFUND
    version = 1
    rule = WINDOW_REFUND_RULE

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        return Waiting(until=now, evidence={"by": "cashier"})

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Waiting(until=now)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Refused(reason="not_permitted")


class TakenByInstitution:
    """A bank took the money and said so by ``ReportTaken``: it has happened when the step begins, and no engine ever
    begins one."""

    kind = TAKE
    version = 1
    rule = WINDOW_TAKE_RULE

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        return Refused(reason="not_permitted", detail="a bank says by itself what it has taken")

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Unknown(detail="the bank tells, and is not asked")

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Refused(reason="already_paid")


class GivenBackByInstitution:
    """An order to the bank that took it: it asks for its orders and says when it has given back."""

    kind = REFUND
    version = 1
    rule = INSTITUTION_REFUND_RULE

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        return Waiting(until=now + timedelta(seconds=GIVEN_BACK_WITHIN_S), evidence={"by": "institution"})

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Unknown(detail="the bank tells, and is not asked")

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Refused(reason="not_permitted", detail="it may have been given back already")


class MovedInside:
    """Between a patient's own account and what he pays for: it happens with its postings, and is never in doubt."""

    version = 1
    rule = ACCOUNT_RULE

    def __init__(self, kind: str) -> None:
        """``kind``: a take or a refund."""
        self.kind = kind

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        return Done(evidence={"paid_at": now.astimezone(UTC).isoformat()} if self.kind == TAKE else {})

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Unknown(detail="what happens inside is not asked for")

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Refused(reason="already_paid")


def _order(plan: Plan, step: Step) -> Order:
    return Order(
        reference=step.reference,
        merchant=step.merchant,
        amount_fen=step.amount_fen,
        description=plan.description,
        expires_at=step.until or plan.pay_by,
        scanned=step.scanned,
    )


def _take_of(plan: Plan, refund: Step) -> Step:
    return next(take for take in plan.takes() if take.reference == refund.params["of"])


def _refund(plan: Plan, step: Step) -> RefundOrder:
    take = _take_of(plan, step)
    return RefundOrder(
        reference=step.reference,
        order_reference=take.reference,
        merchant=step.merchant,
        amount_fen=step.amount_fen,
        order_amount_fen=take.amount_fen,
        reason=step.params.get("why") or _WHY.get(plan.reason, "退款"),
    )


_WHY: dict[str, Any] = {
    "cancelled": "患者取消",
    "expired": "超时未完成",
    "hospital_refused": "医院未能登记",
    "unavailable": "医院系统未能登记",
    "session_stopped": "医生停诊",
    "changed": "缴费单已变更",
    "held_elsewhere": "正在他处缴费",
    "paid_late": "超时支付",
}
