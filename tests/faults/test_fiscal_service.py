"""Electronic receipts as patients and staff ask for them: their own only, printed once, and told to the hospital."""

import hashlib
import json
from collections import deque
from datetime import timedelta

import pytest
from fiscal_desk import Papers, SimReceipts, as_patient, comes_out, often, paid, process, service, work
from msgspec.structs import replace
from payment_checks import pay_in_time, play
from payment_far_side import FEE
from payment_world import World
from queue_desk import as_staff
from refund_desk import refund

from receipt_paper import receipt_pdf
from yinyi.business.documents.messages import DocumentView
from yinyi.business.fiscal.errors import FiscalFileUnreadable, FiscalInvoiceUnknown, NotIssuedYet
from yinyi.business.fiscal.messages import (
    AskFiscalInvoiceAgain,
    FiscalInvoiceView,
    GetFiscalFile,
    GetFiscalInvoice,
    GetFiscalPage,
    ListFiscalInvoices,
    ListLateFiscalInvoices,
    PrintFiscalInvoice,
)
from yinyi.business.payments.errors import PaymentUnknown
from yinyi.kernel.errors import NotYours


async def seen(it: World, hospital: SimReceipts, number: str) -> FiscalInvoiceView:
    async with it.database.read() as tx:
        return await service(it, hospital).get(tx, as_patient(it), GetFiscalInvoice(payment_no=number))


async def prints(it: World, hospital: SimReceipts, number: str) -> DocumentView:
    desk, call = service(it, hospital), as_patient(it)
    async with it.database.transaction() as tx:
        document_no = await desk.print(tx, call, PrintFiscalInvoice(payment_no=number), None)
    async with it.database.read() as tx:
        return await Papers().show(tx, call, document_no)


