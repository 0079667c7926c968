"""Paying bills, wired: a business process, the sandbox hospital, and what its windows and doctors do meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from bill_hall import BillHall, chosen, play

from yinyi.app.demo_hospital import HOSPITAL_ID, ZONE
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.people import MasterIndex
from yinyi.bus.forgetting import Forgetting, Whose
from yinyi.business.billing.errors import (
    InvoiceBusy,
    InvoiceChanged,
    InvoicePaid,
    InvoiceUnknown,
)
from yinyi.business.billing.lost import LostInvoices
from yinyi.business.billing.messages import (
    GetInvoice,
    GetInvoicePayment,
    ListFees,
    ListInvoices,
    PayInvoices,
)
from yinyi.business.billing.model import ChosenInvoice
from yinyi.business.billing.ports import ListsPostings
from yinyi.business.documents.messages import PrintSlip, ReprintSlip
from yinyi.business.documents.model import CheckingSlip, RefundSlip
from yinyi.business.ledger.model import income_account, prepaid_account
from yinyi.business.payments.messages import CancelPayment, ChooseTender, RefundPayment
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.restored import LostPayment
from yinyi.business.payments.view import state_of
from yinyi.kernel.errors import IdempotencyConflict, NotYours, SessionEnded
from yinyi.kernel.money import Fen

Story = Callable[[BillHall], Awaitable[None]]


@pytest.fixture
def in_hall(platform_url: str, postgres: EmbeddedPostgres) -> Callable[[Story], None]:
    return lambda story: play(platform_url, postgres, story)


def test_two_of_three_are_paid(in_hall: Callable[[Story], None]) -> None:
    """In the versions that were seen, over the hospital's amounts; then they are in the fee list, and the third is
    still to be paid."""

    async def story(hall: BillHall) -> None:
        first, second = await hall.ordered()
        third = (await hall.ordered())[0]
        details = await hall.at_screen(GetInvoice(number=first.invoice_no))
        assert sum(line.amount_fen for line in details.lines) == details.invoice.total_fen == first.total_fen
        opened = await hall.pay([first, second])
        assert (opened.payment.state, opened.payment.amount_fen) == ("ready", first.total_fen + second.total_fen)
        now = {each.invoice_no: each for each in (await hall.at_screen(ListInvoices())).invoices}
        assert [now[each.invoice_no].payment_no for each in (first, second)] == [opened.payment.payment_no] * 2
        await hall.by(opened.payment.payment_no, "wechatpay")
        plan = await hall.ends(opened.payment.payment_no)
        assert state_of(plan) == "fulfilled"
        done = await hall.at_screen(GetInvoicePayment(payment_no=plan.payment_no))
        assert done.receipt_no
        assert done.places
        assert len(done.places) == len(done.places_en)
        fees = (await hall.at_screen(ListFees())).invoices
        paid = {each.invoice_no: each for each in fees if each.payment_no == plan.payment_no}
        assert set(paid) == {first.invoice_no, second.invoice_no}
        assert {each.receipt_no for each in paid.values()} == {done.receipt_no}
        left = {each.invoice_no for each in (await hall.at_screen(ListInvoices())).invoices}
        assert third.invoice_no in left
        assert not left & set(paid)
        assert await hall.balance(income_account("outpatient", "invoice")) == -plan.amount_fen
        with pytest.raises(InvoicePaid):
            await hall.pay([first])
        printed = await hall.at_screen(PrintSlip(payment_no=plan.payment_no))
        assert (printed.kind, printed.amount_fen) == ("receipt", plan.amount_fen)

    in_hall(story)


def test_a_list_may_be_old_but_never_what_is_paid(platform_url: str, postgres: EmbeddedPostgres) -> None:
    """Lists are kept for ever here. A change is not seen in the next look but when it is to be paid, and then at once;
    what is paid through us leaves the list by itself."""

    async def story(hall: BillHall) -> None:
        async def listed(**how: bool) -> dict[str, int]:
            found = await hall.at_screen(ListInvoices(**how))
            return {each.invoice_no: each.version for each in found.invoices}

        changed, paid = await hall.ordered()
        before = await listed()
        assert await hall.stage.hands.change(changed.invoice_no)
        assert await listed() == before
        with pytest.raises(InvoiceChanged):
            await hall.pay([changed])
        assert (await listed(anew=True))[changed.invoice_no] > before[changed.invoice_no]
        opened = await hall.pay([paid])
        await hall.by(opened.payment.payment_no, "wechatpay")
        assert state_of(await hall.ends(opened.payment.payment_no)) == "fulfilled"
        assert paid.invoice_no not in await listed()

    play(platform_url, postgres, story, lists_kept_s=3600.0)


def test_what_another_process_has_changed_is_told_anew(platform_url: str, postgres: EmbeddedPostgres) -> None:
    """Lists and answers are kept for ever here, until that process says whose are old."""

    async def story(hall: BillHall) -> None:
        [bill, *_] = await hall.ordered()

        async def versions() -> set[int]:
            listed = {each.invoice_no: each for each in (await hall.at_screen(ListInvoices())).invoices}
            looked_at = await hall.at_screen(GetInvoice(number=bill.invoice_no))
            return {listed[bill.invoice_no].version, looked_at.invoice.version}

        async def another_process_changes(who: str) -> None:
            told: list[tuple[str, bytes]] = []
            elsewhere = Forgetting(lambda subject, body: told.append((subject, body)))
            elsewhere.changed(Whose(HOSPITAL_ID, hall.ids[who]))
            await hall.business.forgetting.heard(*told[0])

        before = await versions()
        assert await hall.stage.hands.change(bill.invoice_no)
        await another_process_changes("B")
        assert await versions() == before
        await another_process_changes("A")
        [after] = await versions()
        assert after > max(before)

    play(platform_url, postgres, story, lists_kept_s=3600.0)


def test_by_several_means(in_hall: Callable[[Story], None]) -> None:
    """A part from the account, a part by one wallet, the rest by another: all of them stand on the receipt."""

    async def story(hall: BillHall) -> None:
        bills = await hall.ordered()
        await hall.has_on_account(300)
        payment_no = (await hall.pay(bills)).payment.payment_no
        await hall.by(payment_no, "prepaid", 300)
        part = ChooseTender(payment_no=payment_no, tender="alipay", amount_fen=Fen(200))
        shown = await hall.at_screen(part)
        assert (shown.state, shown.tender, shown.asked_fen) == ("waiting", "alipay", 200)
        await hall.by(payment_no, "alipay", 200)
        plan = await hall.ends(payment_no)
        view = (await hall.at_screen(GetInvoicePayment(payment_no=payment_no))).payment
        assert (view.state, view.owed_fen) == ("ready", plan.amount_fen - 500)
        await hall.by(payment_no, "wechatpay")
        plan = await hall.ends(payment_no)
        assert state_of(plan) == "fulfilled"
        view = (await hall.at_screen(GetInvoicePayment(payment_no=payment_no))).payment
        parts = [(part.tender, part.amount_fen) for part in view.parts]
        assert parts == [("prepaid", 300), ("alipay", 200), ("wechatpay", plan.amount_fen - 500)]
        assert isinstance(hall.stage.bills, ListsPostings)
        told = await hall.stage.bills.postings(
            plan.started_at - timedelta(minutes=1), plan.started_at + timedelta(hours=1)
        )
        assert [each.means for each in told if each.payment_no == payment_no] == ["prepaid+alipay+wechatpay"]
        assert await hall.balance(prepaid_account(str(hall.ids["A"]))) == 0

    in_hall(story)


def test_once_however_often_it_is_asked(in_hall: Callable[[Story], None]) -> None:
    async def story(hall: BillHall) -> None:
        one, two = await hall.ordered()
        opened = await asyncio.gather(*(hall.pay([one, two], key="the-same-key-twice") for _ in range(3)))
        assert len({each.payment.payment_no for each in opened}) == 1
        with pytest.raises(IdempotencyConflict):
            await hall.pay([one], key="the-same-key-twice")
        [first, *_] = opened
        assert (await hall.pay([two, one])).payment.payment_no == first.payment.payment_no, "it goes on with it"
        with pytest.raises(InvoiceBusy):
            await hall.pay([one])
        await hall.at_screen(CancelPayment(payment_no=first.payment.payment_no))
        await hall.rests(first.payment.payment_no)
        at_once = await asyncio.gather(*(hall.pay([one, two]) for _ in range(4)), return_exceptions=True)
        found = {each.payment.payment_no for each in at_once if not isinstance(each, BaseException)}
        assert len(found) == 1
        assert {type(each) for each in at_once if isinstance(each, BaseException)} <= {InvoiceBusy}
        assert (await hall.rests(found.pop())).direction == "forward"

    in_hall(story)


def test_nobody_but_its_patient(in_hall: Callable[[Story], None]) -> None:
    """Another patient's session, and none: which bills there are is not said, and none can be paid."""

    async def story(hall: BillHall) -> None:
        one, two = await hall.ordered()
        payment_no = (await hall.pay([one])).payment.payment_no
        theirs = {each.invoice_no for each in (await hall.at_screen(ListInvoices(), "B")).invoices}
        assert not theirs & {one.invoice_no, two.invoice_no}
        for number in (two.invoice_no, "nobody", "<b>", "' OR 1=1 --"):
            with pytest.raises(InvoiceUnknown):
                await hall.at_screen(GetInvoice(number=number), "B")
            with pytest.raises(InvoiceUnknown):
                await hall.at_screen(PayInvoices(chosen=[ChosenInvoice(invoice_no=number, version=1)]), "B")
        with pytest.raises(InvoiceUnknown):
            await hall.pay([two, *(await hall.ordered("B"))])
        with pytest.raises(NotYours):
            await hall.at_screen(GetInvoicePayment(payment_no=payment_no), "B")
        for message in (
            ListInvoices(),
            ListFees(),
            GetInvoice(number=one.invoice_no),
            PayInvoices(chosen=chosen([two])),
            GetInvoicePayment(payment_no=payment_no),
        ):
            with pytest.raises(SessionEnded):
                await hall.at_screen(message, "")

    in_hall(story)


