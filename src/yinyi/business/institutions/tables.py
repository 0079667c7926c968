"""Institutions, their secrets, what they have asked, and the nonces of the last minutes."""

from typing import get_args

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from yinyi.bus.schema import INSTANT, metadata
from yinyi.business.institutions.model import Algorithm, FrameAlgorithm, InstitutionKind

_KINDS = ", ".join(f"'{kind}'" for kind in get_args(InstitutionKind))
_ALGORITHMS = ", ".join(f"'{name}'" for name in get_args(Algorithm))
_FRAMES = ", ".join(f"'{name}'" for name in get_args(FrameAlgorithm))
_WHOSE = (
    ["hospital_id", "institution_id"],
    ["institution.hospital_id", "institution.institution_id"],
)

institution = Table(
    "institution",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("institution_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("operations", ARRAY(Text)),
    Column("per_minute", Integer, nullable=False),
    Column("per_day", Integer, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("closed_at", INSTANT),
    UniqueConstraint("institution_id"),
    CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
)

institution_secret = Table(
    "institution_secret",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("institution_id", Text, primary_key=True),
    Column("secret_no", BigInteger, Identity(always=False), primary_key=True),
    Column("algorithm", Text, nullable=False),
    Column("secret_key_id", Integer, nullable=False),
    Column("secret_data", LargeBinary, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("until", INSTANT),
    ForeignKeyConstraint(*_WHOSE),
    CheckConstraint(f"algorithm IN ({_ALGORITHMS})", name="algorithm"),
)

institution_certificate = Table(
    "institution_certificate",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("certificate_no", BigInteger, Identity(always=False), primary_key=True),
    Column("institution_id", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("since", INSTANT, nullable=False),
    Column("until", INSTANT, nullable=False),
    Column("suffices", Boolean, nullable=False),
    Column("added_at", INSTANT, nullable=False),
    Column("removed_at", INSTANT),
    ForeignKeyConstraint(*_WHOSE),
)
Index(
    "institution_certificate_fingerprint_key",
    institution_certificate.c.fingerprint,
    institution_certificate.c.hospital_id,
    unique=True,
    postgresql_where=institution_certificate.c.removed_at.is_(None),
)
Index(
    "institution_certificate_whose_ix",
    institution_certificate.c.institution_id,
    institution_certificate.c.hospital_id,
)

institution_usage = Table(
    "institution_usage",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("institution_id", Text, primary_key=True),
    Column("span", Text, primary_key=True),
    Column("since", INSTANT, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    ForeignKeyConstraint(*_WHOSE),
    CheckConstraint("span IN ('minute', 'day')", name="span"),
)

institution_line = Table(
    "institution_line",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("line_no", BigInteger, Identity(), primary_key=True),
    Column("institution_id", Text, nullable=False),
    Column("token_digest", LargeBinary, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("master_key_id", Text),
    Column("wrapped", LargeBinary),
    Column("check_value", LargeBinary),
    Column("opened_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    UniqueConstraint("token_digest", "hospital_id"),
    ForeignKeyConstraint(*_WHOSE),
    CheckConstraint(f"algorithm IN ({_FRAMES})", name="algorithm"),
    CheckConstraint("wrapped IS NOT NULL OR algorithm <> 'X9.19'", name="key"),
)
"""Signed on, as long as it has not ended or run out."""

institution_sequence = Table(
    "institution_sequence",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("line_no", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("document_hash", LargeBinary, nullable=False),
    Column("seen_at", INSTANT, nullable=False),
)
"""What was asked on lines in the last minutes."""
Index("institution_sequence_seen_ix", institution_sequence.c.hospital_id, institution_sequence.c.seen_at)

institution_nonce = Table(
    "institution_nonce",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("institution_id", Text, primary_key=True),
    Column("nonce", Text, primary_key=True),
    Column("seen_at", INSTANT, nullable=False),
    Column("delivery", Text, nullable=False, server_default=""),
    ForeignKeyConstraint(*_WHOSE),
)
Index(
    "institution_nonce_seen_ix",
    institution_nonce.c.hospital_id,
    institution_nonce.c.institution_id,
    institution_nonce.c.seen_at,
)
