"""A staff card is good once two of the staff have said so; the cards that there are stay good."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("first_person", "second_person"):
        op.add_column("staff_card", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("staff_card", sa.Column("good_since", sa.DateTime(timezone=True)))
    op.execute("UPDATE staff_card SET good_since = enrolled_at")
    op.create_check_constraint(
        op.f("staff_card_two_people_check"), "staff_card", "second_person = '' OR second_person <> first_person"
    )
    op.create_check_constraint(
        op.f("staff_card_good_check"), "staff_card", "good_since IS NULL OR (first_person = '') = (second_person = '')"
    )
