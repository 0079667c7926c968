"""The servers that a hospital runs itself: whether they answer, and are of an age that Yinyi can work with."""

import asyncio
import socket
from urllib.parse import urlsplit

from yinyi.app.embedded.binaries import OLDEST_POSTGRES
from yinyi.app.errors import CannotStart

_TIMEOUT_S = 10
_NATS_PORT = 4222


def require_database(setting: str, url: str) -> None:
    """
    Raises:
        CannotStart: the PostgreSQL at ``url`` does not answer, refuses us, or is too old; names the ``setting``.
    """
    major = asyncio.run(_major_of(setting, url))
    if major < OLDEST_POSTGRES:
        raise CannotStart(
            f"The database of {setting} is PostgreSQL {major}; Yinyi needs PostgreSQL {OLDEST_POSTGRES} or newer."
        )


async def _major_of(setting: str, url: str) -> int:
    import asyncpg  # only here: the embedded server needs no driver in this process

    try:
        connection = await asyncpg.connect(url, timeout=_TIMEOUT_S)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CannotStart(f"The database of {setting} cannot be used: {error or type(error).__name__}.") from error
    try:
        return connection.get_server_version().major
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
