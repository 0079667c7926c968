"""Guardians of a child and all changes of a patient's visits are found by whose they are: merges look for them."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("guardianship_child_ix", "guardianship", ["child_id", "hospital_id"])
    op.create_index("visit_change_patient_ix", "visit_change", ["patient_id", "hospital_id"])
    op.drop_index("visit_change_unseen_ix", "visit_change", postgresql_where=sa.text("seen_at IS NULL"))
