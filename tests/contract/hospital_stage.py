"""The sandbox hospital and every connector to it, as the conformance kit has them, for tests.

``OFFERED`` lists the ways to the hospital; a later connector adds its own, and every behaviour of the ports runs
against it as it is.
"""

import functools
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from hospital_mariadb import MARIADB_HERE, far_mariadb

from yinyi.access.hospital.fhir.plugin import PLUGIN as FHIR
from yinyi.access.hospital.procedures.plugin import PLUGIN as PROCEDURES
from yinyi.access.hospital.soap.plugin import PLUGIN as SOAP
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.conformance.hospital.play import on_stage
from yinyi.conformance.hospital.stage import Stage
from yinyi.conformance.place import ground
from yinyi.kernel.far_side import FarDatabase, Place
from yinyi.kernel.plugin import Plugin
from yinyi_sandbox.hospital import far_side

ROLE = "his_platform"
DATABASE = "stage_hospital"

FarSide = Callable[[Place], AbstractAsyncContextManager[Any]]
OFFERED: dict[str, tuple[Plugin, FarSide]] = {
    "procedures": (PROCEDURES, far_side.procedures),
    "soap": (SOAP, far_side.soap),
    "fhir": (FHIR, far_side.fhir),
    "desk": (SOAP, far_side.desk),
    "hip": (SOAP, functools.partial(far_side.soap, path="hip", style="message")),
}
if MARIADB_HERE:
    OFFERED["mariadb"] = (PROCEDURES, far_mariadb)


@asynccontextmanager
async def offered(name: str, postgres: EmbeddedPostgres, database: str = DATABASE) -> AsyncGenerator[tuple[Any, Stage]]:
    """A connector and its stage; the hospital's data, and its day, stay for the tests that follow in this database."""
    async with before(*OFFERED[name], postgres, database) as on_stage:
        yield on_stage


@asynccontextmanager
async def before(
    plugin: Plugin, far: FarSide, postgres: EmbeddedPostgres, database: str = DATABASE
) -> AsyncGenerator[tuple[Any, Stage]]:
    """Any connector before any far side."""

    async def made() -> FarDatabase:
        make_database(postgres, database)
        return FarDatabase(postgres.url(database, "hospital"), ROLE, postgres.password(ROLE))

    with tempfile.TemporaryDirectory(prefix="yinyi-far-side-") as folder:
        async with (
            ground(Path(folder), made) as place,
            far(place) as hospital,
            on_stage(plugin, hospital, place) as (connector, stage),
        ):
            yield connector, stage


@asynccontextmanager
async def procedures(postgres: EmbeddedPostgres, database: str = DATABASE) -> AsyncGenerator[Stage]:
    async with offered("procedures", postgres, database) as (_, stage):
        yield stage


@functools.cache
def make_database(postgres: EmbeddedPostgres, database: str = DATABASE) -> None:
    """Once for each server."""
    make_role(postgres)
    postgres.create_database(database, owner="hospital")


@functools.cache
def make_role(postgres: EmbeddedPostgres) -> None:
    """Once for each server."""
    postgres.create_role(ROLE)
