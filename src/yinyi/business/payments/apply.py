"""What a plan becomes when the engine acts or hears something. Pure; every change of state goes through the table."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import convert
from msgspec.structs import replace

from yinyi.business.payments import in_all, one_step
from yinyi.business.payments.amounts import chosen_fen, divided, left_fen, owed_fen
from yinyi.business.payments.engine import Rules, rule_of
from yinyi.business.payments.model import CARDS, GIVEN_BACK, IN_ALL, RefundedAtChannel
from yinyi.business.payments.plan import (
    ASSUMED,
    LEFT_IN_DOUBT,
    NOT_BELIEVED,
    PAYER_CODE,
    REFUND,
    REFUND_POSITION,
    REFUSED_CODE,
    SUPERSEDED,
    TAKE,
    UNASKED_POSITION,
    UNDO_REFUSED,
    UNDONE_BECAUSE,
    WANTED_AGAIN,
    Plan,
    Step,
)
from yinyi.business.payments.transitions import allowed
from yinyi.kernel.ids import PAYMENT_NUMBER, base32, restore_epoch_of
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Refused, Unknown, Waiting

CALLBACK_MISMATCH = "callback_mismatch"
REFUNDED_AT_CHANNEL = "refunded_at_channel"
"""Why people look into a payment; and in the evidence of an answer about a take, the refunds that it tells of."""
LOOKED_INTO = (CALLBACK_MISMATCH, REFUNDED_AT_CHANNEL)
"""What people look into although the payment has ended."""
TAKE_GIVEN_BACK = "take_given_back"
"""Why people are called before anything is delivered: see ``given_back_unheard``."""

CODE_LIFE = timedelta(minutes=5)
SCANNED_LIFE = timedelta(seconds=40)
"""So long a payer may type his password; WeChat Pay revokes such an order by itself 45 s after it was made."""


def reference(payment_no: str, serial: int) -> str:
    """Ours, 24 characters: the payment's number and which of its calls this is."""
    return payment_no + base32(serial, 2)


def same_payment(one: str, other: str) -> bool:
    """Whether two references are calls of one payment."""
    return one[:PAYMENT_NUMBER] == other[:PAYMENT_NUMBER]


def next_reference(plan: Plan) -> str:
    """For a call more. Of a payment that is older than the last restore it carries the epoch of that, too (26
    characters): the time that was lost may have used the plain one."""
    return reference_in(plan, plan.restored, len(plan.steps) + 1)


def reference_in(plan: Plan, epoch: int, serial: int) -> str:
    """The reference of a call that is made in this restore epoch."""
    again = epoch and restore_epoch_of(plan.payment_no) != epoch
    return reference(plan.payment_no + (base32(epoch, 2) if again else ""), serial)


def sent(plan: Plan, step: Step, now: datetime) -> Plan:
    """``do`` is about to leave."""
    life = SCANNED_LIFE if step.scanned else CODE_LIFE
    until = min(now + life, plan.pay_by) if step.kind == TAKE else step.until
    more: dict[str, Any] = {"until": until, "tries": step.tries, "sent_at": step.sent_at or now}
    if step.sent_at is not None:
        kept = {name: each for name, each in step.params.items() if name not in (WANTED_AGAIN, LEFT_IN_DOUBT)}
        doubt = {LEFT_IN_DOUBT: True} if step.state in ("doing", "unknown") else {}
        more["params"] = kept | doubt | {"left_again_at": now.isoformat()}
    return plan.with_step(one_step.moved(step, "send", now, **more))


def undo_sent(plan: Plan, step: Step, now: datetime) -> Plan:
    """``undo`` is about to leave; sending it again changes nothing but the count."""
    if step.state == "undoing":
        return plan
    return plan.with_step(
        replace(one_step.moved(step, "undo", now), tries=step.tries if step.state == "undo_unknown" else 0)
    )


def given_up(plan: Plan, step: Step, now: datetime) -> Plan:
    return plan.with_step(one_step.moved(step, "give_up", now, reason="unavailable"))


