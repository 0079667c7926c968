"""What a former system hands over, until two people have said that it is taken over.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_balance",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("patient_no", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(patient_id IS NULL) = (opened_at IS NULL)", name=op.f("import_balance_opened_check")),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("import_balance_amount_check")),
        sa.PrimaryKeyConstraint("hospital_id", "import_id", "line", name=op.f("import_balance_pkey")),
        sa.UniqueConstraint(
            "patient_no", "import_id", "hospital_id", name=op.f("import_balance_patient_no_import_id_hospital_id_key")
        ),
    )
    op.create_index(
        "import_balance_patient_ix",
        "import_balance",
        ["patient_id", "hospital_id"],
        unique=False,
        postgresql_where=sa.text("patient_id IS NOT NULL"),
    )
    op.create_table(
        "import_binding",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("patient_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number_key_id", sa.Integer(), nullable=False),
        sa.Column("number_data", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "import_id", "line", "place", name=op.f("import_binding_pkey")),
        sa.UniqueConstraint(
            "number_index",
            "kind",
            "import_id",
            "hospital_id",
            name=op.f("import_binding_number_index_kind_import_id_hospital_id_key"),
        ),
    )
    op.create_table(
        "import_patient",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("patient_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("phone_key_id", sa.Integer(), nullable=True),
        sa.Column("phone_data", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("hospital_id", "import_id", "line", name=op.f("import_patient_pkey")),
        sa.UniqueConstraint(
            "patient_no", "import_id", "hospital_id", name=op.f("import_patient_patient_no_import_id_hospital_id_key")
        ),
    )
    op.create_table(
        "import_problem",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("earlier_line", sa.Integer(), nullable=False),
        sa.CheckConstraint("file IN ('patients', 'balances')", name=op.f("import_problem_file_check")),
        sa.PrimaryKeyConstraint(
            "hospital_id", "import_id", "file", "line", "field", "reason", name=op.f("import_problem_pkey")
        ),
    )
    op.create_table(
        "import_run",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("import_no", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("most_fen", sa.BigInteger(), nullable=False),
        sa.Column("patients_header", sa.Text(), nullable=False),
        sa.Column("balances_header", sa.Text(), nullable=False),
        sa.Column("patients_lines", sa.Integer(), nullable=False),
        sa.Column("balances_lines", sa.Integer(), nullable=False),
        sa.Column("patients_chain", sa.LargeBinary(), nullable=False),
        sa.Column("balances_chain", sa.LargeBinary(), nullable=False),
        sa.Column("patients", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bindings", sa.Integer(), server_default="0", nullable=False),
        sa.Column("balances", sa.Integer(), server_default="0", nullable=False),
        sa.Column("empty_accounts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("problems", sa.Integer(), server_default="0", nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_to", sa.Integer(), server_default="1", nullable=False),
        sa.Column("opened_to", sa.Integer(), server_default="1", nullable=False),
        sa.Column("made", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bound", sa.Integer(), server_default="0", nullable=False),
        sa.Column("left_out", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'done') = (done_at IS NOT NULL)"
            " AND (state <> 'done' OR opened = balances AND opened_fen = total_fen)",
            name=op.f("import_run_done_check"),
        ),
        sa.CheckConstraint(
            "(state IN ('confirmed', 'done')) = (confirmed_by IS NOT NULL)"
            " AND (confirmed_by IS NULL) = (confirmed_at IS NULL)",
            name=op.f("import_run_confirmed_check"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'proposed', 'confirmed', 'done', 'withdrawn')", name=op.f("import_run_state_check")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'withdrawn') OR proposed_by IS NOT NULL AND proposed_at IS NOT NULL AND problems = 0",
            name=op.f("import_run_proposed_check"),
        ),
        sa.CheckConstraint("confirmed_by <> proposed_by", name=op.f("import_run_two_people_check")),
        sa.CheckConstraint("opened_fen <= total_fen AND opened <= balances", name=op.f("import_run_opened_check")),
        sa.PrimaryKeyConstraint("hospital_id", "import_id", name=op.f("import_run_pkey")),
        sa.UniqueConstraint("import_no", "hospital_id", name=op.f("import_run_import_no_hospital_id_key")),
    )
    op.create_index(
        "import_run_open_key",
        "import_run",
        ["hospital_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('proposed', 'confirmed')"),
    )
    op.create_index(
        "import_run_to_do_ix",
        "import_run",
        ["import_id"],
        unique=False,
        postgresql_where=sa.text("state = 'confirmed' OR state = 'withdrawn' AND swept_at IS NULL"),
    )
