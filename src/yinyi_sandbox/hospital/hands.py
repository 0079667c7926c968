"""What people in the hospital do by hand: doctors, the till, the laboratory, the wards. Numbers are window.py's."""

import secrets
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec

Pool = asyncpg.Pool


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: ``code`` 0, or why not, as the hospital says it. ``numbers``: what was made, or concerned."""

    code: str = "0"
    message: str = ""
    reference: str = ""
    numbers: list[str] = []
    state: str = ""
    amount_fen: int = 0


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long things take, in seconds, and whether the hospital works by itself at all.

    visit_s: from the paid registration to the doctor's orders. sampling_s: from paying to the tube. testing_s: to the
    analyser. report_s: to the report.
    """

    visit_s: float = 180
    sampling_s: float = 120
    testing_s: float = 60
    report_s: float = 180
    working: bool = True


async def work(pool: Pool) -> None:
    """One round of what the hospital does by itself."""
    await pool.execute("SELECT his.work_()")


class AccountCharge(msgspec.Struct, frozen=True):
    """What a room of the hospital believes to have charged to a prepaid account."""

    charge_no: str
    patient_no: str
    amount_fen: int


_CHARGED = """
INSERT INTO his.account_charge (charge_no, patient_no, amount_fen, charged_at) VALUES ($1, $2, $3, his.instant_())
ON CONFLICT (charge_no) DO NOTHING
"""
_GIVEN_BACK = """
UPDATE his.account_charge SET returned_fen = least(amount_fen, $2) WHERE charge_no = $1
"""


async def charged_account(pool: Pool, charge: AccountCharge) -> None:
    """Told again it is the same charge."""
    await pool.execute(_CHARGED, charge.charge_no, charge.patient_no, charge.amount_fen)


async def gave_back_to_account(pool: Pool, charge_no: str, returned_fen: int) -> None:
    """``returned_fen``: of it, altogether."""
    await pool.execute(_GIVEN_BACK, charge_no, returned_fen)


async def set_pace(pool: Pool, pace: Pace) -> None:
    spans = [timedelta(seconds=one) for one in (pace.visit_s, pace.sampling_s, pace.testing_s, pace.report_s)]
    await pool.execute(
        "UPDATE his.pace SET visit = $1, sampling = $2, testing = $3, report = $4, working = $5", *spans, pace.working
    )


_KEPT_PACE = "SELECT sampling, testing, report, working FROM his.pace FOR UPDATE"
_SET_PACE = "UPDATE his.pace SET sampling = $1, testing = $2, report = $3, working = $4"
_ROUNDS = 3
"""From the order to the tube, to the analyser, to the report."""


async def finish_laboratory(pool: Pool) -> Done:
    """Whatever was ordered is sampled, tested and reported now; the pace stays as it is."""
    nothing = timedelta()
    async with pool.acquire() as connection, connection.transaction():
        before = await connection.fetchrow(_KEPT_PACE)
        waiting = await connection.fetch(
            "SELECT order_no FROM his.test_order WHERE state IN ('ordered', 'sampled', 'testing') ORDER BY order_no"
        )
        await connection.execute(_SET_PACE, nothing, nothing, nothing, True)
        for _ in range(_ROUNDS):
            await connection.execute("SELECT his.laboratory_work_(his.instant_())")
        assert before is not None, "there is always one pace"
        await connection.execute(_SET_PACE, *before.values())
    return Done(numbers=[row["order_no"] for row in waiting], state="final")


async def reset(pool: Pool) -> None:
    """Everything at its usual pace, every session of the coming days takes place. What was sold stays sold."""
    await set_pace(pool, Pace())
    await set_receipt_pace(pool, ReceiptPace())
    stopped = await pool.fetch("SELECT schedule_id FROM his.schedule WHERE stopped AND work_date >= his.today_()")
    for row in stopped:
        await pool.execute("SELECT his.stop_schedule_($1, false)", row["schedule_id"])


