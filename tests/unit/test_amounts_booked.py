"""What a hospital says that it has booked, or leaves out of its answer, is not taken for what it was told."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from yinyi.business.billing.plans import LOCK, SETTLE, SettleInvoices
from yinyi.business.inpatient.plans import POST, PostDeposit
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.scheduling.plans import HOLD, KEEP, KeepNumber
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Unknown

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
PAID = Fen(1234)
FACTS: dict[str, Any] = {
    "patient_no": "P1",
    "invoices": [],
    "held_until": NOW,
    "admission_no": "H1",
    "ward": "",
    "ward_en": "",
    "bed": "",
    "credited": "a",
}


def step(kind: str, **params: Any) -> Step:
    return Step(position=10, attempt=1, kind=kind, reference="R1", amount_fen=PAID, since=NOW, params=params)


KEPT = step(KEEP, until=NOW.isoformat())
PLAN = Plan(
    hospital_id=1,
    payment_id=1,
    payment_no="Z1",
    ask_no="",
    purpose="invoice",
    scope="outpatient",
    amount_fen=PAID,
    started_at=NOW,
    pay_by=NOW,
    facts=FACTS,
    steps=tuple(step(kind) for kind in (LOCK, HOLD, SETTLE, POST)),
)


def hospital(says: Answer) -> Any:
    """It answers this to whatever it is asked."""

    async def answers(*_: Any) -> Answer:
        return says

    verbs = ("settle_invoices", "ask_invoices", "post_deposit", "ask_deposit", "ask")
    return SimpleNamespace(call_timeout_s=5.0, **dict.fromkeys(verbs, answers))


@pytest.mark.parametrize("verb", ["do", "ask"])
@pytest.mark.parametrize(("effect", "status"), [(SettleInvoices, "paid"), (PostDeposit, "posted")])
@pytest.mark.parametrize(
    ("told", "means"),
    [({"amount_fen": 1234}, Done), ({}, Done), ({"amount_fen": 1235}, Unknown), ({"amount_fen": 0}, Unknown)],
)
def test_another_amount_than_was_paid_is_not_delivered(
    verb: str, effect: Any, status: str, told: dict[str, Any], means: type[Answer]
) -> None:
    it = effect(hospital(Done(evidence={"status": status, **told})))
    answer = asyncio.run(getattr(it, verb)(PLAN, PLAN.steps[-1], NOW))
    assert isinstance(answer, means), answer


@pytest.mark.parametrize(
    ("told", "means"),
    [
        ({"held_until": NOW.isoformat()}, Done),
        ({"held_until": "2026-11-27T09:29:00+00:00"}, NotFound),
        ({}, Unknown),
    ],
)
def test_a_number_is_kept_for_as_long_as_the_hospital_says(told: dict[str, Any], means: type[Answer]) -> None:
    keeps = KeepNumber(hospital(Done(evidence={"status": "held", **told})))
    assert isinstance(asyncio.run(keeps.ask(PLAN, KEPT, NOW)), means)