def learned(plan: Plan, step: Step, answer: Answer, rules: Rules, now: datetime) -> Plan:
    """The answer to ``do`` or to ``ask``, or what a callback said. A payer's code is forgotten with it, unless it
    never left."""
    if PAYER_CODE in step.params and not isinstance(answer, NotSent):
        step = replace(step, params={name: each for name, each in step.params.items() if name != PAYER_CODE})
    step = _with_its_amount(step, answer)
    rule = rule_of(rules, step)
    match answer:
        case Done() if is_given_back(plan, step, answer) and allowed(step.state, "unknown"):
            return given_back_unheard(plan, one_step.again(step, "unknown", rule, now), now)
        case Done():
            plan = plan.with_step(
                one_step.moved(step, "done", now, evidence=step.evidence | answer.evidence, next_at=None)
            )
            for told in answer.evidence.get(REFUNDED_AT_CHANNEL, ()):
                plan = refunded_at_channel(plan, step.reference, convert(told, RefundedAtChannel), rules, now)
        case Waiting():
            plan = plan.with_step(one_step.waiting(step, answer, rule, now))
        case Refused():
            code = {REFUSED_CODE: answer.detail} if answer.detail and step.channel in CARDS else {}
            evidence = step.evidence | code | answer.evidence
            plan = plan.with_step(one_step.moved(step, "refused", now, reason=answer.reason, evidence=evidence))
        case NotSent():
            plan = plan.with_step(one_step.again(step, "unknown" if step.left_in_doubt else "not_sent", rule, now))
        case Unknown():
            plan = plan.with_step(one_step.again(step, "unknown", rule, now))
        case NotFound():
            plan = plan.with_step(one_step.not_found(step, rule, now))
    return _summed_up(plan, step, answer, now) if step.kind == REFUND else plan


def undo_learned(plan: Plan, step: Step, answer: Answer, rules: Rules, now: datetime) -> Plan:
    """The answer to ``undo``."""
    step = _with_its_amount(step, answer)
    rule = rule_of(rules, step)
    match answer:
        case Done():
            told = dict(answer.evidence) if step.channel in CARDS else {}
            reason = told.pop(UNDONE_BECAUSE, step.reason)
            return plan.with_step(one_step.moved(step, "undo_done", now, reason=reason, evidence=step.evidence | told))
        case Refused(reason="already_paid") if is_given_back(plan, step, answer):
            return given_back_unheard(plan, one_step.undo_again(step, rule, now), now)
        case Refused(reason="already_paid"):
            happened = one_step.moved(step, "already_happened", now)
            is_current = any(each.reference == step.reference for each in plan.current())
            return plan.with_step(happened if is_current else replace(happened, state="late"))
        case NotFound() if step.left_at and now >= step.left_at + one_step.believed_after(rule):
            return plan.with_step(one_step.moved(step, "undo_done", now))
        case Refused(reason="not_refundable") if step.kind != TAKE:
            refused = {UNDO_REFUSED: f"{answer.reason} {answer.detail}".strip()}
            return plan.with_step(replace(one_step.undo_again(step, rule, now), evidence=step.evidence | refused))
        case _:
            return plan.with_step(one_step.undo_again(step, rule, now))


def _with_its_amount(step: Step, answer: Answer) -> Step:
    """Where we could only assume over how much it is, the other side's word counts."""
    if not isinstance(answer, Unknown) or ASSUMED not in step.params or "amount_fen" not in answer.evidence:
        return step
    known = {name: each for name, each in step.params.items() if name != ASSUMED}
    return replace(step, amount_fen=Fen(answer.evidence["amount_fen"]), params=known)


def chosen(plan: Plan, step: Step, channel: str, merchant: str, now: datetime, more: Mapping[str, Any]) -> Plan:
    """An attempt to take by this channel: the planned one if it was never used, otherwise a new one. ``more``: what the
    choice says besides; its ``amount_fen`` is the part that the payer wants to pay by it."""
    told = {name: each for name, each in more.items() if name != "amount_fen"}
    params = {"channel": channel, "merchant": merchant, "tender_no": plan.tender_no, **told}
    amount_fen = chosen_fen(plan, step, more.get("amount_fen"))
    if step.state == "planned" and not step.channel:
        return plan.with_step(replace(step, params=params, since=now, amount_fen=amount_fen))
    return plan.with_step(_fresh(plan, replace(step, amount_fen=amount_fen), params, now))


def taking_rest(plan: Plan, take: Step, now: datetime) -> Plan:
    """A take of what is still owed behind this one. It belongs to the same choice: it waits for the next one."""
    step = Step(
        position=take.position + 1,
        attempt=1,
        kind=TAKE,
        reference=next_reference(plan),
        amount_fen=owed_fen(plan),
        since=now,
        params={"tender_no": take.tender_no},
    )
    return plan.with_step(step)


