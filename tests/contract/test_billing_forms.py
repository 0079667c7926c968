"""Bills by the code of a request form, wired: it opens its bill and nothing else."""

from collections.abc import Awaitable, Callable

import pytest
from bill_hall import BillHall, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.operation import Caller, every_operation
from yinyi.business.billing.errors import (
    FormUnknown,
    InvoiceBusy,
    InvoiceUnknown,
)
from yinyi.business.billing.messages import (
    GetInvoice,
    GetInvoicePayment,
    IdentifyByForm,
    ListInvoices,
)
from yinyi.business.documents.messages import ListDocuments, PrintSlip
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.payments.errors import AccountsClosed, NothingScanned
from yinyi.business.payments.messages import CancelPayment, ChooseTender, GetPayment, SubmitScanned
from yinyi.business.payments.messages_cards import CancelReading, ReadCard
from yinyi.business.payments.view import state_of
from yinyi.kernel.errors import NotYours, SessionEnded

Story = Callable[[BillHall], Awaitable[None]]


@pytest.fixture
def in_hall(platform_url: str, postgres: EmbeddedPostgres) -> Callable[[Story], None]:
    return lambda story: play(platform_url, postgres, story)


def test_a_form_opens_its_bill_and_nothing_else(in_hall: Callable[[Story], None]) -> None:
    """Whoever holds it sees this bill and pays it; of all that is its patient's otherwise he sees nothing."""

    async def story(hall: BillHall) -> None:
        one, two = await hall.ordered()
        other = (await hall.pay([two])).payment.payment_no
        paying = await hall.scans(await hall.form_of(two))
        hall.patients["form"] = ("", paying.session_token)
        with pytest.raises(InvoiceBusy):
            await hall.pay([two], "form")
        opened = await hall.scans(await hall.form_of(one))
        assert opened.invoice_no == one.invoice_no
        hall.patients["form"] = ("", opened.session_token)
        details = await hall.at_screen(GetInvoice(number=one.invoice_no), "form")
        assert details.invoice.total_fen == one.total_fen
        with pytest.raises(InvoiceUnknown):
            await hall.at_screen(GetInvoice(number=two.invoice_no), "form")
        with pytest.raises(InvoiceUnknown):
            await hall.pay([one, two], "form")
        for spec in every_operation():
            if spec.needs_patient and "form" not in spec.opened_by and Caller.KIOSK in spec.callers:
                with pytest.raises(SessionEnded):
                    await hall.raw(spec, "form")
        for message in (
            GetPayment(number=other),
            GetInvoicePayment(payment_no=other),
            CancelPayment(payment_no=other),
            ChooseTender(payment_no=other, tender="wechatpay"),
            ReadCard(payment_no=other, tender="bank_card"),
            CancelReading(payment_no=other),
            SubmitScanned(payment_no=other, after=0),
            PrintSlip(payment_no=other),
        ):
            with pytest.raises((NotYours, NothingScanned)):
                await hall.at_screen(message, "form")
        assert (await hall.at_screen(ListDocuments(), "form")).documents == []
        await hall.has_on_account(100_000)
        payment_no = (await hall.pay([one], "form")).payment.payment_no
        with pytest.raises(AccountsClosed):
            await hall.at_screen(ChooseTender(payment_no=payment_no, tender="prepaid"), "form")
        await hall.by(payment_no, "alipay", who="form")
        assert state_of(await hall.ends(payment_no)) == "fulfilled"
        assert (await hall.at_screen(PrintSlip(payment_no=payment_no), "form")).kind == "receipt"
        again = await hall.scans(await hall.form_of(one))
        hall.patients["form"] = ("", again.session_token)
        assert (await hall.at_screen(GetInvoice(number=one.invoice_no), "form")).invoice.state == "paid"

    in_hall(story)


def test_who_is_known_stays_who_he_is(in_hall: Callable[[Story], None]) -> None:
    async def story(hall: BillHall) -> None:
        [mine, _] = await hall.ordered()
        [theirs, _] = await hall.ordered("B")
        opened = await hall.scans(await hall.form_of(mine), "A")
        assert (opened.invoice_no, opened.session_token) == (mine.invoice_no, "")
        assert (await hall.scans(await hall.form_of(theirs), "A")).session_token
        with pytest.raises(SessionEnded):
            await hall.at_screen(ListInvoices(), "A")

    in_hall(story)


def test_codes_that_open_nothing(in_hall: Callable[[Story], None]) -> None:
    """A bill's number, another hospital's form, anything else: nothing is said of what there is, and tries are
    limited."""

    async def story(hall: BillHall) -> None:
        [bill, _] = await hall.ordered()
        form = await hall.form_of(bill)
        other = f"{form[:-1]}{(int(form[-1]) + 1) % 10}"
        for code in (
            bill.invoice_no,
            other,
            "RF2611270000000000",
            "130000000000000001",
            "<b>",
            "' OR 1=1 --",
            "表" * 30,
        ):
            with pytest.raises(FormUnknown):
                await hall.scans(code)
        with pytest.raises(NothingScanned):
            await hall.at_screen(IdentifyByForm(after=0), "")
        for _ in range(20):
            with pytest.raises((FormUnknown, TooManyTries)):
                await hall.scans(other)
        with pytest.raises(TooManyTries):
            await hall.scans(other)

    in_hall(story)
