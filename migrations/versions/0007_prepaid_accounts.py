"""Balances on which a limit has to hold, what moved them, and what a hospital wants of prepaid accounts.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_balance",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("balance_fen >= 0", name=op.f("account_balance_balance_check")),
        sa.PrimaryKeyConstraint("account", "hospital_id", name=op.f("account_balance_pkey")),
        postgresql_with={"fillfactor": "70"},
    )
    for side in ("credit", "debit"):
        op.execute(
            f"CREATE INDEX posting_limited_{side}_ix ON posting ({side}_account, hospital_id, entry_id) "
            f"WHERE {side}_account LIKE 'prepaid:%'"
        )
    op.create_table(
        "prepaid_setting",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('collect', 'refund_only', 'off')", name=op.f("prepaid_setting_mode_check")),
        sa.PrimaryKeyConstraint("hospital_id", name=op.f("prepaid_setting_pkey")),
    )
