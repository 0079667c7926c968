"""The pure engine: what to do next with a plan. No I/O, no clock of its own, no memory.

Forward, the steps happen in order. Back, they are undone in reverse: nothing is given back before it is certain that
what was paid for is not delivered, and nothing ends while money is in doubt.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from yinyi.business.payments.actions import (
    Action,
    Again,
    Ask,
    CallPeople,
    Choose,
    Drop,
    End,
    GiveBack,
    GiveUp,
    Retry,
    Send,
    TakeRest,
    TurnBack,
    Undo,
    Wait,
)
from yinyi.business.payments.amounts import is_accepted, is_overbooked, left_fen, owed_fen, paid, to_agree
from yinyi.business.payments.plan import LAST_TAKE, REFUND, REFUND_POSITION, TAKE, UNDO_REFUSED, VOID, Plan, Step
from yinyi.business.payments.rules import Rule, is_same_day

Rules = Mapping[str, Rule]
"""By kind; a take's and a refund's kind carries its channel: ``payments.take/wechatpay``."""

CLOSE_AFTER = timedelta(seconds=3)
"""A code that ran out is closed a moment later, so that the channel's clock and ours need not agree."""
REFUND_AGAIN_S = 3600.0
FAR = timedelta(days=1)


def rule_of(rules: Rules, step: Step) -> Rule:
    """The rule for this step, by kind and channel."""
    return rules.get(f"{step.kind}/{step.channel}") or rules[step.kind]


def decide(plan: Plan, rules: Rules, now: datetime) -> Action:
    """The next thing to do. Called again after it is done, until it says ``Wait`` or ``End``."""
    wish = _forward(plan, rules, now) if plan.direction == "forward" else _back(plan, rules, now)
    if isinstance(wish, Wait | End) and not plan.attention:
        why = overdue(plan, rules, now)
        if why:
            return CallPeople(why)
    return wish


# ---- forward


def _forward(plan: Plan, rules: Rules, now: datetime) -> Action:
    wakes = [now + FAR]
    for wish in _going_back(plan, rules, now):
        if not isinstance(wish, Wait):
            return wish
        wakes.append(wish.until)
    if (plan.cancel_wanted and not paid(plan)) or _is_given_back_elsewhere(plan):
        return TurnBack("cancelled")
    for step in plan.current():
        if step.state == "planned" and to_agree(plan, step):
            return TurnBack("expired") if now >= plan.pay_by else Wait(min(plan.pay_by, *wakes))
        wish = _take_on(plan, step, rules, now) if step.kind == TAKE else _do_on(plan, step, rules, now)
        if isinstance(wish, Wait):
            return Wait(min(wish.until, *wakes))
        if wish is not None:
            return wish
    return End("fulfilled") if len(wakes) == 1 else Wait(min(wakes))


def _going_back(plan: Plan, rules: Rules, now: datetime) -> Iterator[Action]:
    """What has to be given back or undone beside what goes forward: money that came late, refunds that people want of
    what is delivered, the late success of an attempt whose successor is used, and a purchase in doubt behind which a
    restore has found another means."""
    for take in plan.takes():
        if take.state == "late" and (wish := _give_back(plan, take, rules, now)) is not None:
            yield wish
        if take.state == "done":
            yield from _refunds_on(plan, take, rules, now)
    current = {step.reference for step in plan.current()}
    for step in plan.steps:
        rule = None if step.kind == REFUND or step.reference in current else rule_of(rules, step)
        if rule is None or rule.repeatable or not (rule.needs_undo and rule.can_undo):
            continue
        if step.state in ("undoing", "undo_unknown") or (step.state == "late" and step.kind != TAKE):
            yield _undo_on(step, rule, now)


def _is_given_back_elsewhere(plan: Plan) -> bool:
    """Somebody has given the money back at the channel before anything was delivered for it: nothing is."""
    takes = [take for take in plan.takes() if take.state == "done"]
    if not takes or not any(refund.by_channel and refund.booked for take in takes for refund in plan.refunds_of(take)):
        return False
    after = [step for step in plan.steps if takes[0].position < step.position < REFUND_POSITION and step.kind != TAKE]
    return bool(after) and all(step.sent_at is None for step in after)


def _do_on(plan: Plan, step: Step, rules: Rules, now: datetime) -> Action | None:
    """What a step that is not a take needs in order to become ``done``; None when it is."""
    rule = rule_of(rules, step)
    if step.state == "done":
        return None
    if step.state == "refused":
        again = step.reason == "not_found" and step.attempt < rule.attempts
        return Retry(step) if again else TurnBack(_reason(step, "hospital_refused"))
    if step.state == "undone":
        return TurnBack(_reason(step, "unavailable"))
    if _is_harmless(rule) and step.state == "unknown" and now >= _sent(step) + timedelta(seconds=rule.give_up_s):
        return TurnBack("unavailable")
    return _push(plan, step, rule, now)


