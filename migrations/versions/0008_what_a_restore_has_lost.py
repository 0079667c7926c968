"""What a restored database does not know: a payment's gap, and everything that is to be asked or compared.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.add_column("restore_epoch", sa.Column("reached_at", instant, nullable=True))
    op.add_column("restore_epoch", sa.Column("asked_at", instant, nullable=True))
    op.add_column("payment", sa.Column("gap_until", instant, nullable=True))
    op.create_index("payment_gap_ix", "payment", ["gap_until"], postgresql_where=sa.text("gap_until IS NOT NULL"))
    op.create_index(
        "payment_callback_stranger_ix",
        "payment_callback",
        ["received_at"],
        postgresql_where=sa.text("verdict = 'stranger'"),
    )
    op.create_table(
        "restore_gap",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", instant, nullable=True),
        sa.CheckConstraint("state IN ('to_ask', 'to_compare', 'settled')", name=op.f("restore_gap_state_check")),
        sa.CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name=op.f("restore_gap_settled_check")),
        sa.PrimaryKeyConstraint("hospital_id", "epoch", "source", "item", name=op.f("restore_gap_pkey")),
    )
