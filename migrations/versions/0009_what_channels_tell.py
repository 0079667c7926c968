"""What channels tell that does not fit is remembered as it was told, and settled; so is what stands in suspense.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OUTCOMES = (
    *("happened", "did_not_happen", "rightly", "wrongly", "as_channel_says"),
    *("over_found", "over_given_back", "over_paid_out", "over_kept"),
    *("short_found", "short_made_good", "short_paid_in", "short_borne"),
)


def upgrade() -> None:
    op.add_column("payment_callback", sa.Column("amount_fen", sa.BigInteger(), nullable=True))
    op.add_column("payment_callback", sa.Column("merchant", sa.Text(), nullable=True))
    op.create_index(
        "payment_callback_mismatch_ix",
        "payment_callback",
        ["payment_id", "hospital_id"],
        postgresql_where=sa.text("verdict = 'mismatch'"),
    )
    for name in ("hospital_id_payment_id_fkey", "outcome_check", "two_people_check"):
        op.drop_constraint(op.f(f"payment_settlement_{name}"), "payment_settlement")
    op.add_column("payment_settlement", sa.Column("amount_fen", sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("channel", "merchant"):
        op.add_column("payment_settlement", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    outcomes = ", ".join(f"'{each}'" for each in OUTCOMES)
    checks = {
        "outcome": f"outcome IN ({outcomes})",
        "amount": "amount_fen >= 0",
        "two_people": "settled_by <> proposed_by OR amount_fen = 0 AND outcome IN ('rightly', 'as_channel_says')",
    }
    for name, condition in checks.items():
        op.create_check_constraint(op.f(f"payment_settlement_{name}_check"), "payment_settlement", condition)
    op.execute(
        "CREATE INDEX posting_suspense_ix ON posting (hospital_id, entry_id) "
        "WHERE debit_account LIKE 'suspense:%' OR credit_account LIKE 'suspense:%'"
    )
