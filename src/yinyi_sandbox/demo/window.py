"""The hospital's own program at a cashier's window: bills are its own, money goes through the platform."""

from typing import Annotated, Any, Literal

import msgspec
import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi_sandbox.demo.answering import answering, body_of, json_of
from yinyi_sandbox.demo.signed import SignedCaller
from yinyi_sandbox.hospital.hospital import Hospital

NAME = "3"
"""What the window is called."""
Number = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Key = Annotated[str, msgspec.Meta(min_length=8, max_length=64)]
"""Made by the page when a button is pressed, and the same until there is an answer: asked again it happens once."""
Reason = Annotated[str, msgspec.Meta(min_length=2, max_length=80)]

_BILLS = """
SELECT i.invoice_no, i.title, d.dept_name, d.name_en AS dept_name_en, i.ordered_at, i.state, i.total_fen,
       i.refunded_fen,
       i.state = 'open' AND i.held_until > his.instant_() AS busy, p.payment_no,
       (SELECT jsonb_agg(jsonb_build_object('line_no', l.line_no, 'name', c.item_name, 'name_en', c.name_en,
                                            'amount_fen', l.amount_fen, 'performed', l.performed,
                                            'refunded', l.refunded_by IS NOT NULL) ORDER BY l.line_no)
        FROM his.invoice_line l JOIN his.charge_item c USING (item_code)
        WHERE l.invoice_no = i.invoice_no)::text AS lines
FROM his.invoice i JOIN his.department d USING (dept_code) LEFT JOIN his.bill_posting p ON p.ref = i.paid_by
WHERE i.patient_no = $1 AND i.state <> 'cancelled' ORDER BY i.ordered_at DESC, i.invoice_no DESC LIMIT 50
"""
"""The cashier's program reads its own tables: a fault of the platform's way in does not concern it."""


class Looked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    patient_no: Number


class Taken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``tender`` None: the payer's own code is going to be scanned. No bills: ``amount_fen`` onto his account."""

    patient_no: Number
    operator: Number
    key: Key
    invoice_nos: list[str]
    amount_fen: int = 0
    tender: Literal["wechatpay", "alipay"] | None = None


class Scanned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payment_no: Number
    payer_code: str
    operator: Number
    key: Key


class GivenUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payment_no: Number
    operator: Number
    key: Key


class Collected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``number``: from a hold slip."""

    number: Number
    operator: Number
    key: Key


class Found(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``number``: the payment's, the short one from a slip, or what the payer's bill shows."""

    number: Number


class Refunded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``invoice_no``, ``line_nos``: some lines of a bill; none: all of the payment that is left."""

    payment_no: Number
    reason: Reason
    operator: Number
    key: Key
    invoice_no: str = ""
    line_nos: list[int] = []


class Window:
    """One window. Raises ``PlatformAway`` and ``Problem``, see there."""

    def __init__(self, platform: SignedCaller, hospital: Hospital) -> None:
        self._platform = platform
        self._hospital = hospital

    async def look(self, looked: Looked) -> dict[str, Any]:
        """Who he is, what he owes, and what he has paid today."""
        about = await self._platform.ask("FindPrepaidBalance", looked)
        payments = (await self._platform.ask("FindPayment", looked))["payments"]
        rows = await self._hospital.pool.fetch(_BILLS, about["patient_no"])
        bills = [{**dict(row), "lines": msgspec.json.decode(row["lines"] or "[]")} for row in rows]
        return {**about, "payments": payments, "bills": bills}

    async def take(self, taken: Taken) -> dict[str, Any]:
        asked = {"patient_no": taken.patient_no, "operator": taken.operator, "window": NAME, "tender": taken.tender}
        if taken.invoice_nos:
            body = {**asked, "invoice_nos": taken.invoice_nos}
            return _shown((await self._platform.ask("TakeWindowPayment", body, key=taken.key))["payment"])
        body = {**asked, "amount_fen": taken.amount_fen}
        return _shown(await self._platform.ask("TakeWindowTopUp", body, key=taken.key))

    async def scan(self, scanned: Scanned) -> dict[str, Any]:
        body = {name: getattr(scanned, name) for name in ("payment_no", "payer_code", "operator")}
        return _shown(await self._platform.ask("SubmitCode", body, key=scanned.key))

    async def give_up(self, given_up: GivenUp) -> dict[str, Any]:
        body = {"payment_no": given_up.payment_no, "operator": given_up.operator}
        return _shown(await self._platform.ask("CancelWindowPayment", body, key=given_up.key))

    async def follow(self, found: Found) -> dict[str, Any]:
        return _shown(await self._platform.ask("GetPayment", found))

    async def collect(self, collected: Collected) -> dict[str, Any]:
        """The receipt's number is made of the key, so that a second press is the same request."""
        receipt_no = f"W{collected.key[-12:]}"
        body = {"number": collected.number, "operator": collected.operator, "receipt_no": receipt_no}
        return await self._platform.ask("CollectHoldSlip", body, key=collected.key)

    async def find(self, found: Found) -> list[dict[str, Any]]:
        told = await self._platform.ask("FindPayment", {"number": found.number})
        return told["payments"] or (await self._platform.ask("FindPayment", {"channel_no": found.number}))["payments"]

    async def refund(self, refunded: Refunded) -> dict[str, Any]:
        why = {"reason": refunded.reason, "operator": refunded.operator}
        if refunded.line_nos:
            body = {**why, "invoice_no": refunded.invoice_no, "line_nos": refunded.line_nos}
            return await self._platform.ask("RefundInvoiceLines", body, key=refunded.key)
        body = {**why, "payment_no": refunded.payment_no}
        return await self._platform.ask("RefundPayment", body, key=refunded.key)


def _shown(payment: dict[str, Any]) -> dict[str, Any]:
    """With the picture of the code for the customer's screen."""
    code = payment.get("code_url")
    drawn = segno.make(code, error="m", micro=False).svg_data_uri(border=4, scale=6) if code else ""
    return {**payment, "picture": drawn}


def routes(window: Window) -> list[Route]:
    """POST /look /take /scan /give-up /follow /collect /find /refund"""

    async def look(request: Request) -> Response:
        return json_of(await window.look(await body_of(request, Looked)))

    async def take(request: Request) -> Response:
        return json_of(await window.take(await body_of(request, Taken)))

    async def scan(request: Request) -> Response:
        return json_of(await window.scan(await body_of(request, Scanned)))

    async def give_up(request: Request) -> Response:
        return json_of(await window.give_up(await body_of(request, GivenUp)))

    async def follow(request: Request) -> Response:
        return json_of(await window.follow(await body_of(request, Found)))

    async def collect(request: Request) -> Response:
        return json_of(await window.collect(await body_of(request, Collected)))

    async def find(request: Request) -> Response:
        return json_of(await window.find(await body_of(request, Found)))

    async def refund(request: Request) -> Response:
        return json_of(await window.refund(await body_of(request, Refunded)))

    table = {
        "/look": look,
        "/take": take,
        "/scan": scan,
        "/give-up": give_up,
        "/follow": follow,
        "/collect": collect,
        "/find": find,
        "/refund": refund,
    }
    return [Route(path, answering(endpoint), methods=["POST"]) for path, endpoint in table.items()]