class ReceiptPace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long electronic receipts take, in seconds, from being accepted to being issued."""

    late_s: float = 5


async def set_receipt_pace(pool: Pool, pace: ReceiptPace) -> None:
    await pool.execute("UPDATE his.einvoice_pace SET late = $1", timedelta(seconds=pace.late_s))


async def order(pool: Pool, patient_no: str, dept_code: str) -> list[str]:
    """A doctor of the department orders for this patient; the invoices' numbers."""
    return await pool.fetchval("SELECT his.order_for_($1, $2)", patient_no, dept_code)


async def change_invoice(pool: Pool, invoice_no: str, item_code: str) -> Done:
    """The doctor adds an item: another amount, another version."""
    return await _coded(pool, "SELECT his.change_invoice_($1, $2)", invoice_no, item_code)


async def cancel_invoice(pool: Pool, invoice_no: str) -> Done:
    return await _coded(pool, "SELECT his.cancel_invoice_($1)", invoice_no)


async def drop_invoice(pool: Pool, invoice_no: str) -> Done:
    """It is gone without a trace."""
    return await _coded(pool, "SELECT his.drop_invoice_($1)", invoice_no)


async def merge_invoices(pool: Pool, invoice_no: str, into: str) -> Done:
    """The first is gone, and what was on it stands on the other."""
    return await _coded(pool, "SELECT his.merge_invoices_($1, $2)", invoice_no, into)


async def perform(pool: Pool, invoice_no: str) -> Done:
    """Handed out or done: not given back any more."""
    return await _coded(pool, "SELECT his.perform_($1)", invoice_no)


async def pay_at_window(pool: Pool, invoice_no: str) -> Done:
    """In cash, as the invoice is now."""
    reference = _reference()
    row = await pool.fetchrow("SELECT * FROM his.window_pay_($1, $2)", reference, invoice_no)
    return _replied(reference, [invoice_no], row)


async def refund_at_window(pool: Pool, invoice_no: str, line_nos: list[int] | None = None) -> Done:
    """Without lines: all of it."""
    reference = _reference()
    row = await pool.fetchrow("SELECT * FROM his.window_refund_($1, $2, $3)", reference, invoice_no, line_nos)
    return _replied(reference, [invoice_no], row)


async def correct_report(pool: Pool, order_no: str) -> Done:
    """A report that was out comes again as another version."""
    version = await pool.fetchval("SELECT his.correct_report_($1, his.instant_())", order_no)
    return Done(numbers=[order_no], state="corrected") if version else Done(code="N00")


async def admit(pool: Pool, patient_no: str, ward_code: str) -> Done:
    number = await pool.fetchval("SELECT his.admit_($1, $2, his.instant_())", patient_no, ward_code)
    return Done(numbers=[number], state="admitted") if number else Done(code="D01")


async def discharge(pool: Pool, admission_no: str) -> Done:
    return await _coded(pool, "SELECT his.discharge_($1, his.instant_())", admission_no)


async def settle(pool: Pool, admission_no: str) -> Done:
    """What is missing is paid in cash."""
    return await _coded(pool, "SELECT his.settle_($1, his.instant_())", admission_no)


async def take_deposit(pool: Pool, admission_no: str, amount_fen: int) -> Done:
    reference = _reference()
    row = await pool.fetchrow("SELECT * FROM his.window_deposit_($1, $2, $3)", reference, admission_no, amount_fen)
    return _replied(reference, [admission_no], row)


async def return_deposit(pool: Pool, deposit_reference: str, amount_fen: int) -> Done:
    reference = _reference()
    row = await pool.fetchrow("SELECT * FROM his.window_return_($1, $2, $3)", reference, deposit_reference, amount_fen)
    return _replied(reference, [deposit_reference], row)


def _reference() -> str:
    return f"W{secrets.token_hex(8)}"


async def _coded(pool: Pool, query: str, number: str, *more: Any) -> Done:
    code = await pool.fetchval(query, number, *more)
    return Done(code=code, message=await pool.fetchval("SELECT his.message_($1)", code), numbers=[number])


def _replied(reference: str, numbers: list[str], row: Any) -> Done:
    return Done(
        code=row["ret_code"],
        message=row["ret_msg"],
        reference=reference,
        numbers=numbers,
        state=row["state"] or "",
        amount_fen=row["amount_fen"] or 0,
    )
