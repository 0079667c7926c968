"""Making the hospital's database: files of SQL, rows from the seed, and the coming days from the rota."""

import hashlib
import re
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from yinyi.kernel.clock import Clock
from yinyi_sandbox.hospital import seed
from yinyi_sandbox.hospital.catalogue import rows as catalogue

ZONE = ZoneInfo("Asia/Shanghai")
DAYS_AHEAD = 31
"""One more than can be booked, so that at midnight no day is missing."""
PROCEDURES = (
    "query_patient",
    "query_patient_no",
    "create_patient",
    "query_created",
    "query_visits",
    "query_department",
    "query_doctor",
    "query_schedule",
    "query_slot",
    "lock_number",
    "extend_lock",
    "confirm_registration",
    "release_number",
    "query_registration",
    "query_numbers",
    "return_number",
    "check_in",
    "undo_check_in",
    "query_check_in",
    "query_session_changes",
    "query_session_numbers",
    "query_missed",
    "query_charge_items",
    "query_invoices",
    "query_invoice",
    "query_invoice_lines",
    "query_postings",
    "hold_invoices",
    "pay_invoices",
    "release_invoices",
    "query_posting",
    "refund_invoice",
    "query_refund",
    "query_reports",
    "query_report",
    "query_report_text",
    "query_report_results",
    "query_analyte",
    "query_report_pictures",
    "download_report_picture",
    "query_stays",
    "query_stay",
    "query_stay_items",
    "query_stay_days",
    "query_stay_categories",
    "post_deposit",
    "reverse_deposit",
    "return_deposit",
    "query_deposit",
    "query_deposits",
    "query_deposit_postings",
    "issue_einvoice",
    "reverse_einvoice",
    "query_einvoice",
    "query_einvoices",
    "download_einvoice",
    "mark_einvoice_printed",
    "query_account_charges",
)
"""All that the platform may call."""

_COLUMNS = {
    "patient": (
        *("patient_no", "person_no", "full_name", "sex_code", "birth_date", "phone", "address", "nation"),
        "made_by",
    )
}
_FIRST_NEW_PERSON = 10_000
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")

log = structlog.get_logger()

Connection = asyncpg.Connection | PoolConnectionProxy


class NoSuchRole(Exception):
    """The role that the platform signs in with does not exist in this PostgreSQL."""


def local_date(instant: datetime) -> date:
    """The day in the hospital."""
    return instant.astimezone(ZONE).date()


async def set_up(connection: Connection, clock: Clock, platform_role: str, seed_number: int) -> None:
    """Leaves a hospital of this edition, open for the coming days, whose clock goes like ours.

    What an older edition left is thrown away: it is a sandbox.

    Raises:
        NoSuchRole: make the role first.
    """
    if not _PLAIN_NAME.fullmatch(platform_role):
        raise ValueError(f"not a plain SQL name: {platform_role!r}")
    if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", platform_role):
        raise NoSuchRole(platform_role)
    edition = _edition(seed_number)
    async with connection.transaction():
        if await _edition_found(connection) != edition:
            await _make(connection, seed_number, edition, local_date(clock.now()))
        await _admit(connection, platform_role)
        await connection.execute("SELECT his.set_clock_($1)", clock.now())
        await connection.execute("TRUNCATE his.refusal")
        await open_days(connection, local_date(clock.now()))


async def open_days(connection: Connection, today: date) -> int:
    """Makes the schedules and numbers that are still missing; answers how many schedules."""
    made = await connection.fetchval("SELECT his.open_days_($1, $2)", today, today + timedelta(days=DAYS_AHEAD))
    if made:
        log.info("days opened", schedules=made, until=str(today + timedelta(days=DAYS_AHEAD)))
    return made


async def _edition_found(connection: Connection) -> str | None:
    if await connection.fetchval("SELECT to_regclass('his.edition') IS NULL"):
        return None
    return await connection.fetchval("SELECT digest FROM his.edition")


async def _make(connection: Connection, seed_number: int, edition: str, today: date) -> None:
    await connection.execute("DROP SCHEMA IF EXISTS his CASCADE")
    for script in _scripts():
        await connection.execute(script)
    for table, rows in (seed.tables(seed_number, today) | catalogue.tables()).items():
        await connection.copy_records_to_table(table, schema_name="his", records=rows, columns=_COLUMNS.get(table))
    await connection.execute("SELECT setval('his.patient_seq', $1)", _FIRST_NEW_PERSON)
    await connection.execute("SELECT his.make_past_($1)", today)
    await connection.execute("INSERT INTO his.edition VALUES ($1)", edition)


async def _admit(connection: Connection, role: str) -> None:
    """The platform's role may call the procedures; it sees no table."""
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    calls = ", ".join(f"his.{procedure}" for procedure in PROCEDURES)
    await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {role}")
    await connection.execute(f"GRANT USAGE ON SCHEMA his TO {role}")
    await connection.execute(f"GRANT EXECUTE ON FUNCTION {calls} TO {role}")


def _scripts() -> list[str]:
    folder = files("yinyi_sandbox.hospital") / "sql"
    in_turn = sorted(folder.iterdir(), key=lambda path: int(path.name.partition("_")[0]))
    return [path.read_text(encoding="utf-8") for path in in_turn]


def _edition(seed_number: int) -> str:
    """Changes with anything that the data are made from."""
    digest = hashlib.sha256(str(seed_number).encode())
    for script in _scripts():
        digest.update(script.encode())
    for source in ("seed", "departments", "names", "dice"):
        digest.update((Path(__file__).parent / f"{source}.py").read_bytes())
    for source in sorted((Path(__file__).parent / "catalogue").glob("*.py")):
        digest.update(source.read_bytes())
    digest.update((Path(__file__).parent.parent / "people" / "people.py").read_bytes())
    return digest.hexdigest()
