"""Deposits that only the hospital knows of after a restore: written down again from what it says."""

from datetime import datetime

from yinyi.bus.database import Tx
from yinyi.business.inpatient.model import Deposit, Stay
from yinyi.business.inpatient.plans import DEPOSIT, DepositFacts
from yinyi.business.inpatient.ports import Inpatients, ListsDeposits
from yinyi.business.payments import apply, builder
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.restored import SKEW, LostPayment, Orphan, PatientId
from yinyi.kernel.ids import ask_number, payment_number_of


class LostDeposits:
    """Asks the hospital which deposits of ours it has booked in the time that was lost. Implements ``FindsLost``. What
    was returned of one then is asked of its channel before more of it is returned."""

    source = "hospital, deposits"

    def __init__(self, inpatients: Inpatients, patient_id: PatientId) -> None:
        """``patient_id`` finds one of ours by the hospital's number; 0: none."""
        self._inpatients = inpatients
        self._patient_id = patient_id

    @property
    def can_list(self) -> bool:
        return isinstance(self._inpatients, ListsDeposits)

    async def lost(self, since: datetime, until: datetime) -> list[LostPayment | Orphan]:
        """All that were made then, also those that the database knows.

        Raises:
            HospitalUnavailable: it does not answer.
        """
        if not isinstance(self._inpatients, ListsDeposits):
            return []
        found: list[LostPayment | Orphan] = []
        for each in await self._inpatients.deposit_postings(since - SKEW, until + SKEW):
            payment_no = payment_number_of(each.reference)
            stay = await self._inpatients.stay(each.admission_no) if each.admission_no else None
            if each.kind != "deposit" or not payment_no:
                continue
            if stay is not None:
                found.append(self._payment(payment_no, each, stay))
            else:
                found.append(Orphan(payment_no, f"{each.state}; its stay is gone"))
        return found

    def _payment(self, payment_no: str, deposit: Deposit, stay: Stay) -> LostPayment:
        posted = deposit.state == "posted"

        async def patient_id(tx: Tx, hospital_id: int) -> int:
            return await self._patient_id(tx, hospital_id, stay.patient_no)

        plan = Plan(
            hospital_id=0,
            payment_id=0,
            payment_no=payment_no,
            ask_no=ask_number(),
            purpose=DEPOSIT,
            scope="inpatient",
            amount_fen=deposit.amount_fen,
            started_at=deposit.made_at,
            pay_by=deposit.made_at,
            description=f"住院预交金 {stay.ward}",
            facts=DepositFacts.for_stay(stay.admission_no, stay.ward, stay.ward_en, stay.bed),
            direction="forward" if posted else "back",
            reason="" if posted else "unavailable",
            version=1,
            steps=_steps(payment_no, deposit),
        )
        return LostPayment(plan=plan, version=1, obligation=(), found=deposit.state, patient_id=patient_id)


def _steps(payment_no: str, deposit: Deposit) -> tuple[Step, ...]:
    """As ``PayDeposit`` makes them; the engine's inquiry finds out about them."""
    return tuple(
        Step(
            position=position,
            attempt=1,
            kind=kind,
            reference=apply.reference(payment_no, serial),
            amount_fen=deposit.amount_fen,
            since=deposit.made_at,
        )
        for serial, (position, kind) in enumerate(builder.deposit(), start=1)
    )
