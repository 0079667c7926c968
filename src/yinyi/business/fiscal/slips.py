"""An electronic receipt on a kiosk's paper."""

from datetime import datetime
from typing import cast

from yinyi.bus.call import Call
from yinyi.bus.database import Row
from yinyi.business.documents.model import FiscalSlip, Language
from yinyi.kernel.money import Fen


def fiscal_slip(call: Call, hospital: str, title: str, name: str, patient_no: str, row: Row) -> FiscalSlip:
    """Its QR code opens it where the hospital shows it; without an address it says the three numbers."""
    said = f"{row['code']},{row['number']},{row['check_code']}"
    return FiscalSlip(
        language=cast(Language, call.language),
        hospital=hospital,
        terminal=call.principal.terminal_id,
        printed_at=call.now,
        payment_no=row["payment_no"],
        qr=row["url"] or said,
        code=row["code"],
        number=row["number"],
        check_code=row["check_code"],
        purpose=title,
        patient_name=name,
        patient_no=patient_no,
        amount_fen=Fen(row["amount_fen"]),
        issued_at=cast(datetime, row["issued_at"]),
    )