def test_what_a_restore_has_lost_is_written_down_again(in_hall: Callable[[Story], None]) -> None:
    async def story(hall: BillHall) -> None:
        bills = await hall.ordered()
        payment_no = (await hall.pay(bills)).payment.payment_no
        await hall.by(payment_no, "wechatpay")
        plan = await hall.ends(payment_no)
        finder = LostInvoices(hall.business.outside.hospital, MasterIndex(hall.business.database).patient_id)
        assert finder.can_list
        since = plan.started_at - timedelta(seconds=5)
        found_by_hospital = [each for each in await finder.lost(since, since) if isinstance(each, LostPayment)]
        [lost] = [each for each in found_by_hospital if each.plan.payment_no == payment_no]
        found = lost.plan
        assert (found.purpose, found.scope, found.amount_fen, lost.found) == (
            "invoice",
            "outpatient",
            plan.amount_fen,
            "paid",
        )
        assert lost.obligation == ("invoice", *sorted(each.invoice_no for each in bills))
        assert [(step.position, step.kind, step.reference) for step in found.steps] == [
            (step.position, step.kind, step.reference) for step in plan.steps
        ]
        async with hall.business.database.read() as tx:
            assert await lost.patient_id(tx, HOSPITAL_ID) == plan.patient_id

    in_hall(story)


