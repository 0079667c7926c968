"""The sandbox hospital behind MariaDB as a far side for contract tests."""

import atexit
import functools
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mariadb_server import MariaDbServer, found

from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.plugin import PLUGIN
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.far_side import Place
from yinyi.kernel.plugin import Surroundings
from yinyi_sandbox.hospital.far_side import FarHospital, started
from yinyi_sandbox.hospital.hospital import Hospital
from yinyi_sandbox.hospital.mariadb.desk import FrontHouse
from yinyi_sandbox.hospital.mariadb.dictionary import mapping_file

MARIADB_HERE = bool(found())
"""Debian's `mariadb-server-core`: `make test` installs it where it may."""
CONNECT_TIMEOUT_S = 120.0


class FarMariaDb(FarHospital):
    """The same hospital and the same hands; another database and line."""

    def __init__(self, hospital: Hospital, front: FrontHouse) -> None:
        mapping = str(mapping_file())
        super().__init__(hospital, {"url": front.url, "connect_timeout_s": CONNECT_TIMEOUT_S, "mapping": mapping})
        self._front = front
        self.url = front.url

    async def line_down(self, down: bool) -> None:
        await super().line_down(down)
        if down:
            self._front.hang_up()

    async def settled(self) -> None:
        await self._front.settled()


@asynccontextmanager
async def far_mariadb(place: Place) -> AsyncGenerator[FarMariaDb]:
    """The sandbox hospital, whose front database is MariaDB with other names and forms."""
    database = await place.database()
    hospital = await started(database.url, database.role)
    front = FrontHouse(hospital, mariadb_server())
    await front.start()
    try:
        yield FarMariaDb(hospital, front)
    finally:
        await front.stop()
        await hospital.stop()


def connect(url: str, mapping: Path) -> Any:
    """A connector with another mapping file."""
    config = ProceduresConfig(url=url, connect_timeout_s=CONNECT_TIMEOUT_S, mapping=str(mapping))
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
