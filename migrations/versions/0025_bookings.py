"""Bookings: who may book although he could not, what one document has named, and the paper."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_KINDS = (
    "'registration', 'appointment', 'receipt', 'hold', 'checking', 'refund', "
    "'laboratory_report', 'examination_report', 'daily_list', 'discharge_statement'"
)


def upgrade() -> None:
    op.create_table(
        "booker",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("allowed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("allowed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("allowed_why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "patient_id", name=op.f("booker_pkey")),
    )
    op.create_index("credential_number_ix", "credential", ["number_index", "hospital_id"], unique=False)
    op.drop_constraint(op.f("document_kind_check"), "document", type_="check")
    op.create_check_constraint(
        op.f("document_kind_check"),
        "document",
        f"kind IN ({_KINDS})",
    )
