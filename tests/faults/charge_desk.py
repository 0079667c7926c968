"""The doctor's room, as the platform hears it: an institution that charges prepaid accounts under its own numbers."""

from datetime import timedelta

from payment_world import ZONE, World

from yinyi.bus.call import Call, Principal
from yinyi.bus.operation import Caller
from yinyi.business.prepaid.charges import PrepaidCharges
from yinyi.business.prepaid.messages_charges import (
    ChargePrepaid,
    FindPrepaidBalance,
    PrepaidBalance,
    PrepaidCharge,
    QueryPrepaidCharge,
    ReversePrepaidCharge,
)
from yinyi.kernel.money import Fen

PATIENT = """
INSERT INTO patient (hospital_id, patient_no, name, sex, created_at, updated_at)
VALUES (1, $1, '赵阿姨', 'female', $2, $2) RETURNING patient_id
"""


class ChargeDesk:
    """One institution; ``patient_id`` is that of ``P1``."""

    def __init__(self, it: World, institution: str = "his") -> None:
        self._it = it
        self._institution = institution
        self._charges = PrepaidCharges(ZONE)

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
        async with self._it.database.transaction() as tx:
            await self._charges.charge(tx, self._call(), wanted, None)
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

    async def balance(self, patient_no: str = "P1") -> PrepaidBalance:
        async with self._it.database.read() as tx:
            return await self._charges.balance(tx, self._call(), FindPrepaidBalance(patient_no=patient_no))

    def _call(self) -> Call:
        now = self._it.clock.now()
        who = Principal(caller=Caller.HOSPITAL, hospital_id=1, institution_id=self._institution)
        return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key="k")
