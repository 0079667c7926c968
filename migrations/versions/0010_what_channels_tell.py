"""What channels tell that does not fit is remembered as it was told, and settled; so is what stands in suspense.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OUTCOMES = (
    *("happened", "did_not_happen", "rightly", "wrongly", "as_channel_says"),
    *("over_found", "over_given_back", "over_paid_out", "over_kept"),
    *("short_found", "short_made_good", "short_paid_in", "short_borne"),
)


POST_DOUBTS = """
WITH doubtful AS (
  SELECT p.hospital_id, p.payment_no, p.business_date, p.updated_at, p.scope, (
    SELECT sum(CASE WHEN s.kind = 'payments.take' AND s.state = 'done' THEN s.amount_fen
      WHEN s.kind = 'payments.refund' AND s.params ->> 'of' IN (
        SELECT t.reference FROM payment_step t
        WHERE t.hospital_id = p.hospital_id AND t.payment_id = p.payment_id AND t.kind = 'payments.take'
          AND t.state = 'done') AND s.state IN ('doing', 'waiting', 'unknown', 'done', 'late') THEN -s.amount_fen
      WHEN s.evidence ? 'receivable' AND s.state IN ('done', 'undoing', 'undo_unknown', 'late')
        THEN (s.evidence ->> 'receivable_fen')::bigint
      ELSE 0 END)::bigint
    FROM payment_step s WHERE s.hospital_id = p.hospital_id AND s.payment_id = p.payment_id) AS fen
  FROM payment p
  WHERE p.ended_at IS NULL AND NOT p.facts ? 'credited' AND EXISTS (
    SELECT FROM payment_step d WHERE d.hospital_id = p.hospital_id AND d.payment_id = p.payment_id
      AND d.position >= 40 AND d.position < 900
      AND (d.state IN ('unknown', 'undo_unknown') OR d.state = 'undoing' AND d.tries > 0)
      AND NOT EXISTS (SELECT FROM payment_step l WHERE l.hospital_id = d.hospital_id AND l.payment_id = d.payment_id
        AND l.position = d.position AND l.attempt > d.attempt))
), j AS (
  INSERT INTO journal_entry (hospital_id, source, kind, business_date, posted_at)
  SELECT hospital_id, payment_no || ':his_in_doubt:0', 'his_in_doubt', business_date, updated_at
  FROM doubtful WHERE fen > 0 RETURNING hospital_id, entry_id, source
)
INSERT INTO posting (hospital_id, entry_id, line, debit_account, credit_account, amount_fen)
SELECT j.hospital_id, j.entry_id, 1, 'patient_funds:' || d.scope, 'his:' || d.scope, d.fen
FROM j JOIN doubtful d ON d.hospital_id = j.hospital_id AND d.payment_no || ':his_in_doubt:0' = j.source
"""
"""What is in doubt at the hospital when this release comes stands on its account from then on."""


def upgrade() -> None:
    op.add_column("payment_callback", sa.Column("amount_fen", sa.BigInteger(), nullable=True))
    op.add_column("payment_callback", sa.Column("merchant", sa.Text(), nullable=True))
    op.add_column("payment_callback", sa.Column("about", sa.Text(), nullable=True))
    op.create_index(
        "payment_callback_mismatch_ix",
        "payment_callback",
        ["payment_id", "hospital_id"],
        postgresql_where=sa.text("verdict = 'mismatch'"),
    )
    for name in ("hospital_id_payment_id_fkey", "outcome_check", "two_people_check"):
        op.drop_constraint(op.f(f"payment_settlement_{name}"), "payment_settlement")
    op.add_column("payment_settlement", sa.Column("amount_fen", sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("channel", "merchant"):
        op.add_column("payment_settlement", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    outcomes = ", ".join(f"'{each}'" for each in OUTCOMES)
    checks = {
        "outcome": f"outcome IN ({outcomes})",
        "amount": "amount_fen >= 0",
        "two_people": "settled_by <> proposed_by OR amount_fen = 0 AND outcome IN ('rightly', 'as_channel_says')",
    }
    for name, condition in checks.items():
        op.create_check_constraint(op.f(f"payment_settlement_{name}_check"), "payment_settlement", condition)
    open_items = " OR ".join(
        f"{side}_account LIKE '{kind}:%'" for kind in ("suspense", "his") for side in ("debit", "credit")
    )
    op.execute(f"CREATE INDEX posting_open_items_ix ON posting (hospital_id, entry_id) WHERE {open_items}")
    op.execute(POST_DOUBTS)
