"""What terminals of a profile offer and at what hours; when something is closed; doors that are open."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "service_hours",
        sa.Column("hospital_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("profile", sa.Text, primary_key=True),
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("offered", sa.Boolean, nullable=False),
        sa.Column("opens", sa.Time, nullable=False),
        sa.Column("closes", sa.Time, nullable=False),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.hospital_id"], name="service_hours_hospital_id_fkey"),
        sa.CheckConstraint(
            "profile IN ('hall', 'ward', 'emergency', 'report_printer')", name=op.f("service_hours_profile_check")
        ),
    )
    op.create_table(
        "closure",
        sa.Column("hospital_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("closure_id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("begins_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("planned_by", sa.Text, nullable=False),
        sa.Column("planned_at", INSTANT, nullable=False),
        sa.Column("cancelled_at", INSTANT),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.hospital_id"], name="closure_hospital_id_fkey"),
        sa.CheckConstraint("what IN ('clinics', 'hospital_system')", name=op.f("closure_what_check")),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("closure_span_check")),
    )
    op.create_index("closure_ends_ix", "closure", ["hospital_id", "ends_at"])
    op.drop_constraint(op.f("terminal_device_state_check"), "terminal_device", type_="check")
    op.create_check_constraint(
        op.f("terminal_device_state_check"),
        "terminal_device",
        "state IN ('ok', 'paper_low', 'paper_out', 'jam', 'offline', 'open')",
    )
