"""What is left of a stay's deposits, over the counter: the hospital's own program books the cash, the platform is told
that the hospital's list has changed."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi_sandbox.demo.answering import answering, body_of, json_of
from yinyi_sandbox.demo.signed import Problem, SignedCaller
from yinyi_sandbox.demo.window import Key, Number
from yinyi_sandbox.hospital.hospital import Hospital

_LEFT = """
SELECT * FROM (
  SELECT d.ref AS reference, s.admission_no, w.ward_name, w.name_en AS ward_name_en, d.means, d.made_at,
         least(d.amount_fen - his.returned_(d.ref),
               his.deposited_(s.admission_no) - his.cost_(s.admission_no)) AS left_fen
  FROM his.stay s JOIN his.ward w USING (ward_code) JOIN his.deposit d USING (admission_no)
  WHERE s.patient_no = $1 AND s.state = 'settled' AND d.kind = 'deposit' AND d.state = 'posted'
) AS d WHERE left_fen > 0 ORDER BY made_at DESC, reference LIMIT 50
"""
_OF_DEPOSIT = "SELECT admission_no FROM his.deposit WHERE ref = $1 AND kind = 'deposit'"
_PAY_OUT = "SELECT ret_code, ret_msg FROM his.window_return_($1, $2, $3)"


class Looked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    patient_no: Number


class PaidOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So much of this deposit, in cash."""

    reference: Number
    amount_fen: int
    key: Key


class Deposits:
    """At one window. Raises ``PlatformAway`` and ``Problem``, see there."""

    def __init__(self, platform: SignedCaller, hospital: Hospital) -> None:
        self._platform = platform
        self._hospital = hospital

    async def left(self, looked: Looked) -> list[dict[str, Any]]:
        """Of settled stays, newest first."""
        return [dict(row) for row in await self._hospital.pool.fetch(_LEFT, looked.patient_no)]

    async def pay_out(self, paid_out: PaidOut) -> dict[str, Any]:
        """The hospital's reference is made of the key, so that a second press is the same return."""
        pool = self._hospital.pool
        admission_no = await pool.fetchval(_OF_DEPOSIT, paid_out.reference)
        if admission_no is None:
            raise KeyError(paid_out.reference)
        reference = f"W{paid_out.key[-16:]}"
        booked: Any = await pool.fetchrow(_PAY_OUT, reference, paid_out.reference, paid_out.amount_fen)
        if booked["ret_code"] != "0":
            raise Problem(409, {"title": booked["ret_msg"], "title_zh": booked["ret_msg"]})
        return await self._platform.ask("ReturnDepositAtWindow", {"admission_no": admission_no}, key=paid_out.key)


def routes(deposits: Deposits) -> list[Route]:
    """POST /deposits /pay-out"""

    async def left(request: Request) -> Response:
        return json_of(await deposits.left(await body_of(request, Looked)))

    async def pay_out(request: Request) -> Response:
        return json_of(await deposits.pay_out(await body_of(request, PaidOut)))

    return [
        Route("/deposits", answering(left), methods=["POST"]),
        Route("/pay-out", answering(pay_out), methods=["POST"]),
    ]
