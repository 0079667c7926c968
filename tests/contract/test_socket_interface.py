"""Banks on lines of their own: somebody gets a hospital number, registers, and the bank has taken the money."""

import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bank_hall import BROUGHT, BankHall, bank_hall, somebody
from bank_terminal import BankTerminal
from holder_stage import HolderStage
from whole_stage import on_sale, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.conformance.hospital.stage import Stage
from yinyi.interface import body
from yinyi.interface.socket import server


async def comes(bank: BankTerminal, who: dict[str, str]) -> None:
    """To this bank's terminal."""
    found = await bank.ask("IdentifyHolder", who)
    assert (found.code, found.sealed, found.body["status"]) == ("OK", True, "first_visit"), found.raw
    made = await bank.ask(
        "RegisterPatient", {"ticket": found.body["ticket"], "phone": "13800000000"}, "key-first-visit"
    )
    assert made.code == "OK", made.head
    bank.patient = made.body["session_token"]


async def registers(bank: BankTerminal, hospital: Stage, key: str) -> dict[str, Any]:
    """A number is held; its payment."""
    async for chosen in on_sale(hospital):
        wanted = {"department_id": chosen.department_id, "schedule_id": chosen.schedule_id}
        held = await bank.ask("RegisterToday", wanted, f"{key}-{chosen.schedule_id}")
        if held.code == "OK":
            return held.body["payment"]
    raise AssertionError("nothing is sold")


def taken(bank: BankTerminal, payment_no: str, fen: int, reference: str) -> dict[str, Any]:
    now = bank.now() - timedelta(seconds=1)
    return {
        "payment_no": payment_no,
        "reference": reference,
        "amount_fen": fen,
        "taken_at": now.isoformat(timespec="seconds"),
        "taken_on": f"{now:%Y-%m-%d}",
    }


