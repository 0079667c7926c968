"""What each way to the hospital adds to a call: ours and the bare client of its protocol, in turn."""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import msgspec
from zeep import AsyncClient
from zeep.transports import AsyncTransport

from bench.figures import Figures
from bench.house import House, house
from yinyi.access.hospital.fhir import plugin as fhir
from yinyi.access.hospital.fhir.config import FhirConfig
from yinyi.access.hospital.procedures import mapping
from yinyi.access.hospital.procedures import plugin as procedures
from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.soap import plugin as soap
from yinyi.access.hospital.soap.config import SoapConfig
from yinyi.app.data_folder import DataFolder
from yinyi.kernel.plugin import Plugin, Surroundings

CALLS = 60
Call = Callable[[], Awaitable[Any]]


async def ways(rounds: int) -> Figures:
    figures: dict[str, float] = {}
    async with house() as it:
        [patient_no] = await it.patients(1)
        for name, plugin, config, bare in (
            ("procedures", procedures.PLUGIN, ProceduresConfig, _by_asyncpg),
            ("soap", soap.PLUGIN, SoapConfig, _by_zeep),
            ("fhir", fhir.PLUGIN, FhirConfig, _by_httpx),
        ):
            settings = msgspec.json.decode((DataFolder(it.folder).sandbox / f"{name}.json").read_bytes(), type=config)
            figures |= await _compared(it, name, plugin, settings, patient_no, bare, rounds)
    return figures


Bare = Callable[[Any, str], Awaitable[tuple[Call, Call]]]


async def _compared(
    it: House, name: str, plugin: Plugin, settings: Any, patient_no: str, bare: Bare, rounds: int
) -> dict[str, float]:
    """The shortest of each; what is added, by the median of pairs of neighbours: a busy machine takes from both, and
    the luckiest of many is not like the luckiest of others."""
    hospital = plugin.build(settings, Surroundings(clock=it.clock, callback_url=""))
    await hospital.start()
    asks, ends = await bare(settings, patient_no)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        theirs.append(await _ms_each(asks))
        ours.append(await _ms_each(lambda: hospital.by_number(patient_no)))
    await ends()
    await hospital.stop()
    added = statistics.median(our / their for our, their in zip(ours, theirs, strict=True)) - 1
    return {
        f"{name}_ms": round(min(ours), 2),
        f"{name}_bare_ms": round(min(theirs), 2),
        f"{name}_added": round(added, 2),
    }


async def _ms_each(call: Call) -> float:
    await call()
    begun = time.perf_counter()
    for _ in range(CALLS):
        await call()
    return (time.perf_counter() - begun) / CALLS * 1000


async def _by_asyncpg(settings: ProceduresConfig, patient_no: str) -> tuple[Call, Call]:
    connection = await asyncpg.connect(settings.url)
    names = mapping.names("")
    query = mapping.query(names["query_patient_no"])
    limit_s = settings.call_timeout_s
    return lambda: connection.fetch(query, patient_no, timeout=limit_s), connection.close


async def _by_zeep(settings: SoapConfig, patient_no: str) -> tuple[Call, Call]:
    transport = await asyncio.to_thread(AsyncTransport)
    client = await asyncio.to_thread(AsyncClient, settings.wsdl, transport=transport)
    service: Any = client.service
    return lambda: service.QueryPatientNo(PatientNo=patient_no), transport.aclose


async def _by_httpx(settings: FhirConfig, patient_no: str) -> tuple[Call, Call]:
    client = httpx.AsyncClient(trust_env=False)
    body = {"identifier": patient_no, "_count": "1"}

    async def asks() -> Any:
        return json.loads((await client.post(f"{settings.url}/Patient/_search", data=body)).content)

    return asks, client.aclose
