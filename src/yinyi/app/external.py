"""The servers that a hospital runs itself: whether they answer, and are of an age that Yinyi can work with."""

import asyncio
import socket
from urllib.parse import urlsplit

from yinyi.app.embedded.binaries import OLDEST_POSTGRES
from yinyi.app.errors import CannotStart

_TIMEOUT_S = 10
_NATS_PORT = 4222
SORTS_BY_BYTES = "SELECT 'P:z' < 'P;' AND 'P;' < 'PA' AND 'PZ' < 'Pa'"


def require_database(setting: str, url: str, *, is_ours: bool) -> None:
    """
    Raises:
        CannotStart: the PostgreSQL at ``url`` does not answer, refuses us, is too old, or ``is_ours`` and sorts
            texts in another order than that of their bytes; names the ``setting``.
    """
    major, by_bytes = asyncio.run(_found_at(setting, url))
    if major < OLDEST_POSTGRES:
        raise CannotStart(
            f"The database of {setting} is PostgreSQL {major}; Yinyi needs PostgreSQL {OLDEST_POSTGRES} or newer."
        )
    if is_ours and not by_bytes:
        raise CannotStart(
            f"The database of {setting} sorts texts as a language does; Yinyi needs one made with the locale C.UTF-8."
        )


async def _found_at(setting: str, url: str) -> tuple[int, bool]:
    """Its major version, and whether texts are in the order of their bytes: entries of the ledger are found so."""
    import asyncpg  # only here: the embedded server needs no driver in this process

    try:
        connection = await asyncpg.connect(url, timeout=_TIMEOUT_S)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CannotStart(f"The database of {setting} cannot be used: {error or type(error).__name__}.") from error
    try:
        return connection.get_server_version().major, await connection.fetchval(SORTS_BY_BYTES)
    finally:
        await connection.close()


def require_bus(setting: str, url: str) -> None:
    """
    Raises:
        CannotStart: no NATS server answers at ``url``; names the ``setting``.
    """
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or _NATS_PORT)
    try:
        with socket.create_connection(address, timeout=_TIMEOUT_S) as line:
            greeting = line.recv(5)
    except OSError as error:
        raise CannotStart(f"The bus of {setting} does not answer: {error.strerror or error}.") from error
    if greeting != b"INFO ":
        raise CannotStart(f"What answers at the address of {setting} is not a NATS server.")
