"""What the hospital charges prepaid accounts itself, and what it gives back of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "prepaid_charge",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("charge_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("charge_no", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger()),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("returned_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("items", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("charged_at", _INSTANT, nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.CheckConstraint("returned_fen BETWEEN 0 AND amount_fen", name=op.f("prepaid_charge_returned_check")),
        sa.CheckConstraint("(amount_fen > 0) = (patient_id IS NOT NULL)", name=op.f("prepaid_charge_void_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patient.hospital_id", "patient.patient_id"],
            name=op.f("prepaid_charge_hospital_id_patient_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "charge_id", name=op.f("prepaid_charge_pkey")),
        sa.UniqueConstraint(
            *("hospital_id", "institution_id", "charge_no"),
            name=op.f("prepaid_charge_hospital_id_institution_id_charge_no_key"),
        ),
    )
    op.create_index("prepaid_charge_patient_ix", "prepaid_charge", ["patient_id", "hospital_id", "charge_id"])
    op.create_table(
        "prepaid_charge_return",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("charge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reversal_no", sa.Text(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("returned_at", _INSTANT, nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("prepaid_charge_return_amount_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "charge_id"],
            ["prepaid_charge.hospital_id", "prepaid_charge.charge_id"],
            name=op.f("prepaid_charge_return_hospital_id_charge_id_fkey"),
        ),
        sa.PrimaryKeyConstraint(*("hospital_id", "charge_id", "reversal_no"), name=op.f("prepaid_charge_return_pkey")),
        sa.UniqueConstraint(
            *("hospital_id", "charge_id", "nth"), name=op.f("prepaid_charge_return_hospital_id_charge_id_nth_key")
        ),
    )
