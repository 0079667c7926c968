"""Keys of the bank line, wrapped under master keys that are not here.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "line_master_key",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("master_key_id", sa.Text(), nullable=False),
        sa.Column("in_use_since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "master_key_id", name=op.f("line_master_key_pkey")),
    )
    op.create_table(
        "line_key",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("acquirer", sa.Text(), nullable=False),
        sa.Column("merchant_no", sa.Text(), nullable=False),
        sa.Column("terminal_no", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("master_key_id", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("check_value", sa.LargeBinary(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_by", sa.Text(), nullable=False),
        sa.Column("first_by", sa.Text(), nullable=True),
        sa.Column("second_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(purpose = 'tmk') = (first_by IS NOT NULL) AND (first_by IS NULL) = (second_by IS NULL)",
            name=op.f("line_key_custodians_check"),
        ),
        sa.CheckConstraint("first_by <> second_by", name=op.f("line_key_two_people_check")),
        sa.CheckConstraint("octet_length(check_value) = 4", name=op.f("line_key_check_value_check")),
        sa.CheckConstraint("purpose IN ('tmk', 'pik', 'mak', 'tdk')", name=op.f("line_key_purpose_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "master_key_id"],
            ["line_master_key.hospital_id", "line_master_key.master_key_id"],
            name=op.f("line_key_hospital_id_master_key_id_fkey"),
        ),
        sa.PrimaryKeyConstraint(
            "hospital_id", "acquirer", "merchant_no", "terminal_no", "purpose", name=op.f("line_key_pkey")
        ),
    )
    op.create_index("line_key_master_ix", "line_key", ["master_key_id", "hospital_id"], unique=False)
    op.create_table(
        "line_key_component",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("acquirer", sa.Text(), nullable=False),
        sa.Column("merchant_no", sa.Text(), nullable=False),
        sa.Column("terminal_no", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("master_key_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("check_value", sa.LargeBinary(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(check_value) = 4", name=op.f("line_key_component_check_value_check")),
        sa.CheckConstraint("part IN (1, 2)", name=op.f("line_key_component_part_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "master_key_id"],
            ["line_master_key.hospital_id", "line_master_key.master_key_id"],
            name=op.f("line_key_component_hospital_id_master_key_id_fkey"),
        ),
        sa.PrimaryKeyConstraint(
            "hospital_id", "acquirer", "merchant_no", "terminal_no", "part", name=op.f("line_key_component_pkey")
        ),
        sa.UniqueConstraint(
            "entered_by",
            "terminal_no",
            "merchant_no",
            "acquirer",
            "hospital_id",
            name="line_key_component_two_people_key",
        ),
    )
    op.create_index("line_key_component_expires_ix", "line_key_component", ["expires_at"], unique=False)
    op.create_index(
        "line_key_component_master_ix", "line_key_component", ["master_key_id", "hospital_id"], unique=False
    )
