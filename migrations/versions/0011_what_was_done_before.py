"""An import knows how many were done before it began: another one that ends meanwhile is seen, whatever clocks say.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_run", sa.Column("done_before", sa.Integer(), nullable=False, server_default="0"))