def retried(plan: Plan, step: Step, now: datetime) -> Plan:
    return plan.with_step(_fresh(plan, step, step.params, now))


def post_again(plan: Plan, step: Step) -> Plan:
    """People want this sent once more; repeating it is harmless."""
    return plan.with_step(replace(step, params=step.params | {WANTED_AGAIN: True}))


def taken_unasked(
    plan: Plan, amount_fen: Fen, why: str, params: dict[str, Any], evidence: dict[str, Any], now: datetime
) -> Plan:
    """Money that somebody has taken although nothing of it is owed: it has come late, and goes back. It stands before
    every attempt of ours, so that none is mistaken for it; where nothing was ever to be taken, behind everything."""
    takes = plan.takes()
    step = Step(
        position=takes[0].position if takes else UNASKED_POSITION,
        attempt=-sum(take.attempt <= 0 for take in takes),
        kind=TAKE,
        reference=next_reference(plan),
        amount_fen=amount_fen,
        since=now,
        params=params,
    )
    never = one_step.moved(step, "give_up", now, reason=why)
    return plan.with_step(one_step.moved(never, "done", now, sent_at=now, evidence=evidence))


# ---- refunds


def again(plan: Plan, step: Step, now: datetime) -> Plan:
    """A refund once more; when it left first stays as it was."""
    return plan.with_step(one_step.moved(step, "again", now, reason=""))


def giving_back(plan: Plan, take: Step, now: datetime, how: str = "") -> Plan:
    """A refund of what nobody is giving back yet of this take, as a step of its own."""
    return _refunding(plan, take, left_fen(plan, take), now, {"how": how} if how else {})


def given_back_at(plan: Plan, take: Step, channel: str, now: datetime) -> Plan:
    """The same by another channel than the one that took it: ``channel``, where it is the scope's own."""
    amount_fen = left_fen(plan, take)
    told = {"channel": channel, "merchant": plan.scope}
    return _refunding(plan, take, amount_fen, now, told) if amount_fen else plan


def refunding(plan: Plan, amount_fen: Fen, reason: str, now: datetime) -> Plan:
    """One wish of people for a refund of what is delivered: a step for each take, in reverse order of taking.

    Raises:
        ValueError: there is not so much left.
    """
    parts = divided(plan, amount_fen)
    told = {"wish": f"{len(plan.steps) + 1}", "why": reason}
    for take, part_fen in parts:
        plan = _refunding(plan, take, part_fen, now, told)
    return plan


def _refunding(plan: Plan, take: Step, amount_fen: Fen, now: datetime, told: dict[str, Any]) -> Plan:
    assert 0 < amount_fen <= left_fen(plan, take), "never more goes back than was taken"
    step = Step(
        position=REFUND_POSITION,
        attempt=sum(step.kind == REFUND for step in plan.steps) + 1,
        kind=REFUND,
        reference=next_reference(plan),
        amount_fen=amount_fen,
        since=now,
        params={"of": take.reference, "channel": take.channel, "merchant": take.merchant, **told},
    )
    return plan.with_step(step)


def dropped(plan: Plan, refund: Step, now: datetime) -> Plan:
    """A refund that will never happen: that money went back without us."""
    given_up = one_step.moved(refund, "give_up", now) if refund.state == "planned" else refund
    return plan.with_step(replace(given_up, reason=SUPERSEDED))


def paid_out(plan: Plan, refund: Step, channel: str, note: Mapping[str, str], now: datetime) -> Plan:
    """A refund that its channel refuses goes back another way: ``channel``, where it is the scope's own."""
    plan = dropped(plan, refund, now)
    instead = replace(
        refund,
        attempt=sum(step.kind == REFUND for step in plan.steps) + 1,
        reference=next_reference(plan),
        state="planned",
        since=now,
        tries=0,
        reason="",
        sent_at=None,
        next_at=None,
        until=None,
        evidence={"instead_of": refund.reference, **note},
        params=refund.params | {"channel": channel, "merchant": plan.scope},
    )
    return plan.with_step(instead)


def is_given_back(plan: Plan, take: Step, answer: Done | Refused) -> bool:
    """Its channel says that money of this order went back, and no refund of ours explains it."""
    ours = (each for each in plan.refunds_of(take) if each.state not in ("planned", "refused"))
    return take.kind == TAKE and bool(answer.evidence.get(GIVEN_BACK)) and not any(ours)


