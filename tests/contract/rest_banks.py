"""Banks that ask by REST, each under its own secret."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from holder_stage import HolderStage, InProcess
from starlette.applications import Starlette
from web_line import Signer, serving

from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.business.institutions.model import Institution
from yinyi.interface.metrics import Metrics
from yinyi.interface.rest.openapi import PREFIXES
from yinyi.interface.rest.server import SESSION_HEADER, Rest
from yinyi.kernel.clock import Clock
from yinyi.wire.institution import path_of_request

BOC = Institution(hospital_id=1, institution_id="boc", kind="bank", name="中国银行")
ABC = Institution(hospital_id=1, institution_id="abc", kind="bank", name="农业银行")
HIS = Institution(hospital_id=1, institution_id="his", kind="hospital", name="HIS")


class Bank:
    """Its own server."""

    def __init__(self, http: httpx.AsyncClient, institution_id: str, secret: str, clock: Clock) -> None:
        self._http, self._prefix = http, PREFIXES[Caller.INSTITUTION]
        self._signer = Signer(institution_id, secret, clock, "HMAC-SHA256")

    async def ask(
        self,
        operation: str,
        asked: dict[str, Any],
        *,
        session: str = "",
        shown: str | None = None,
        key: str = "",
        signed_key: str | None = None,
    ) -> tuple[int, Any]:
        """shown: the session that travels, where it is not the one that was signed; signed_key: the key that was
        signed, where another one travels."""
        path, content = self._prefix + operation, httpx.Request("POST", "http://x", json=asked).content
        headers = self._signer.headers(
            "POST", path_of_request(path, session, key if signed_key is None else signed_key), content
        )
        travels = session if shown is None else shown
        headers |= {"content-type": "application/json"} | ({SESSION_HEADER: travels} if travels else {})
        headers |= {"idempotency-key": key} if key else {}
        answer = await self._http.post(path, content=content, headers=headers)
        return answer.status_code, answer.json()


@asynccontextmanager
async def banks(stage: HolderStage) -> AsyncGenerator[tuple[Bank, Bank, Bank]]:
    """Two banks, and the hospital's system at the banks' door."""
    clock, institutions = stage.line.clock, stage.business.institutions
    async with stage.line.database.transaction() as tx:
        secrets = [await institutions.add(tx, each, "HMAC-SHA256", clock.now()) for each in (BOC, ABC, HIS)]
    bus = BusClient(InProcess(stage.business.dispatcher), Caller.INSTITUTION.value, clock)
    rest = Rest(bus, Metrics(), Caller.INSTITUTION)
    async with (
        serving(Starlette(routes=rest.routes())) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http,
    ):
        boc, abc, his = (
            Bank(http, each.institution_id, secret, clock)
            for each, secret in zip((BOC, ABC, HIS), secrets, strict=True)
        )
        yield boc, abc, his
