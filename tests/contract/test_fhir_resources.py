"""What goes over the line, in both ways, is FHIR R4: looked at by somebody else's models of every resource."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, cast

import msgspec
import pytest
from fhir.resources.R4B import get_fhir_model_class
from hospital_stage import offered

from yinyi.access.hospital.fhir.client import FhirClient
from yinyi.access.hospital.fhir.interactions import INTERACTIONS
from yinyi.access.hospital.trades.hospital import TRADES
from yinyi.access.hospital.trades.trade import Row, Trade
from yinyi.access.hospital.trades.web import WebLine
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.billing.model import ChosenInvoice
from yinyi.business.identity.model import Person
from yinyi.conformance.hospital.actions import confirmed, fresh_schedule, held, soon
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, Waiting
from yinyi.wire import gb11643

EVER = (date(2020, 1, 1), date(2030, 1, 1))


class Tapped:
    """The line, listened to: what was sent, what came back, and for which trades."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[bytes] = []
        self.came: list[bytes] = []
        self.trades: set[str] = set()
        asked, called = WebLine.asked, FhirClient.call

        async def listen(
            line: WebLine, method: str, address: str, headers: Mapping[str, str], body: bytes
        ) -> tuple[int, bytes]:
            status, answer = await asked(line, method, address, headers, body)
            if headers.get("content-type") == "application/fhir+json":
                self.sent.append(body)
            self.came.append(answer)
            return status, answer

        async def note(client: FhirClient, trade: Trade, *values: Any) -> Sequence[Row]:
            self.trades.add(trade.name)
            return await called(client, trade, *values)

        monkeypatch.setattr(WebLine, "asked", listen)
        monkeypatch.setattr(FhirClient, "call", note)


async def at_the_desk(stage: Stage) -> None:
    hospital, now = cast(Any, stage.schedules), await stage.now()
    ref = reference()
    number = gb11643.number_of("510199", date(2001, 2, 3), int(ref[-3:]))
    person = Person(
        kind="resident_card", number=number, name="王小明", sex="male", born_on=date(2001, 2, 3),
        phone="13800000000", address="幸福路 1 号", nation="汉", guardian_name="王大明", guardian_phone="13900000000",
    )  # fmt: skip
    assert isinstance(await stage.patients.create(ref, person), Done)
    assert isinstance(await stage.patients.ask_created(ref), Done)
    assert await stage.patients.find("resident_card", person.number)
    await stage.patients.by_number("083214")
    await stage.schedules.departments()
    await stage.schedules.practitioners()
    await stage.schedules.visits("083214", 5)
    schedule, [first, second, third] = await fresh_schedule(stage, free=5), await stage.patient_numbers(3)
    await stage.schedules.slots(schedule.schedule_id)
    ref, other = await held(stage, schedule, first), await held(stage, schedule, second)
    assert isinstance(await stage.schedules.extend(ref, await soon(stage, 20)), Done)
    await stage.schedules.release(ref)
    await hospital.give_back(other, await soon(stage, 5))
    kept = await confirmed(stage, schedule, third)
    await stage.schedules.ask(kept)
    await hospital.numbers(now - timedelta(hours=1), now + timedelta(hours=1))
    await hospital.session_numbers(schedule.schedule_id)
    await hospital.check_in(reference(), kept)
    undone = reference()
    await hospital.undo_check_in(undone)
    await hospital.ask_check_in(undone)
    await hospital.missed(kept)
    await stage.substitute(schedule.schedule_id)
    assert await hospital.session_changes(0)


async def at_the_till(stage: Stage) -> None:
    bills, at = stage.bills, await stage.now()
    await bills.invoices("083214", "", *EVER, 200)
    found = [await bills.invoice(one) for one in await stage.hands.order("083214", "0102")]
    chosen = [ChosenInvoice(invoice_no=one.invoice_no, version=one.version) for one in found if one]
    total = Fen(sum(one.total_fen for one in found if one))
    await bills.invoice_lines([one.invoice_no for one in chosen])
    released, paid, back = reference(), reference(), reference()
    assert isinstance(await bills.hold_invoices(released, chosen, await soon(stage)), Done)
    await bills.release_invoices(released)
    assert isinstance(await bills.settle_invoices(paid, chosen, total, "P1", "alipay", at), Done)
    await bills.ask_invoices(paid)
    whole = next(one for one in found if one)
    assert isinstance(await bills.refund_invoice(back, whole.invoice_no, None, whole.total_fen), Done)
    await bills.ask_invoice_refund(back)
    await cast(Any, bills).postings(at - timedelta(hours=1), at + timedelta(hours=1))


