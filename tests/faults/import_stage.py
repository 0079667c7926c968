"""A platform that takes over from a former system: real database, real dispatcher, people of a former system."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from payment_world import ZONE, World, world
from queue_desk import as_staff
from watch_world import watch

from yinyi.app.watched import MOVES
from yinyi.bus.call import Call, Principal
from yinyi.bus.client import BusClient
from yinyi.bus.database import Database, Tx, open_pool
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.envelope import Credentials, RequestEnvelope
from yinyi.bus.lending import Lending
from yinyi.bus.operation import Caller, Operation, OperationSpec
from yinyi.business.audit.store import WITH_A_CHANGE
from yinyi.business.imports.messages import (
    LINES_AT_ONCE,
    BeginImport,
    CheckLines,
    ConfirmImport,
    GetImport,
    ImportView,
    ProblemView,
    ProposeImport,
)
from yinyi.business.imports.model import ImportFile
from yinyi.business.imports.service import ImportService
from yinyi.business.imports.takeover import Takeover
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.messages import VerifyLedger
from yinyi.business.ledger.service import LedgerService
from yinyi.business.payments import books
from yinyi.business.prepaid.messages import SetPrepaidMode
from yinyi.business.prepaid.model import PrepaidMode
from yinyi.business.prepaid.service import PrepaidService
from yinyi.kernel.money import yuan
from yinyi.kernel.secrets import Vault
from yinyi.wire import gb11643

R = TypeVar("R")
PATIENTS = "patient_no,name,sex,born_on,phone,resident_card,public_card"
BALANCES = "patient_no,balance_yuan"
BORN = date(1960, 2, 3)
STATES = """
SELECT (SELECT count(*) FROM patient) AS patients, (SELECT count(*) FROM credential) AS bindings,
  (SELECT count(*) FROM journal_entry) AS entries, (SELECT count(*) FROM posting) AS postings,
  (SELECT coalesce(sum(balance_fen), 0)::bigint FROM account_balance) AS fen,
  (SELECT coalesce(sum(amount_fen), 0)::bigint FROM posting WHERE debit_account = 'opening:former_system') AS opened_fen
"""
WAITING = """
SELECT (SELECT count(*) FROM import_patient) + (SELECT count(*) FROM import_binding)
  + (SELECT count(*) FROM import_balance) + (SELECT count(*) FROM import_problem)
"""


def card(n: int) -> str:
    """The number of somebody's resident card who does not exist."""
    return gb11643.number_of(f"{110100 + n // 1000}", BORN, n % 1000)


def person(n: int) -> str:
    """A line of the patients file."""
    return f"P{n:06},张{chr(0x4E00 + n % 5000)}明,,,138{n:08},{card(n)},GJ{n:08}"


def money(n: int) -> str:
    """A line of the balances file: so many yuan as the number says, and 50 fen."""
    return f"P{n:06},{yuan(100 * n + 50)}"


class _Believing:
    """Whoever says who he is, is it."""

    async def verify(self, caller: Caller, envelope: RequestEnvelope, spec: OperationSpec) -> Principal:
        name = envelope.credentials.person
        return Principal(caller=caller, hospital_id=1, staff_id=name, person=name)


class _InProcess:
    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        return await self._dispatcher.answer(subject, data)


