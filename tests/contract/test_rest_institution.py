"""A bank asks by REST: it says who is there, opens a payment, has taken the money; and the session that goes with a
request is under its signature."""

from pathlib import Path
from typing import Any

from bank_hall import somebody
from holder_stage import HolderStage
from rest_banks import Bank, banks
from whole_stage import on_sale, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.conformance.hospital.stage import Stage


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