async def in_the_ward(stage: Stage) -> None:
    stays, at = stage.inpatients, await stage.now()
    [stay, *_] = await stays.stays("2016000002")
    await stays.stay(stay.admission_no)
    assert await stays.stay_items(stay.admission_no, *EVER)
    assert await stays.cost_days(stay.admission_no)
    assert await stays.cost_categories(stay.admission_no)
    ref = reference()
    assert isinstance(await stays.post_deposit(ref, stay.admission_no, Fen(7), "P1", "alipay", at), Done)
    await stays.ask_deposit(ref)
    await stays.reverse_deposit(ref)
    assert await stays.deposits(stay.admission_no)
    [settled, *_] = await stays.stays("083214")
    [first, *_] = await stays.deposits(settled.admission_no)
    await stays.return_deposit(reference(), first.reference, Fen(1))
    await cast(Any, stays).deposit_postings(at - timedelta(hours=1), at + timedelta(hours=1))
    assert await stage.hands.charge_account("083214", reference(), 100)
    assert await stage.charges.account_charges(at - timedelta(hours=1), at + timedelta(hours=1))


async def papers(stage: Stage) -> None:
    seen = await stage.reports.reports("083214", *EVER, 50)
    for one in [await stage.reports.report(one.order_no) for one in seen]:
        assert one is not None
        await stage.reports.report_texts(one.order_no)
        for value in await stage.reports.observations(one.order_no, one.version):
            await stage.reports.trend("083214", value.analyte_code, 3)
        for picture in await stage.pictures.report_pictures(one.order_no, one.version):
            assert await stage.pictures.report_picture(one.order_no, one.version, picture.nth)
    await stage.pictures.report_picture("1", 1, 1)
    await stage.hands.receipts_take(0)
    ref, red = reference(), reference()
    told = ("P1", "083214", "门诊", Fen(1000), await stage.now())
    assert isinstance(await stage.fiscal.issue_fiscal_invoice(ref, *told), Done | Waiting)
    assert isinstance(await stage.fiscal.reverse_fiscal_invoice(red, ref, Fen(300), "退费"), Done)
    await stage.fiscal.ask_fiscal_invoice(red)
    assert await stage.fiscal.fiscal_invoices("083214", *EVER)
    assert await stage.fiscal.fiscal_file(ref)
    await stage.fiscal.mark_fiscal_printed(ref)


def test_every_resource_either_way_is_fhir(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    tapped = Tapped(monkeypatch)

    async def go() -> None:
        async with offered("fhir", postgres) as (_, stage):
            for scene in (at_the_desk, at_the_till, in_the_ward, papers):
                await scene(stage)
            await stage.schedules.schedules("0102", *EVER)
            hospital = cast(Any, stage.schedules)
            assert await hospital.misfits() == []

    asyncio.run(go())
    assert tapped.trades == set(INTERACTIONS) == {one.name for one in TRADES}
    kinds = set[str]()
    for text in {*tapped.sent, *tapped.came}:
        told = msgspec.json.decode(text)
        kinds |= {told["resourceType"], *(one["resource"]["resourceType"] for one in told.get("entry", ()))}
        get_fhir_model_class(told["resourceType"]).model_validate_json(text)
    assert kinds >= {
        *("Patient", "Organization", "PractitionerRole", "Schedule", "Slot", "Appointment", "Encounter", "Basic"),
        *("Invoice", "ChargeItem", "PaymentNotice", "DiagnosticReport", "Observation", "Media", "DocumentReference"),
        *("Binary", "Bundle", "Parameters", "OperationOutcome", "CapabilityStatement"),
    }


def test_somebody_elses_models_notice_what_is_wrong() -> None:
    for wrong in ({"resourceType": "Slot"}, {"resourceType": "Patient", "born": "2001"}):
        with pytest.raises(ValueError, match=wrong["resourceType"]):
            get_fhir_model_class(wrong["resourceType"]).model_validate(wrong)
