"""The hospital's own program in the doctor's room and in examination departments: it charges prepaid accounts."""

from typing import Annotated, Any

import msgspec

from yinyi_sandbox.demo.signed import SignedCaller
from yinyi_sandbox.hospital import hands
from yinyi_sandbox.hospital.hospital import Hospital

OPERATOR = "医生演示"
Number = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Fen = Annotated[int, msgspec.Meta(ge=1)]


class Looked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose account."""

    patient_no: Number


class Charged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``charge_no``: made by the page, and kept there until there is an answer."""

    patient_no: Number
    charge_no: Number
    amount_fen: Fen
    items: list[str]
    place: str


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    charge_no: Number


class Reversed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``reversal_no``: like a charge's. ``amount_fen`` None: all that is left."""

    charge_no: Number
    reversal_no: Number
    amount_fen: Fen | None = None


class Doctor:
    """One workstation. Raises ``PlatformAway`` and ``Problem``, see there."""

    def __init__(self, platform: SignedCaller, hospital: Hospital) -> None:
        self._platform = platform
        self._hospital = hospital

    async def look(self, looked: Looked) -> dict[str, Any]:
        return await self._platform.ask("FindPrepaidBalance", looked)

    async def charge(self, charged: Charged) -> dict[str, Any]:
        """What was charged stands in the hospital's own list, too."""
        body = {**msgspec.structs.asdict(charged), "operator": OPERATOR}
        made = await self._platform.ask("ChargePrepaid", body, key=f"charge-{charged.charge_no}")
        ours = hands.AccountCharge(made["charge_no"], made["patient_no"], made["amount_fen"])
        await hands.charged_account(self._hospital.pool, ours)
        return made

    async def query(self, asked: Asked) -> dict[str, Any]:
        return await self._platform.ask("QueryPrepaidCharge", asked)

    async def reverse(self, back: Reversed) -> dict[str, Any]:
        body = {**msgspec.structs.asdict(back), "operator": OPERATOR, "reason": "医生取消"}
        told = await self._platform.ask("ReversePrepaidCharge", body, key=f"reverse-{back.reversal_no}")
        returned_fen = told.get("amount_fen", 0) - told.get("left_fen", 0)
        await hands.gave_back_to_account(self._hospital.pool, back.charge_no, returned_fen)
        return told