@dataclass
class Stage:
    """What a test holds in its hand."""

    it: World
    lending: Lending
    database: Database
    vault: Vault
    client: BusClient
    prepaid: PrepaidService
    statements: list[str]
    keys: "itertools.count[int]" = field(default_factory=itertools.count)

    async def ask(self, message: Operation[R], who: str = "operator", key: str = "") -> R:
        key = key or f"key-of-a-test-{next(self.keys)}"
        return (await self.client.ask(message, credentials=Credentials(person=who), key=key, timeout_s=60)).reply

    async def begin(self, patients: str = PATIENTS, balances: str = BALANCES, **more: Any) -> str:
        message = BeginImport(patients_header=patients, balances_header=balances, **more)
        return (await self.ask(message)).import_no

    async def check(self, import_no: str, file: ImportFile, lines: list[str]) -> list[ProblemView]:
        """All of them, as the command sends them."""
        problems: list[ProblemView] = []
        for at in range(0, len(lines), LINES_AT_ONCE):
            part = lines[at : at + LINES_AT_ONCE]
            message = CheckLines(import_no=import_no, file=file, first_line=at + 2, lines=part)
            problems += (await self.ask(message)).problems
        return problems

    async def checked(self, patients: list[str], balances: list[str]) -> tuple[str, list[ProblemView]]:
        import_no = await self.begin()
        problems = await self.check(import_no, "patients", patients)
        return import_no, problems + await self.check(import_no, "balances", balances)

    async def proposed(self, patients: list[str], balances: list[str], who: str = "operator") -> ImportView:
        import_no, problems = await self.checked(patients, balances)
        assert problems == []
        message = ProposeImport(import_no=import_no, patients_lines=len(patients) + 1, balances_lines=len(balances) + 1)
        return await self.ask(message, who)

    async def confirm(self, view: ImportView, who: str = "supervisor", **wrong: Any) -> ImportView:
        """By the figures of the view, but for those that are wrong."""
        figures: dict[str, Any] = {
            "patients": view.patients,
            "balances": view.balances,
            "total_fen": view.total_fen,
            "fingerprint": view.fingerprint,
        }
        return await self.ask(ConfirmImport(import_no=view.import_no, **{**figures, **wrong}), who)

    def takeover(self, lines: int = 1000, database: Database | None = None) -> Takeover:
        return Takeover(database or self.database, self.it.clock, ZONE, lines)

    async def work(self, lines: int = 1000) -> None:
        """Until there is nothing more to do."""
        while await self.takeover(lines).advance():
            pass

    async def taken_over(self, patients: list[str], balances: list[str]) -> ImportView:
        view = await self.confirm(await self.proposed(patients, balances))
        await self.work()
        view = await self.ask(GetImport(import_no=view.import_no))
        assert view.state == "done"
        self.it.clock.advance(timedelta(minutes=1))
        return view

    async def mode(self, wanted: PrepaidMode) -> None:
        async with self.database.transaction() as tx:
            await self.prepaid.set_mode(tx, as_staff(self.it, "operator"), SetPrepaidMode(mode=wanted), None)

    async def states(self) -> dict[str, int]:
        """How much of everything there is on the platform."""
        return dict((await self.rows(STATES))[0])

    async def waiting(self) -> int:
        """How many rows wait to be taken over, or to be forgotten."""
        return (await self.rows(WAITING))[0][0]

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        async with self.database.read() as tx:
            return await tx.fetch(sql, *values)

    async def all_is_well(self) -> None:
        """The ledger agrees with itself, and no invariant is broken."""
        async with self.database.read() as tx:
            report = await LedgerService([books.differences], MOVES).verify(
                tx, as_staff(self.it, "operator"), VerifyLedger()
            )
            assert report.differences == []
            rows = await ledger.balances_together(tx, 1)
            one_by_one = await ledger.balances(tx, 1)
        assert sum(row["debit_fen"] - row["credit_fen"] for row in rows) == 0
        for side in ("debit_fen", "credit_fen"):
            own = [row[side] for row in one_by_one if row["account"].startswith("prepaid:")]
            assert [row[side] for row in rows if row["account"] == "prepaid:*"] == [sum(own)]
        found = await watch(self.it).found(after=timedelta(seconds=16))
        assert {name: each for name, each in found.items() if name != "audit_sealed"} == {}

    def patient_call(self, patient_id: int) -> Call:
        who = Principal(caller=Caller.KIOSK, hospital_id=1, terminal_id="T1", patient_id=patient_id)
        call = self.it.call()
        return Call(principal=who, now=call.now, deadline=call.deadline, correlation_id="c", key="k")


class Killed(Exception):
    """The process dies here."""


class Mortal(Database):
    """Dies before a statement of a transaction: what it has written is gone with it."""

    def __init__(self, lending: Lending, dies_at: int) -> None:
        super().__init__(lending)
        self._left = dies_at

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        async with super().transaction() as tx:
            yield _MortalTx(tx, self)

    def beat(self) -> None:
        self._left -= 1
        if self._left <= 0:
            raise Killed


@dataclass
class _MortalTx:
    """Passes statements on as long as it lives."""

    tx: Tx
    life: Mortal

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        self.life.beat()
        return await self.tx.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        self.life.beat()
        return await self.tx.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        self.life.beat()
        return await self.tx.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        self.life.beat()
        return await self.tx.execute(query, *args)


POOL = 4


async def _counted_pool(url: str, statements: list[str]) -> Any:
    """Whose connections write down every statement."""
    pool: Any = await open_pool(url, size=POOL, name="test")
    connections = [await pool.acquire() for _ in range(POOL)]

    def write_down(told: Any) -> None:
        statements.append(told.query)

    for connection in connections:
        connection.add_query_logger(write_down)
    for connection in connections:
        await pool.release(connection)
    return pool


Story = Callable[[Stage], Awaitable[None]]


def play(url: str, story: Story) -> None:
    """On a platform whose patients top up."""

    async def on_stage() -> None:
        statements: list[str] = []
        lending = Lending(await _counted_pool(url, statements))
        async with world(url) as it:
            database = Database(lending)
            vault = Vault({1: b"k" * 32}, b"i" * 32)
            dispatcher = Dispatcher(database, _Believing(), it.clock, audit=WITH_A_CHANGE)
            ImportService(database, vault, ZONE).register(dispatcher)
            client = BusClient(_InProcess(dispatcher), Caller.STAFF, it.clock)
            stage = Stage(it, lending, database, vault, client, PrepaidService(it.payments, ZONE), statements)
            await stage.mode("collect")
            try:
                await story(stage)
            finally:
                await database.close()

    asyncio.run(on_stage())
