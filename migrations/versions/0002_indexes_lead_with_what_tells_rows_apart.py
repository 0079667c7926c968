"""Indexes lead with what tells rows apart, and rows that change have room for it.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEYS = (
    ("payment", "payment_hospital_id_payment_no_key", "payment_payment_no_hospital_id_key", "payment_no"),
    ("payment", "payment_ask_no_key", "payment_ask_no_key", "ask_no"),
    ("payment_step", "payment_step_hospital_id_reference_key", "payment_step_reference_hospital_id_key", "reference"),
)
_INDEXES = (
    ("payment_patient_ix", "payment", "patient_id, hospital_id, started_at", ""),
    (
        "payment_callback_waiting_ix",
        "payment_callback",
        "payment_id, hospital_id",
        "applied_at IS NULL AND payment_id IS NOT NULL",
    ),
    ("patient_phone_ix", "patient", "phone_index, hospital_id", ""),
    ("credential_patient_ix", "credential", "patient_id, hospital_id", ""),
    ("patient_session_live_ix", "patient_session", "terminal_id, hospital_id", "ended_at IS NULL"),
    ("terminal_credential_valid_ix", "terminal_credential", "terminal_id, hospital_id", "revoked_at IS NULL"),
    ("staff_call_latest_ix", "staff_call", "terminal_id, hospital_id, called_at", ""),
    ("document_patient_ix", "document", "patient_id, hospital_id, made_at", ""),
)


def upgrade() -> None:
    for table, old, new, column in _KEYS:
        op.drop_constraint(old, table, type_="unique")
        op.create_unique_constraint(new, table, [column, "hospital_id"])
    for name, table, columns, where in _INDEXES:
        op.execute(f"DROP INDEX {name}")
        op.execute(f"CREATE INDEX {name} ON {table} ({columns})" + (f" WHERE {where}" if where else ""))
    for table in ("payment", "payment_step"):
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 70)")
