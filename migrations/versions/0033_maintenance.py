"""Cards of staff, what they open at a terminal, test prints, and what patients are told of a locked terminal."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("terminal", sa.Column("locked_for", sa.Text(), server_default="", nullable=False))
    reasons = "locked_for IN ('', 'repair', 'paper', 'cleaning', 'moving')"
    op.create_check_constraint(op.f("terminal_locked_for_check"), "terminal", reasons)
    failures = sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False)
    op.add_column("terminal_device", failures)
    op.add_column("presented", sa.Column("staff_card_id", sa.BigInteger()))
    nothing_else = "staff_card_id IS NULL OR sealed IS NULL"
    op.create_check_constraint(op.f("presented_staff_card_check"), "presented", nothing_else)
    _staff_card()
    _maintenance()
    _test_print()


def _staff_card() -> None:
    op.create_table(
        "staff_card",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("card_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("pin_index", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("enrolled_at", _INSTANT, nullable=False),
        sa.Column("enrolled_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", _INSTANT),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tried_at", _INSTANT),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.hospital_id"], name=op.f("staff_card_hospital_id_fkey")),
        sa.PrimaryKeyConstraint("hospital_id", "card_id", name=op.f("staff_card_pkey")),
    )
    op.create_index(
        "staff_card_number_ix",
        "staff_card",
        ["hospital_id", "number_index"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def _maintenance() -> None:
    op.create_table(
        "maintenance",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ticket_digest", sa.LargeBinary(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.ForeignKeyConstraint(
            ["hospital_id", "terminal_id"],
            ["terminal.hospital_id", "terminal.terminal_id"],
            name=op.f("maintenance_hospital_id_terminal_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "card_id"],
            ["staff_card.hospital_id", "staff_card.card_id"],
            name=op.f("maintenance_hospital_id_card_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "ticket_digest", name=op.f("maintenance_pkey")),
    )


def _test_print() -> None:
    op.create_table(
        "test_print",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("test_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("done_at", _INSTANT),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "terminal_id"],
            ["terminal.hospital_id", "terminal.terminal_id"],
            name=op.f("test_print_hospital_id_terminal_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "test_id", name=op.f("test_print_pkey")),
    )
    op.create_index("test_print_latest_ix", "test_print", ["terminal_id", "hospital_id", "test_id"])
