"""Payments, their steps and everything that guards them. Uniqueness that guards money stands in plain tables."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from yinyi.bus.schema import INSTANT, ROOM_TO_CHANGE, metadata
from yinyi.business.payments.model import SAID_BY_ONE, ByHand, DifferenceRuling, Ruling, SuspenseMove
from yinyi.business.payments.plan import StepState

_STATES = ", ".join(f"'{state}'" for state in get_args(StepState))
_OUTCOMES = ", ".join(f"'{each}'" for of in (ByHand, Ruling, SuspenseMove, DifferenceRuling) for each in get_args(of))
_BY_ONE = ", ".join(f"'{each}'" for each in SAID_BY_ONE)

payment = Table(
    "payment",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("payment_id", BigInteger, Identity(), primary_key=True),
    Column("payment_no", Text, nullable=False),
    Column("ask_no", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("purpose_version", Integer, nullable=False),
    Column("scope", Text, nullable=False),
    Column("patient_id", BigInteger, nullable=False),
    Column("terminal_id", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("description", Text, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("direction", Text, nullable=False, server_default="forward"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("tender", Text, nullable=False, server_default=""),
    Column("tender_no", Integer, nullable=False, server_default="0"),
    Column("cancel_wanted", Boolean, nullable=False, server_default=text("false")),
    Column("pay_by", INSTANT, nullable=False),
    Column("attention", Text, nullable=False, server_default=""),
    Column("attention_at", INSTANT),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Column("taken_fen", BigInteger, nullable=False, server_default="0"),
    Column("returned_fen", BigInteger, nullable=False, server_default="0"),
    Column("refunds_fen", BigInteger, nullable=False, server_default="0"),
    Column("business_date", Date, nullable=False),
    Column("started_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    Column("next_at", INSTANT),
    Column("lease_epoch", BigInteger),
    Column("gap_until", INSTANT),
    Column("asked_epoch", Integer),
    UniqueConstraint("payment_no", "hospital_id"),
    UniqueConstraint("ask_no", "hospital_id", name="payment_ask_no_key"),
    CheckConstraint("amount_fen >= 0", name="amount"),
    CheckConstraint("returned_fen <= taken_fen AND taken_fen >= 0", name="returned"),
    CheckConstraint("returned_fen <= refunds_fen AND refunds_fen <= taken_fen", name="refunds"),
    CheckConstraint("direction IN ('forward', 'back')", name="direction"),
    CheckConstraint("scope IN ('outpatient', 'inpatient')", name="scope"),
    CheckConstraint("ended_at IS NOT NULL OR lease_epoch IS NOT NULL OR next_at IS NOT NULL", name="owner"),
    postgresql_with=ROOM_TO_CHANGE,
)
Index("payment_due_ix", payment.c.next_at, postgresql_where=text("lease_epoch IS NULL AND next_at IS NOT NULL"))
Index(
    "payment_lease_ix",
    payment.c.lease_epoch,
    payment.c.payment_id,
    postgresql_where=text("lease_epoch IS NOT NULL"),
)
Index("payment_patient_ix", payment.c.patient_id, payment.c.hospital_id, payment.c.started_at)
Index("payment_attention_ix", payment.c.attention_at, postgresql_where=text("attention <> ''"))
Index("payment_gap_ix", payment.c.gap_until, postgresql_where=text("gap_until IS NOT NULL"))

payment_step = Table(
    "payment_step",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("payment_id", BigInteger, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("since", INSTANT, nullable=False),
    Column("next_at", INSTANT),
    Column("until", INSTANT),
    Column("sent_at", INSTANT),
    Column("reason", Text, nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("show", JSONB),
    UniqueConstraint("reference", "hospital_id"),
    CheckConstraint(f"state IN ({_STATES})", name="state"),
    CheckConstraint("amount_fen >= 0", name="amount"),
    postgresql_with=ROOM_TO_CHANGE,
)

payment_event = Table(
    "payment_event",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("payment_id", BigInteger, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("what", JSONB, nullable=False),
)

payment_obligation = Table(
    "payment_obligation",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("payment_id", BigInteger, nullable=False),
)
Index("payment_obligation_payment_ix", payment_obligation.c.payment_id, payment_obligation.c.hospital_id)

payment_end = Table(
    "payment_end",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("payment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
)
"""Ends that those above have not been told of; they may be told of one more than once."""

payment_callback = Table(
    "payment_callback",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("reference", Text, nullable=False),
    Column("payment_id", BigInteger),
    Column("verdict", Text, nullable=False),
    Column("outcome", JSONB, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("received_at", INSTANT, nullable=False),
    Column("applied_at", INSTANT),
    Column("amount_fen", BigInteger),
    Column("merchant", Text),
    Column("about", Text),
    CheckConstraint("verdict IN ('believed', 'mismatch', 'stranger')", name="verdict"),
)
Index(
    "payment_callback_waiting_ix",
    payment_callback.c.payment_id,
    payment_callback.c.hospital_id,
    postgresql_where=text("applied_at IS NULL AND payment_id IS NOT NULL"),
)
Index(
    "payment_callback_stranger_ix",
    payment_callback.c.received_at,
    postgresql_where=text("verdict = 'stranger'"),
)

Index(
    "payment_callback_mismatch_ix",
    payment_callback.c.payment_id,
    payment_callback.c.hospital_id,
    postgresql_where=text("verdict = 'mismatch'"),
)

payment_settlement = Table(
    "payment_settlement",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("payment_id", BigInteger, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", INSTANT, nullable=False),
    Column("settled_by", Text),
    Column("settled_at", INSTANT),
    Column("amount_fen", BigInteger, nullable=False, server_default="0"),
    Column("channel", Text, nullable=False, server_default=""),
    Column("merchant", Text, nullable=False, server_default=""),
    CheckConstraint(f"outcome IN ({_OUTCOMES})", name="outcome"),
    CheckConstraint("amount_fen >= 0", name="amount"),
    CheckConstraint(
        f"settled_by <> proposed_by OR amount_fen = 0 AND outcome IN ({_BY_ONE})",
        name="two_people",
    ),
)
"""``payment_id`` 0: it concerns no payment. What moves money on the books is said by two."""

institution_take = Table(
    "institution_take",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("institution_id", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("payment_id", BigInteger, nullable=False),
    Column("step_reference", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("taken_at", INSTANT, nullable=False),
    Column("taken_on", Date, nullable=False),
    Column("told_at", INSTANT, nullable=False),
    CheckConstraint("amount_fen > 0", name="amount"),
)
"""What banks have taken for us, each of their numbers once."""
Index("institution_take_payment_ix", institution_take.c.payment_id, institution_take.c.hospital_id)

institution_give_back = Table(
    "institution_give_back",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("institution_id", Text, primary_key=True),
    Column("their_reference", Text, primary_key=True),
    Column("step_reference", Text, nullable=False),
    Column("given_back_at", INSTANT, nullable=False),
    Column("told_at", INSTANT, nullable=False),
)
"""What banks have given back for us, each of their numbers once: who has paid once is not believed twice."""

payment_means = Table(
    "payment_means",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("tender", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("icon", Text, nullable=False),
    Column("told_at", INSTANT, nullable=False),
)
"""What connectors are called, kept for payments that outlive them."""

Index(
    "institution_take_day_ix",
    institution_take.c.taken_on,
    institution_take.c.institution_id,
    institution_take.c.hospital_id,
)

taken_list = Table(
    "taken_list",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("institution_id", Text, primary_key=True),
    Column("taken_on", Date, primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("parts", Integer, nullable=False),
    Column("told_at", INSTANT, nullable=False),
    CheckConstraint("part BETWEEN 1 AND parts", name="part"),
)
"""The parts of banks' lists of a day that are here."""

taken_list_row = Table(
    "taken_list_row",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("institution_id", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("taken_on", Date, nullable=False),
    Column("part", Integer, nullable=False),
    Column("payment_no", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    CheckConstraint("amount_fen > 0", name="amount"),
)
Index(
    "taken_list_row_day_ix",
    taken_list_row.c.taken_on,
    taken_list_row.c.institution_id,
    taken_list_row.c.hospital_id,
)

process_lease = Table(
    "process_lease",
    metadata,
    Column("epoch", BigInteger, Identity(), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("alive_until", INSTANT, nullable=False),
    Column("breakers", Text, nullable=False, server_default=""),
)
Index("process_lease_alive_ix", process_lease.c.alive_until)

restore_epoch = Table(
    "restore_epoch",
    metadata,
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("since", INSTANT, nullable=False),
    Column("reached_at", INSTANT),
    Column("asked_at", INSTANT),
)

restore_gap = Table(
    "restore_gap",
    metadata,
    Column("hospital_id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("source", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("found", Text, nullable=False),
    Column("since", INSTANT, nullable=False),
    Column("settled_by", Text),
    Column("settled_at", INSTANT),
    CheckConstraint("state IN ('to_ask', 'to_compare', 'settled')", name="state"),
    CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name="settled"),
)
