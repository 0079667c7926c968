"""From what the hospital says of stays to what their patient is told. Pure."""

from collections import defaultdict

from yinyi.business.inpatient.messages import DepositEntry, DepositPayment, DischargeStatement, StayView
from yinyi.business.inpatient.model import CostCategory, CostDay, Deposit, Stay, StayItem
from yinyi.business.inpatient.plans import POST, DepositFacts
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import view_of
from yinyi.kernel.money import Fen


def stay(found: Stay) -> StayView:
    """Without its diagnosis and the patient's name, which no page shows."""
    return StayView(
        admission_no=found.admission_no,
        state=found.state,
        ward=found.ward,
        ward_en=found.ward_en,
        place=found.place,
        bed=found.bed,
        practitioner=found.practitioner,
        admitted_at=found.admitted_at,
        discharged_at=found.discharged_at,
        settled_at=found.settled_at,
        settlement_no=found.settlement_no,
        charged_on=found.charged_on,
        cost_fen=found.cost_fen,
        deposit_fen=found.deposit_fen,
        left_fen=found.left_fen,
    )


def entries(deposits: list[Deposit]) -> list[DepositEntry]:
    """Newest first, without those that were taken back."""
    return [
        DepositEntry(
            kind=each.kind,
            at=each.made_at,
            amount_fen=each.amount_fen,
            source=each.source,
            means=each.means,
            receipt_no=each.receipt_no,
        )
        for each in sorted(deposits, key=lambda each: each.made_at, reverse=True)
        if each.state == "posted"
    ]


def of_day(items: list[StayItem], names: list[CostCategory]) -> list[CostCategory]:
    """What these items cost of each kind, in the order of the whole stay's kinds. ``names``: of the whole stay."""
    sums: dict[str, int] = defaultdict(int)
    for item in items:
        sums[item.category_code] += item.amount_fen
    return [
        CostCategory(
            category_code=each.category_code,
            category=each.category,
            category_en=each.category_en,
            amount_fen=Fen(sums[each.category_code]),
        )
        for each in names
        if each.category_code in sums
    ]


def statement(
    found: Stay, categories: list[CostCategory], days: list[CostDay], deposits: list[Deposit]
) -> DischargeStatement:
    def total(kind: str) -> Fen:
        return Fen(sum(each.amount_fen for each in deposits if each.state == "posted" and each.kind == kind))

    return DischargeStatement(
        stay=stay(found),
        categories=categories,
        days=len(days),
        paid_fen=total("deposit"),
        returned_fen=total("return"),
    )


def deposit_payment(plan: Plan, registry: Registry) -> DepositPayment:
    facts, step = DepositFacts.of(plan), plan.latest(POST)
    told = step.evidence if step is not None and step.state == "done" else {}
    return DepositPayment(
        payment=view_of(plan, registry),
        admission_no=facts.admission_no,
        ward=facts.ward,
        ward_en=facts.ward_en,
        bed=facts.bed,
        receipt_no=told.get("receipt_no", ""),
        left_fen=told.get("left_fen"),
    )
