"""The hospital's electronic receipts in our words. Its PDF comes in base64, as with the systems in the field."""

from typing import Any

from yinyi.access.hospital.trades.mapping import NO_SUCH_REFERENCE, OK, known, refusal
from yinyi.access.hospital.trades.trade import Row
from yinyi.business.fiscal.model import FoundFiscalInvoice
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, Evidence, NotFound, Outcome, Waiting


def outcome(row: Row) -> Outcome:
    """Of a procedure that changes something: what is accepted may be issued later."""
    if row["ret_code"] != OK:
        return refusal(row)
    if row["issued_at"] is None:
        return Waiting(until=row["due_at"])
    return Done(evidence=evidence(row))


def answer(row: Row) -> Answer:
    """Of asking for a reference."""
    return NotFound() if row["ret_code"] == NO_SUCH_REFERENCE else outcome(row)


def evidence(row: Row) -> Evidence:
    """As ``fiscal/ports.py`` names it; empty values are left out."""
    names = ("code", "number", "check_code", "url", "digest", "amount_fen", "printed")
    said: dict[str, Any] = {name: row[name] for name in names}
    return known(said | {"issued_at": row["issued_at"].isoformat()})


def found(row: Row) -> FoundFiscalInvoice:
    return FoundFiscalInvoice(
        reference=row["ref"],
        of=row["of_ref"] or "",
        payment_no=row["payment_no"],
        amount_fen=Fen(row["amount_fen"]),
        code=row["code"],
        number=row["number"],
        check_code=row["check_code"],
        issued_at=row["issued_at"],
        url=row["url"],
        digest=row["digest"],
        printed=row["printed"],
    )
