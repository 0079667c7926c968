"""A FHIR server that says whatever it is told to, and the connector before it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wechatpay_lab import serving

from yinyi.access.hospital.fhir.config import FhirConfig
from yinyi.access.hospital.fhir.plugin import PLUGIN
from yinyi.access.hospital.trades.hospital import TradesHospital
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.listening import listening
from yinyi.kernel.plugin import Surroundings

SID = "http://yinyi.example/fhir/sid/"
APPOINTMENT: dict[str, Any] = {
    "resourceType": "Appointment",
    "status": "booked",
    "start": "2026-11-27T09:30:00+08:00",
    "end": "2026-11-27T09:40:00+08:00",
    "identifier": [{"system": "urn:elsewhere", "value": "9"}, {"system": f"{SID}registration", "value": "MZ1"}],
    "supportingInformation": [{"type": "Schedule", "identifier": {"system": f"{SID}schedule", "value": "12"}}],
    "participant": [
        {"actor": {"type": "Patient", "display": "王小明"}, "status": "accepted"},
        {"actor": {"type": "Location", "display": "2A05"}, "status": "accepted"},
    ],
    "extension": [{"url": "http://yinyi.example/fhir/StructureDefinition/number", "valueInteger": 3}],
}


class Far:
    """A server that says whatever it is told to, and keeps what it was asked."""

    def __init__(self, says: Any = APPOINTMENT, status: int = 200) -> None:
        self.says, self.status = says, status
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.base = ""

    async def serve(self, request: Request) -> Response:
        self.asked.append((request.method, str(request.url), dict(request.headers), await request.body()))
        said = self.says(len(self.asked)) if callable(self.says) else self.says
        return Response(said if isinstance(said, bytes | str) else json.dumps(said), self.status)


@contextlib.asynccontextmanager
async def between(far: Far, **more: Any) -> AsyncGenerator[TradesHospital]:
    listener = listening()
    far.base = f"http://127.0.0.1:{listener.getsockname()[1]}/r4"
    config = FhirConfig(url=far.base, rest_s=0, call_timeout_s=20, connect_timeout_s=20)
    around = Surroundings(clock=ShiftedClock(), callback_url="")
    hospital = PLUGIN.build(msgspec.structs.replace(config, **more), around)
    everything = Route("/{rest:path}", far.serve, methods=["GET", "POST"])
    async with serving(Starlette(routes=[everything]), listener):
        await hospital.start()
        try:
            yield hospital
        finally:
            await hospital.stop()


def told(far: Far, ask: Callable[[TradesHospital], Awaitable[Any]], **more: Any) -> Any:
    async def go() -> Any:
        async with between(far, **more) as hospital:
            return await ask(hospital)

    return asyncio.run(go())


def outcome(code: str, issue: str = "business-rule", system: str = f"{SID}result") -> dict[str, Any]:
    details = {"text": "why", "coding": [{"system": system, "code": code}]}
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": issue, "details": details}]}


def bundle(*found: dict[str, Any], further: str = "", mode: str = "match") -> dict[str, Any]:
    entries = [{"resource": one, "search": {"mode": mode}} for one in found]
    link = [{"relation": "next", "url": further}] if further else []
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": link}
