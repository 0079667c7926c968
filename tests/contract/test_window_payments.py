"""Bills are paid by phone at a window: the patient scans a code there, or the cashier scans his."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from bill_hall import TILL, BillHall, play

from yinyi.app.demo_hospital import HOSPITAL_ID, ZONE
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.faults.far_side import PAYS_AT_ONCE
from yinyi.bus.call import Call, Principal
from yinyi.bus.operation import Caller
from yinyi.business.billing.at_window import WindowBills
from yinyi.business.billing.errors import InvoicePaid, InvoiceUnknown
from yinyi.business.billing.messages import InvoicePayment, InvoiceView, ListInvoices
from yinyi.business.billing.messages_window import TakeWindowPayment
from yinyi.business.billing.plans import InvoiceFacts
from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.ledger.model import prepaid_account
from yinyi.business.payments.at_window import WindowCodes
from yinyi.business.payments.errors import PayerCodeUnknown, PaymentClosed
from yinyi.business.payments.finding import Finding
from yinyi.business.payments.means import MeansBook
from yinyi.business.payments.messages_finding import FindPayment
from yinyi.business.payments.messages_window import CancelWindowPayment, SubmitCode
from yinyi.business.payments.plan import TAKE
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid.at_window import WindowTopUps
from yinyi.business.prepaid.messages_window import TakeWindowTopUp
from yinyi.business.prepaid.service import PrepaidService
from yinyi.business.scheduling.errors import NoHoldSlip
from yinyi.business.scheduling.messages import CollectHoldSlip
from yinyi.kernel.errors import ChannelUnavailable, NotYours
from yinyi.kernel.means import PaymentMeans, TenderName
from yinyi.kernel.money import Fen


class Till:
    """A cashier with a screen that shows codes and a scanner of his own."""

    def __init__(self, hall: BillHall) -> None:
        self._hall = hall
        self._bills = WindowBills(hall.business.counters.billing, hall.business.payments, hall.business.counters.named)
        self._codes = WindowCodes(hall.business.payments)

    def call(self) -> Call:
        now = self._hall.business.clock.now()
        who = Principal(caller=Caller.HOSPITAL, hospital_id=HOSPITAL_ID, institution_id="his")
        return Call(principal=who, now=now, deadline=now + timedelta(minutes=1), correlation_id="c")

    async def take(
        self, invoices: Sequence[InvoiceView], tender: TenderName | None = None, patient_no: str = ""
    ) -> InvoicePayment:
        return await self.take_numbered([each.invoice_no for each in invoices], tender, patient_no)

    async def take_numbered(
        self, invoice_nos: list[str], tender: TenderName | None = None, patient_no: str = ""
    ) -> InvoicePayment:
        message = TakeWindowPayment(
            patient_no=patient_no or self._hall.patients["A"][0],
            invoice_nos=invoice_nos,
            operator="C12",
            window="3",
            tender=tender,
        )
        call = self.call()
        wanted = await self._bills.payable(call, message)
        async with self._hall.business.database.transaction() as tx:
            number = await self._bills.take(tx, call, message, wanted)
        opened = await self._bills.settle(call, number)
        assert opened is not None
        return opened

    async def top_up(self, fen: int, tender: TenderName | None = None, patient_no: str = "") -> str:
        payments = self._hall.business.payments
        desk = WindowTopUps(PrepaidService(payments, ZONE), payments, self._hall.business.counters.named)
        whom = patient_no or self._hall.patients["A"][0]
        message = TakeWindowTopUp(patient_no=whom, amount_fen=Fen(fen), operator="C12", window="3", tender=tender)
        call = self.call()
        patient_id = await desk.whose(call, message)
        async with self._hall.business.database.transaction() as tx:
            number = await desk.take(tx, call, message, patient_id)
        await payments.settle(call, number)
        return number

    async def found(self, patient_no: str) -> list[str]:
        at = self._hall.business
        finding = Finding(at.database, at.payments.registry, at.counters.named, ZONE)
        found = await finding.find(self.call(), FindPayment(patient_no=patient_no))
        return [each.payment_no for each in found.payments]

    async def scan(self, payment_no: str, payer_code: str) -> None:
        call, message = self.call(), SubmitCode(payment_no=payment_no, payer_code=payer_code, operator="C12")
        async with self._hall.business.database.transaction() as tx:
            await self._codes.submit(tx, call, message, None)
        await self._hall.business.payments.settle_tender(call, payment_no)

    async def cancel(self, payment_no: str) -> None:
        call, message = self.call(), CancelWindowPayment(payment_no=payment_no, operator="C12")
        async with self._hall.business.database.transaction() as tx:
            await self._codes.cancel(tx, call, message, None)
        await self._hall.business.payments.settle(call, payment_no)


Story = Callable[[BillHall, Till], Awaitable[None]]
AtTill = Callable[[Story], None]


@pytest.fixture
def at_till(platform_url: str, postgres: EmbeddedPostgres) -> AtTill:
    return lambda story: play(platform_url, postgres, lambda hall: story(hall, Till(hall)))


def test_a_code_is_shown_and_paid_and_another_means_closes_it(at_till: AtTill) -> None:
    async def story(hall: BillHall, till: Till) -> None:
        first, second = await hall.ordered()
        shown = await till.take([first], "wechatpay")
        number = shown.payment.payment_no
        plan = await hall.rests(number)
        with pytest.raises(NoHoldSlip):
            await hall.ask(Caller.STAFF, CollectHoldSlip(number=number, operator="C12"), staff=TILL)
        facts = InvoiceFacts.of(plan)
        assert (state_of(plan), plan.amount_fen, plan.tender) == ("waiting", first.total_fen, "wechatpay")
        assert (facts.operator, facts.window, plan.patient_id) == ("C12", "3", hall.ids["A"])
        again = await till.take([first], "alipay")
        assert again.payment.payment_no == number, "the same bills are the same payment"
        assert again.payment.tender == "alipay", "and the code is that of the means that was asked for"
        assert again.payment.code_url
        assert again.payment.code_url != shown.payment.code_url
        take = (await hall.rests(number)).latest(TAKE)
        assert take is not None
        assert hall.wallet.pay(take.reference)
        assert state_of(await hall.ends(number)) == "fulfilled"
        with pytest.raises(InvoicePaid):
            await till.take([first])
        left = [each.invoice_no for each in (await hall.at_screen(ListInvoices())).invoices]
        assert first.invoice_no not in left
        assert second.invoice_no in left

    at_till(story)


def test_the_cashier_scans_the_payers_code(at_till: AtTill) -> None:
    async def story(hall: BillHall, till: Till) -> None:
        bills = await hall.ordered()
        opened = await till.take(bills)
        number = opened.payment.payment_no
        assert (opened.payment.state, opened.payment.amount_fen) == ("ready", sum(each.total_fen for each in bills))
        with pytest.raises(PayerCodeUnknown):
            await till.scan(number, "0000000000")
        await till.scan(number, PAYS_AT_ONCE)
        assert state_of(await hall.ends(number)) == "fulfilled"
        assert hall.kept_fen() == opened.payment.amount_fen
        take = (await hall.rests(number)).latest(TAKE)
        assert take is not None
        assert take.params["operator"] == "C12", "who has scanned it is kept"
        with pytest.raises(PaymentClosed):
            await till.scan(number, PAYS_AT_ONCE)
        assert hall.kept_fen() == opened.payment.amount_fen

    at_till(story)


def test_an_account_is_topped_up_by_the_code_on_the_payers_phone(at_till: AtTill) -> None:
    async def story(hall: BillHall, till: Till) -> None:
        number = await till.top_up(50_00)
        assert state_of(await hall.rests(number)) == "ready"
        await till.scan(number, PAYS_AT_ONCE)
        assert state_of(await hall.ends(number)) == "fulfilled"
        assert await hall.balance(prepaid_account(str(hall.ids["A"]))) == -50_00
        plan = await hall.rests(await till.top_up(60_00, "wechatpay"))
        assert (state_of(plan), plan.tender, plan.facts["window"]) == ("waiting", "wechatpay", "3")
        little = PaymentMeans(name="微信", name_en="WeChat", most_fen=Fen(1_00))
        hall.business.payments.registry.means = MeansBook({"wechatpay": little})
        with pytest.raises(ChannelUnavailable):
            await till.top_up(1_01, "wechatpay")
        assert (await hall.rests(await till.top_up(1_00, "wechatpay"))).tender == "wechatpay"
        with pytest.raises(ChannelUnavailable):
            await till.take(await hall.ordered(), "wechatpay")

    at_till(story)


def test_nobody_elses_bills_and_nobody_unknown(at_till: AtTill) -> None:
    async def story(hall: BillHall, till: Till) -> None:
        [theirs, *_] = await hall.ordered("B")
        with pytest.raises(InvoiceUnknown):
            await till.take([theirs])
        with pytest.raises(PatientUnknown):
            await till.take([theirs], patient_no="P404")
        listed = (await hall.at_screen(ListInvoices(), "B")).invoices
        assert [each.busy for each in listed if each.invoice_no == theirs.invoice_no] == [False]

    at_till(story)


def test_a_cashier_gives_up_what_was_opened_at_a_window_and_the_bill_is_free_again(at_till: AtTill) -> None:
    async def story(hall: BillHall, till: Till) -> None:
        first, second = await hall.ordered()
        shown = await till.take([first], "wechatpay")
        take = (await hall.rests(shown.payment.payment_no)).latest(TAKE)
        await till.cancel(shown.payment.payment_no)
        assert state_of(await hall.ends(shown.payment.payment_no)) == "closed"
        assert take is not None
        async with hall.business.database.read() as tx:
            told = await tx.fetch("SELECT operation, detail FROM audit WHERE subject = $1", shown.payment.payment_no)
        said = {row["operation"]: row["detail"] for row in told}
        assert said == {"payments.CancelWindowPayment.v1": '{"operator":"C12"}'}, "who has given it up is kept"
        assert not hall.wallet.pay(take.reference), "its code is closed"
        again = await till.take([first])
        assert again.payment.payment_no != shown.payment.payment_no
        await till.scan(again.payment.payment_no, PAYS_AT_ONCE)
        await till.cancel(again.payment.payment_no)
        plan = await hall.ends(again.payment.payment_no)
        assert state_of(plan) == "fulfilled", "what is delivered stays"
        theirs = await hall.pay([second])
        with pytest.raises(NotYours):
            await till.cancel(theirs.payment.payment_no)

    at_till(story)


def test_whoever_only_the_hospital_knows_pays_tops_up_and_is_found(at_till: AtTill) -> None:
    async def story(hall: BillHall, till: Till) -> None:
        stranger = hall.stranger
        assert await till.found(stranger) == []
        [ordered, *_] = await hall.stage.hands.order(stranger, "0102")
        bill = await hall.stage.bills.invoice(ordered)
        assert bill is not None
        opened = await till.take_numbered([ordered], patient_no=stranger)
        assert opened.payment.amount_fen == bill.total_fen
        await till.scan(opened.payment.payment_no, PAYS_AT_ONCE)
        assert state_of(await hall.ends(opened.payment.payment_no)) == "fulfilled"
        assert await till.found(f" {stranger.lower()} ") == [opened.payment.payment_no]
        number = await till.top_up(50_00, patient_no=stranger)
        await till.scan(number, PAYS_AT_ONCE)
        plan = await hall.ends(number)
        assert await hall.balance(prepaid_account(str(plan.patient_id))) == -50_00
        assert plan.patient_id not in hall.ids.values()
        with pytest.raises(PatientUnknown):
            await till.found("P404")

    at_till(story)
