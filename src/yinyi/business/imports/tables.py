"""What a former system hands over, until it is taken over: checked line by line, proposed, confirmed by another."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
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

from yinyi.bus.schema import INSTANT, metadata
from yinyi.business.imports.model import ImportState

_STATES = ", ".join(f"'{state}'" for state in get_args(ImportState))
OPEN = "state IN ('proposed', 'confirmed')"
TO_DO = "state = 'confirmed' OR state = 'withdrawn' AND swept_at IS NULL"

import_run = Table(
    "import_run",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("import_id", BigInteger, Identity(), primary_key=True),
    Column("import_no", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("most_fen", BigInteger, nullable=False),
    Column("patients_header", Text, nullable=False),
    Column("balances_header", Text, nullable=False),
    Column("patients_lines", Integer, nullable=False),
    Column("balances_lines", Integer, nullable=False),
    Column("patients_chain", LargeBinary, nullable=False),
    Column("balances_chain", LargeBinary, nullable=False),
    Column("patients", Integer, nullable=False, server_default="0"),
    Column("bindings", Integer, nullable=False, server_default="0"),
    Column("balances", Integer, nullable=False, server_default="0"),
    Column("empty_accounts", Integer, nullable=False, server_default="0"),
    Column("total_fen", BigInteger, nullable=False, server_default="0"),
    Column("problems", Integer, nullable=False, server_default="0"),
    Column("begun_by", Text, nullable=False),
    Column("begun_at", INSTANT, nullable=False),
    Column("done_before", Integer, nullable=False, server_default="0"),
    Column("proposed_by", Text),
    Column("proposed_at", INSTANT),
    Column("confirmed_by", Text),
    Column("confirmed_at", INSTANT),
    Column("withdrawn_by", Text),
    Column("withdrawn_at", INSTANT),
    Column("taken_to", Integer, nullable=False, server_default="1"),
    Column("opened_to", Integer, nullable=False, server_default="1"),
    Column("made", Integer, nullable=False, server_default="0"),
    Column("bound", Integer, nullable=False, server_default="0"),
    Column("left_out", Integer, nullable=False, server_default="0"),
    Column("opened", Integer, nullable=False, server_default="0"),
    Column("opened_fen", BigInteger, nullable=False, server_default="0"),
    Column("done_at", INSTANT),
    Column("swept_at", INSTANT),
    UniqueConstraint("import_no", "hospital_id"),
    CheckConstraint(f"state IN ({_STATES})", name="state"),
    CheckConstraint("confirmed_by <> proposed_by", name="two_people"),
    CheckConstraint(
        "state IN ('draft', 'withdrawn') OR proposed_by IS NOT NULL AND proposed_at IS NOT NULL AND problems = 0",
        name="proposed",
    ),
    CheckConstraint(
        "(state IN ('confirmed', 'done')) = (confirmed_by IS NOT NULL)"
        " AND (confirmed_by IS NULL) = (confirmed_at IS NULL)",
        name="confirmed",
    ),
    CheckConstraint(
        "(state = 'done') = (done_at IS NOT NULL)"
        " AND (state <> 'done' OR opened = balances AND opened_fen = total_fen)",
        name="done",
    ),
    CheckConstraint("opened_fen <= total_fen AND opened <= balances", name="opened"),
)
"""``…_lines``: the number of the last line that came, the header being the first; 0: there is no such file.
``taken_to``, ``opened_to``: up to this line patients are taken over and balances opened. ``done_before``: so many
imports of this hospital were done when this one began."""
Index("import_run_open_key", import_run.c.hospital_id, unique=True, postgresql_where=text(OPEN))
Index("import_run_to_do_ix", import_run.c.import_id, postgresql_where=text(TO_DO))

import_patient = Table(
    "import_patient",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("import_id", BigInteger, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("patient_no", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sex", Text, nullable=False),
    Column("born_on", Date),
    Column("phone_key_id", Integer),
    Column("phone_data", LargeBinary),
    Column("phone_index", LargeBinary),
    UniqueConstraint("patient_no", "import_id", "hospital_id"),
)
"""Only until they are taken over or the import is withdrawn."""

import_binding = Table(
    "import_binding",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("import_id", BigInteger, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("patient_no", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number_key_id", Integer, nullable=False),
    Column("number_data", LargeBinary, nullable=False),
    Column("number_index", LargeBinary, nullable=False),
    UniqueConstraint("number_index", "kind", "import_id", "hospital_id"),
)

import_balance = Table(
    "import_balance",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("import_id", BigInteger, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("patient_no", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("patient_id", BigInteger),
    Column("opened_at", INSTANT),
    UniqueConstraint("patient_no", "import_id", "hospital_id"),
    CheckConstraint("amount_fen >= 0", name="amount"),
    CheckConstraint("(patient_id IS NULL) = (opened_at IS NULL)", name="opened"),
)
"""Kept: what two people have confirmed, line by line. ``patient_id``: whose account it was opened on."""
Index(
    "import_balance_patient_ix",
    import_balance.c.patient_id,
    import_balance.c.hospital_id,
    postgresql_where=import_balance.c.patient_id.is_not(None),
)

import_problem = Table(
    "import_problem",
    metadata,
    Column("hospital_id", Integer, primary_key=True),
    Column("import_id", BigInteger, primary_key=True),
    Column("file", Text, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("earlier_line", Integer, nullable=False),
    CheckConstraint("file IN ('patients', 'balances')", name="file"),
)
