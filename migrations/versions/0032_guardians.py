"""Guardians of children: whom they act for, and the sessions in which they do; birth certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_PATIENT = ["patient.hospital_id", "patient.patient_id"]
_KINDS = (
    "'resident_card', 'hmt_resident_card', 'hmt_travel_permit', 'permanent_resident_card', 'passport', "
    "'hospital_number', 'social_security_card', 'insurance_code', 'public_card', 'bank_card', 'birth_certificate', "
    "'alipay', 'wechat', 'face'"
)


def upgrade() -> None:
    table = "guardianship"
    op.create_table(
        table,
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("child_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("consented_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.CheckConstraint(
            "relation IN ('mother', 'father', 'grandparent', 'other')", name=op.f("guardianship_relation_check")
        ),
        sa.CheckConstraint("guardian_id <> child_id", name=op.f("guardianship_two_people_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "guardian_id"], _PATIENT, name=op.f("guardianship_hospital_id_guardian_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "child_id"], _PATIENT, name=op.f("guardianship_hospital_id_child_id_fkey")
        ),
        sa.PrimaryKeyConstraint("hospital_id", "guardian_id", "child_id", name=op.f("guardianship_pkey")),
    )
    op.add_column("patient_session", sa.Column("guardian_id", sa.BigInteger()))
    op.create_foreign_key(
        op.f("patient_session_hospital_id_guardian_id_fkey"),
        "patient_session",
        "patient",
        ["hospital_id", "guardian_id"],
        ["hospital_id", "patient_id"],
    )
    for each in ("credential", "patient_creation"):
        op.drop_constraint(op.f(f"{each}_kind_check"), each, type_="check")
        op.create_check_constraint(op.f(f"{each}_kind_check"), each, f"kind IN ({_KINDS})")
