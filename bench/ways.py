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

SITTINGS, PAIRS = 8, 250
WARMING = 20
Call = Callable[[], Awaitable[Any]]
Bare = Callable[[Any, str], Awaitable[tuple[Call, Call]]]


async def ways(quick: bool) -> Figures:
    """By the same rule for each: in a sitting both have new connections, and one call of each is made in turn, now the
    one first and now the other. What is added is the median of all pairs of neighbours: a busy machine takes from
    both, a collection of garbage falls to whoever it falls to, and nobody has the machine to himself for a row of
    calls, as nobody has in a hospital."""
    sittings, pairs = (2, 20) if quick else (SITTINGS, PAIRS)
    figures: dict[str, float] = {}
    async with house() as it:
        [patient_no] = await it.patients(1)
        for name, plugin, config, bare in (
            ("procedures", procedures.PLUGIN, ProceduresConfig, _by_asyncpg),
            ("soap", soap.PLUGIN, SoapConfig, _by_zeep),
            ("fhir", fhir.PLUGIN, FhirConfig, _by_httpx),
        ):
            settings = msgspec.json.decode((DataFolder(it.folder).sandbox / f"{name}.json").read_bytes(), type=config)
            taken: list[tuple[float, float]] = []
            for _ in range(sittings):
                taken += await _sitting(it, plugin, settings, patient_no, bare, pairs)
            figures |= _figures(name, taken)
    return figures


async def _sitting(
    it: House, plugin: Plugin, settings: Any, patient_no: str, bare: Bare, pairs: int
) -> list[tuple[float, float]]:
    """How long our calls and theirs took, pair by pair."""
    hospital = plugin.build(settings, Surroundings(clock=it.clock, callback_url=""))
    await hospital.start()
    theirs, ends = await bare(settings, patient_no)
    calls: tuple[Call, Call] = (lambda: hospital.by_number(patient_no), theirs)
    for call in calls * WARMING:
        await call()
    taken: list[tuple[float, float]] = []
    for nth in range(pairs):
        if nth % 2:
            ours_s, theirs_s = await _seconds(calls[0]), await _seconds(calls[1])
        else:
            theirs_s, ours_s = await _seconds(calls[1]), await _seconds(calls[0])
        taken.append((ours_s, theirs_s))
    await ends()
    await hospital.stop()
    return taken


def _figures(name: str, taken: list[tuple[float, float]]) -> dict[str, float]:
    ours, theirs = zip(*taken, strict=True)
    return {
        f"{name}_ms": round(statistics.median(ours) * 1000, 2),
        f"{name}_bare_ms": round(statistics.median(theirs) * 1000, 2),
        f"{name}_added": round(statistics.median(our / their for our, their in taken) - 1, 2),
    }


async def _seconds(call: Call) -> float:
    begun = time.perf_counter()
    await call()
    return time.perf_counter() - begun


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
