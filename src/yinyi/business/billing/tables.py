"""Tables of bills: what was paid once is kept for good, as it was before and after every refund."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from yinyi.bus.schema import INSTANT, metadata

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
