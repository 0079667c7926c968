"""first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("audit_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(place IS NULL) = (hash IS NULL) AND (place IS NULL) = (sealed_at IS NULL) AND place > 0",
            name=op.f("audit_seal_check"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "audit_id", name=op.f("audit_pkey")),
    )
    op.create_index(
        "audit_place_key", "audit", ["hospital_id", "place"], unique=True, postgresql_where=sa.text("place IS NOT NULL")
    )
    op.create_index("audit_unsealed_ix", "audit", ["audit_id"], unique=False, postgresql_where=sa.text("place IS NULL"))
    op.create_table(
        "document",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payment_no", sa.Text(), nullable=False),
        sa.Column("tells", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('registration', 'hold', 'checking', 'refund')", name=op.f("document_kind_check")),
        sa.PrimaryKeyConstraint("hospital_id", "document_no", name=op.f("document_pkey")),
        sa.UniqueConstraint(
            "hospital_id", "payment_no", "kind", "tells", name=op.f("document_hospital_id_payment_no_kind_tells_key")
        ),
    )
    op.create_index("document_patient_ix", "document", ["hospital_id", "patient_id", "made_at"], unique=False)
    op.create_table(
        "hospital",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("window_name", sa.Text(), nullable=False),
        sa.Column("window_name_en", sa.Text(), nullable=False),
        sa.Column("window_open_until", sa.Time(), nullable=True),
        sa.Column("triage_name", sa.Text(), nullable=False),
        sa.Column("triage_name_en", sa.Text(), nullable=False),
        sa.Column("triage_open_until", sa.Time(), nullable=True),
        sa.PrimaryKeyConstraint("hospital_id", name=op.f("hospital_pkey")),
    )
    op.create_table(
        "idempotency",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "actor", "key", name=op.f("idempotency_pkey")),
    )
    op.create_table(
        "identification_attempt",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "subject", name=op.f("identification_attempt_pkey")),
    )
    op.create_table(
        "institution",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_key_id", sa.Integer(), nullable=False),
        sa.Column("secret_data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('hospital', 'bank', 'vendor')", name=op.f("institution_kind_check")),
        sa.PrimaryKeyConstraint("hospital_id", "institution_id", name=op.f("institution_pkey")),
        sa.UniqueConstraint("institution_id", name=op.f("institution_institution_id_key")),
    )
    op.create_table(
        "journal_entry",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "entry_id", name=op.f("journal_entry_pkey")),
        sa.UniqueConstraint("hospital_id", "source", name=op.f("journal_entry_hospital_id_source_key")),
    )
    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("outbox_pkey")),
    )
    op.create_index(
        "outbox_waiting_ix", "outbox", ["outbox_id"], unique=False, postgresql_where=sa.text("published_at IS NULL")
    )
    op.create_table(
        "patient",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("phone_key_id", sa.Integer(), nullable=True),
        sa.Column("phone_data", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("prefers_elder", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sex IN ('male', 'female', 'unknown')", name=op.f("patient_sex_check")),
        sa.PrimaryKeyConstraint("hospital_id", "patient_id", name=op.f("patient_pkey")),
        sa.UniqueConstraint("hospital_id", "patient_no", name=op.f("patient_hospital_id_patient_no_key")),
    )
    op.create_index("patient_phone_ix", "patient", ["hospital_id", "phone_index"], unique=False)
    op.create_table(
        "payment",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payment_no", sa.Text(), nullable=False),
        sa.Column("ask_no", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("purpose_version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("direction", sa.Text(), server_default="forward", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("tender", sa.Text(), server_default="", nullable=False),
        sa.Column("tender_no", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cancel_wanted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("pay_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attention", sa.Text(), server_default="", nullable=False),
        sa.Column("attention_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("taken_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("returned_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_epoch", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("direction IN ('forward', 'back')", name=op.f("payment_direction_check")),
        sa.CheckConstraint("scope IN ('outpatient', 'inpatient')", name=op.f("payment_scope_check")),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("payment_amount_check")),
        sa.CheckConstraint(
            "ended_at IS NOT NULL OR lease_epoch IS NOT NULL OR next_at IS NOT NULL", name=op.f("payment_owner_check")
        ),
        sa.CheckConstraint("returned_fen <= taken_fen AND taken_fen >= 0", name=op.f("payment_returned_check")),
        sa.PrimaryKeyConstraint("hospital_id", "payment_id", name=op.f("payment_pkey")),
        sa.UniqueConstraint("hospital_id", "ask_no", name="payment_ask_no_key"),
        sa.UniqueConstraint("hospital_id", "payment_no", name=op.f("payment_hospital_id_payment_no_key")),
    )
    op.create_index(
        "payment_attention_ix",
        "payment",
        ["attention_at"],
        unique=False,
        postgresql_where=sa.text("attention <> ''"),
    )
    op.create_index(
        "payment_due_ix",
        "payment",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("lease_epoch IS NULL AND next_at IS NOT NULL"),
    )
    op.create_index(
        "payment_lease_ix",
        "payment",
        ["lease_epoch"],
        unique=False,
        postgresql_where=sa.text("lease_epoch IS NOT NULL"),
    )
    op.create_index("payment_patient_ix", "payment", ["hospital_id", "patient_id", "started_at"], unique=False)
    op.create_table(
        "payment_callback",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('believed', 'mismatch', 'stranger')", name=op.f("payment_callback_verdict_check")
        ),
        sa.PrimaryKeyConstraint("hospital_id", "source", "event_id", name=op.f("payment_callback_pkey")),
    )
    op.create_index(
        "payment_callback_waiting_ix",
        "payment_callback",
        ["hospital_id", "payment_id"],
        unique=False,
        postgresql_where=sa.text("applied_at IS NULL AND payment_id IS NOT NULL"),
    )
    op.create_table(
        "payment_event",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "payment_id", "version", name=op.f("payment_event_pkey")),
    )
    op.create_table(
        "payment_obligation",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hospital_id", "kind", "number", name=op.f("payment_obligation_pkey")),
    )
    op.create_table(
        "process_lease",
        sa.Column("epoch", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("alive_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("process_lease_pkey")),
    )
    op.create_index("process_lease_alive_ix", "process_lease", ["alive_until"], unique=False)
    op.create_table(
        "restore_epoch",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("restore_epoch_pkey")),
    )
    op.create_table(
        "credential",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number_key_id", sa.Integer(), nullable=False),
        sa.Column("number_data", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('resident_card', 'hmt_resident_card', 'hmt_travel_permit', 'permanent_resident_card', "
            "'passport', 'hospital_number', 'social_security_card', 'insurance_code', 'public_card', "
            "'bank_card', 'alipay', 'wechat', 'face')",
            name=op.f("credential_kind_check"),
        ),
        sa.CheckConstraint("unbound_at >= bound_at", name=op.f("credential_order_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patient.hospital_id", "patient.patient_id"],
            name=op.f("credential_hospital_id_patient_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "credential_id", name=op.f("credential_pkey")),
    )
    op.create_index(
        "credential_live_key",
        "credential",
        ["hospital_id", "kind", "number_index"],
        unique=True,
        postgresql_where=sa.text("unbound_at IS NULL"),
    )
    op.create_index("credential_patient_ix", "credential", ["hospital_id", "patient_id"], unique=False)
    op.create_table(
        "identification_ticket",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("ticket_digest", sa.LargeBinary(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("findings_key_id", sa.Integer(), nullable=False),
        sa.Column("findings_data", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patient.hospital_id", "patient.patient_id"],
            name=op.f("identification_ticket_hospital_id_patient_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "ticket_digest", name=op.f("identification_ticket_pkey")),
    )
    op.create_index(
        "identification_ticket_expired_ix", "identification_ticket", ["hospital_id", "expires_at"], unique=False
    )
    op.create_table(
        "institution_nonce",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "institution_id"],
            ["institution.hospital_id", "institution.institution_id"],
            name=op.f("institution_nonce_hospital_id_institution_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "institution_id", "nonce", name=op.f("institution_nonce_pkey")),
    )
    op.create_index(
        "institution_nonce_seen_ix", "institution_nonce", ["hospital_id", "institution_id", "seen_at"], unique=False
    )
    op.create_table(
        "patient_creation",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("person_key_id", sa.Integer(), nullable=True),
        sa.Column("person_data", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ask_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'done') = (patient_id IS NOT NULL)", name=op.f("patient_creation_done_check")),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("patient_creation_ended_check")),
        sa.CheckConstraint("(state = 'open') = (person_data IS NOT NULL)", name=op.f("patient_creation_person_check")),
        sa.CheckConstraint(
            "kind IN ('resident_card', 'hmt_resident_card', 'hmt_travel_permit', 'permanent_resident_card', "
            "'passport', 'hospital_number', 'social_security_card', 'insurance_code', 'public_card', "
            "'bank_card', 'alipay', 'wechat', 'face')",
            name=op.f("patient_creation_kind_check"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'done', 'refused', 'dropped')", name=op.f("patient_creation_state_check")
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patient.hospital_id", "patient.patient_id"],
            name=op.f("patient_creation_hospital_id_patient_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "reference", name=op.f("patient_creation_pkey")),
    )
    op.create_index(
        "patient_creation_open_key",
        "patient_creation",
        ["hospital_id", "kind", "number_index"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "patient_creation_waiting_ix",
        "patient_creation",
        ["ask_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "patient_session",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "patient_id"],
            ["patient.hospital_id", "patient.patient_id"],
            name=op.f("patient_session_hospital_id_patient_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "session_id", name=op.f("patient_session_pkey")),
        sa.UniqueConstraint("hospital_id", "token_digest", name=op.f("patient_session_hospital_id_token_digest_key")),
    )
    op.create_index(
        "patient_session_live_ix",
        "patient_session",
        ["hospital_id", "terminal_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "payment_step",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("show", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'doing', 'waiting', 'unknown', 'done', 'refused', 'undoing', 'undo_unknown', "
            "'undone', 'late')",
            name=op.f("payment_step_state_check"),
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("payment_step_amount_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "payment_id"],
            ["payment.hospital_id", "payment.payment_id"],
            name=op.f("payment_step_hospital_id_payment_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "payment_id", "position", "attempt", name=op.f("payment_step_pkey")),
        sa.UniqueConstraint("hospital_id", "reference", name=op.f("payment_step_hospital_id_reference_key")),
    )
    op.create_table(
        "posting",
        sa.Column("hospital_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("debit_account", sa.Text(), nullable=False),
        sa.Column("credit_account", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("posting_amount_check")),
        sa.CheckConstraint("debit_account <> credit_account", name=op.f("posting_accounts_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "entry_id"],
            ["journal_entry.hospital_id", "journal_entry.entry_id"],
            name=op.f("posting_hospital_id_entry_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "entry_id", "line", name=op.f("posting_pkey")),
    )
    op.create_index("posting_credit_ix", "posting", ["hospital_id", "credit_account"], unique=False)
    op.create_index("posting_debit_ix", "posting", ["hospital_id", "debit_account"], unique=False)
    op.create_table(
        "print_job",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("copy", sa.Boolean(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("terminal_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'queued') = (done_at IS NULL)", name=op.f("print_job_done_check")),
        sa.CheckConstraint(
            "state IN ('queued', 'printed', 'paper_out', 'jam', 'offline', 'failed')",
            name=op.f("print_job_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "document_no"],
            ["document.hospital_id", "document.document_no"],
            name=op.f("print_job_hospital_id_document_no_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "job_id", name=op.f("print_job_pkey")),
        sa.UniqueConstraint(
            "hospital_id", "document_no", "nth", name=op.f("print_job_hospital_id_document_no_nth_key")
        ),
    )
    op.create_index(
        "print_job_waiting_ix",
        "print_job",
        ["hospital_id", "terminal_id", "queued_at"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_table(
        "terminal",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("place_en", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agent_version", sa.Text(), server_default="", nullable=False),
        sa.Column("line_epoch", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("line_up", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("line_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "profile IN ('hall', 'ward', 'emergency', 'report_printer')", name=op.f("terminal_profile_check")
        ),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospital.hospital_id"], name=op.f("terminal_hospital_id_fkey")),
        sa.PrimaryKeyConstraint("hospital_id", "terminal_id", name=op.f("terminal_pkey")),
    )
    op.create_table(
        "enrolment",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("installation_id", sa.Text(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "terminal_id"],
            ["terminal.hospital_id", "terminal.terminal_id"],
            name=op.f("enrolment_hospital_id_terminal_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "code_digest", name=op.f("enrolment_pkey")),
    )
    op.create_table(
        "line_event",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "terminal_id"],
            ["terminal.hospital_id", "terminal.terminal_id"],
            name=op.f("line_event_hospital_id_terminal_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "terminal_id", "event_id", name=op.f("line_event_pkey")),
    )
    op.create_table(
        "pairing",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hospital_id", "terminal_id"],
            ["terminal.hospital_id", "terminal.terminal_id"],
            name=op.f("pairing_hospital_id_terminal_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "terminal_id", name=op.f("pairing_pkey")),
    )
    op.create_index("pairing_code_ix", "pairing", ["hospital_id", "code_digest"], unique=True)
    op.create_table(
        "presented",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("presented_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("kind IN ('card', 'code')", name=op.f("presented_kind_check")),
        sa.CheckConstraint("(key_id IS NULL) = (sealed IS NULL)", name=op.f("presented_sealed_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "terminal_id"],
            ["terminal.hospital_id", "terminal.terminal_id"],
            name=op.f("presented_hospital_id_terminal_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "terminal_id", "kind", name=op.f("presented_pkey")),
    )
    op.create_table(
        "staff_call",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("call_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["hospital_id", "terminal_id"],
            ["terminal.hospital_id", "terminal.terminal_id"],
            name=op.f("staff_call_hospital_id_terminal_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "call_id", name=op.f("staff_call_pkey")),
    )
    op.create_index("staff_call_latest_ix", "staff_call", ["hospital_id", "terminal_id", "called_at"], unique=False)
    op.create_table(
        "terminal_credential",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('agent', 'screen')", name=op.f("terminal_credential_kind_check")),
        sa.ForeignKeyConstraint(
            ["hospital_id", "terminal_id"],
            ["terminal.hospital_id", "terminal.terminal_id"],
            name=op.f("terminal_credential_hospital_id_terminal_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "digest", name=op.f("terminal_credential_pkey")),
    )
    op.create_index(
        "terminal_credential_valid_ix",
        "terminal_credential",
        ["hospital_id", "terminal_id"],
        unique=False,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "terminal_device",
        sa.Column("hospital_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('ok', 'paper_low', 'paper_out', 'jam', 'offline')", name=op.f("terminal_device_state_check")
        ),
        sa.ForeignKeyConstraint(
            ["hospital_id", "terminal_id"],
            ["terminal.hospital_id", "terminal.terminal_id"],
            name=op.f("terminal_device_hospital_id_terminal_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("hospital_id", "terminal_id", "device", name=op.f("terminal_device_pkey")),
    )
    op.execute(
        """
        CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME;
        END $$
        """
    )
    op.execute(
        """
        CREATE OR REPLACE TRIGGER journal_entry_append_only BEFORE UPDATE OR DELETE ON journal_entry
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
        CREATE OR REPLACE TRIGGER posting_append_only BEFORE UPDATE OR DELETE ON posting
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
        CREATE OR REPLACE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'INSERT' THEN
            IF NEW.place IS NULL AND NEW.hash IS NULL AND NEW.sealed_at IS NULL THEN
              RETURN NEW;
            END IF;
          ELSIF TG_OP = 'UPDATE' THEN
            IF OLD.place IS NULL
              AND (NEW.hospital_id, NEW.audit_id, NEW.at, NEW.actor, NEW.patient_id, NEW.operation, NEW.subject,
                   NEW.detail, NEW.correlation_id)
                IS NOT DISTINCT FROM
                  (OLD.hospital_id, OLD.audit_id, OLD.at, OLD.actor, OLD.patient_id, OLD.operation, OLD.subject,
                   OLD.detail, OLD.correlation_id) THEN
              RETURN NEW;
            END IF;
          END IF;
          RAISE EXCEPTION USING MESSAGE = 'the audit log is only added to', ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    op.execute(
        """
        CREATE OR REPLACE TRIGGER audit_row_guard BEFORE INSERT OR UPDATE OR DELETE ON audit
        FOR EACH ROW EXECUTE FUNCTION audit_guard()
        """
    )
    op.execute(
        """
        CREATE OR REPLACE TRIGGER audit_table_guard BEFORE TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_guard()
        """
    )
