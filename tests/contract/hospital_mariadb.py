"""The sandbox hospital behind MariaDB as a stage for contract tests, and the ``procedures`` plugin before it."""

import atexit
import functools
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hospital_stage import DATABASE, ROLE, ProceduresStage, Stage, make_database
from mariadb_server import MariaDbServer, found

from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.plugin import PLUGIN
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.plugin import Surroundings
from yinyi_sandbox.hospital.hospital import Hospital, HospitalSettings, start_hospital
from yinyi_sandbox.hospital.mariadb.desk import FrontHouse
from yinyi_sandbox.hospital.mariadb.dictionary import mapping_file

MARIADB_HERE = bool(found())
"""Debian's `mariadb-server-core`: `make test` installs it where it may."""


class MariaDbStage(ProceduresStage):
    """The same hands; another database, line and connector."""

    def __init__(self, hospital: Hospital, front: FrontHouse, connector: Any, hasty: Any) -> None:
        super().__init__(hospital, connector, hasty)
        self._front = front
        self.connector = connector
        self.url = front.url

    async def line_down(self, down: bool) -> None:
        await super().line_down(down)
        if down:
            self._front.hang_up()

    async def settled(self) -> None:
        await self._front.settled()


@asynccontextmanager
async def mariadb(postgres: EmbeddedPostgres) -> AsyncGenerator[Stage]:
    """The sandbox hospital, whose front database is MariaDB with other names and forms."""
    make_database(postgres)
    settings = HospitalSettings(database_url=postgres.url(DATABASE, "hospital"), platform_role=ROLE)
    hospital = await start_hospital(settings, ShiftedClock())
    front = FrontHouse(hospital, mariadb_server())
    await front.start()
    connector, hasty = connect(front.url), connect(front.url, call_timeout_s=0.3, calls_at_once=2)
    try:
        await connector.start()
        await hasty.start()
        yield MariaDbStage(hospital, front, connector, hasty)
    finally:
        await connector.stop()
        await hasty.stop()
        await front.stop()
        await hospital.stop()


def connect(url: str, mapping: Path | None = None, **more: Any) -> Any:
    """The connector."""
    usual: dict[str, Any] = {
        "call_timeout_s": 20,
        "connect_timeout_s": 120,
        "rest_s": 0,
        "mapping": str(mapping or mapping_file()),
    }
    config = ProceduresConfig(url=url, **(usual | more))
    return PLUGIN.build(config, Surroundings(clock=ShiftedClock(), callback_url=""))


@functools.cache
def mariadb_server() -> MariaDbServer:
    """One for all tests of this process, from the first that wants it to the end."""
    folder = tempfile.TemporaryDirectory(prefix="yinyi-mariadb-")
    server = MariaDbServer(Path(folder.name))
    atexit.register(folder.cleanup)
    atexit.register(server.stop)
    server.start()
    return server
