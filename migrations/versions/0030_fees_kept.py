"""Paid bills kept for good, fee lists and paid bills on sheets."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_KINDS = (
    "'registration', 'appointment', 'receipt', 'hold', 'checking', 'refund', 'fiscal', "
    "'laboratory_report', 'examination_report', 'daily_list', 'discharge_statement', 'fee_list', 'paid_invoice'"
)


def upgrade() -> None:
    op.drop_constraint(op.f("document_kind_check"), "document", type_="check")
    op.create_check_constraint(op.f("document_kind_check"), "document", f"kind IN ({_KINDS})")
    op.create_table(
        "fee",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("invoice_no", sa.Text(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("ordered_at", _INSTANT, nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("content", sa.Text()),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.Column("copied_at", _INSTANT),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patient.hospital_id", "patient.patient_id"],
            name=op.f("fee_hospital_id_patient_id_fkey"),
        ),
        sa.CheckConstraint("refunded_fen >= 0", name=op.f("fee_refunded_check")),
        sa.CheckConstraint(
            "(content IS NULL) = (digest IS NULL) AND (content IS NULL) = (copied_at IS NULL)",
            name=op.f("fee_copied_check"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "invoice_no", "refunded_fen", name=op.f("fee_pkey")),
    )
    op.create_index("fee_patient_ix", "fee", ["patient_id", "hospital_id", "ordered_at"])
    op.create_index("fee_missing_ix", "fee", ["seen_at"], postgresql_where=sa.text("content IS NULL"))
