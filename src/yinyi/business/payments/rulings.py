"""What people find out about notices that did not fit; where money moves on the books, two of them have to say so."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.ledger.model import SUSPENSE_SHORT, JournalEntry, Posting, income_account
from yinyi.business.ledger.store import at_hand, post
from yinyi.business.payments import apply, notices, signals
from yinyi.business.payments.agreement import Saying, said, say
from yinyi.business.payments.asking import Asked
from yinyi.business.payments.engine import Rules, rule_of
from yinyi.business.payments.errors import ChannelSilent, NothingToRule, PaymentUnknown, RulingDoesNotFit
from yinyi.business.payments.messages_queue import KnownNotice, SettleNotice
from yinyi.business.payments.model import GIVEN_BACK, RefundedAtChannel
from yinyi.business.payments.plan import REFUND, Plan, Step
from yinyi.business.payments.postings import CREDITED, entries, fulfilled, on_our_account, suspense_posting
from yinyi.business.payments.service import PaymentService
from yinyi.business.payments.transitions import StepEvent, allowed
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Refused, Unknown, Waiting


class Judged(NamedTuple):
    """What a ruling means. ``outcome``: the ruling, or what has come to suspense by it; ``posting`` says so.
    ``amount_fen``: what moves on the books by it; nothing: one person is enough."""

    after: Plan
    outcome: str
    amount_fen: Fen = Fen(0)
    posting: Posting | None = None


class RulingDesk:
    """``SettleNotice``."""

    def __init__(self, payments: PaymentService, zone: ZoneInfo) -> None:
        self._payments = payments
        self._rules: Rules = payments.registry.rules
        self._zone = zone

    async def prepare(self, call: Call, message: SettleNotice) -> Asked | None:
        """What the channel says now; None where it need not be asked.

        Raises:
            PaymentUnknown, NothingToRule.
            ChannelSilent: it cannot be asked about this.
        """
        if message.ruling != "as_channel_says":
            return None
        async with self._payments.reading() as tx:
            plan = await signals.find(tx, call.hospital_id, message.payment_no)
            if plan is None:
                raise PaymentUnknown
            notice = _called(await notices.standing(tx, plan), message.notice)
        step = _about(plan, notice)
        if not rule_of(self._rules, step).can_ask:
            raise ChannelSilent
        return await self._payments.asked(plan, step)

    async def settle(self, tx: Tx, call: Call, message: SettleNotice, asked: Asked | None) -> str:
        plan = await self._payments.locked(tx, call, message.payment_no)
        open_notices = await notices.standing(tx, plan)
        notice = _called(open_notices, message.notice)
        known_fen = await _in_suspense_fen(tx, plan, notice)
        judged = self._by_channel(plan, notice, asked, call, known_fen) if asked else _by_people(plan, notice, message)
        saying = Saying(
            plan.payment_id,
            notice.notice,
            judged.outcome,
            message.note,
            judged.amount_fen,
            *_channel(plan, notice),
            alone=not judged.amount_fen,
        )
        if await say(tx, call, message, saying):
            left = [each.why for each in open_notices if each is not notice]
            if sum(each.by_channel for each in judged.after.steps) > sum(each.by_channel for each in plan.steps):
                left.append(apply.REFUNDED_AT_CHANNEL)
            await self._take_effect(tx, call, plan, notice, judged, left)
        return plan.payment_no

    def _by_channel(self, plan: Plan, notice: KnownNotice, asked: Asked, call: Call, known_fen: int) -> Judged:
        """The channel has said how it stands: that is learned, and what the books then have too much or too little is
        in suspense. ``known_fen``: what is there already of this call, by an earlier notice."""
        if notice.why != apply.CALLBACK_MISMATCH:
            raise RulingDoesNotFit
        step = _about(plan, notice)
        if isinstance(asked.answer, Refused) and step in plan.moved():
            rest_fen = Fen(step.amount_fen - plan.refunded_fen(step))
            return Judged(self._given_back(plan, step, rest_fen, call), "as_channel_says", rest_fen)
        after = self._learned(plan, step, asked.answer, call)
        now = next(each for each in after.steps if each.reference == step.reference)
        booked_fen = now.amount_fen if now.state in ("done", "late") else 0
        there_fen = _there_fen(asked, booked=bool(booked_fen))
        over_fen = (there_fen - booked_fen) * (-1 if step.kind == REFUND else 1) - known_fen
        if not over_fen:
            return Judged(after, "as_channel_says")
        amount_fen = Fen(abs(over_fen))
        move = "over_found" if over_fen > 0 else "short_found"
        return Judged(after, move, amount_fen, suspense_posting(move, step.channel, step.merchant, "", amount_fen))

    def _given_back(self, plan: Plan, take: Step, rest_fen: Fen, call: Call) -> Plan:
        """The channel keeps nothing of this order that it had taken: somebody has given it back there."""
        told = RefundedAtChannel(their_id=f"closed {take.reference}", amount_fen=rest_fen)
        return apply.refunded_at_channel(plan, take.reference, told, self._rules, call.now) if rest_fen else plan

    def _learned(self, plan: Plan, step: Step, answer: Answer, call: Call) -> Plan:
        events: dict[type[Answer], StepEvent] = {
            Done: "done",
            Refused: "refused",
            Waiting: "waiting",
            NotFound: "not_found",
        }
        if step.state == "planned" and step.sent_at is not None and isinstance(answer, Done):
            plan = apply.sent(plan, step, call.now)  # it had left before, and need not leave again
            step = next(each for each in plan.steps if each.reference == step.reference)
        event = events.get(type(answer))
        if event is None or not allowed(step.state, event) or step.state == "done":
            return plan
        return replace(apply.learned(plan, step, answer, self._rules, call.now), ended_at=None)

    async def _take_effect(
        self, tx: Tx, call: Call, plan: Plan, notice: KnownNotice, judged: Judged, left: list[str]
    ) -> None:
        after = judged.after.at_version(plan.version + 1)
        on = call.now.astimezone(self._zone).date()
        found = entries(plan, after, on, call.now)
        if judged.posting is not None:
            found.append(
                JournalEntry(
                    hospital_id=plan.hospital_id,
                    source=f"{plan.payment_no}:{judged.outcome}:{notice.notice}",
                    kind=judged.outcome,
                    business_date=on,
                    posted_at=call.now,
                    postings=(judged.posting,),
                )
            )
        await signals.put_steps(tx, plan, after, call.now)
        if found:
            await post(tx, on_our_account(found, await at_hand(tx, found)))
        rest = left[0] if left else ""
        attention = rest if after.attention in apply.LOOKED_INTO else after.attention
        taken = await signals.looked_into(tx, after, attention, call.now, self._payments.epoch)
        self._payments.taken_up(call, taken)


async def _in_suspense_fen(tx: Tx, plan: Plan, notice: KnownNotice) -> int:
    """What earlier notices about the same call have brought to suspense: less than zero: missing."""
    signs = {"over_found": 1, "short_found": -1}
    return sum(
        signs.get(row["outcome"], 0) * row["amount_fen"]
        for row in await said(tx, plan.hospital_id, plan.payment_id)
        if row["settled"] and row["reference"].partition(" ")[0] == notice.reference
    )


def _called(known: list[KnownNotice], name: str) -> KnownNotice:
    found = next((each for each in known if each.notice == name), None)
    if found is None:
        raise NothingToRule
    return found


def _about(plan: Plan, notice: KnownNotice) -> Step:
    return next(step for step in plan.steps if step.reference == notice.reference)


def _channel(plan: Plan, notice: KnownNotice) -> tuple[str, str]:
    step = _about(plan, notice)
    return step.channel, step.merchant


def _there_fen(asked: Asked, *, booked: bool) -> int:
    """What has surely moved at the channel by this call.

    Raises:
        ChannelSilent: it does not say.
    """
    match asked.answer:
        case Done(evidence=told) if told.get(GIVEN_BACK) and not booked:
            raise ChannelSilent
        case Done():
            return asked.step.amount_fen
        case Refused() | NotFound():
            return 0
        case Waiting() if not booked:
            return 0
        case Waiting() | Unknown() | NotSent():
            raise ChannelSilent


def _by_people(plan: Plan, notice: KnownNotice, message: SettleNotice) -> Judged:
    """A refund at the channel. ``wrongly``: of what was delivered, which is still owed to the hospital; what is
    missing stands in suspense."""
    if notice.why != apply.REFUNDED_AT_CHANNEL:
        raise RulingDoesNotFit
    if message.ruling == "rightly":
        return Judged(plan, "rightly")
    if not notice.booked or not fulfilled(plan) or CREDITED in plan.facts or not notice.amount_fen:
        raise RulingDoesNotFit
    posting = Posting(
        debit_account=SUSPENSE_SHORT,
        credit_account=income_account(plan.scope, plan.purpose),
        amount_fen=notice.amount_fen,
    )
    return Judged(plan, "wrongly", notice.amount_fen, posting)
