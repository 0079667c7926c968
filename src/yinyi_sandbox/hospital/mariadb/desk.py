"""Who answers what the procedures in MariaDB hand over: the sandbox hospital, in that database's forms."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import asyncpg
import msgspec

from yinyi.kernel.money import yuan
from yinyi_sandbox.hospital.database import ZONE
from yinyi_sandbox.hospital.hospital import Hospital
from yinyi_sandbox.hospital.mariadb.dictionary import SCHEMA, Dictionary, dictionary
from yinyi_sandbox.hospital.mariadb.line import Line
from yinyi_sandbox.hospital.mariadb.procedures import common, statement
from yinyi_sandbox.hospital.trades import Field, Trade, described, run

_MADE = "SELECT count(*) FROM information_schema.schemata WHERE schema_name = %s"
_FETCH = "DELETE FROM 前置库.待办 RETURNING 编号, 交易, 参数"
_ANSWER = "INSERT INTO 前置库.回复 (结果, 错误, 编号) VALUES (%s, %s, %s)"
PLATFORM = "platform"
Letter = tuple[int, str, str]
"""Its number, the procedure, and what it asks as JSON."""


class Server(Protocol):
    """A MariaDB in which the user ``platform`` has no right yet."""

    @property
    def port(self) -> int: ...

    @property
    def password(self) -> str: ...

    def connect(self) -> Any:
        """A connection of its owner, as PyMySQL has them; each statement is committed."""
        ...


class FrontHouse:
    """The hospital behind MariaDB. ``start()`` it; the platform comes to ``url``."""

    def __init__(self, hospital: Hospital, server: Server) -> None:
        self._hospital, self._server = hospital, server
        self._words = dictionary()
        self._bell = asyncio.Event()
        back = {theirs: ours for ours, theirs in self._words.procedures.items()}
        self._line = Line(server.port, hospital.faults, back, self._bell.set)
        self._fetching, self._sending = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._trades: dict[str, Trade] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"mariadb://{PLATFORM}:{self._server.password}@127.0.0.1:{self._line.port}/{SCHEMA}"

    async def start(self) -> None:
        async with self._hospital.pool.acquire() as connection:
            trades = await described(connection)
        self._trades = {one.procedure: one for one in trades if one.procedure in self._words.procedures}
        await self._in(self._fetching, make, self._server, list(self._trades.values()), self._words)
        self._inbox = await self._in(self._fetching, self._server.connect)
        self._outbox = await self._in(self._sending, self._server.connect)
        await self._line.start()
        self._run(self._answer_all())

    async def stop(self) -> None:
        await self._line.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._in(self._fetching, self._inbox.close)
        await self._in(self._sending, self._outbox.close)
        self._fetching.shutdown()
        self._sending.shutdown()

    async def settled(self) -> None:
        await self._line.settled()

    def hang_up(self) -> None:
        self._line.hang_up()

    async def _answer_all(self) -> None:
        """Looks into the box only while somebody may have put something there."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._line.is_busy():
                for letter in await self._in(self._fetching, fetched, self._inbox):
                    self._run(self._answer(letter))

    async def _answer(self, letter: Letter) -> None:
        number, name, asked = letter
        trade, answer, error = self._trades[name], None, None
        try:
            rows = await run(self._hospital.pool, trade, self._asked(trade, msgspec.json.decode(asked)))
            answer = msgspec.json.encode([self._told(trade, row) for row in rows]).decode()
        except asyncpg.PostgresError as failure:
            error = str(failure)
        await self._in(self._sending, sent, self._outbox, answer, error, number)

    def _asked(self, trade: Trade, asked: Mapping[str, Any]) -> dict[str, list[str]]:
        given = ((one, asked[one.name]) for one in trade.parameters)
        return {one.word: self._texts(one, value) for one, value in given if value is not None}

    def _texts(self, field: Field, value: Any) -> list[str]:
        if field.many:
            return str(value).split(self._words.between)
        if field.name.endswith("_fen"):
            return [str(int(Decimal(str(value)) * 100))]
        if field.xsd == "dateTime":
            return [datetime.fromisoformat(value).replace(tzinfo=ZONE).isoformat()]
        return [self._words.codes.get(field.name, {}).get(value, str(value))]

    def _told(self, trade: Trade, row: Mapping[str, Any]) -> dict[str, Any]:
        return {one.name: None if row[one.name] is None else self._form(one, row[one.name]) for one in trade.columns}

    def _form(self, field: Field, value: Any) -> Any:
        if field.many:
            return self._words.between.join(str(one) for one in value)
        if field.name.endswith("_fen"):
            return yuan(value)
        if field.xsd == "dateTime":
            return datetime.fromisoformat(value).astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S.%f")
        if field.xsd == "date":
            return value.replace("-", "")
        if field.xsd == "boolean":
            return "Y" if value else "N"
        back = {ours: theirs for theirs, ours in self._words.codes.get(field.name, {}).items()}
        return back.get(value, value)

    def _run(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _in(self, thread: ThreadPoolExecutor, work: Any, *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(thread, work, *given)


def make(server: Server, trades: Sequence[Trade], words: Dictionary) -> None:
    """The database, unless it is there."""
    connection = server.connect()
    with connection, connection.cursor() as cursor:
        cursor.execute(_MADE, (SCHEMA,))
        if cursor.fetchone()[0]:
            return
        for one in (*common(), *(statement(trade, words) for trade in trades)):
            cursor.execute(one)
        for name in words.procedures.values():
            cursor.execute(f"GRANT EXECUTE ON PROCEDURE {SCHEMA}.`{name}` TO '{PLATFORM}'@'127.0.0.1'")


def fetched(inbox: Any) -> list[Letter]:
    with inbox.cursor() as cursor:
        cursor.execute(f"CALL {SCHEMA}.等件_()")
        cursor.execute(_FETCH)
        return list(cursor.fetchall())


def sent(outbox: Any, answer: str | None, error: str | None, number: int) -> None:
    with outbox.cursor() as cursor:
        cursor.execute(_ANSWER, (answer, error, number))
