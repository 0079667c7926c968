"""The doctor's room, as the platform hears it: an institution that charges prepaid accounts under its own numbers."""

from datetime import timedelta

from payment_world import ZONE, World

from yinyi.bus.call import Call, Principal
from yinyi.bus.operation import Caller
from yinyi.business.identity.model import CredentialKind, PatientRecord, Person
from yinyi.business.identity.named import NamedPatients
from yinyi.business.prepaid.charges import PrepaidCharges
from yinyi.business.prepaid.messages_charges import (
    ChargePrepaid,
    FindPrepaidBalance,
    PrepaidBalance,
    PrepaidCharge,
    QueryPrepaidCharge,
    ReversePrepaidCharge,
)
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, NotFound, NotSent, Outcome
from yinyi.kernel.secrets import Vault

PATIENT = """
INSERT INTO patient (hospital_id, patient_no, name, sex, created_at, updated_at)
VALUES (1, $1, '赵阿姨', 'female', $2, $2) RETURNING patient_id
"""


class MasterList:
    """A hospital that knows whom a test has told it of, until it is away."""

    call_timeout_s = 1.0

    def __init__(self, *patient_nos: str, away: bool = False) -> None:
        self._patient_nos = patient_nos
        self._away = away

    async def by_number(self, patient_no: str) -> PatientRecord | None:
        if self._away:
            raise HospitalUnavailable
        known = patient_no in self._patient_nos
        return PatientRecord(patient_no=patient_no, name="钱伯", sex="male", born_on=None) if known else None

    async def find(self, kind: CredentialKind, number: str) -> list[PatientRecord]:
        return []

    async def create(self, reference: str, person: Person) -> Outcome:
        return NotSent()

    async def ask_created(self, reference: str) -> Answer:
        return NotFound()


def named_patients(it: World, *patient_nos: str, away: bool = False) -> NamedPatients:
    """patient_nos: of those whom the hospital knows besides."""
    return NamedPatients(it.database, MasterList(*patient_nos, away=away), Vault({1: b"k" * 32}, b"i" * 32))


class ChargeDesk:
    """One institution; ``patient_id`` is that of ``P1``."""

    def __init__(self, it: World, institution: str = "his", named: NamedPatients | None = None) -> None:
        self._it = it
        self._institution = institution
        self._charges = PrepaidCharges(it.database, named or named_patients(it), it.payments, ZONE)

    async def admit(self, patient_no: str = "P1") -> int:
        async with self._it.database.transaction() as tx:
            return await tx.fetchval(PATIENT, patient_no, self._it.clock.now())

    async def charge(self, charge_no: str, fen: int, patient_no: str = "P1") -> PrepaidCharge:
        wanted = ChargePrepaid(
            patient_no=patient_no,
            charge_no=charge_no,
            amount_fen=Fen(fen),
            items=["心电图", "静脉采血"],
            operator="D07",
            place="内科 3 诊室",
        )
        whose = await self._charges.whose(self._call(), wanted)
        async with self._it.database.transaction() as tx:
            await self._charges.charge(tx, self._call(), wanted, whose)
        return await self.query(charge_no)

    async def reverse(
        self, charge_no: str, reversal_no: str, fen: int | None = None, *, or_never: bool = False
    ) -> PrepaidCharge:
        wanted = ReversePrepaidCharge(
            charge_no=charge_no,
            reversal_no=reversal_no,
            reason="检查取消",
            operator="D07",
            amount_fen=None if fen is None else Fen(fen),
            or_never=or_never,
        )
        async with self._it.database.transaction() as tx:
            await self._charges.reverse(tx, self._call(), wanted, None)
        return await self.query(charge_no)

    async def query(self, charge_no: str) -> PrepaidCharge:
        async with self._it.database.read() as tx:
            return await self._charges.query(tx, self._call(), QueryPrepaidCharge(charge_no=charge_no))

    async def balance(self, patient_no: str = "P1", before: int = 0) -> PrepaidBalance:
        return await self._charges.balance(self._call(), FindPrepaidBalance(patient_no=patient_no, before=before))

    def _call(self) -> Call:
        now = self._it.clock.now()
        who = Principal(caller=Caller.HOSPITAL, hospital_id=1, institution_id=self._institution)
        return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key="k")
