"""Insurance as steps of a plan: quote before the patient pays his part, settle after he has."""

from datetime import datetime

import msgspec

from yinyi.business.insurance.model import Claim, Split
from yinyi.business.insurance.ports import InsuranceScheme
from yinyi.business.ledger.model import insurance_account
from yinyi.business.payments.amounts import paid_fen
from yinyi.business.payments.builder import INSURANCE_QUOTE, INSURANCE_SETTLE
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.postings import RECEIVABLE, RECEIVABLE_FEN
from yinyi.business.payments.rules import Rule
from yinyi.kernel.outcome import Answer, Done, Evidence, Outcome, Refused, Unknown


def claim_of(plan: Plan) -> Claim:
    return msgspec.convert(plan.facts["claim"], Claim)


def quoted(plan: Plan) -> Split:
    """What the scheme has said before the patient paid.

    Raises:
        LookupError: nothing was quoted.
    """
    step = plan.latest(INSURANCE_QUOTE)
    if step is None or step.state != "done":
        raise LookupError("nothing was quoted")
    return msgspec.convert(step.evidence, Split)


class QuoteSplit:
    """How a bill will be divided. Asks nothing of money: what stays in doubt is simply asked again."""

    kind = INSURANCE_QUOTE
    version = 1

    def __init__(self, scheme: InsuranceScheme) -> None:
        self._scheme = scheme
        self.rule = Rule(
            timeout_s=scheme.call_timeout_s,
            send_within_s=15,
            give_up_s=30,
            can_ask=False,
            can_undo=False,
            needs_undo=False,
            repeatable=True,
        )

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        claim = claim_of(plan)
        outcome = await self._scheme.quote(step.reference, claim)
        if not isinstance(outcome, Done):
            return outcome
        split = msgspec.convert(outcome.evidence, Split)
        if not split.is_sound or split.whole_fen != plan.amount_fen:
            return Refused(reason="bad_request", detail="the parts are not the whole of the bill")
        return outcome

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self.do(plan, step, now)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Done()


class SettleClaim:
    """The patient has paid his part: the scheme settles the others. What it settles with another part for him than he
    has paid is reversed at once, and counts as refused. Implements ``Promises``: as was quoted."""

    kind = INSURANCE_SETTLE
    version = 1

    def __init__(self, scheme: InsuranceScheme) -> None:
        self._scheme = scheme
        self.rule = Rule(
            timeout_s=scheme.call_timeout_s,
            settles_after_s=scheme.settles_after.total_seconds(),
            send_every_s=(0.5, 1, 2, 5, 10, 30),
            send_within_s=900,
            give_up_s=900,
            people_after_s=960,
        )

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        split = quoted(plan)
        if split.cash_fen != paid_fen(plan):
            return Refused(reason="bad_request", detail="another part was paid than was quoted")
        outcome = await self._scheme.settle(step.reference, claim_of(plan), split)
        return await self._judged(plan, step, outcome) if isinstance(outcome, Done) else outcome

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        answer = await self._scheme.ask_settlement(step.reference, claim_of(plan))
        return await self._judged(plan, step, answer) if isinstance(answer, Done) else answer

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        number: str = step.evidence.get("settlement_no", "")
        return await self._scheme.reverse(step.reference, claim_of(plan), number)

    def promised(self, plan: Plan) -> Evidence:
        return {RECEIVABLE: insurance_account(self._scheme.scheme), RECEIVABLE_FEN: quoted(plan).scheme_fen}

    async def _judged(self, plan: Plan, step: Step, settled: Done) -> Outcome:
        split = msgspec.convert(settled.evidence, Split)
        if split == quoted(plan) and split.cash_fen == paid_fen(plan):
            return Done(evidence=settled.evidence | self.promised(plan))
        number: str = settled.evidence.get("settlement_no", "")
        reversed_ = await self._scheme.reverse(step.reference, claim_of(plan), number)
        if isinstance(reversed_, Done):
            return Refused(reason="bad_request", detail="settled otherwise than it was quoted, and reversed")
        return Unknown(detail="settled otherwise than it was quoted, and not surely reversed")
