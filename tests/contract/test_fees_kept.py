"""Fee lists over all history as the business layer is wired, with a hospital behind it that forgets: kept, listed page
by page, and on paper."""

import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from unicodedata import normalize

import pypdfium2
import pytest
import zxingcpp
from bill_hall import BillHall, play
from msgspec.structs import replace

from yinyi.app.demo_hospital import HOSPITAL_ID, ZONE
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.operation import Caller
from yinyi.business.billing import store
from yinyi.business.billing.errors import InvoiceUnknown, NothingPaid, NotPaidYet, TooManyFees
from yinyi.business.billing.fees import SETTLES
from yinyi.business.billing.messages import Fees, GetInvoice, InvoiceView, ListFees, PrintFees, PrintPaidInvoice
from yinyi.business.billing.model import NamedInvoice
from yinyi.business.documents.messages import VerifyDocument
from yinyi.business.terminals.messages import ReportPrint, TakePrintJobs
from yinyi.kernel.errors import HospitalUnavailable, InternalError, InvalidField
from yinyi.kernel.money import Fen

Story = Callable[[BillHall], Awaitable[None]]


@dataclass
class Forgetful:
    """The hospital's bills behind a door that can be shut, and an archive that loses some of them."""

    hospital: Any
    shut: bool = False
    paid_by: str = ""
    """The payment that it says has paid every bill."""
    lost: set[str] = field(default_factory=set[str])

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.hospital, name)
        if name not in ("invoices", "invoice", "invoice_lines", "departments", "practitioners"):
            return found

        async def asked(*args: Any) -> Any:
            if self.shut:
                raise HospitalUnavailable(name)
            told = await found(*args)
            if name == "invoice":
                if told is None or told.invoice_no in self.lost:
                    return None
                return replace(told, payment_no=self.paid_by) if self.paid_by else told
            return [each for each in told if getattr(each, "invoice_no", "") not in self.lost]

        return asked


class Paper:
    """A PDF as somebody reads it, and what its code says behind the address."""

    def __init__(self, data: bytes) -> None:
        document = pypdfium2.PdfDocument(io.BytesIO(data))
        self.text = "".join(
            "".join(normalize("NFKC", str(page.get_textpage().get_text_range())).split()) for page in document
        )
        first: Any = document[0]
        [code] = zxingcpp.read_barcodes(first.render(scale=3).to_pil().convert("L"))
        self.said = code.text.rsplit("/", 1)[-1]

    def says(self, text: str) -> bool:
        return "".join(normalize("NFKC", text).split()) in self.text


@pytest.fixture
def in_hall(platform_url: str, postgres: EmbeddedPostgres) -> Callable[..., None]:
    def run(story: Story, **more: Any) -> None:
        play(platform_url, postgres, story, **more)

    return run


async def paid(hall: BillHall, who: str = "A") -> list[InvoiceView]:
    """Fresh bills that were paid at a window."""
    bills = await hall.ordered(who)
    for bill in bills:
        assert await hall.stage.hands.pay(bill.invoice_no)
    return bills


async def every_page(hall: BillHall, who: str = "A") -> list[Fees]:
    pages = [await hall.at_screen(ListFees(), who)]
    while pages[-1].earlier is not None:
        pages.append(await hall.at_screen(ListFees(until=pages[-1].earlier), who))
        assert len(pages) < 40
    return pages


def numbers(pages: list[Fees]) -> list[str]:
    return [each.invoice_no for page in pages for each in page.invoices]


async def papers(hall: BillHall) -> list[Paper]:
    """What comes out of the printer of this terminal."""
    taken = await hall.ask(Caller.TERMINAL, TakePrintJobs(epoch=hall.epoch), terminal=hall.agent)
    for job in taken.jobs:
        report = ReportPrint(epoch=hall.epoch, job_id=job.job_id, reason="")
        await hall.ask(Caller.TERMINAL, report, terminal=hall.agent)
    return [Paper(job.data) for job in taken.jobs]


