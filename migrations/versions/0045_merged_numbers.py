"""Two numbers of the hospital that are one patient: which is left, and who has said so. What is parked is listed by
number."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("patient", sa.Column("merged_into", sa.BigInteger()))
    op.create_foreign_key(
        op.f("patient_hospital_id_merged_into_fkey"),
        "patient",
        "patient",
        ["hospital_id", "merged_into"],
        ["hospital_id", "patient_id"],
    )
    op.create_check_constraint(op.f("patient_merged_check"), "patient", "merged_into <> patient_id")
    op.create_index(
        "patient_merged_ix",
        "patient",
        ["merged_into", "hospital_id"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    for table, number in (("hospital_news", "news_no"), ("hospital_bulletin", "bulletin_no")):
        op.drop_index(f"{table}_parked_ix", table)
        op.create_index(f"{table}_parked_ix", table, [number], postgresql_where=sa.text("state = 'parked'"))
    op.create_table(
        "patient_merge",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("news_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merged_id", sa.BigInteger(), nullable=False),
        sa.Column("survivor_id", sa.BigInteger(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", _INSTANT, nullable=False),
        sa.Column("confirmed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("merged_at", _INSTANT),
        sa.CheckConstraint("balance_fen >= 0", name=op.f("patient_merge_balance_check")),
        sa.CheckConstraint("(confirmed_by = '') = (merged_at IS NULL)", name=op.f("patient_merge_confirmed_check")),
        sa.CheckConstraint(
            "balance_fen = 0 OR confirmed_by <> proposed_by", name=op.f("patient_merge_two_people_check")
        ),
        sa.PrimaryKeyConstraint("hospital_id", "news_no", name=op.f("patient_merge_pkey")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "merged_id"],
            ["patient.hospital_id", "patient.patient_id"],
            name=op.f("patient_merge_hospital_id_merged_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "survivor_id"],
            ["patient.hospital_id", "patient.patient_id"],
            name=op.f("patient_merge_hospital_id_survivor_id_fkey"),
        ),
    )
