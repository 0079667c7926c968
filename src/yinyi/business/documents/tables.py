"""Tables of papers: what each says, and each time it was sent to a printer."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from yinyi.bus.schema import INSTANT, metadata
from yinyi.business.documents.sheet import SHEET_KINDS

_KINDS = ("registration", "appointment", "receipt", "hold", "checking", "refund", "fiscal", *SHEET_KINDS)

document = Table(
    "document",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("document_no", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payment_no", Text, nullable=False),
    Column("tells", Text, nullable=False),
    Column("patient_id", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("made_at", INSTANT, nullable=False),
    Column("paper", Text, nullable=False, server_default="slip"),
    UniqueConstraint("hospital_id", "payment_no", "kind", "tells"),
    CheckConstraint(f"kind IN ({', '.join(repr(kind) for kind in _KINDS)})", "kind"),
    CheckConstraint("paper IN ('slip', 'a4', 'a5', 'roll')", "paper"),
    CheckConstraint("(paper = 'slip') = (payment_no <> '')", "payment"),
)
Index("document_patient_ix", document.c.patient_id, document.c.hospital_id, document.c.made_at)

print_job = Table(
    "print_job",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("job_id", Text, primary_key=True),
    Column("document_no", Text, nullable=False),
    Column("nth", Integer, nullable=False),
    Column("copy", Boolean, nullable=False),
    Column("terminal_id", Text, nullable=False),
    Column("terminal_name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("queued_at", INSTANT, nullable=False),
    Column("taken_at", INSTANT),
    Column("done_at", INSTANT),
    UniqueConstraint("hospital_id", "document_no", "nth"),
    ForeignKeyConstraint(["hospital_id", "document_no"], ["document.hospital_id", "document.document_no"]),
    CheckConstraint("state IN ('queued', 'printed', 'paper_out', 'jam', 'offline', 'failed')", "state"),
    CheckConstraint("(state = 'queued') = (done_at IS NULL)", "done"),
)
Index(
    "print_job_waiting_ix",
    print_job.c.hospital_id,
    print_job.c.terminal_id,
    print_job.c.queued_at,
    postgresql_where=print_job.c.state == "queued",
)
