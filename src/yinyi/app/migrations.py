"""Bringing a database to this release. Expand first, contract a release later."""

import asyncio
import re
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from yinyi.app.schema import METADATA
from yinyi.app.schema_version import FOLDER

_URL = re.compile(r"^postgres(ql)?://")


def upgrade(url: str) -> None:
    """To the newest revision; one process at a time, the others wait."""
    asyncio.run(_with_connection(url, _upgrade))


def differences(url: str) -> list[Any]:
    """What the tables of the code have and the database has not, or the other way round."""
    return asyncio.run(_with_connection(url, _compare))


def new_revision(url: str, message: str, number: str) -> None:
    """Write the file of the next revision from the difference."""

    def write(connection: Connection) -> None:
        command.revision(_config(connection), message, autogenerate=True, rev_id=number)

    asyncio.run(_with_connection(url, write))


async def _with_connection(url: str, work: Any) -> Any:
    engine = create_async_engine(_URL.sub("postgresql+asyncpg://", url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended('yinyi.migrations', 0))")
    command.upgrade(_config(connection), "head")


def _compare(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return list(compare_metadata(context, METADATA))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(FOLDER)))
    config.attributes["connection"] = connection
    return config
