"""What banks take for the hospital at their own terminals, each of their numbers once."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "institution_take",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("step_reference", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", _INSTANT, nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("told_at", _INSTANT, nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("institution_take_amount_check")),
        sa.PrimaryKeyConstraint(*("hospital_id", "institution_id", "reference"), name=op.f("institution_take_pkey")),
    )
    op.create_index("institution_take_payment_ix", "institution_take", ["payment_id", "hospital_id"])
