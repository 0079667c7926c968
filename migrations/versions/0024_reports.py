"""Reports, kept for good: every version of each, and the values in them."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("copied_at", INSTANT, nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("report_version_check")),
        sa.CheckConstraint("NOT sensitive OR content IS NULL", name=op.f("report_sensitive_check")),
        sa.CheckConstraint(
            "(content IS NULL) = (digest IS NULL) AND (content IS NULL) = (copied_at IS NULL)",
            name=op.f("report_copied_check"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patient.hospital_id", "patient.patient_id"],
            name=op.f("report_hospital_id_patient_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "order_no", "version", name=op.f("report_pkey")),
    )
    op.create_index("report_patient_ix", "report", ["patient_id", "hospital_id", "requested_at"])
    op.create_index(
        "report_missing_ix", "report", ["seen_at"], postgresql_where=sa.text("content IS NULL AND NOT sensitive")
    )
    op.create_table(
        "report_value",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("analyte_code", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("sampled_at", INSTANT, nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "order_no", "version"],
            ["report.hospital_id", "report.order_no", "report.version"],
            name=op.f("report_value_hospital_id_order_no_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "order_no", "version", "analyte_code", name=op.f("report_value_pkey")),
    )
    op.create_index(
        "report_value_trend_ix", "report_value", ["patient_id", "analyte_code", "hospital_id", "sampled_at"]
    )
