"""The sandbox hospital's web services as a stage for contract tests, and the ``soap`` plugin before it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from hospital_stage import DATABASE, PATIENCE_S, ROLE, Offer, ProceduresStage, Stage, make_database
from starlette.applications import Starlette
from wechatpay_lab import serving

from yinyi.access.hospital.fhir.config import FhirConfig
from yinyi.access.hospital.fhir.plugin import PLUGIN as FHIR
from yinyi.access.hospital.soap.config import SoapConfig
from yinyi.access.hospital.soap.plugin import PLUGIN as SOAP
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.plugin import Plugin, Surroundings
from yinyi_sandbox.channel.hanging_up import with_line
from yinyi_sandbox.hospital.fhir import server as fhir_server
from yinyi_sandbox.hospital.hospital import Hospital, HospitalSettings, start_hospital
from yinyi_sandbox.hospital.services import Services, routes

AROUND = Surroundings(clock=ShiftedClock(), callback_url="http://127.0.0.1/callbacks/none")


class Door:
    """The services on their port, which can be shut."""

    def __init__(self, services: Services) -> None:
        self._application = with_line(Starlette(routes=[*routes(services), *fhir_server.routes(services)]))
        self._open = contextlib.AsyncExitStack()
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def open(self) -> None:
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        await self._open.enter_async_context(serving(self._application, listener))

    async def shut(self) -> None:
        await self._open.aclose()


class WebStage(ProceduresStage):
    """The same hospital; its mishaps befall what comes over the web."""

    def __init__(self, hospital: Hospital, connector: Any, hasty: Any, services: Services, door: Door) -> None:
        super().__init__(hospital, connector, hasty)
        self._services, self._door = services, door

    async def line_down(self, down: bool) -> None:
        await (self._door.shut() if down else self._door.open())

    async def settled(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._services.settled()


def web_services(path: str, **styled: Any) -> Offer:
    """``styled``: further settings of the plugin."""

    def settings(url: str) -> SoapConfig:
        return SoapConfig(wsdl=f"{url}/{path}?wsdl", call_timeout_s=20, connect_timeout_s=60, rest_s=0, **styled)

    return over_the_web(SOAP, settings)


def fhir() -> Offer:
    def settings(url: str) -> FhirConfig:
        return FhirConfig(url=f"{url}/fhir", call_timeout_s=20, connect_timeout_s=60, rest_s=0)

    return over_the_web(FHIR, settings)


def over_the_web(plugin: Plugin, settings_of: Callable[[str], Any]) -> Offer:
    """``settings_of``: those of a patient plugin, by the address of the sandbox."""

    @asynccontextmanager
    async def offer(postgres: EmbeddedPostgres) -> AsyncGenerator[Stage]:
        make_database(postgres)
        settings = HospitalSettings(database_url=postgres.url(DATABASE, "hospital"), platform_role=ROLE)
        hospital = await start_hospital(settings, ShiftedClock())
        services = Services(hospital)
        door = Door(services)
        await door.open()
        patient = settings_of(door.url)
        hasty = msgspec.structs.replace(patient, call_timeout_s=0.3, calls_at_once=2)
        connectors = [plugin.build(config, AROUND) for config in (patient, hasty)]
        try:
            for connector in connectors:
                await connector.start()
            yield WebStage(hospital, connectors[0], connectors[1], services, door)
        finally:
            for connector in connectors:
                await connector.stop()
            await door.shut()
            await hospital.stop()

    return offer
