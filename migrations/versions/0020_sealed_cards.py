"""What opens the card that a terminal is asked for: a key of that one request, sealed, and gone with it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("card_reading", sa.Column("opens_key_id", sa.Integer(), nullable=True))
    op.add_column("card_reading", sa.Column("opens_data", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("card_reading_opens_check"), "card_reading", "(opens_key_id IS NULL) = (opens_data IS NULL)"
    )
