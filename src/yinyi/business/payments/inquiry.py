"""What a restored database has forgotten of one payment, asked of everybody outside before anything is done about it.

Our references are made in order, so those of the time that was lost can be asked for one after the other, until several
in a row are known to nobody. Cards are not asked about: their bank cannot be, and our own record of them went back with
everything else. What is on it without an end is reversed; of what is not on it, the statement tells.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from yinyi.business.payments import apply
from yinyi.business.payments.amounts import owed_fen, refundable_fen, to_take_fen
from yinyi.business.payments.asking import Asked, Asks, ask
from yinyi.business.payments.channels import WINDOW
from yinyi.business.payments.engine import rule_of
from yinyi.business.payments.model import GIVEN_BACK
from yinyi.business.payments.plan import ASSUMED, LAST_TAKE, REFUND, REFUND_POSITION, TAKE, Plan, Step
from yinyi.business.payments.postings import CREDITED, fulfilled
from yinyi.business.payments.rows import changed_steps
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Refused, Unknown, Waiting

STRANGERS_IN_A_ROW = 6
"""So many references that nobody knows: more than a plan ever makes without using them outside."""
PAUSE = timedelta(seconds=5)
FOUND = "found"
"""In a take's evidence: nobody has said so, it follows from what is delivered."""
_TAKEN = ("done", "late")
_UNDER_WAY = ("doing", "waiting", "unknown")
_OVER = ("refused", "undone")


class Unanswered(Exception):
    """Somebody has not said what became of a reference, or it is too early to believe that he knows nothing."""

    def __init__(self, again_at: datetime, why: str) -> None:
        super().__init__(why)
        self.again_at = again_at