def test_what_was_listed_once_is_there_for_good(in_hall: Callable[..., None]) -> None:
    """Also when the hospital does not answer, or does not have it any more; and nothing is there twice."""
    doors: list[Forgetful] = []

    def door(connector: Any) -> Forgetful:
        doors.append(Forgetful(connector))
        return doors[0]

    async def story(hall: BillHall) -> None:
        [away], book = doors, hall.business.counters.fees
        bills = await paid(hall)
        listed = numbers(await every_page(hall))
        assert len(listed) == len(set(listed))
        assert {each.invoice_no for each in bills} <= set(listed)
        opened, other = bills
        shown = await hall.at_screen(GetInvoice(number=opened.invoice_no))
        away.shut = True
        kept = await every_page(hall)
        assert (numbers(kept), kept[0].complete) == (listed, False)
        assert await hall.at_screen(GetInvoice(number=opened.invoice_no)) == shown
        with pytest.raises(HospitalUnavailable):
            await hall.at_screen(GetInvoice(number=other.invoice_no))
        assert not await book.copy_missing(hall.business.clock.now() + SETTLES * 2)
        away.shut = False
        while await book.copy_missing(hall.business.clock.now() + SETTLES * 2):
            pass
        away.lost = set(listed)
        assert numbers(await every_page(hall)) == listed
        again = await hall.at_screen(GetInvoice(number=other.invoice_no))
        assert sum(line.amount_fen for line in again.lines) == other.total_fen
        assert again.invoice.department
        assert not set(listed) & set(numbers(await every_page(hall, "B")))
        with pytest.raises(InvoiceUnknown):
            await hall.at_screen(GetInvoice(number=other.invoice_no), "B")
        async with hall.business.database.transaction() as tx:
            await tx.execute("UPDATE fee SET content = replace(content, '费', '废')")
        with pytest.raises(InternalError):
            await hall.at_screen(GetInvoice(number=other.invoice_no))

    in_hall(story, behind=door)


def test_every_bill_of_both_archives_stands_on_one_page(in_hall: Callable[..., None]) -> None:
    """The hospital has the newest, we have those that it has given up, some are in both; a page ends with a day."""

    async def story(hall: BillHall) -> None:
        await paid(hall)
        theirs = numbers(await every_page(hall))
        who = (HOSPITAL_ID, hall.ids["A"])
        now = hall.business.clock.now()
        async with hall.business.database.transaction() as tx:
            [like, *_] = await store.heads(tx, *who, now - timedelta(days=9000), now + timedelta(days=2), 500)
            days = [*range(40, 100), *([400] * 160), *range(401, 440)]
            old = [
                NamedInvoice(
                    invoice=replace(like.invoice, invoice_no=f"OLD{n:04}", ordered_at=now - timedelta(days=day))
                )
                for n, day in enumerate(days)
            ]
            await store.seen(tx, *who, old, now)
        pages = await every_page(hall)
        found = numbers(pages)
        assert len(found) == len(set(found))
        assert set(found) == {*theirs, *(each.invoice.invoice_no for each in old)}
        times = [each.ordered_at for page in pages for each in page.invoices]
        assert times == sorted(times, reverse=True)
        of_days = [{each.ordered_at.astimezone(ZONE).date() for each in page.invoices} for page in pages]
        assert all(not one & other for n, one in enumerate(of_days) for other in of_days[:n])
        day = (now - timedelta(days=400)).astimezone(ZONE).date()
        with pytest.raises(TooManyFees):
            await hall.at_screen(PrintFees(first_on=day - timedelta(days=40), last_on=day + timedelta(days=320)))

    in_hall(story)


def test_a_list_of_days_on_paper(in_hall: Callable[..., None]) -> None:
    """Item by item, with a code that tells whether it is genuine; the same list again is a copy, and after a refund it
    is another one."""

    async def story(hall: BillHall) -> None:
        bills = await paid(hall)
        today = hall.business.clock.now().astimezone(ZONE).date()
        wanted = PrintFees(first_on=today - timedelta(days=1), last_on=today)
        printed = await hall.at_screen(wanted)
        assert [each.kind for each in printed.sheets] == ["fee_list"]
        [paper] = await papers(hall)
        for bill in bills:
            assert paper.says(bill.invoice_no)
            for line in (await hall.at_screen(GetInvoice(number=bill.invoice_no))).lines:
                assert paper.says(line.name)
        assert paper.says("合计 Total")
        assert not paper.says("副本")
        assert (await hall.ask(Caller.ANYBODY, VerifyDocument(said=paper.said))).genuine
        await hall.at_screen(wanted)
        [again] = await papers(hall)
        assert (again.says("副本 Copy"), again.said) == (True, paper.said)
        assert await hall.stage.hands.refund(bills[0].invoice_no)
        await hall.at_screen(wanted)
        [after] = await papers(hall)
        assert after.says("已退 Given back")
        assert not after.says("副本")
        assert after.said != paper.said

    in_hall(story)


