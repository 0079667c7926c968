"""Who is told of what happens. It is written down in the transaction of whoever notices it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Protocol, cast

from yinyi.bus.database import Tx
from yinyi.business.payments.owners import AT_INSTITUTION
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import view_of
from yinyi.business.subscriptions import store
from yinyi.business.subscriptions.model import PaymentNews
from yinyi.business.subscriptions.store import Told, Wanting


class PatientNumbers(Protocol):
    """Our master index."""

    async def patient_nos(self, tx: Tx, hospital_id: int, patient_ids: Collection[int]) -> dict[int, str]:
        """Their hospital numbers (就诊ID号)."""
        ...


class Telling:
    """Hears of payments that have ended. They are told one transaction after the other, see ``Ends``: whoever asks for
    what follows a number misses none."""

    def __init__(self, registry: Registry, patients: PatientNumbers) -> None:
        self._registry = registry
        self._patients = patients

    async def hear(self, tx: Tx, plans: Sequence[Plan], now: datetime) -> None:
        wanting = await store.wanting(tx, "payment")
        pairs = [(plan, each) for plan in plans for each in wanting if concerns(plan, each)]
        if not pairs:
            return
        concerned = {plan.payment_no: plan for plan, _ in pairs}
        news = await self._news(tx, list(concerned.values()))
        told = [
            Told(hospital_id=plan.hospital_id, institution_id=each.institution_id, body=news[plan.payment_no])
            for plan, each in pairs
        ]
        await store.tell(tx, told, now)

    async def _news(self, tx: Tx, plans: Sequence[Plan]) -> dict[str, PaymentNews]:
        numbers: dict[int, dict[int, str]] = {}
        for hospital_id in {plan.hospital_id for plan in plans}:
            theirs = {plan.patient_id for plan in plans if plan.hospital_id == hospital_id}
            numbers[hospital_id] = await self._patients.patient_nos(tx, hospital_id, theirs)
        return {plan.payment_no: self._told(plan, numbers[plan.hospital_id].get(plan.patient_id, "")) for plan in plans}

    def _told(self, plan: Plan, patient_no: str) -> PaymentNews:
        view = view_of(plan, self._registry)
        return PaymentNews(
            payment_no=plan.payment_no,
            ask_no=plan.ask_no,
            version=plan.version,
            purpose=plan.purpose,
            state=view.state,
            reason=cast(Any, plan.reason),
            patient_no=patient_no,
            description=plan.description,
            amount_fen=plan.amount_fen,
            taken_fen=plan.taken_fen,
            returned_fen=plan.returned_fen,
            refunds=view.refunds,
            tender=view.tender,
            started_at=plan.started_at,
            paid_at=view.paid_at,
            ended_at=plan.ended_at,
        )


def concerns(plan: Plan, wanting: Wanting) -> bool:
    """The hospital's own systems hear of all its payments, a bank or a vendor of those that were opened at it."""
    theirs = wanting.kind == "hospital" or plan.facts.get(AT_INSTITUTION) == wanting.institution_id
    return plan.hospital_id == wanting.hospital_id and theirs
