"""The statements of one payment, as the engine wrote them, for pgbench to replay row by row."""

import re
import subprocess
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from yinyi.bus.database import Database

Spoken = list[tuple[str, tuple[Any, ...]]]


class Listening(Database):
    """A database that notes every statement and its parameters."""

    def __init__(self, under: Database) -> None:
        self.under = under
        self.spoken: Spoken = []

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Any]:
        async with self.under.read() as tx:
            yield _Noting(tx, self.spoken)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Any]:
        async with self.under.connection() as connection:
            yield _Noting(connection, self.spoken)

    async def close(self) -> None:
        await self.under.close()


class _Noting:
    def __init__(self, connection: Any, spoken: Spoken) -> None:
        self._connection = connection
        self._spoken = spoken

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name not in ("fetch", "fetchrow", "fetchval", "execute"):
            return found

        async def noted(query: str, *args: Any) -> Any:
            self._spoken.append((query, args))
            return await found(query, *args)

        return noted


async def script(database: Database, spoken: Spoken, unique: Sequence[str], payment_id: int) -> str:
    """These statements with their parameters written in: whatever is ``unique`` to the payment differs each time, and
    the payment's id is the one that the first statement answers."""
    lines = [r"\set n random(1, 9000000000000000)"]
    async with database.connection() as connection:
        for place, (query, args) in enumerate(spoken):
            types = [each.name for each in (await connection.prepare(query)).get_parameters()]
            values = [_written(value, kind, unique, payment_id) for value, kind in zip(args, types, strict=True)]
            lines.append(_filled(query, values) + (r" \gset" if place == 0 else ";"))
    return "\n".join(lines) + "\n"


def _filled(query: str, values: list[str]) -> str:
    return re.sub(r"\$(\d+)", lambda found: values[int(found[1]) - 1], " ".join(query.split()))


def _written(value: Any, kind: str, unique: Sequence[str], payment_id: int) -> str:
    if value == payment_id and kind == "int8":
        return "(:payment_id)::bigint"
    if value is None:
        return f"NULL::{kind}"
    if isinstance(value, bytes):
        return f"decode('{value.hex()}', 'hex')"
    if isinstance(value, list):
        items = [_written(each, kind.removesuffix("[]"), unique, payment_id) for each in cast(list[Any], value)]
        return f"ARRAY[{', '.join(items)}]::{kind}"
    text, name = _literal(str(value)), '"payment_id":'
    if f"{name}{payment_id}" in str(value):
        text = f"replace({text}, {_literal(f'{name}{payment_id}')}, {_literal(name)} || (:payment_id)::text)"
    for number, each in enumerate(unique):
        if each in str(value):
            text = f"replace({text}, {_literal(each)}, '{number}' || (:n)::text)"
    return f"({text})::{kind}"


def _literal(text: str) -> str:
    """pgbench takes ``:word`` for a variable, in quotes too."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''").replace(":", r"\072") + "'"


WARMS_UP_S = 2
"""So long each client plans its statements and fills its caches, as ours have long done; it is not counted."""


def pgbench(program: Path, url: str, written: Path, clients: int, seconds: float) -> tuple[float, float]:
    """Payments a second, and the 99th percentile of their time in ms, once every client is warm."""
    log = written.with_suffix(".log")
    for old in written.parent.glob(log.name + ".*"):
        old.unlink()
    command = [program, url, "-n", "-M", "prepared", "-f", written, "-c", str(clients), "-j", "2"]
    command += ["-T", str(WARMS_UP_S + round(seconds)), "--log", f"--log-prefix={log}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds * 3 + 60)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return _warm(line for path in written.parent.glob(log.name + ".*") for line in path.read_text().splitlines())


def _warm(lines: Iterable[str]) -> tuple[float, float]:
    """Of a line for each payment (client, number, microseconds, script, and when it ended in seconds and their
    millionths) those that ended once all were warm."""
    fields = [[int(each) for each in line.split()] for line in lines]
    paid = sorted((second + millionth / 1e6, took) for _, _, took, _, second, millionth in fields)
    since = paid[0][0] + WARMS_UP_S
    warm = [(at, took) for at, took in paid if at >= since]
    times = sorted(took for _, took in warm)
    return len(warm) / (warm[-1][0] - since), times[min(len(times) - 1, int(len(times) * 0.99))] / 1000
