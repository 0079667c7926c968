"""Tables of bills: what was paid once is kept for good, as it was before and after every refund; and lines that are
given back."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from yinyi.bus.schema import INSTANT, ROOM_TO_CHANGE, metadata

fee = Table(
    "fee",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("invoice_no", Text, primary_key=True),
    Column("refunded_fen", BigInteger, primary_key=True, autoincrement=False),
    Column("patient_id", BigInteger, nullable=False),
    Column("ordered_at", INSTANT, nullable=False),
    Column("head", Text, nullable=False),
    Column("content", Text),
    Column("digest", LargeBinary),
    Column("seen_at", INSTANT, nullable=False),
    Column("copied_at", INSTANT),
    ForeignKeyConstraint(["hospital_id", "patient_id"], ["patient.hospital_id", "patient.patient_id"]),
    CheckConstraint("refunded_fen >= 0", "refunded"),
    CheckConstraint("(content IS NULL) = (digest IS NULL) AND (content IS NULL) = (copied_at IS NULL)", "copied"),
)
Index("fee_patient_ix", fee.c.patient_id, fee.c.hospital_id, fee.c.ordered_at)
Index("fee_missing_ix", fee.c.seen_at, postgresql_where=fee.c.content.is_(None))

invoice_refund = Table(
    "invoice_refund",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("reference", Text, primary_key=True),
    Column("payment_no", Text, nullable=False),
    Column("invoice_no", Text, nullable=False),
    Column("line_nos", ARRAY(Integer), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("wanted_at", INSTANT, nullable=False),
    Column("wanted_by", Text, nullable=False),
    Column("sent_at", INSTANT),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("next_at", INSTANT),
    Column("claim", BigInteger, nullable=False, server_default=text("0")),
    Column("problem", Text, nullable=False, server_default=""),
    Column("ended_at", INSTANT),
    CheckConstraint("amount_fen > 0", "amount"),
    CheckConstraint("cardinality(line_nos) > 0", "lines"),
    CheckConstraint("state IN ('wanted', 'sent', 'booked', 'refused', 'short')", "state"),
    CheckConstraint("(state IN ('wanted', 'sent')) = (next_at IS NOT NULL)", "never_forgotten"),
    CheckConstraint("(state IN ('wanted', 'sent')) = (ended_at IS NULL)", "ended"),
    postgresql_with=ROOM_TO_CHANGE,
)
Index("invoice_refund_invoice_ix", invoice_refund.c.invoice_no, invoice_refund.c.hospital_id)
Index(
    "invoice_refund_payment_ix",
    invoice_refund.c.payment_no,
    invoice_refund.c.hospital_id,
    postgresql_where=text("next_at IS NOT NULL"),
)
Index("invoice_refund_due_ix", invoice_refund.c.next_at, postgresql_where=text("next_at IS NOT NULL"))
Index("invoice_refund_short_ix", invoice_refund.c.wanted_at, postgresql_where=text("state = 'short'"))
