"""What one step becomes; every change of state goes through the table. Pure."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec.structs import replace

from yinyi.business.payments.plan import TAKE, Step
from yinyi.business.payments.rules import Rule, pause_s
from yinyi.business.payments.transitions import StepEvent, after
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Unknown, Waiting

A = TypeVar("A")


def moved(step: Step, event: StepEvent, now: datetime, **more: Any) -> Step:
    state = after(step.state, event)
    changed = state != step.state
    base: dict[str, Any] = {"state": state}
    if changed:
        base |= {"since": now, "tries": 0, "next_at": None}
    return replace(step, **(base | more))


def waiting(step: Step, answer: Waiting, rule: Rule, now: datetime) -> Step:
    tries = step.tries + 1 if step.state == "waiting" else 0
    until = min(answer.until, step.until) if step.until and step.kind == TAKE else answer.until
    return moved(
        step,
        "waiting",
        now,
        until=until,
        show=answer.show or step.show,
        evidence=step.evidence | answer.evidence,
        tries=tries,
        next_at=now + timedelta(seconds=pause_s(rule.wait_every_s, tries, rule.spread, step.reference)),
    )


def again(step: Step, event: StepEvent, rule: Rule, now: datetime) -> Step:
    state = after(step.state, event)
    ladder = {"planned": rule.send_every_s, "waiting": rule.wait_every_s}.get(state, rule.ask_every_s)
    tries = step.tries + 1 if state in ("planned", step.state) else 1
    wait = timedelta(seconds=pause_s(ladder, tries - 1, rule.spread, step.reference))
    return moved(step, event, now, tries=tries, next_at=now + wait)


def undo_again(step: Step, rule: Rule, now: datetime) -> Step:
    """What became of undoing it is not known: it is sent again, later each time."""
    wait = timedelta(seconds=pause_s(rule.undo_every_s, step.tries, rule.spread, step.reference))
    return moved(step, "undo_unknown", now, tries=step.tries + 1, next_at=now + wait)


def not_found(step: Step, rule: Rule, now: datetime) -> Step:
    """Believed only when whatever was on its way must have arrived long ago."""
    if step.left_at is None or now < step.left_at + believed_after(rule):
        return again(step, "unknown", rule, now)
    return moved(step, "not_found", now, reason="not_found")


def as_asked(answer: Answer, step: Step, rule: Rule, asked_at: datetime) -> Answer:
    """What an answer is worth to a question that left at this instant: "not found" says nothing of what was still on
    its way then, however late it comes."""
    if not isinstance(answer, NotFound) or step.left_at is None:
        return answer
    return Unknown(detail="asked too early") if asked_at < step.left_at + believed_after(rule) else answer


def of_amount(answer: A, amount_fen: Fen) -> A | Unknown:
    """What an answer is worth of whoever books for us: what he says is booked over another amount is for people to look
    into, and nothing that was done."""
    told = answer.evidence.get("amount_fen") if isinstance(answer, Done) else None
    if told is None or told == amount_fen:
        return answer
    return Unknown(detail=f"booked over {told} fen, ours {amount_fen}")


def believed_after(rule: Rule) -> timedelta:
    return timedelta(seconds=rule.timeout_s + rule.settles_after_s)