def test_it_is_coming_then_issued_then_reversed(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts(bad=deque(["waits"]))
        issuing, plan = process(it, hospital), await paid(it)
        number = plan.payment_no
        assert (await seen(it, hospital, number)).standing == "coming", "nobody has heard of it yet"
        await issuing.turn()
        assert (await seen(it, hospital, number)).standing == "coming"
        await work(it, issuing)
        view = await seen(it, hospital, number)
        assert (view.standing, view.amount_fen, view.number, view.url) == (
            "issued",
            FEE,
            "0" * 10,
            "https://r.example/1",
        )
        for fen, standing in ((1000, "partly_reversed"), (None, "reversed")):
            await refund(it, number, fen)
            await it.to_the_end(number)
            await work(it, issuing)
            view = await seen(it, hospital, number)
            assert view.standing == standing
        assert sum(each.amount_fen for each in view.red) == FEE
        assert all(each.number for each in view.red)
        async with it.database.read() as tx:
            listed = await service(it, hospital).list(tx, as_patient(it), ListFiscalInvoices())
        assert (listed.invoices, listed.next_before) == ([view], "")

    play(platform_url, story)


def test_what_was_paid_before_there_were_receipts_is_not_promised_one(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = (await pay_in_time(it)).payment_no
        it.clock.advance(timedelta(days=1))
        assert (await seen(it, SimReceipts(), number)).standing == "none"
        with pytest.raises(FiscalInvoiceUnknown):
            await prints(it, SimReceipts(), number)

    play(platform_url, story)


def test_it_is_printed_once_and_then_as_copies_and_the_hospital_hears_of_it_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts(bad=deque(["waits"]))
        issuing, plan = process(it, hospital), await paid(it)
        number = plan.payment_no
        await issuing.turn()
        with pytest.raises(NotIssuedYet):
            await prints(it, hospital, number)
        await work(it, issuing)
        paper = await prints(it, hospital, number)
        assert (paper.kind, paper.state, paper.copies) == ("fiscal", "queued", 1)
        it.clock.advance(timedelta(minutes=1))
        await issuing.turn()
        assert hospital.marked == [], "it has not come out yet"
        assert await comes_out(it) == [False]
        await work(it, issuing)
        assert hospital.marked == [number]
        again = await prints(it, hospital, number)
        assert (again.document_no, again.copies) == (paper.document_no, 2)
        assert await comes_out(it) == [True]
        await work(it, issuing)
        assert hospital.marked == [number]

    play(platform_url, story)


def test_what_it_was_for_is_said_in_english_too(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts()
        issuing, plan = process(it, hospital), await paid(it)
        number, title_en = plan.payment_no, f"Fee of {FEE} fen"
        coming = await seen(it, hospital, number)
        await work(it, issuing)
        issued, desk = await seen(it, hospital, number), service(it, hospital)
        async with it.database.read() as tx:
            listed = (await desk.list(tx, as_patient(it), ListFiscalInvoices())).invoices
        assert {(each.title, each.title_en) for each in (coming, issued, *listed)} == {("挂号费", title_en)}
        async with it.database.transaction() as tx:
            english = replace(as_patient(it), language="en")
            document_no = await desk.print(tx, english, PrintFiscalInvoice(payment_no=number), None)
            slip = json.loads(await tx.fetchval("SELECT data FROM document WHERE document_no = $1", document_no))
        assert slip["purpose"] == title_en

    play(platform_url, story)


def test_nobody_sees_that_of_somebody_else(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts()
        issuing, plan = process(it, hospital), await paid(it)
        await work(it, issuing)
        desk, other = service(it, hospital), as_patient(it, patient_id=2)
        async with it.database.read() as tx:
            with pytest.raises(NotYours):
                await desk.get(tx, other, GetFiscalInvoice(payment_no=plan.payment_no))
            with pytest.raises(NotYours):
                await desk.print(tx, other, PrintFiscalInvoice(payment_no=plan.payment_no), None)
            with pytest.raises(PaymentUnknown):
                await desk.get(tx, other, GetFiscalInvoice(payment_no="26112300000000ABCDEFGH"))
            assert (await desk.list(tx, other, ListFiscalInvoices())).invoices == []
        with pytest.raises(NotYours):
            await desk.get_file(other, GetFiscalFile(payment_no=plan.payment_no))
        with pytest.raises(NotYours):
            await desk.get_page(other, GetFiscalPage(payment_no=plan.payment_no))

    play(platform_url, story)


def test_its_file_is_drawn_once_for_all_its_pages(platform_url: str) -> None:
    async def story(it: World) -> None:
        file = receipt_pdf(2)
        hospital = SimReceipts(bad=deque(["waits"]), digest=hashlib.sha256(file).hexdigest())
        issuing, plan = process(it, hospital), await paid(it)
        await issuing.turn()
        desk, mine = service(it, hospital), as_patient(it)
        asked = GetFiscalPage(payment_no=plan.payment_no)
        with pytest.raises(NotIssuedYet):
            await desk.get_page(mine, asked)
        await work(it, issuing)
        with pytest.raises(FiscalInvoiceUnknown):
            await desk.get_page(mine, asked)
        hospital.files[plan.payment_no] = file
        first, second = [await desk.get_page(mine, replace(asked, nth=nth)) for nth in (1, 2)]
        assert (first.count, second.count, first.width) == (2, 2, 1400)
        assert hospital.calls.count("file") == 2, "in vain at first, then for both"
        with pytest.raises(FiscalFileUnreadable):
            await desk.get_page(mine, replace(asked, nth=3))

    play(platform_url, story)


def test_another_file_than_was_announced_is_not_drawn(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts(digest=hashlib.sha256(b"another").hexdigest())
        issuing, plan = process(it, hospital), await paid(it)
        await work(it, issuing)
        hospital.files[plan.payment_no] = receipt_pdf()
        with pytest.raises(FiscalFileUnreadable):
            await service(it, hospital).get_page(as_patient(it), GetFiscalPage(payment_no=plan.payment_no))

    play(platform_url, story)


def test_staff_see_what_is_late_and_why(platform_url: str) -> None:
    async def story(it: World) -> None:
        hospital = SimReceipts(bad=often("refused", 9))
        issuing, plan = process(it, hospital), await paid(it)
        await work(it, issuing, timedelta(hours=5))
        desk, staff = service(it, hospital), as_staff(it, "operator")
        again = AskFiscalInvoiceAgain(reference=plan.payment_no)
        async with it.database.read() as tx:
            [late] = (await desk.list_late(tx, staff, ListLateFiscalInvoices())).invoices
            assert (late.reference, late.problem) == (plan.payment_no, "bad_request no seal")
            assert (await desk.list_late(tx, staff, ListLateFiscalInvoices(minutes=600))).invoices == []
            hospital.bad.clear()
            assert await desk.ask_again(tx, staff, again, None) == plan.payment_no
        await issuing.turn()
        async with it.database.read() as tx:
            assert (await desk.list_late(tx, staff, ListLateFiscalInvoices())).invoices == []
            with pytest.raises(FiscalInvoiceUnknown):
                await desk.ask_again(tx, staff, again, None)

    play(platform_url, story)
