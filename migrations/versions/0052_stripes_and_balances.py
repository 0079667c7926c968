"""A card that only shows its magnetic stripe is told apart; what is on a card is asked of its issuer."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

READING = (
    "'none', 'asked', 'typing', 'read', 'cancelled', 'pulled_out', 'timed_out', 'not_taken', 'stripe', "
    "'unreadable', 'key_refused'"
)
INQUIRY = (
    "'asked', 'known', 'unknown', 'checking', 'bound', 'told', 'taken', 'declined', 'pin_again', 'no_answer', "
    "'unreachable', 'left', 'expired', 'stripe', 'too_many_tries'"
)


def upgrade() -> None:
    op.add_column("card_inquiry", sa.Column("balance_fen", sa.BigInteger(), nullable=True))
    _check("card_reading", "state", f"state IN ({READING})")
    _check("card_inquiry", "purpose", "purpose IN ('identify', 'bind', 'balance')")
    _check("card_inquiry", "state", f"state IN ({INQUIRY})")
    _check("card_inquiry", "whose", "purpose <> 'bind' OR patient_id IS NOT NULL")
    op.create_check_constraint(
        op.f("card_inquiry_told_check"), "card_inquiry", "(state = 'told') = (balance_fen IS NOT NULL)"
    )


def _check(table: str, name: str, says: str) -> None:
    """Says something else from now on."""
    constraint = op.f(f"{table}_{name}_check")
    op.drop_constraint(constraint, table)
    op.create_check_constraint(constraint, table, says)
