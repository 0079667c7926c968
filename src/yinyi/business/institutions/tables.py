"""Institutions, and the nonces of the last minutes."""

from typing import get_args

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from yinyi.bus.schema import INSTANT, metadata
from yinyi.business.institutions.model import InstitutionKind

_KINDS = ", ".join(f"'{kind}'" for kind in get_args(InstitutionKind))

institution = Table(
    "institution",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("institution_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("secret_key_id", Integer, nullable=False),
    Column("secret_data", LargeBinary, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("closed_at", INSTANT),
    UniqueConstraint("institution_id"),
    CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
)

institution_nonce = Table(
    "institution_nonce",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("institution_id", Text, primary_key=True),
    Column("nonce", Text, primary_key=True),
    Column("seen_at", INSTANT, nullable=False),
    ForeignKeyConstraint(["hospital_id", "institution_id"], ["institution.hospital_id", "institution.institution_id"]),
)
Index(
    "institution_nonce_seen_ix",
    institution_nonce.c.hospital_id,
    institution_nonce.c.institution_id,
    institution_nonce.c.seen_at,
)