class Inquiry:
    """About one payment, whose plan is as the restored database has it."""

    def __init__(self, means: Asks, plan: Plan) -> None:
        self._means = means
        self._rules = means.registry.rules
        self._merchants = means.registry.can_be_asked(plan.scope)
        self._cards = means.registry.cards
        self._reversing = False
        self._given_back = dict[str, Step]()
        """Takes of which their channel says that money went back, as they were before they were believed."""
        self._before = self._plan = plan
        self._until = plan.gap_until or plan.started_at

    async def asked(self, lost_epochs: Sequence[int]) -> Plan:
        """The plan with everything that was found, its gap closed. ``lost_epochs``: of the references to ask for.

        Raises:
            Unanswered: nothing has changed; to be asked again later.
        """
        for step in self._plan.steps:
            await self._about(step)
        for epoch in lost_epochs:
            await self._about_forgotten(epoch)
        self._paid_at_window()
        stands = await self._stands()
        return self._doubted(_concluded(self._before, self._plan, self._means.clock.now(), stands=stands))

    # -- what the database knows

    async def _about(self, step: Step) -> None:
        """A step that the database believes not to have left; and every take, whatever it believes of that."""
        if step.kind == TAKE and step.state == "planned":
            await self._about_planned_take(step)
        elif step.kind == TAKE and step.channel in self._cards:
            if step.state in _UNDER_WAY:
                await self._about_purchase(step)
        elif step.kind == TAKE and step.channel in self._merchants and step.state not in _TAKEN:
            asked, answer = await self._ask(step)
            if isinstance(answer, Done) or step.state in _UNDER_WAY:
                self._plan = self._learned(asked, answer)
        elif step.state == "planned" and step.kind != TAKE:
            asked, answer = await self._ask(step)
            if isinstance(answer, Done) or (step.kind == REFUND and isinstance(answer, Waiting)):
                self._plan = self._learned(self._left(asked), answer)

    async def _about_purchase(self, step: Step) -> None:
        """By a card. Our record may know its end; otherwise it is reversed, whatever is found besides. What is not even
        on record has left in lost time, or never: that is for the statement."""
        if await self._cards[step.channel].sessions.standing(step.reference) is None:
            answer = self._believed(step, NotFound())
        else:
            _, answer = await ask(self._means, self._plan, step)
        if isinstance(answer, Done | Refused | NotFound):
            self._plan = self._learned(step, answer)
            return
        now = self._means.clock.now()
        plan = self._learned(step, Unknown(detail="it was on its way when time was lost"))
        doubtful = next(each for each in plan.steps if each.reference == step.reference)
        self._plan = apply.undo_sent(plan, doubtful, now)
        self._reversing = True

    async def _about_planned_take(self, step: Step) -> None:
        """Its reference is not used again, whoever knows it: a planned take that nobody knows is over, and what may
        still come in under it goes back."""
        channels = [step.channel] if step.channel else list(self._merchants)
        for channel in (each for each in channels if each not in self._cards):
            tried, answer = await self._ask(self._at(step, channel))
            if not isinstance(answer, NotFound):
                self._plan = self._learned(self._left(_assumed(tried, answer)), answer)
                return
        self._plan = apply.given_up(self._plan, step, self._means.clock.now())

    def _at(self, step: Step, channel: str) -> Step:
        told = {"channel": channel, "merchant": self._merchants.get(channel, step.merchant)}
        return replace(step, params={"tender_no": self._plan.tender_no} | step.params | told)

    # -- what it has forgotten

    async def _about_forgotten(self, epoch: int) -> None:
        serial, strangers = len(self._plan.steps) + 1, 0
        while strangers < STRANGERS_IN_A_ROW:
            reference = apply.reference_in(self._plan, epoch, serial)
            known = any(step.reference == reference for step in self._plan.steps)
            found = known or await self._take_of(reference) or await self._refund_of(reference)
            strangers = 0 if found else strangers + 1
            serial += 1

    async def _take_of(self, reference: str) -> bool:
        takes = self._plan.takes()
        if not takes:
            return False
        blank = self._blank(takes[-1], reference)
        for channel in self._merchants:
            step, answer = await self._ask(self._at(blank, channel))
            if not isinstance(answer, NotFound):
                self._plan = self._learned(self._left(_assumed(step, answer)), answer)
                return True
        return False

    def _blank(self, last: Step, reference: str) -> Step:
        """A take behind the last one that is known: in its place, or, if that one took a part, behind it."""
        part = last.state == "done" and bool(owed_fen(self._plan)) and last.position < LAST_TAKE
        position = last.position + 1 if part else last.position
        return Step(
            position=position,
            attempt=1 + sum(step.position == position for step in self._plan.takes()),
            kind=TAKE,
            reference=reference,
            amount_fen=owed_fen(self._plan) or last.amount_fen,
            since=self._until,
        )

    async def _refund_of(self, reference: str) -> bool:
        for take in self._plan.takes():
            if take.state not in _TAKEN or take.channel not in self._merchants:
                continue
            attempt = 1 + sum(step.kind == REFUND for step in self._plan.steps)
            blank = Step(
                position=REFUND_POSITION,
                attempt=attempt,
                kind=REFUND,
                reference=reference,
                amount_fen=take.amount_fen,
                since=self._until,
                params={"of": take.reference, "channel": take.channel, "merchant": take.merchant},
            )
            step, answer = await self._ask(blank)
            if not isinstance(answer, NotFound):
                self._plan = self._learned(self._left(step), answer)
                return True
        return False

    def _paid_at_window(self) -> None:
        """The hospital has what is delivered only against money, and no channel that can be asked has taken it, or not
        all of it: a cashier did, or a card in the time that was lost. Where a card is being reversed, that was it."""
        takes = self._plan.takes()
        under_way = self._reversing or any(step.state in _UNDER_WAY for step in takes)
        if not takes or not owed_fen(self._plan) or under_way:
            return
        last = takes[-1]
        after = [step for step in self._plan.current() if last.position < step.position and step.state == "done"]
        if not after:
            return
        now = self._means.clock.now()
        plan = apply.taking_rest(self._plan, last, now) if last.state == "done" else self._plan
        chosen = apply.chosen(plan, plan.takes()[-1], WINDOW, self._plan.scope, now, {"operator": "", "receipt_no": ""})
        taken = apply.sent(chosen, chosen.takes()[-1], now)
        self._plan = apply.learned(
            taken, taken.takes()[-1], Done(evidence={FOUND: "after a restore"}), self._rules, now
        )

    async def _stands(self) -> bool:
        """What is delivered for what was taken is still there, although a part was given back meanwhile."""
        if not fulfilled(self._plan):
            return False
        takes = [step.position for step in self._plan.takes()]
        for step in self._plan.current():
            if step.kind != TAKE and takes and step.position > max(takes):
                _, answer = await self._ask(step)
                if not isinstance(answer, Done):
                    return False
        return CREDITED in self._plan.facts or bool(refundable_fen(self._plan))

    # -- asking and learning

    async def _ask(self, step: Step) -> Asked:
        """What became of it, with its own amount where that is another than we believe.

        Raises:
            Unanswered: nobody knows yet.
        """
        rule = rule_of(self._rules, step)
        if not rule.can_ask:
            return Asked(step, NotFound())
        quiet = replace(step, params=step.params | {"scanned": True}) if step.kind == TAKE else step
        asked, answer = await ask(self._means, self._plan, quiet)
        return Asked(replace(step, amount_fen=asked.amount_fen), self._believed(step, answer))

    def _believed(self, step: Step, answer: Answer) -> Answer:
        """
        Raises:
            Unanswered: nobody knows yet.
        """
        rule, now = rule_of(self._rules, step), self._means.clock.now()
        if isinstance(answer, Unknown | NotSent):
            raise Unanswered(now + PAUSE, f"{step.channel or step.kind}: {answer.detail}")
        believed_at = self._until + timedelta(seconds=rule.timeout_s + rule.settles_after_s)
        if isinstance(answer, NotFound) and now < believed_at:
            raise Unanswered(believed_at, f"{step.channel or step.kind}: too early to believe that it knows nothing")
        return answer

    def _left(self, step: Step) -> Step:
        """As it is when its call has left, at the latest when the time that was lost ended."""
        sent = apply.sent(self._plan, step, self._until)
        return next(each for each in sent.steps if each.reference == step.reference)

    def _learned(self, step: Step, answer: Answer) -> Plan:
        """A refund that was made is ``late``: it is booked at one stroke, not as under way first. A take of which money
        went back is believed until all refunds of ours are found."""
        if step.kind == TAKE and isinstance(answer, Done) and answer.evidence.get(GIVEN_BACK):
            self._given_back[step.reference] = replace(step, state="unknown")
            answer = Done(evidence={name: each for name, each in answer.evidence.items() if name != GIVEN_BACK})
        plan = apply.learned(self._plan, step, answer, self._rules, self._means.clock.now())
        if step.kind != REFUND or not isinstance(answer, Done):
            return plan
        made = next(each for each in plan.steps if each.reference == step.reference)
        return plan.with_step(replace(made, state="late"))

    def _doubted(self, plan: Plan) -> Plan:
        """Somebody else than we has given back of these takes: they are asked about again, and people are called."""
        for before in self._given_back.values():
            take = next(each for each in plan.takes() if each.reference == before.reference)
            if not plan.refunds_of(take):
                plan = replace(plan.with_step(before), ended_at=None)
        return plan


