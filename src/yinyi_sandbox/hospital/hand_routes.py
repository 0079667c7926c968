"""The hospital's own hands by HTTP: doctors, till, laboratory, wards; and what lies on their desks. JSON both ways."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi_sandbox.channel.hands import answer, polite, read
from yinyi_sandbox.hospital import hands, records
from yinyi_sandbox.hospital.hospital import Hospital

_MOST_ROWS = 200
_LISTS = {
    "/invoices": """
        SELECT i.invoice_no, i.form_no, i.patient_no, p.full_name, d.dept_name, i.title, i.ordered_at, i.version,
               i.state, i.total_fen, i.refunded_fen, i.held_by, i.paid_by
        FROM his.invoice i JOIN his.patient p USING (patient_no) JOIN his.department d USING (dept_code)
        WHERE $1 = '' OR i.patient_no = $1 ORDER BY i.ordered_at DESC, i.invoice_no DESC LIMIT $2""",
    "/reports": """
        SELECT o.order_no, o.barcode, o.patient_no, p.full_name, c.item_name, o.state, o.version, o.requested_at,
               o.issued_at
        FROM his.test_order o JOIN his.patient p USING (patient_no) JOIN his.charge_item c USING (item_code)
        WHERE $1 = '' OR o.patient_no = $1 ORDER BY o.requested_at DESC, o.order_no DESC LIMIT $2""",
    "/stays": """
        SELECT s.admission_no, s.patient_no, p.full_name, w.ward_name, s.bed_no, s.state, s.admitted_at,
               his.cost_(s.admission_no) AS cost_fen, his.deposited_(s.admission_no) AS deposit_fen
        FROM his.stay s JOIN his.patient p USING (patient_no) JOIN his.ward w USING (ward_code)
        WHERE $1 = '' OR s.patient_no = $1 ORDER BY s.admitted_at DESC, s.admission_no DESC LIMIT $2""",
    "/deposits": """
        SELECT d.ref AS reference, d.admission_no, d.kind, d.of_ref AS of_reference, d.state, d.amount_fen, d.source,
               d.means, d.payment_no, d.made_at
        FROM his.deposit d LEFT JOIN his.stay s USING (admission_no)
        WHERE $1 IN ('', s.patient_no) ORDER BY d.made_at DESC, d.ref LIMIT $2""",
    "/receipts": """
        SELECT e.ref AS reference, e.of_ref AS of_reference, e.patient_no, p.full_name, e.payment_no, e.title,
               e.amount_fen, e.accepted_at, e.due_at, e.code, e.number, e.check_code, e.printed_at
        FROM his.einvoice e JOIN his.patient p USING (patient_no)
        WHERE $1 IN ('', e.patient_no) ORDER BY e.accepted_at DESC, e.number DESC LIMIT $2""",
    "/heard": """
        SELECT h.control_id, h.event, h.answer, h.problem, h.patient_no, p.full_name, h.reference, h.payment_no,
               h.amount_fen, h.heard_at
        FROM his.heard h LEFT JOIN his.patient p USING (patient_no)
        WHERE $1 IN ('', h.patient_no) ORDER BY h.heard_at DESC, h.control_id LIMIT $2""",
}


class Invoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``item_code``: what the doctor adds. ``line_nos``: what is given back; none is all. into: another one."""

    invoice_no: str
    into: str = ""
    item_code: str = "W0509"
    line_nos: list[int] | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    patient_no: str
    dept_code: str


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    order_no: str


class Admission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    patient_no: str
    ward_code: str


class Stay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    admission_no: str
    amount_fen: int = 0