def _is_harmless(rule: Rule) -> bool:
    """It has changed nothing out there, whatever became of it."""
    return not rule.needs_undo and not rule.can_undo


def _sent(step: Step) -> datetime:
    return step.sent_at or step.since


def _take_on(plan: Plan, step: Step, rules: Rules, now: datetime) -> Action | None:
    """The same for taking money: the payer may choose another means, and has until ``pay_by``."""
    owed = owed_fen(plan)
    if step.state == "done":
        last = max(take.position for take in plan.takes())
        return TakeRest(step) if owed and step.position == last and last < LAST_TAKE else None
    chosen = plan.tender_no > step.tender_no
    if step.state == "planned" and not step.channel:
        if not owed:
            return None
        if now >= plan.pay_by:
            return TurnBack("expired")
        return Choose(step, plan.tender) if chosen and plan.tender else Wait(plan.pay_by)
    if step.state in ("refused", "undone", "late"):
        return _choose_again(plan, step, rules, now)
    rule = rule_of(rules, step)
    if step.state == "planned" and chosen:
        return GiveUp(step)
    if step.state in ("waiting", "unknown") and (chosen or _ran_out(step, now)):
        return _undo_on(step, rule, now)
    return _push(plan, step, rule, now)


def _choose_again(plan: Plan, step: Step, rules: Rules, now: datetime) -> Action:
    if now >= plan.pay_by:
        return TurnBack("paid_late" if step.state == "late" else _reason(step, "expired"))
    if plan.tender and plan.tender_no > step.tender_no:
        return Choose(step, plan.tender)
    if step.state == "late":
        return Wait(plan.pay_by)  # who has just paid is not asked to pay again before he wants to
    if plan.tender and step.reason == "not_found" and step.attempt < rule_of(rules, step).attempts and not step.scanned:
        return Retry(step)
    return Wait(plan.pay_by)


def _ran_out(step: Step, now: datetime) -> bool:
    return step.until is not None and now >= step.until + CLOSE_AFTER


def _push(plan: Plan, step: Step, rule: Rule, now: datetime) -> Action:
    """One step towards ``done`` for anything that is under way."""
    if step.state == "planned":
        return _send(step, rule, now)
    if step.state in ("undoing", "undo_unknown"):
        return _undo_on(step, rule, now)
    if step.wanted_again and rule.repeatable and step.state in ("doing", "unknown"):
        return Send(step)
    if step.state in ("doing", "unknown") and _given_up(step, rule, now):
        return _undo_on(step, rule, now)
    if step.state in ("doing", "unknown") and not rule.can_ask:
        return _repeat(step, rule, now)
    if step.next_at is not None and step.next_at > now:
        wakes = [step.next_at] + ([step.until + CLOSE_AFTER] if step.until else [])
        return Wait(max(now, min(wakes)))
    return Ask(step) if rule.can_ask else Wait(now + FAR)


def _repeat(step: Step, rule: Rule, now: datetime) -> Action:
    """What cannot be asked about is sent again where that is harmless; otherwise only people can tell."""
    if not rule.repeatable:
        return Wait(now + FAR)
    return Send(step) if _due(step, now) else Wait(step.next_at or now)


def _reason(step: Step, otherwise: str) -> str:
    """Why it turns back, in words that people are told."""
    return {"": otherwise, "not_found": "unavailable"}.get(step.reason, step.reason)


def _send(step: Step, rule: Rule, now: datetime) -> Action:
    end = step.sent_at + timedelta(seconds=rule.send_within_s) if step.sent_at is not None else None
    if end is not None and now >= end:
        return GiveUp(step)
    if step.next_at is not None and step.next_at > now:
        return Wait(min(step.next_at, end or step.next_at))
    return Send(step)


def _given_up(step: Step, rule: Rule, now: datetime) -> bool:
    if not rule.can_undo or step.state == "doing":
        return False
    return step.sent_at is not None and now >= step.sent_at + timedelta(seconds=rule.give_up_s)


def _undo_on(step: Step, rule: Rule, now: datetime) -> Action:
    if not rule.can_undo:
        return Ask(step) if _due(step, now) and rule.can_ask else Wait(step.next_at or now + FAR)
    if step.state == "undo_unknown" and not _due(step, now):
        return Wait(step.next_at or now)
    return Undo(step)


def _due(step: Step, now: datetime) -> bool:
    return step.next_at is None or step.next_at <= now


# ---- back


def _back(plan: Plan, rules: Rules, now: datetime) -> Action:
    wakes: list[datetime] = []
    in_turn = True
    for step in sorted(plan.steps, key=lambda each: (each.position, each.attempt), reverse=True):
        if step.kind == REFUND or step.state in ("planned", "refused", "undone"):
            continue
        wish = _undone(plan, step, rules, now)
        if isinstance(wish, GiveBack):
            wish = wish if in_turn else Wait(now + FAR)
        in_turn = in_turn and (step not in plan.moved() or is_accepted(plan, step))
        if wish is None:
            continue
        if not isinstance(wish, Wait):
            return wish
        wakes.append(wish.until)
        if step.kind != TAKE:
            break
    if wakes:
        return Wait(min(wakes))
    return End("returned" if plan.taken_fen else "closed")