def _assumed(step: Step, answer: Answer) -> Step:
    """A take that its channel knows, and of which it has not said over how much it is."""
    return step if isinstance(answer, Done) else replace(step, params=step.params | {ASSUMED: True})


def _concluded(before: Plan, plan: Plan, now: datetime, *, stands: bool) -> Plan:
    """What follows from all that was found together. ``stands``: what is delivered, for all that was not given back."""
    plan = _without_too_much(plan, now)
    takes = plan.takes()
    paid = [step for step in takes if step.state == "done"]
    planned = _planned(before, takes[-1]) if takes else None
    if plan.direction == "forward" and takes and takes[-1].state == "refused" and planned is not None:
        params = {} if planned.channel else planned.params
        plan = apply.retried(plan, replace(takes[-1], params=params), now)
    changed = changed_steps(before, plan)
    refunds = plan.steps if before.ended_at is None else changed  # what was known of one that was over stays decided
    gives_back = any(step.kind == REFUND and step.state not in _OVER for step in refunds)
    if gives_back and plan.direction == "forward" and paid and not stands:
        plan = apply.turned_back(plan, "unavailable")
    reopened = any(step.state not in _OVER for step in changed)
    return replace(
        plan,
        tender=paid[-1].channel if paid else plan.tender,
        ended_at=None if reopened else plan.ended_at,
        gap_until=None,
    )


def _without_too_much(plan: Plan, now: datetime) -> Plan:
    """What was taken last counts, as far as it is owed. What was taken before it and is too much had another means
    chosen after it: as when it comes late."""
    left_fen: int = to_take_fen(plan)
    for step in reversed(plan.takes()):
        if step.state != "done":
            continue
        if step.amount_fen > left_fen:
            plan = plan.with_step(replace(step, state="late", since=now))
        else:
            left_fen -= step.amount_fen
    return plan


def _planned(before: Plan, take: Step) -> Step | None:
    """As it was before: nobody has used it, so that the payer has a try to go on with."""
    return next((step for step in before.steps if step.reference == take.reference and step.state == "planned"), None)
