"""The far side's hands: what people in a hospital do, for contract tests of its connectors."""

from typing import Protocol

from yinyi_sandbox.hospital import hands
from yinyi_sandbox.hospital.hospital import Hospital


class Hands(Protocol):
    """What people in the hospital do. Whoever changes something says whether it could be done."""

    async def order(self, patient_no: str, department_id: str) -> list[str]:
        """A doctor orders; the invoices' numbers."""
        ...

    async def change(self, invoice_no: str) -> bool: ...

    async def cancel(self, invoice_no: str) -> bool: ...

    async def pay(self, invoice_no: str) -> bool: ...

    async def refund(self, invoice_no: str) -> bool: ...

    async def perform(self, invoice_no: str) -> bool: ...

    async def work(self) -> None:
        """Doctors, laboratory and wards do what is due."""
        ...

    async def correct(self, order_no: str) -> bool: ...

    async def admit(self, patient_no: str) -> str:
        """The admission number."""
        ...

    async def discharge(self, admission_no: str) -> bool: ...

    async def settle(self, admission_no: str) -> bool: ...

    async def take_deposit(self, admission_no: str, amount_fen: int) -> bool: ...

    async def receipts_take(self, seconds: float) -> None:
        """Electronic receipts are issued so long after they were accepted, from now on."""
        ...


class ProceduresHands:
    """The sandbox hospital's hands."""

    def __init__(self, hospital: Hospital) -> None:
        self._pool = hospital.pool

    async def order(self, patient_no: str, department_id: str) -> list[str]:
        return await hands.order(self._pool, patient_no, department_id)

    async def change(self, invoice_no: str) -> bool:
        return (await hands.change_invoice(self._pool, invoice_no, "W0509")).code == "0"

    async def cancel(self, invoice_no: str) -> bool:
        return (await hands.cancel_invoice(self._pool, invoice_no)).code == "0"

    async def pay(self, invoice_no: str) -> bool:
        return (await hands.pay_at_window(self._pool, invoice_no)).code == "0"

    async def refund(self, invoice_no: str) -> bool:
        return (await hands.refund_at_window(self._pool, invoice_no)).code == "0"

    async def perform(self, invoice_no: str) -> bool:
        return (await hands.perform(self._pool, invoice_no)).code == "0"

    async def work(self) -> None:
        await hands.work(self._pool)

    async def correct(self, order_no: str) -> bool:
        return (await hands.correct_report(self._pool, order_no)).code == "0"

    async def admit(self, patient_no: str) -> str:
        return (await hands.admit(self._pool, patient_no, "H0105")).numbers[0]

    async def discharge(self, admission_no: str) -> bool:
        return (await hands.discharge(self._pool, admission_no)).code == "0"

    async def settle(self, admission_no: str) -> bool:
        return (await hands.settle(self._pool, admission_no)).code == "0"

    async def take_deposit(self, admission_no: str, amount_fen: int) -> bool:
        return (await hands.take_deposit(self._pool, admission_no, amount_fen)).code == "0"

    async def receipts_take(self, seconds: float) -> None:
        await hands.set_receipt_pace(self._pool, hands.ReceiptPace(late_s=seconds))
