"""Tables of reports: what was ready once is kept for good, every version of it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from yinyi.bus.schema import INSTANT, metadata

report = Table(
    "report",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("order_no", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("patient_id", BigInteger, nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("requested_at", INSTANT, nullable=False),
    Column("head", Text, nullable=False),
    Column("content", Text),
    Column("digest", LargeBinary),
    Column("seen_at", INSTANT, nullable=False),
    Column("copied_at", INSTANT),
    Column("pictures_at", INSTANT),
    Column("pictures_left_out", Integer, nullable=False, server_default=text("0")),
    ForeignKeyConstraint(["hospital_id", "patient_id"], ["patient.hospital_id", "patient.patient_id"]),
    CheckConstraint("version >= 1", "version"),
    CheckConstraint("NOT sensitive OR content IS NULL", "sensitive"),
    CheckConstraint("(content IS NULL) = (digest IS NULL) AND (content IS NULL) = (copied_at IS NULL)", "copied"),
)
Index("report_patient_ix", report.c.patient_id, report.c.hospital_id, report.c.requested_at)
Index(
    "report_missing_ix",
    report.c.seen_at,
    postgresql_where=report.c.content.is_(None) & ~report.c.sensitive,
)

Index(
    "report_unpictured_ix",
    report.c.seen_at,
    postgresql_where=report.c.content.is_not(None) & report.c.pictures_at.is_(None),
)

report_picture = Table(
    "report_picture",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("order_no", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("nth", Integer, primary_key=True, autoincrement=False),
    Column("caption", Text, nullable=False),
    Column("caption_en", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("original", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("shown", LargeBinary, nullable=False),
    Column("shown_digest", LargeBinary, nullable=False),
    Column("small", LargeBinary, nullable=False),
    Column("small_digest", LargeBinary, nullable=False),
    Column("copied_at", INSTANT, nullable=False),
    ForeignKeyConstraint(
        ["hospital_id", "order_no", "version"], ["report.hospital_id", "report.order_no", "report.version"]
    ),
    CheckConstraint("nth >= 1 AND width >= 1 AND height >= 1", "sane"),
)

report_value = Table(
    "report_value",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("order_no", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("analyte_code", Text, primary_key=True),
    Column("patient_id", BigInteger, nullable=False),
    Column("sampled_at", INSTANT, nullable=False),
    Column("value", Float),
    Column("text", Text, nullable=False),
    Column("low", Float),
    Column("high", Float),
    Column("flag", Text, nullable=False),
    Column("unit", Text, nullable=False),
    ForeignKeyConstraint(
        ["hospital_id", "order_no", "version"], ["report.hospital_id", "report.order_no", "report.version"]
    ),
)
Index(
    "report_value_trend_ix",
    report_value.c.patient_id,
    report_value.c.analyte_code,
    report_value.c.hospital_id,
    report_value.c.sampled_at,
)
