"""What became of a call, as two people have found out.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_settlement",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("outcome IN ('happened', 'did_not_happen')", name=op.f("payment_settlement_outcome_check")),
        sa.CheckConstraint("settled_by <> proposed_by", name=op.f("payment_settlement_two_people_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "payment_id"],
            ["payment.hospital_id", "payment.payment_id"],
            name=op.f("payment_settlement_hospital_id_payment_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "payment_id", "reference", name=op.f("payment_settlement_pkey")),
    )