class Return(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reference: str
    amount_fen: int


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``full_name``, ``phone``: what changes. ``into``: the number that this one is merged into."""

    patient_no: str
    full_name: str = ""
    phone: str = ""
    into: str = ""


class Visit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reference: str


Act = Callable[[Request], Awaitable[Any]]


def routes(hospital: Hospital) -> list[Route]:
    """
    GET /invoices /reports /stays /deposits /receipts /heard (``patient_no``) · POST /work /pace /reset ·
    /receipts/pace · /doctors/{order,change,cancel,drop,merge} · /window/{pay,refund,perform,deposit,return} ·
    /laboratory/{finish,correct} · /wards/{admit,discharge,settle} ·
    /records/{register,change,merge,part,move,delete,missed}
    """
    acts = {
        **_everywhere(hospital),
        **_for_invoices(hospital),
        **_for_stays(hospital),
        **_for_records(hospital),
    }
    lists = [Route(path, _listed(hospital, query), methods=["GET"]) for path, query in _LISTS.items()]
    return [*lists, *(Route(path, _done(act), methods=["POST"]) for path, act in acts.items())]


def _everywhere(hospital: Hospital) -> dict[str, Act]:
    async def work(_: Request) -> hands.Done:
        await hands.work(hospital.pool)
        return hands.Done()

    async def pace(request: Request) -> hands.Pace:
        wanted = await read(request, hands.Pace)
        await hands.set_pace(hospital.pool, wanted)
        return wanted

    async def receipt_pace(request: Request) -> hands.ReceiptPace:
        wanted = await read(request, hands.ReceiptPace)
        await hands.set_receipt_pace(hospital.pool, wanted)
        return wanted

    async def correct(request: Request) -> hands.Done:
        return await hands.correct_report(hospital.pool, (await read(request, Report)).order_no)

    async def finish(_: Request) -> hands.Done:
        return await hands.finish_laboratory(hospital.pool)

    async def reset(_: Request) -> hands.Done:
        await hospital.disarm()
        await hands.reset(hospital.pool)
        return hands.Done()

    laboratory: dict[str, Act] = {"/laboratory/finish": finish, "/laboratory/correct": correct}
    return {**laboratory, "/work": work, "/pace": pace, "/receipts/pace": receipt_pace, "/reset": reset}


def _for_invoices(hospital: Hospital) -> dict[str, Act]:
    pool = hospital.pool

    async def order(request: Request) -> hands.Done:
        wanted = await read(request, Order)
        made = await hands.order(pool, wanted.patient_no, wanted.dept_code)
        return hands.Done(numbers=made, state="open")

    async def change(request: Request) -> hands.Done:
        wanted = await read(request, Invoice)
        return await hands.change_invoice(pool, wanted.invoice_no, wanted.item_code)

    async def cancel(request: Request) -> hands.Done:
        return await hands.cancel_invoice(pool, (await read(request, Invoice)).invoice_no)

    async def drop(request: Request) -> hands.Done:
        return await hands.drop_invoice(pool, (await read(request, Invoice)).invoice_no)

    async def merge(request: Request) -> hands.Done:
        wanted = await read(request, Invoice)
        return await hands.merge_invoices(pool, wanted.invoice_no, wanted.into)

    async def pay(request: Request) -> hands.Done:
        return await hands.pay_at_window(pool, (await read(request, Invoice)).invoice_no)

    async def refund(request: Request) -> hands.Done:
        wanted = await read(request, Invoice)
        return await hands.refund_at_window(pool, wanted.invoice_no, wanted.line_nos)

    async def perform(request: Request) -> hands.Done:
        return await hands.perform(pool, (await read(request, Invoice)).invoice_no)

    doctors: dict[str, Act] = {"/doctors/order": order, "/doctors/change": change, "/doctors/cancel": cancel}
    doctors |= {"/doctors/drop": drop, "/doctors/merge": merge}
    return {**doctors, "/window/pay": pay, "/window/refund": refund, "/window/perform": perform}


def _for_stays(hospital: Hospital) -> dict[str, Act]:
    pool = hospital.pool

    async def admit(request: Request) -> hands.Done:
        wanted = await read(request, Admission)
        return await hands.admit(pool, wanted.patient_no, wanted.ward_code)

    async def discharge(request: Request) -> hands.Done:
        return await hands.discharge(pool, (await read(request, Stay)).admission_no)

    async def settle(request: Request) -> hands.Done:
        return await hands.settle(pool, (await read(request, Stay)).admission_no)

    async def deposit(request: Request) -> hands.Done:
        wanted = await read(request, Stay)
        return await hands.take_deposit(pool, wanted.admission_no, wanted.amount_fen)

    async def give_back(request: Request) -> hands.Done:
        wanted = await read(request, Return)
        return await hands.return_deposit(pool, wanted.reference, wanted.amount_fen)

    wards: dict[str, Act] = {"/wards/admit": admit, "/wards/discharge": discharge, "/wards/settle": settle}
    return {**wards, "/window/deposit": deposit, "/window/return": give_back}


def _for_records(hospital: Hospital) -> dict[str, Act]:
    pool = hospital.pool

    async def register(request: Request) -> hands.Done:
        return await records.register(pool, await read(request, records.Newcomer))

    async def change(request: Request) -> hands.Done:
        wanted = await read(request, Record)
        return await records.change(pool, wanted.patient_no, wanted.full_name, wanted.phone)

    async def merge(request: Request) -> hands.Done:
        wanted = await read(request, Record)
        return await records.merge(pool, wanted.patient_no, wanted.into)

    async def part(request: Request) -> hands.Done:
        return await records.part(pool, (await read(request, Record)).patient_no)

    async def move(request: Request) -> hands.Done:
        return await records.move(pool, (await read(request, Visit)).reference)

    async def delete(request: Request) -> hands.Done:
        return await records.delete(pool, (await read(request, Visit)).reference)

    async def missed(request: Request) -> hands.Done:
        return await records.missed(pool, (await read(request, Visit)).reference)

    people: dict[str, Act] = {"/records/register": register, "/records/change": change, "/records/merge": merge}
    visits: dict[str, Act] = {"/records/move": move, "/records/delete": delete, "/records/missed": missed}
    return {**people, "/records/part": part, **visits}


def _listed(hospital: Hospital, query: str) -> Callable[[Request], Awaitable[Response]]:
    async def rows(request: Request) -> Response:
        found = await hospital.pool.fetch(query, request.query_params.get("patient_no", ""), _MOST_ROWS)
        return answer([dict(row) for row in found])

    return rows


def _done(act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return answer(await act(request))

    return polite(endpoint)
