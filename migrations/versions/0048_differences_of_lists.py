"""Two people settle where a bank's list of a day and what it has said disagree."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

BY_HAND = ("happened", "did_not_happen", "rightly", "wrongly", "as_channel_says")
OVER = ("over_found", "over_given_back", "over_paid_out", "over_kept")
SHORT = ("short_found", "short_made_good", "short_paid_in", "short_borne")
OUTCOMES = (*BY_HAND, *OVER, *SHORT, "as_listed", "as_heard")


def upgrade() -> None:
    name = op.f("payment_settlement_outcome_check")
    op.drop_constraint(name, "payment_settlement")
    outcomes = ", ".join(f"'{each}'" for each in OUTCOMES)
    op.create_check_constraint(name, "payment_settlement", sa.text(f"outcome IN ({outcomes})"))
