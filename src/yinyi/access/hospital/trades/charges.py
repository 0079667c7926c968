"""What the hospital has charged to prepaid accounts, by trades."""

from datetime import datetime

from yinyi.access.hospital.trades.calls import Calls
from yinyi.access.hospital.trades.trade import Row, trade
from yinyi.business.prepaid.model import HospitalCharge
from yinyi.kernel.money import Fen

_CHARGES = trade(
    "query_account_charges",
    "since:instant until:instant",
    "charge_no institution patient_no amount_fen:int returned_fen:int charged_at:instant",
)
TRADES = (_CHARGES,)


class ChargeTrades(Calls):
    """Implements ``ListsCharges``."""

    async def account_charges(self, since: datetime, until: datetime) -> list[HospitalCharge]:
        return await self.found(_charge, _CHARGES, since, until, key=lambda one: (one.institution_id, one.charge_no))


def _charge(row: Row) -> HospitalCharge:
    return HospitalCharge(
        charge_no=row["charge_no"],
        institution_id=row["institution"],
        patient_no=row["patient_no"],
        amount_fen=Fen(row["amount_fen"]),
        returned_fen=Fen(row["returned_fen"] or 0),
        charged_at=row["charged_at"],
    )