def test_days_of_which_nothing_is_printed(in_hall: Callable[..., None]) -> None:
    doors: list[Forgetful] = []

    def door(connector: Any) -> Forgetful:
        doors.append(Forgetful(connector))
        return doors[0]

    async def story(hall: BillHall) -> None:
        await paid(hall)
        today = hall.business.clock.now().astimezone(ZONE).date()
        for first, last in (
            (today, today - timedelta(days=1)),
            (today - timedelta(days=367), today),
            (today, today + timedelta(days=30)),
            (date(1990, 1, 1), date(1990, 2, 1)),
            (date(9999, 12, 1), date(9999, 12, 31)),
        ):
            with pytest.raises(InvalidField):
                await hall.at_screen(PrintFees(first_on=first, last_on=last))
        with pytest.raises(NothingPaid):
            await hall.at_screen(PrintFees(first_on=date(2001, 1, 1), last_on=date(2001, 2, 1)))
        doors[0].shut = True
        with pytest.raises(HospitalUnavailable):
            await hall.at_screen(PrintFees(first_on=today, last_on=today))
        assert not await papers(hall)
        doors[0].shut = False
        assert (await hall.at_screen(ListFees(until=date(2999, 12, 31)))).invoices

    in_hall(story, behind=door)


def test_a_paid_bill_on_paper(in_hall: Callable[..., None]) -> None:
    """With how it was paid: one original, then copies; not before it is paid, and to nobody but its patient. Nobody is
    told how another has paid, whichever payment the hospital names."""
    doors: list[Forgetful] = []

    def door(connector: Any) -> Forgetful:
        doors.append(Forgetful(connector))
        return doors[0]

    async def story(hall: BillHall) -> None:
        [bill, other] = await hall.ordered()
        wanted = PrintPaidInvoice(invoice_no=bill.invoice_no)
        with pytest.raises(NotPaidYet):
            await hall.at_screen(wanted)
        await hall.has_on_account(300)
        payment_no = (await hall.pay([bill])).payment.payment_no
        await hall.by(payment_no, "prepaid", 300)
        await hall.by(payment_no, "wechatpay")
        await hall.ends(payment_no)
        stamps: list[str] = []
        for _ in range(2):
            await hall.at_screen(wanted)
            [paper] = await papers(hall)
            for text in (bill.invoice_no, payment_no, "微信支付", "门诊预交金", "¥3.00", "王芳"):
                assert paper.says(text), text
            stamps += [stamp for stamp in ("正本", "副本") if paper.says(stamp)]
        assert stamps == ["正本", "副本"]
        for number in (bill.invoice_no, "nobody", "' OR 1=1 --"):
            with pytest.raises(InvoiceUnknown):
                await hall.at_screen(PrintPaidInvoice(invoice_no=number), "B")
        with pytest.raises(InvoiceUnknown):
            await hall.at_screen(PrintPaidInvoice(invoice_no=await hall.form_of(other)))
        [bill, _] = await paid(hall, "B")
        doors[0].paid_by = payment_no
        await hall.at_screen(PrintPaidInvoice(invoice_no=bill.invoice_no), "B")
        [paper] = await papers(hall)
        assert paper.says(bill.invoice_no)
        assert not paper.says("微信支付")

    in_hall(story, behind=door)


def test_a_copy_is_of_one_edition(in_hall: Callable[..., None]) -> None:
    """A refund makes another copy beside the one before; what was copied is never written over."""

    async def story(hall: BillHall) -> None:
        [bill, _] = await paid(hall)
        await hall.at_screen(GetInvoice(number=bill.invoice_no))
        assert await hall.stage.hands.refund(bill.invoice_no)
        shown = await hall.at_screen(GetInvoice(number=bill.invoice_no))
        assert shown.invoice.refunded_fen == bill.total_fen
        async with hall.business.database.read() as tx:
            rows = await tx.fetch(
                "SELECT refunded_fen, content IS NOT NULL AS copied FROM fee WHERE invoice_no = $1 ORDER BY 1",
                bill.invoice_no,
            )
        assert [tuple(row.values()) for row in rows] == [(0, True), (Fen(bill.total_fen), True)]

    in_hall(story)
