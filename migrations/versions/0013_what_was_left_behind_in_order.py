"""What dead processes left behind is found from the place on where the last look ended.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX payment_lease_ix")
    op.execute("CREATE INDEX payment_lease_ix ON payment (lease_epoch, payment_id) WHERE lease_epoch IS NOT NULL")
