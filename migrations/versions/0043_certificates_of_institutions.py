"""The certificates that institutions connect with."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "institution_certificate",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("certificate_no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.Column("suffices", sa.Boolean(), nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.Column("removed_at", _INSTANT),
        sa.ForeignKeyConstraint(
            ["hospital_id", "institution_id"],
            ["institution.hospital_id", "institution.institution_id"],
            name=op.f("institution_certificate_hospital_id_institution_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "certificate_no", name=op.f("institution_certificate_pkey")),
    )
    op.create_index(
        "institution_certificate_fingerprint_key",
        "institution_certificate",
        ["fingerprint", "hospital_id"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index("institution_certificate_whose_ix", "institution_certificate", ["institution_id", "hospital_id"])
