"""Bills as the platform tells the kiosk of them."""

from datetime import timedelta
from typing import Any

import msgspec
from kiosk_platform import NOW, payment

from yinyi.business.billing.messages import (
    InvoicePayment,
    Invoices,
    InvoiceView,
    PaidInvoice,
)
from yinyi.kernel.money import Fen


def bill(number: str, fen: int = 5000, **changes: Any) -> InvoiceView:
    view = InvoiceView(
        invoice_no=number,
        title="处方",
        title_en="Prescription",
        department="心血管内科",
        department_en="Cardiology",
        practitioner="李明华",
        ordered_at=NOW,
        version=2,
        state="open",
        total_fen=Fen(fen),
        refunded_fen=Fen(0),
        line_count=1,
    )
    return msgspec.structs.replace(view, **changes)


THREE = Invoices(invoices=[bill("A", 100), bill("B", 20), bill("C", 3)])


def paying(state: Any, **changes: Any) -> InvoicePayment:
    return InvoicePayment(
        payment=payment(state, **({"purpose": "invoice", "owed_fen": Fen(5000)} | changes)),
        invoices=[
            PaidInvoice(
                invoice_no="A",
                title="处方",
                title_en="Prescription",
                department="心血管内科",
                department_en="Cardiology",
                ordered_at=NOW,
                total_fen=Fen(5000),
            )
        ],
        held_until=NOW + timedelta(minutes=10),
        receipt_no="R1",
        places=["西药房"],
        places_en=["Pharmacy"],
    )