# ---- paper for what has not gone well


def test_what_the_slip_says_when_money_came_and_the_hospital_does_not_say_yes(
    in_hall: Callable[[Story], None],
) -> None:
    """Not known: what is known, its number and the window. Refused: that it goes back, why, and the window."""

    async def story(hall: BillHall) -> None:
        [bill, changed] = await hall.ordered()
        payment_no = (await hall.pay([bill])).payment.payment_no
        await hall.stage.line_down(True)
        await hall.by(payment_no, "wechatpay")
        plan = await hall.rests(payment_no, frozenset({"starting", "waiting"}))
        assert state_of(plan) == "delivering"
        printed = await hall.at_screen(PrintSlip(payment_no=payment_no))
        assert (printed.kind, printed.payment_no) == ("checking", payment_no)
        slip = await hall.slip(printed.document_no)
        assert isinstance(slip, CheckingSlip)
        assert (slip.known, slip.window, slip.qr, slip.ask_no) == ("paid", "3 号窗口", f"PY{payment_no}", plan.ask_no)
        await hall.stage.line_down(False)
        assert state_of(await hall.ends(payment_no)) == "fulfilled"
        assert (await hall.at_screen(ReprintSlip(document_no=printed.document_no))).kind == "receipt", "true by now"
        other = (await hall.pay([changed])).payment.payment_no
        assert await hall.stage.hands.change(changed.invoice_no)
        await hall.by(other, "alipay")
        plan = await hall.ends(other)
        printed = await hall.at_screen(PrintSlip(payment_no=other))
        slip = await hall.slip(printed.document_no)
        assert isinstance(slip, RefundSlip)
        assert (slip.state, slip.reason, slip.window, slip.payment_no) == ("done", "bill_changed", "3 号窗口", other)
        assert slip.amount_fen == plan.taken_fen

    in_hall(story)


def test_a_receipt_asked_for_again_while_money_goes_back_says_so_and_since_when(
    in_hall: Callable[[Story], None],
) -> None:
    """The hospital has not undone it yet, so that no order to give back has gone out."""

    async def story(hall: BillHall) -> None:
        payment_no = (await hall.pay([(await hall.ordered())[0]])).payment.payment_no
        await hall.by(payment_no, "wechatpay")
        await hall.ends(payment_no)
        receipt = (await hall.at_screen(PrintSlip(payment_no=payment_no))).document_no
        await hall.stage.line_down(True)
        asked_at = hall.business.clock.now()
        call, message = hall.call(), RefundPayment(payment_no=payment_no, reason="开错了")
        async with hall.business.database.transaction() as tx:
            await RefundDesk(hall.business.payments, ZONE).refund(tx, call, message, None)
        instead = (await hall.at_screen(ReprintSlip(document_no=receipt))).document_no
        slip = await hall.slip(instead)
        assert isinstance(slip, RefundSlip)
        assert slip.state == "under_way"
        assert slip.refunded_at >= asked_at, "not when it was paid"
        await hall.stage.line_down(False)
        assert state_of(await hall.ends(payment_no)) == "returned"
        done = (await hall.at_screen(ReprintSlip(document_no=instead))).document_no
        slip = await hall.slip(done)
        assert done != instead, "what is back has a paper of its own"
        assert isinstance(slip, RefundSlip)
        assert slip.state == "done"

    in_hall(story)
