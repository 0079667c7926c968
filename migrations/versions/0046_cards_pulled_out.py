"""A card that is pulled out before its PIN is typed is told apart from one whose owner cancels on the pad."""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("card_reading_state_check"), "card_reading")
    op.create_check_constraint(
        op.f("card_reading_state_check"),
        "card_reading",
        "state IN ('none', 'asked', 'typing', 'read', 'cancelled', 'pulled_out', 'timed_out', 'not_taken', "
        "'unreadable', 'key_refused')",
    )