def test_a_bank_registers_pays_and_gives_back(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        async with bank_hall(stage) as hall:
            who = somebody()
            await by_x9_19(hall, hospital, who)
            await by_sm3_in_xml(hall, hospital, who)
            await the_day_ends(hall)
            await books(hall, hospital, who)
            await limits(hall)

    play(platform_url, tmp_path, postgres, story)


async def by_x9_19(hall: BankHall, hospital: Stage, who: dict[str, str]) -> None:
    bank = hall.icbc
    assert (await bank.ask("ListDepartments", {}, line="x" * 40)).code == "LineEnded"
    signed_on = await bank.sign_on(**BROUGHT)
    assert (signed_on.code, signed_on.sealed) == ("OK", True)
    assert (await bank.ask("ListInvoices", {})).code == "SessionEnded", "nobody is there"
    await comes(bank, who)
    paying = await registers(bank, hospital, "key-registers")
    assert (paying["state"], paying["purpose"]) == ("ready", "registration")
    told = taken(bank, paying["payment_no"], paying["owed_fen"], "ICBC-0001")
    frame = bank.frame("ReportTaken", told, "key-taken-1")
    first = await bank.send(frame)
    assert (first.code, first.sealed, first.body["verdict"]) == ("OK", True, "delivered"), first.raw
    again = await bank.send(frame)
    assert (again.sealed, again.body) == (True, first.body), "the very same frame is answered again"
    other = await bank.ask("ReportTaken", told, "key-taken-2")
    assert other.body["verdict"] == "delivered", "so is the same number under another key"
    differs = await bank.ask("ReportTaken", told | {"amount_fen": told["amount_fen"] + 1}, "key-taken-3")
    assert (differs.code, differs.sealed) == ("ReferenceUsed", True)
    reused = json.loads(bank.document("ListDepartments", {}))
    reused["head"]["sequence"] = json.loads(frame.partition(b"\n")[2])["head"]["sequence"]
    document = json.dumps(reused).encode()
    at_the_door = await bank.send(bank.sealed(document, bank.mac(document)))
    assert (at_the_door.code, at_the_door.sealed) == ("SequenceUsed", False), "as the page says"
    await refused(hall, hospital)
    await wrong_in_every_way(hall, frame)
    bound = await bank.ask("BindHolderCard", {"card_no": "6222020000000000018", "name": who["name"]}, "key-binds-card")
    assert bound.code == "OK", bound.raw
    assert [each["kind"] for each in bound.body["credentials"]] == ["resident_card", "bank_card"]
    known = await bank.ask("IdentifyHolder", {"by": "bank_card", "number": "6222020000000000018", "name": who["name"]})
    assert known.body["status"] == "known"
    number = who["number"]
    for wrong in (who | {"name": "别人"}, who | {"number": number[:-1] + ("1" if number[-1] != "1" else "2")}):
        assert (await bank.ask("IdentifyHolder", wrong)).code in ("HolderUnknown", "CheckDigitWrong")


async def refused(hall: BankHall, hospital: Stage) -> None:
    """The bank has taken another amount; it is told to give it back, asks which orders there are, and confirms."""
    bank = hall.icbc
    paying = await registers(bank, hospital, "key-registers-again")
    told = taken(bank, paying["payment_no"], paying["owed_fen"] + 100, "ICBC-0002")
    answer = await bank.ask("ReportTaken", told, "key-taken-4")
    assert (answer.body["verdict"], answer.body["give_backs"][0]["reason"]) == ("give_back", "changed")
    orders = (await bank.ask("ListGiveBacks", {})).body["orders"]
    assert orders == answer.body["give_backs"]
    at = bank.now().isoformat(timespec="seconds")
    done = {"reference": orders[0]["reference"], "their_reference": "ICBC-BACK-1", "given_back_at": at}
    assert (await bank.ask("ConfirmGiveBack", done, "key-given-back")).body["verdict"] == "given_back"
    assert (await bank.ask("ListGiveBacks", {})).body["orders"] == []
    cancelled = await bank.ask("CancelPayment", {"payment_no": paying["payment_no"]}, "key-cancels")
    assert cancelled.code == "OK", cancelled.raw


async def wrong_in_every_way(hall: BankHall, heard: bytes) -> None:
    """Nothing of it is done, whatever it is, and the line goes on."""
    bank = hall.icbc
    stranger = await hall.another("icbc")
    assert (await stranger.send(heard)).code == "LineEnded", "a line is good on the connection that opened it"
    document = bank.document("ListGiveBacks", {})
    assert (await bank.send(bank.sealed(document, "0" * 16))).code == "SignatureRefused"
    assert (await bank.send(bank.sealed(document + b" ", bank.mac(document)))).code == "SignatureRefused"
    assert (await bank.ask("ListGiveBacks", {}, age_s=3600)).code == "SignatureRefused"
    assert (await bank.ask("ListGiveBacks", {}, institution="ccb")).code == "SignatureRefused"
    answer = await bank.send(bank.sealed(document, bank.mac(document)))
    assert (answer.code, answer.sealed) == ("OK", True)
    assert (await stranger.ask("CloseInstitutionLine", {})).code == "OK"
    assert (await stranger.ask("ListGiveBacks", {})).code == "LineEnded"
    await stranger.hang_up()


async def by_sm3_in_xml(hall: BankHall, hospital: Stage, who: dict[str, str]) -> None:
    """Another bank, in XML of GB 18030 behind four digits; the same person, whom it does not hear anything more of."""
    bank = hall.ccb
    assert (await bank.sign_on()).sealed
    found = await bank.ask("IdentifyHolder", who)
    assert (found.code, found.body["status"]) == ("OK", "known")
    bank.patient = found.body["session_token"]
    mine = hall.icbc.patient
    assert (await bank.ask("ListCredentials", {}, patient=mine)).code == "SessionEnded", "of the other bank"
    paying = await registers(bank, hospital, "key-of-the-other")
    theirs = await hall.icbc.ask("GetPayment", {"number": paying["payment_no"]})
    assert theirs.code == "PaymentUnknown", "nor that there is one"
    told = taken(bank, paying["payment_no"], int(paying["owed_fen"]), "CCB-00001")
    frames = [bank.frame("ReportTaken", told, "key-taken-ccb"), bank.frame("ListGiveBacks", {})]
    for frame in frames:
        bank.write(frame)
    answers = [await bank.read() for _ in frames]
    assert {each.head["operation"] for each in answers} == {"ReportTaken", "ListGiveBacks"}
    assert all(each.sealed for each in answers)
    verdict = next(each for each in answers if each.head["operation"] == "ReportTaken").body["verdict"]
    assert verdict == "delivered"
    departments = await bank.ask("ListDepartments", {})
    asked = (departments.head["operation"], departments.code)
    assert asked == ("ListDepartments", "TooLarge"), "four digits do not say so much"
    await bank.hang_up()
    bank.digits = 8
    await bank.connect(hall.port)
    await bank.sign_on()
    departments = await bank.ask("ListDepartments", {})
    assert (departments.code, departments.sealed) == ("OK", True)
    assert 'encoding="GB18030"' in departments.raw[:60].decode("ascii", "ignore")


async def the_day_ends(hall: BankHall) -> None:
    """The bank's list has what it has taken, but for one; its other half of the books is named."""
    bank = hall.icbc
    known = [(await bank.ask("GetTaken", {"reference": f"ICBC-000{n}"})).body for n in (1, 2)]
    rows = [
        {"reference": each["reference"], "payment_no": each["payment"]["payment_no"], "amount_fen": each["amount_fen"]}
        for each in known
    ]
    today = f"{bank.now():%Y-%m-%d}"
    day = await bank.ask("SubmitTakenList", {"taken_on": today, "rows": rows[1:]}, "key-of-the-day-1")
    assert (day.code, day.sealed, day.body["complete"]) == ("OK", True, True), day.raw
    assert [(each["reference"], each["what"]) for each in day.body["differences"]] == [("ICBC-0001", "unlisted")]
    mended = await bank.ask("SubmitTakenList", {"taken_on": today, "rows": rows}, "key-of-the-day-2")
    assert (mended.body["differences"], mended.body["listed_fen"]) == ([], mended.body["heard_fen"])


async def books(hall: BankHall, hospital: Stage, who: dict[str, str]) -> None:
    """Somebody books at the bank's terminal, gives one number back and comes for the other one. The other bank, where
    he is known too, sees neither."""
    bank = hall.icbc
    kept, given_back = [number async for number in booked(bank, hospital)]
    listed = (await bank.ask("ListAppointments", {})).body["appointments"]
    assert {each["booking_no"] for each in listed} == {kept, given_back}
    assert "booking_no" not in (await hall.ccb.ask("ListAppointments", {})).raw.decode("gb18030")
    assert (await hall.ccb.ask("CheckIn", {"booking_no": kept}, "key-comes-to-ccb")).code == "NoSuchBooking"
    assert (await bank.ask("CheckIn", {"booking_no": kept}, "key-comes-early")).code == "NotThatDay"
    cancelled = await bank.ask("CancelAppointment", {"booking_no": given_back}, "key-gives-back")
    assert (cancelled.code, cancelled.body["state"]) == ("OK", "cancelled"), cancelled.raw
    assert (await bank.ask("GetTaken", {"reference": "ICBC-B101"})).body["verdict"] == "give_back"
    await hospital.pass_time(timedelta(hours=22, minutes=40))  # a little before the doctor begins
    await hospital.hands.work()
    hall.stage.line.clock.at = await hospital.now()
    await hall.stage.business.lease.beat()
    bank = await hall.another("icbc")
    bank.patient = (await bank.ask("IdentifyHolder", who)).body["session_token"]
    come = await bank.ask("CheckIn", {"booking_no": kept}, "key-comes")
    assert come.code == "OK", come.head
    assert come.body["state"] == "checked_in"


async def booked(bank: BankTerminal, hospital: Stage) -> AsyncGenerator[str]:
    """Two numbers of tomorrow with two doctors, paid at the bank."""
    doctors: set[str] = set()
    async for chosen in on_sale(hospital, days_ahead=1):
        wanted = {
            "department_id": chosen.department_id,
            "schedule_id": chosen.schedule_id,
            "on": f"{chosen.service_date}",
        }
        held = await bank.ask("BookAppointment", wanted, f"key-books-{chosen.schedule_id}")
        if held.code != "OK":
            continue
        payment = held.body["payment"]
        told = taken(bank, payment["payment_no"], payment["owed_fen"], f"ICBC-B{len(doctors)}01")
        assert (await bank.ask("ReportTaken", told, f"key-booked-{len(doctors)}")).body["verdict"] == "delivered"
        doctors.add(chosen.schedule_id)
        yield held.body["booking_no"]
        if len(doctors) == 2:
            return
    raise AssertionError("nothing can be booked")


async def limits(hall: BankHall) -> None:
    slow, idle = [await hall.another("icbc") for _ in range(2)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(body, "WITHIN_S", 0.2)
        slow.writer.write(b"\x01\x00X9.19 ")
        assert (await slow.read()).code == "TooSlow"
        assert await slow.reader.read() == b"", "and is hung up"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(server, "IDLE_S", 0.4)
        idle.write(idle.frame("ListGiveBacks", {}))
        await idle.reader.read()  # up to the end, which comes because nothing more is said
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(server, "MOST_LINES", 0)
        full = await hall.connected(BankTerminal("icbc", "X9.19", str, hall.icbc.now))
        assert (await full.read()).code == "Busy"