def _undone(plan: Plan, step: Step, rules: Rules, now: datetime) -> Action | None:
    """What a step needs in order to be as if it had never happened; None when it is."""
    rule = rule_of(rules, step)
    if step.kind == TAKE and step.state in ("done", "late"):
        return _give_back(plan, step, rules, now)
    if not rule.needs_undo and (step.state in ("done", "late") or _is_harmless(rule)):
        return None
    if step.state == "doing":
        if rule.can_ask:
            return Ask(step) if _due(step, now) else Wait(step.next_at or now)
        return Undo(step) if rule.can_undo else _repeat(step, rule, now)
    return _undo_on(step, rule, now)


def _give_back(plan: Plan, take: Step, rules: Rules, now: datetime) -> Action | None:
    """Drive the refunds of a take, and plan one of what is left; None when all of it is back."""
    wishes = list(_refunds_on(plan, take, rules, now))
    acting = next((wish for wish in wishes if not isinstance(wish, Wait)), None)
    if acting is not None:
        return acting
    if left_fen(plan, take):
        return GiveBack(take, _how(plan, take, rules, now))
    return Wait(min(wish.until for wish in wishes if isinstance(wish, Wait))) if wishes else None


def _how(plan: Plan, take: Step, rules: Rules, now: datetime) -> str:
    """A whole order is cancelled on the day on which it was paid, if its channel can do that and has not refused."""
    rule = rules.get(f"{REFUND}/{take.channel}") or rules[REFUND]
    whole = rule.voids and not plan.refunds_of(take)
    return VOID if whole and is_same_day(rule, take.taken_at, now) else ""


def _refunds_on(plan: Plan, take: Step, rules: Rules, now: datetime) -> Iterator[Action]:
    """What each refund of this take needs; nothing for those that are done, or will never be."""
    for refund in plan.refunds_of(take):
        if refund.state in ("done", "late") or not refund.booked:
            continue
        if refund.state in ("planned", "refused") and is_overbooked(plan, take):
            yield Drop(refund)
        elif refund.state == "planned" and not _is_its_turn(plan, refund):
            yield Wait(now + FAR)
        else:
            yield _refund_on(refund, rule_of(rules, refund), now)


def _is_its_turn(plan: Plan, refund: Step) -> bool:
    """Of one wish, what was taken last goes back first, or has at least been promised."""
    first = [each for each in plan.steps if each.kind == REFUND and each.wish and each.wish == refund.wish]
    before = [each for each in first if each.attempt < refund.attempt and each.booked]
    return all(each.state in ("done", "late", "waiting") for each in before)


def _refund_on(refund: Step, rule: Rule, now: datetime) -> Action:
    if refund.state == "refused":
        again_at = refund.since + timedelta(
            seconds=5.0 if refund.reason in ("unavailable", "not_found") else REFUND_AGAIN_S
        )
        return Again(refund) if now >= again_at else Wait(again_at)
    if refund.state == "planned":
        return Send(refund) if _due(refund, now) else Wait(refund.next_at or now)
    if refund.state in ("doing", "unknown") and not rule.can_ask:
        return _repeat(refund, rule, now)
    if not rule.can_ask:
        return Wait(now + FAR)
    return Ask(refund) if _due(refund, now) else Wait(refund.next_at or now)


# ---- deadlines


def overdue(plan: Plan, rules: Rules, now: datetime) -> str:
    """Why people have to look into it now; empty: they need not."""
    for step in plan.steps:
        if step.kind == REFUND and step.state == "refused" and step.booked:
            return "refund_refused"
        if step.state == "undo_unknown" and UNDO_REFUSED in step.evidence:
            return f"{step.kind.split('.')[-1]}_undo_refused"
        late = people_by(step, rules)
        if late is not None and now >= late:
            return f"{step.kind.split('.')[-1]}_{step.state}"
    return ""


def people_by(step: Step, rules: Rules) -> datetime | None:
    """When people are told if this step is not settled by then; None: it is settled, or nothing has left."""
    if step.state in ("doing", "unknown", "undoing", "undo_unknown") or (
        step.kind == REFUND and step.state in ("planned", "waiting")
    ):
        return (step.sent_at or step.since) + timedelta(seconds=rule_of(rules, step).people_after_s)
    return None


def next_deadline(plan: Plan, rules: Rules, now: datetime) -> datetime | None:
    """The earliest instant at which people would have to be told."""
    if plan.attention:
        return None
    times = [at for step in plan.steps if (at := people_by(step, rules)) is not None and at > now]
    return min(times, default=None)
