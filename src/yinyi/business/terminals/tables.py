"""Tables of terminals: who they are, what they show as credentials, and what happens at them just now."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Time,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from yinyi.bus.schema import INSTANT, metadata


def _hospital_id() -> Column[int]:
    return Column("hospital_id", Integer, primary_key=True, autoincrement=False)


def _of_a_terminal() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["hospital_id", "terminal_id"], ["terminal.hospital_id", "terminal.terminal_id"])


hospital = Table(
    "hospital",
    metadata,
    _hospital_id(),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("window_name", Text, nullable=False),
    Column("window_name_en", Text, nullable=False),
    Column("window_open_from", Time),
    Column("window_open_until", Time),
    Column("triage_name", Text, nullable=False),
    Column("triage_name_en", Text, nullable=False),
    Column("triage_open_from", Time),
    Column("triage_open_until", Time),
)

terminal = Table(
    "terminal",
    metadata,
    _hospital_id(),
    Column("terminal_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("place_en", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("added_at", INSTANT, nullable=False),
    Column("locked_at", INSTANT),
    Column("locked_for", Text, nullable=False, server_default=""),
    Column("agent_version", Text, nullable=False, server_default=""),
    Column("line_epoch", BigInteger, nullable=False, server_default=text("0")),
    Column("line_up", Boolean, nullable=False, server_default=false()),
    Column("line_seen_at", INSTANT),
    Column("retired_at", INSTANT),
    ForeignKeyConstraint(["hospital_id"], ["hospital.hospital_id"]),
    CheckConstraint("profile IN ('hall', 'ward', 'emergency', 'report_printer')", "profile"),
    CheckConstraint("locked_for IN ('', 'repair', 'paper', 'cleaning', 'moving')", "locked_for"),
)

service_hours = Table(
    "service_hours",
    metadata,
    _hospital_id(),
    Column("profile", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("offered", Boolean, nullable=False),
    Column("opens", Time, nullable=False),
    Column("closes", Time, nullable=False),
    ForeignKeyConstraint(["hospital_id"], ["hospital.hospital_id"]),
    CheckConstraint("profile IN ('hall', 'ward', 'emergency', 'report_printer')", "profile"),
)

closure = Table(
    "closure",
    metadata,
    _hospital_id(),
    Column("closure_id", BigInteger, Identity(), primary_key=True),
    Column("what", Text, nullable=False),
    Column("begins_at", INSTANT, nullable=False),
    Column("ends_at", INSTANT, nullable=False),
    Column("reason", Text, nullable=False),
    Column("planned_by", Text, nullable=False),
    Column("planned_at", INSTANT, nullable=False),
    Column("cancelled_at", INSTANT),
    ForeignKeyConstraint(["hospital_id"], ["hospital.hospital_id"]),
    CheckConstraint("what IN ('clinics', 'hospital_system')", "what"),
    CheckConstraint("begins_at < ends_at", "span"),
)
Index("closure_ends_ix", closure.c.hospital_id, closure.c.ends_at)

code_rules = Table(
    "code_rules",
    metadata,
    _hospital_id(),
    Column("kind", Text, primary_key=True),
    Column("rules", JSONB, nullable=False),
    ForeignKeyConstraint(["hospital_id"], ["hospital.hospital_id"]),
)

terminal_credential = Table(
    "terminal_credential",
    metadata,
    _hospital_id(),
    Column("digest", LargeBinary, primary_key=True),
    Column("terminal_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("revoked_at", INSTANT),
    _of_a_terminal(),
    CheckConstraint("kind IN ('agent', 'screen')", "kind"),
)
Index(
    "terminal_credential_valid_ix",
    terminal_credential.c.terminal_id,
    terminal_credential.c.hospital_id,
    postgresql_where=terminal_credential.c.revoked_at.is_(None),
)

enrolment = Table(
    "enrolment",
    metadata,
    _hospital_id(),
    Column("code_digest", LargeBinary, primary_key=True),
    Column("terminal_id", Text, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("installation_id", Text),
    Column("used_at", INSTANT),
    _of_a_terminal(),
)

pairing = Table(
    "pairing",
    metadata,
    _hospital_id(),
    Column("terminal_id", Text, primary_key=True),
    Column("code_digest", LargeBinary, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    _of_a_terminal(),
)
Index("pairing_code_ix", pairing.c.hospital_id, pairing.c.code_digest, unique=True)

terminal_device = Table(
    "terminal_device",
    metadata,
    _hospital_id(),
    Column("terminal_id", Text, primary_key=True),
    Column("device", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    _of_a_terminal(),
    CheckConstraint("state IN ('ok', 'paper_low', 'paper_out', 'jam', 'offline', 'open')", "state"),
)

presented = Table(
    "presented",
    metadata,
    _hospital_id(),
    Column("terminal_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("present", Boolean, nullable=False),
    Column("presented_at", INSTANT, nullable=False),
    Column("key_id", Integer),
    Column("sealed", LargeBinary),
    Column("staff_card_id", BigInteger),
    _of_a_terminal(),
    CheckConstraint("kind IN ('card', 'code')", "kind"),
    CheckConstraint("(key_id IS NULL) = (sealed IS NULL)", "sealed"),
    CheckConstraint("staff_card_id IS NULL OR sealed IS NULL", "staff_card"),
)

card_reading = Table(
    "card_reading",
    metadata,
    _hospital_id(),
    Column("terminal_id", Text, primary_key=True),
    Column("request_id", Text, nullable=False, server_default=""),
    Column("payment_no", Text, nullable=False, server_default=""),
    Column("patient_id", BigInteger, nullable=False, server_default="0"),
    Column("session_id", BigInteger, nullable=False, server_default="0"),
    Column("channel", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="none"),
    Column("digits", Integer, nullable=False, server_default="0"),
    Column("card_in", Boolean, nullable=False, server_default=false()),
    Column("forgotten", Boolean, nullable=False, server_default=false()),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Column("until", INSTANT),
    Column("request", JSONB),
    Column("opens_key_id", Integer),
    Column("opens_data", LargeBinary),
    _of_a_terminal(),
    CheckConstraint(
        "state IN ('none', 'asked', 'typing', 'read', 'cancelled', 'pulled_out', 'timed_out', 'not_taken', 'stripe', "
        "'unreadable', 'key_refused')",
        "state",
    ),
    CheckConstraint("(until IS NULL) = (request IS NULL)", "request"),
    CheckConstraint("(opens_key_id IS NULL) = (opens_data IS NULL)", "opens"),
)

line_event = Table(
    "line_event",
    metadata,
    _hospital_id(),
    Column("terminal_id", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("received_at", INSTANT, nullable=False),
    _of_a_terminal(),
)

staff_call = Table(
    "staff_call",
    metadata,
    _hospital_id(),
    Column("call_id", BigInteger, Identity(), primary_key=True),
    Column("terminal_id", Text, nullable=False),
    Column("called_at", INSTANT, nullable=False),
    Column("answered_at", INSTANT),
    Column("answered_by", Text),
    _of_a_terminal(),
)
Index("staff_call_latest_ix", staff_call.c.terminal_id, staff_call.c.hospital_id, staff_call.c.called_at)

staff_card = Table(
    "staff_card",
    metadata,
    _hospital_id(),
    Column("card_id", BigInteger, Identity(), primary_key=True),
    Column("number_index", LargeBinary, nullable=False),
    Column("pin_index", LargeBinary, nullable=False),
    Column("staff_id", Text, nullable=False),
    Column("terminal_id", Text, nullable=False),
    Column("enrolled_at", INSTANT, nullable=False),
    Column("enrolled_by", Text, nullable=False),
    Column("revoked_at", INSTANT),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("tried_at", INSTANT),
    Column("first_person", Text, nullable=False, server_default=""),
    Column("second_person", Text, nullable=False, server_default=""),
    Column("good_since", INSTANT),
    ForeignKeyConstraint(["hospital_id"], ["hospital.hospital_id"]),
    CheckConstraint("second_person = '' OR second_person <> first_person", "two_people"),
    CheckConstraint("good_since IS NULL OR (first_person = '') = (second_person = '')", "good"),
)
Index(
    "staff_card_number_ix",
    staff_card.c.hospital_id,
    staff_card.c.number_index,
    unique=True,
    postgresql_where=staff_card.c.revoked_at.is_(None),
)

maintenance = Table(
    "maintenance",
    metadata,
    _hospital_id(),
    Column("ticket_digest", LargeBinary, primary_key=True),
    Column("terminal_id", Text, nullable=False),
    Column("card_id", BigInteger, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    _of_a_terminal(),
    ForeignKeyConstraint(["hospital_id", "card_id"], ["staff_card.hospital_id", "staff_card.card_id"]),
)

test_print = Table(
    "test_print",
    metadata,
    _hospital_id(),
    Column("test_id", BigInteger, Identity(), primary_key=True),
    Column("terminal_id", Text, nullable=False),
    Column("asked_at", INSTANT, nullable=False),
    Column("done_at", INSTANT),
    Column("problem", Text, nullable=False, server_default=""),
    _of_a_terminal(),
)
Index("test_print_latest_ix", test_print.c.terminal_id, test_print.c.hospital_id, test_print.c.test_id)
