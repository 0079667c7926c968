"""Less to write for each payment: no index that nobody asks, no check of what one statement makes together.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

from yinyi.business.audit.tables import TRIGGERS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX posting_debit_ix")
    op.execute("DROP INDEX posting_credit_ix")
    op.execute("ALTER TABLE posting DROP CONSTRAINT posting_hospital_id_entry_id_fkey")
    op.execute("ALTER TABLE payment_step DROP CONSTRAINT payment_step_hospital_id_payment_id_fkey")
    op.execute("DROP TRIGGER audit_row_guard ON audit")
    for statement in TRIGGERS:
        op.execute(statement)
