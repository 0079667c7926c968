"""Electronic receipts, asked for and issued."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text, text

from yinyi.bus.schema import INSTANT, ROOM_TO_CHANGE, metadata

fiscal_invoice = Table(
    "fiscal_invoice",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("reference", Text, primary_key=True),
    Column("of", Text, nullable=False, server_default=""),
    Column("payment_no", Text, nullable=False),
    Column("patient_id", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("paid_at", INSTANT, nullable=False),
    Column("state", Text, nullable=False),
    Column("wanted_at", INSTANT, nullable=False),
    Column("sent_at", INSTANT),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("next_at", INSTANT),
    Column("claim", BigInteger, nullable=False, server_default=text("0")),
    Column("problem", Text, nullable=False, server_default=""),
    Column("code", Text, nullable=False, server_default=""),
    Column("number", Text, nullable=False, server_default=""),
    Column("check_code", Text, nullable=False, server_default=""),
    Column("issued_at", INSTANT),
    Column("url", Text, nullable=False, server_default=""),
    Column("digest", Text, nullable=False, server_default=""),
    Column("document_no", Text, nullable=False, server_default=""),
    Column("marked_at", INSTANT),
    CheckConstraint("amount_fen >= 0", name="amount"),
    CheckConstraint("state IN ('wanted', 'sent', 'issued', 'void')", name="state"),
    CheckConstraint("(state = 'issued') = (issued_at IS NOT NULL)", name="issued"),
    CheckConstraint("state NOT IN ('wanted', 'sent') OR next_at IS NOT NULL", name="never_forgotten"),
    postgresql_with=ROOM_TO_CHANGE,
)
Index("fiscal_invoice_payment_ix", fiscal_invoice.c.payment_no, fiscal_invoice.c.hospital_id)
Index(
    "fiscal_invoice_patient_ix",
    fiscal_invoice.c.patient_id,
    fiscal_invoice.c.hospital_id,
    fiscal_invoice.c.paid_at,
)
Index("fiscal_invoice_due_ix", fiscal_invoice.c.next_at, postgresql_where=text("next_at IS NOT NULL"))
Index(
    "fiscal_invoice_open_ix",
    fiscal_invoice.c.wanted_at,
    postgresql_where=text("state IN ('wanted', 'sent')"),
)
