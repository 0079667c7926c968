"""A bank asks by REST: it says who is there, opens a payment, has taken the money; and the session that goes with a
request is under its signature."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from bank_hall import somebody
from holder_stage import HolderStage, InProcess
from starlette.applications import Starlette
from web_line import Signer, serving
from whole_stage import on_sale, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.business.institutions.model import Institution
from yinyi.conformance.hospital.stage import Stage
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


async def registers(bank: Bank, hospital: Stage, session: str) -> dict[str, Any]:
    async for chosen in on_sale(hospital):
        wanted = {"department_id": chosen.department_id, "schedule_id": chosen.schedule_id}
        status, held = await bank.ask("RegisterToday", wanted, session=session, key=f"key-{chosen.schedule_id}")
        if status == 200:
            return held["payment"]
    raise AssertionError("nothing is sold")


def test_a_bank_registers_and_pays_by_rest(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        async with banks(stage) as (boc, abc, his):
            _, found = await boc.ask("IdentifyHolder", somebody())
            made = {"ticket": found["ticket"], "phone": "13800000000"}
            _, patient = await boc.ask("RegisterPatient", made, key="key-first-visit")
            session = patient["session_token"]
            paying = await registers(boc, hospital, session)
            now = stage.line.clock.now()
            taken = {
                "payment_no": paying["payment_no"],
                "reference": "BOC-000001",
                "amount_fen": paying["owed_fen"],
                "taken_at": now.isoformat(timespec="seconds"),
                "taken_on": f"{now:%Y-%m-%d}",
            }
            status, told = await boc.ask("ReportTaken", taken, key="key-taken-1")
            assert (status, told["verdict"]) == (200, "delivered"), told
            await whose_it_is(boc, abc, his, session, paying["payment_no"])

    play(platform_url, tmp_path, postgres, story)


async def whose_it_is(boc: Bank, abc: Bank, his: Bank, session: str, payment_no: str) -> None:
    asked = {"number": payment_no}
    assert (await boc.ask("GetPayment", asked, session=session))[0] == 200
    for wrong in ({"session": session, "shown": ""}, {"shown": session}, {"session": session, "shown": "x" * 40}):
        status, problem = await boc.ask("GetPayment", asked, **wrong)
        assert (status, problem["code"]) == (401, "SignatureRefused"), wrong
    for wrong in ("", "key-first-visit", "key-other-visit/GetPayment"):
        made = {"ticket": "x" * 40, "phone": "13800000000"}
        status, problem = await boc.ask("RegisterPatient", made, key="key-other-visit", signed_key=wrong)
        assert (status, problem["code"]) == (401, "SignatureRefused"), "what comes again under another key is not his"
    for nobody in ({}, {"session": "x" * 40}):
        status, problem = await boc.ask("ListInvoices", {}, **nobody)
        assert (status, problem["code"]) == (401, "SessionEnded"), "nobody is there"
    status, problem = await abc.ask("ListInvoices", {}, session=session)
    assert (status, problem["code"]) == (401, "SessionEnded"), "the session is good at the bank that has it"
    status, problem = await his.ask("ListDepartments", {})
    assert (status, problem["code"]) == (403, "NotAllowed"), "the hospital's systems have a door of their own"
