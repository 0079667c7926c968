"""What banks say at the end of a day that they have taken on it: a list, in parts."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_DAY = ("hospital_id", "institution_id", "taken_on")


def _whose() -> list[sa.Column[object]]:
    return [
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "taken_list",
        *_whose(),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("told_at", _INSTANT, nullable=False),
        sa.CheckConstraint("part BETWEEN 1 AND parts", name=op.f("taken_list_part_check")),
        sa.PrimaryKeyConstraint(*_DAY, "part", name=op.f("taken_list_pkey")),
    )
    op.create_table(
        "taken_list_row",
        *_whose(),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("payment_no", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("taken_list_row_amount_check")),
        sa.PrimaryKeyConstraint(*("hospital_id", "institution_id", "reference"), name=op.f("taken_list_row_pkey")),
    )
    op.create_index("taken_list_row_day_ix", "taken_list_row", ["taken_on", "institution_id", "hospital_id"])
    op.create_index("institution_take_day_ix", "institution_take", ["taken_on", "institution_id", "hospital_id"])
