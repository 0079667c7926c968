"""A dispatcher on a real database, with handlers of the test's own under real operations."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Database, Tx, open_database
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.envelope import Credentials, ReplyEnvelope, RequestEnvelope, SessionView
from yinyi.bus.operation import Caller, Operation, OperationSpec, spec_of
from yinyi.business.terminals.messages import LockTerminal
from yinyi.kernel.errors import NotAllowed

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PATIENCE_S = 30.0
SESSION = SessionView(patient_no_tail="001", name_masked="李*", age=40, expires_at=START)

TABLES = """
CREATE TABLE note (note_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL);
CREATE TABLE noted (operation text NOT NULL, subject text NOT NULL, actor text NOT NULL);
"""


@dataclass
class SimClock:
    """Stands still until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at


class Trusting:
    """Whoever says who he is, is it; ``stranger`` is nobody."""

    async def verify(self, caller: Caller, envelope: RequestEnvelope, spec: OperationSpec) -> Principal:
        shown = envelope.credentials
        if shown.staff == "stranger":
            raise NotAllowed("nobody knows him")
        hospital_id = 2 if shown.staff == "elsewhere" else 1
        who = Principal(caller=caller, hospital_id=hospital_id, staff_id=shown.staff, terminal_id=shown.terminal)
        if shown.session:
            return Principal(caller=caller, hospital_id=1, terminal_id="T1", patient_id=7, session=SESSION)
        return who


@dataclass
class Stage:
    """Where requests go in and replies come out."""

    database: Database
    clock: SimClock
    dispatcher: Dispatcher
    commits: list[None] = field(default_factory=list[None])

    async def send(
        self,
        message: Operation[Any],
        *,
        caller: Caller = Caller.STAFF,
        who: str = "anna",
        session: str = "",
        key: str = "",
        within_s: float = PATIENCE_S,
        place: str | None = None,
    ) -> ReplyEnvelope:
        envelope = RequestEnvelope(
            correlation_id="c-1",
            deadline=self.clock.now() + timedelta(seconds=within_s),
            body=msgspec.Raw(msgspec.json.encode(message)),
            credentials=Credentials(staff=who, session=session),
            key=key,
            place=place,
        )
        return await self.send_raw(spec_of(type(message)).subject(caller.value), msgspec.json.encode(envelope))

    async def send_raw(self, subject: str, data: bytes) -> ReplyEnvelope:
        return msgspec.json.decode(await self.dispatcher.answer(subject, data), type=ReplyEnvelope)

    async def notes(self) -> list[str]:
        async with self.database.read() as tx:
            return [row["text"] for row in await tx.fetch("SELECT text FROM note ORDER BY note_id")]

    async def audited(self) -> list[tuple[str, ...]]:
        async with self.database.read() as tx:
            return [tuple(row) for row in await tx.fetch("SELECT operation, subject, actor FROM noted")]

    async def execute(self, statement: str) -> None:
        async with self.database.read() as tx:
            await tx.execute(statement)


AUDIT = "INSERT INTO noted SELECT operation, subject, actor FROM record WHERE patient_id < 0 OR correlation_id <> ''"


async def make_note(tx: Tx, call: Call, message: LockTerminal, facts: object) -> str:
    return str(await tx.fetchval("INSERT INTO note (text) VALUES ($1) RETURNING note_id", message.terminal_id))


async def show_note(tx: Tx, call: Call, subject: str) -> str:
    return await tx.fetchval("SELECT text FROM note WHERE note_id = $1", int(subject))


NOTE = Change[LockTerminal, Any](make_note, show_note)


def lock(text: str = "T1") -> LockTerminal:
    return LockTerminal(terminal_id=text, locked=True)


def shown(reply: ReplyEnvelope) -> Any:
    """The reply's body; an assertion that it is not a failure."""
    assert reply.failure is None, reply.failure
    return msgspec.json.decode(reply.body)


def failure(reply: ReplyEnvelope) -> str:
    """The error's code; an assertion that it is one."""
    assert reply.failure is not None, bytes(reply.body)
    return reply.failure.code


def play(url: str, story: Callable[[Stage], Awaitable[None]], **limits: int) -> None:
    async def on_stage() -> None:
        database, clock = await open_database(url, size=12), SimClock()
        commits: list[None] = []
        dispatcher = Dispatcher(
            *(database, Trusting(), clock),
            audit=AUDIT,
            committed=lambda _: commits.append(None),
            at_once=limits.get("at_once", 64),
            waiting=limits.get("waiting", 512),
        )
        stage = Stage(database, clock, dispatcher, commits)
        try:
            await stage.execute(TABLES)
            async with asyncio.timeout(PATIENCE_S):
                await story(stage)
        finally:
            await database.close()

    asyncio.run(on_stage())
