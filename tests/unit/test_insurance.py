"""Insurance as steps of a plan, and plans as data: the split is checked, and what is settled otherwise is reversed."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from yinyi.business.insurance.model import Claim, Split
from yinyi.business.insurance.plans import QuoteSplit, SettleClaim, claim_of, quoted
from yinyi.business.insurance.ports import InsuranceScheme
from yinyi.business.payments import builder
from yinyi.business.payments.plan import LAST_TAKE, TAKE, Plan, Step
from yinyi.business.payments.postings import RECEIVABLE, RECEIVABLE_FEN
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Outcome, Refused, Unknown

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
BILL = Fen(10000)
SPLIT = Split(fund_fen=Fen(6000), account_fen=Fen(1000), cash_fen=Fen(3000))


@dataclass
class Scheme:
    """Quotes and settles what it is told to; keeps what it has settled, by our reference."""

    scheme: str = "employees"
    settles_after: timedelta = timedelta(seconds=30)
    call_timeout_s: float = 5.0
    quotes: Split = SPLIT
    settles: Split = SPLIT
    settled: dict[str, Split] = field(default_factory=dict[str, Split])
    reverses: bool = True

    async def quote(self, reference: str, claim: Claim) -> Outcome:
        return Done(evidence=_told(self.quotes))

    async def settle(self, reference: str, claim: Claim, quoted: Split) -> Outcome:
        self.settled[reference] = self.settles
        return self._standing(reference)

    async def ask_settlement(self, reference: str, claim: Claim) -> Answer:
        return self._standing(reference) if reference in self.settled else NotFound()

    def _standing(self, reference: str) -> Done:
        return Done(evidence=_told(self.settled[reference]) | {"settlement_no": f"S-{reference}"})

    async def reverse(self, reference: str, claim: Claim, settlement_no: str) -> Answer:
        if not self.reverses:
            return Unknown()
        self.settled.pop(reference, None)
        return Done()


def _told(split: Split) -> dict[str, int]:
    return {"fund_fen": split.fund_fen, "account_fen": split.account_fen, "cash_fen": split.cash_fen}


def insured_plan(paid: int | None = None, quote: Split = SPLIT) -> Plan:
    """Quoted; and so much was taken for the patient's part."""
    claim = Claim(
        scheme="employees",
        person_no="P",
        encounter_no="E",
        batch_no="B",
        insurance_type="310",
        visit_type="11",
        amount_fen=BILL,
    )
    steps = tuple(
        Step(position=at, attempt=1, kind=kind, reference=f"R{at}", amount_fen=BILL, since=NOW)
        for at, kind in builder.invoice(insured=True)
    )
    plan = Plan(
        hospital_id=1,
        payment_id=1,
        payment_no="P",
        ask_no="A",
        purpose="invoice",
        scope="outpatient",
        amount_fen=BILL,
        started_at=NOW,
        pay_by=NOW + timedelta(minutes=8),
        facts=claim.as_json(),
        steps=steps,
    )
    if paid is None:
        return plan
    plan = plan.with_step(replace(step_of(plan, builder.INSURANCE_QUOTE), state="done", evidence=_told(quote)))
    return plan.with_step(replace(step_of(plan, TAKE), state="done", amount_fen=Fen(paid)))


def step_of(plan: Plan, kind: str) -> Step:
    return next(step for step in plan.steps if step.kind == kind)


def settle(scheme: Scheme, plan: Plan) -> Outcome:
    return asyncio.run(SettleClaim(scheme).do(plan, step_of(plan, builder.INSURANCE_SETTLE), NOW))


def test_a_quote_is_what_the_patient_is_asked_for() -> None:
    plan = insured_plan()
    answer = asyncio.run(QuoteSplit(Scheme()).do(plan, step_of(plan, builder.INSURANCE_QUOTE), NOW))
    assert answer == Done(evidence=_told(SPLIT))
    assert quoted(insured_plan(paid=3000)) == SPLIT
    assert claim_of(plan).amount_fen == BILL
    with pytest.raises(LookupError):
        quoted(plan)


@given(st.integers(-1, 12000), st.integers(-1, 12000), st.integers(-1, 12000))
def test_a_quote_that_is_not_the_bill_is_refused(fund: int, account: int, cash: int) -> None:
    plan = insured_plan()
    scheme = Scheme(quotes=Split(fund_fen=Fen(fund), account_fen=Fen(account), cash_fen=Fen(cash)))
    answer = asyncio.run(QuoteSplit(scheme).do(plan, step_of(plan, builder.INSURANCE_QUOTE), NOW))
    sound = min(fund, account, cash) >= 0 and fund + account + cash == BILL
    assert isinstance(answer, Done if sound else Refused)


def test_what_is_settled_is_owed_by_the_scheme() -> None:
    answer = settle(Scheme(), insured_plan(paid=3000))
    assert isinstance(answer, Done)
    assert (answer.evidence[RECEIVABLE], answer.evidence[RECEIVABLE_FEN]) == ("insurance:employees", 7000)


def test_nothing_is_settled_when_another_part_was_paid() -> None:
    scheme = Scheme()
    assert isinstance(settle(scheme, insured_plan(paid=2999)), Refused)
    assert scheme.settled == {}


def test_what_is_settled_otherwise_is_reversed() -> None:
    other = Split(fund_fen=Fen(5000), account_fen=Fen(1000), cash_fen=Fen(4000))
    scheme = Scheme(settles=other)
    assert isinstance(settle(scheme, insured_plan(paid=3000)), Refused)
    assert scheme.settled == {}


def test_what_is_settled_otherwise_and_not_surely_reversed_is_unknown_until_it_is() -> None:
    other = Split(fund_fen=Fen(5000), account_fen=Fen(1000), cash_fen=Fen(4000))
    scheme, plan = Scheme(settles=other, reverses=False), insured_plan(paid=3000)
    assert isinstance(settle(scheme, plan), Unknown)
    scheme.reverses = True
    step = step_of(plan, builder.INSURANCE_SETTLE)
    assert isinstance(asyncio.run(SettleClaim(scheme).ask(plan, step, NOW)), Refused)
    assert scheme.settled == {}
    assert isinstance(asyncio.run(SettleClaim(scheme).ask(plan, step, NOW)), NotFound)


def test_undoing_is_reversing() -> None:
    scheme, plan = Scheme(), insured_plan(paid=3000)
    settle(scheme, plan)
    step = step_of(plan, builder.INSURANCE_SETTLE)
    assert asyncio.run(SettleClaim(scheme).undo(plan, step, NOW)) == Done()
    assert scheme.settled == {}
    assert isinstance(scheme, InsuranceScheme)


# ---- plans as data


@pytest.mark.parametrize("name", builder.PLANS)
def test_plans_are_in_order_and_made_of_known_kinds(name: str) -> None:
    make, amount = builder.PLANS[name]
    steps = make()
    positions = [position for position, _ in steps]
    assert positions == sorted(set(positions))
    assert {kind for _, kind in steps} <= set(builder.MEANING)
    takes = [position for position, kind in steps if kind == TAKE]
    assert len(takes) <= 1
    assert all(position > LAST_TAKE for position, _ in steps if takes and position > takes[0]), "room for parts"
    assert amount


def test_insurance_is_quoted_before_and_settled_after_the_patient_pays() -> None:
    kinds = [kind for _, kind in builder.registration(insured=True)]
    order = [kinds.index(each) for each in (builder.INSURANCE_QUOTE, TAKE, builder.INSURANCE_SETTLE)]
    assert order == sorted(order)