def given_back_unheard(plan: Plan, take: Step, now: datetime) -> Plan:
    """Of what was to be taken, somebody has given back a part, or all of it, before we heard that it was there; how
    much the channel has not said. Nothing is delivered for it until people have, or a notice of the refund comes."""
    why = plan.attention if plan.attention in LOOKED_INTO else TAKE_GIVEN_BACK
    return replace(plan.with_step(take), attention=why, attention_at=plan.attention_at or now)


def refunded_at_channel(plan: Plan, take_reference: str, told: RefundedAtChannel, rules: Rules, now: datetime) -> Plan:
    """Somebody has given back a part of this take, or all of it, without us. Heard once for each number of theirs;
    people look into it, and what is left for us to give back is so much less."""
    take = _take(plan, take_reference)
    heard = (step.params.get("their_id") for step in plan.steps if step.kind == REFUND)
    if told.their_id in heard or in_all.is_noted(take, told.their_id):
        return plan
    if take.state not in ("done", "late") and allowed(take.state, "done"):
        plan = learned(plan, take, Done(), rules, now)  # what was given back was taken
        take = _take(plan, take_reference)
    plan = _looked_into(plan, now)
    if told.in_all:
        return _counted(in_all.noted(plan, take, told.their_id, told.amount_fen), take_reference, now)
    return _made_there(plan, take, told.their_id, told.amount_fen, now)


def _take(plan: Plan, reference: str) -> Step:
    return next(step for step in plan.takes() if step.reference == reference)


def _looked_into(plan: Plan, now: datetime) -> Plan:
    attention = plan.attention if plan.attention == CALLBACK_MISMATCH else REFUNDED_AT_CHANNEL
    return replace(plan, attention=attention, attention_at=plan.attention_at or now, ended_at=None)


def _made_there(plan: Plan, take: Step, their_id: str, amount_fen: int, now: datetime) -> Plan:
    """A refund of theirs, as a step: booked, unless there was not so much left to give back."""
    possible = take in plan.moved() and 0 < amount_fen <= take.amount_fen - plan.refunded_fen(take)
    told = {"channel": take.channel, "merchant": take.merchant, "by": "channel", "their_id": their_id}
    step = Step(
        position=REFUND_POSITION,
        attempt=sum(step.kind == REFUND for step in plan.steps) + 1,
        kind=REFUND,
        reference=next_reference(plan),
        amount_fen=Fen(max(0, amount_fen)),
        since=now,
        params={"of": take.reference, **told},
    )
    if not possible:
        return plan.with_step(one_step.moved(step, "give_up", now, reason=NOT_BELIEVED))
    return plan.with_step(one_step.moved(one_step.moved(step, "send", now, sent_at=now), "done", now))


def _summed_up(plan: Plan, refund: Step, answer: Answer, now: datetime) -> Plan:
    """What follows for the sums that its channel has told of from what became of a refund of ours."""
    take = _take(plan, refund.params["of"])
    if isinstance(answer, Done) and IN_ALL in answer.evidence:
        plan = in_all.noted(plan, take, refund.reference, answer.evidence[IN_ALL])
    return _counted(plan, take.reference, now)


def _counted(plan: Plan, take_reference: str, now: datetime) -> Plan:
    """What is more in the sums than we know of was given back there. What came with one of ours and holds nothing more
    is as it should be."""
    while found := in_all.next_of(plan, _take(plan, take_reference)):
        plan, told = found
        take = _take(plan, take_reference)
        if all(step.reference != told.their_id for step in plan.steps):
            plan = _made_there(plan, take, told.their_id, told.theirs_fen, now)
        elif told.theirs_fen > 0:
            plan = _made_there(_looked_into(plan, now), take, f"beside {told.their_id}", told.theirs_fen, now)
    return plan


def turned_back(plan: Plan, reason: str) -> Plan:
    return replace(plan, direction="back", reason=plan.reason or reason)


def _fresh(plan: Plan, step: Step, params: dict[str, Any], now: datetime) -> Step:
    return Step(
        position=step.position,
        attempt=step.attempt + 1,
        kind=step.kind,
        reference=next_reference(plan),
        amount_fen=step.amount_fen,
        since=now,
        params=params,
    )
