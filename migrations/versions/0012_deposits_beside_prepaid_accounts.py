"""Postings on deposits are found as those on prepaid accounts are.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for side in ("credit", "debit"):
        limited = f"{side}_account LIKE 'prepaid:%' OR {side}_account LIKE 'deposit:%'"
        op.execute(f"DROP INDEX posting_limited_{side}_ix")
        op.execute(
            f"CREATE INDEX posting_limited_{side}_ix ON posting ({side}_account, hospital_id, entry_id) WHERE {limited}"
        )
