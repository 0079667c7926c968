"""The Alipay connector keeps the contract of the ports, against an Alipay on a real socket."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alipay_lab import lab
from wechatpay_lab import refund_of

from yinyi.business.payments.ports import ReceivesCallbacks, Refunds, ScansCode, ShowsCode, TakesPayment
from yinyi.kernel.outcome import Answer, Done, NotFound, Refused, Unknown, Waiting
from yinyi_sandbox.alipay.model import Refusal

Run = Callable[[Coroutine[Any, Any, Any]], Any]
NUMBER = "P20261123000001"


def reason(answer: Answer) -> str:
    assert isinstance(answer, Refused), answer
    return answer.reason


def test_the_connector_opts_into_its_ports(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            for port in (TakesPayment, ShowsCode, ScansCode, Refunds, ReceivesCallbacks):
                assert isinstance(it.pay, port)

    run(main())


def test_a_payer_scans_and_pays(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order(NUMBER)
            outcome = await it.pay.show_code(order)
            assert isinstance(outcome, Waiting)
            assert outcome.show
            assert outcome.until == order.expires_at
            code = outcome.show.code_url
            asked = it.phone.look(code)
            assert (asked.amount_fen, asked.state, asked.reference) == (5_000, "payable", NUMBER)
            assert "门诊" in asked.merchant
            assert isinstance(await it.pay.ask(order), Waiting)
            assert it.phone.scan(code).state == "payable"
            assert isinstance(await it.pay.ask(order), Waiting)
            paid = it.phone.pay(code)
            answer = await it.pay.ask(order)
            assert isinstance(answer, Done)
            assert answer.evidence["trade_no"] == paid.transaction_id
            assert answer.evidence["amount_fen"] == 5_000
            assert answer.evidence["success_time"].endswith("+08:00")
            assert "2088000000000000" not in str(answer.evidence), "who paid is not even read"
            told = await it.read_next()
            assert (told.about, told.reference, told.merchant) == ("take", NUMBER, "outpatient")
            assert told.amount_fen == 5_000
            assert told.outcome == answer

    run(main())


def test_a_code_that_nobody_has_scanned_is_never_believed_dead(tmp_path: Path, run: Run) -> None:
    """Alipay knows of no trade until then, and says so; but the code can be paid."""

    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order(NUMBER)
            code = await it.shown(order)
            it.clock.offset = timedelta(minutes=4)
            known = await it.pay.ask(order)
            assert isinstance(known, Waiting)
            assert not known.show
            after_restart = it.connector()
            again = await after_restart.ask(order)
            assert isinstance(again, Waiting)
            assert again.show
            assert again.show.code_url == code, "placing the order again is the same order"
            for at in ("query", "precreate"):
                third = it.connector()
                it.fault(at, "down")
                assert isinstance(await third.ask(order), Unknown)
            it.clock.offset = timedelta(minutes=11)
            late = it.connector(expiry="timeout_express")
            assert isinstance(await late.ask(order), Unknown), "no order is placed that cannot be paid any more"
            assert isinstance(await it.pay.ask(order), Waiting), "not final: it has to be closed"
            it.clock.offset = timedelta(minutes=5)
            it.phone.pay(code)
            assert isinstance(await late.ask(order), Done)

    run(main())


def test_a_code_that_nobody_has_scanned_is_cancelled(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order(NUMBER)
            code = await it.shown(order)
            assert isinstance(await it.pay.close(order), Done)
            assert isinstance(await it.pay.close(order), Done), "closing twice is closing"
            assert it.phone.look(code).state == "closed"
            with pytest.raises(Refusal):
                it.phone.pay(code)
            assert reason(await it.pay.show_code(order)) == "expired"
            assert isinstance(await it.pay.close(it.order("P20261123000002")), Done), "nobody ever saw a code of it"

    run(main())


def test_a_code_that_was_scanned_is_closed(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order(NUMBER)
            code = await it.shown(order)
            it.phone.refuse(code)
            assert isinstance(await it.pay.close(order), Done)
            assert isinstance(await it.pay.close(order), Done)
            assert it.phone.look(code).state == "closed"
            assert reason(await it.pay.ask(order)) == "expired"
            it.fault("phone", "race")
            it.phone.pay(code)
            assert isinstance(await it.pay.ask(order), Done), "who was faster than the closing is seen"
            told = [await it.read_next() for _ in range(2)]
            assert [type(each.outcome) for each in told] == [Refused, Done]

    run(main())


def test_nobody_pays_an_expired_code(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            by_minutes = it.connector(expiry="timeout_express")
            for pay, number in ((it.pay, NUMBER), (by_minutes, "P20261123000002")):
                order = it.order(number)
                outcome = await pay.show_code(order)
                assert isinstance(outcome, Waiting)
                assert outcome.show
                it.phone.scan(outcome.show.code_url)
                it.clock.offset += timedelta(minutes=10)
                with pytest.raises(Refusal):
                    it.phone.pay(outcome.show.code_url)
                assert reason(await pay.ask(order)) == "expired"
                assert isinstance(await pay.close(order), Done)

    run(main())


def test_the_scope_chooses_the_merchant(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order(NUMBER, merchant="inpatient")
            assert "住院" in it.phone.pay(await it.shown(order)).merchant
            assert (await it.read_next()).merchant == "inpatient"
            assert isinstance(await it.pay.ask(order), Done)
            assert isinstance(await it.pay.ask(it.scanned(NUMBER)), NotFound)
            stranger = it.order("P20261123000002", merchant="pharmacy")
            for outcome in (
                await it.pay.show_code(stranger),
                await it.pay.take_by_code(stranger, "281234567890123456"),
            ):
                assert reason(outcome) == "not_permitted"
            assert isinstance(await it.pay.ask(stranger), Unknown)
            assert isinstance(await it.pay.close(stranger), Unknown)

    run(main())


# ---- the payer's code


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("281234567890123456", True),
        ("2512345678901234", True),
        ("301234567890123456789012", True),
        ("241234567890123456", False),
        ("311234567890123456", False),
        ("131234567890123456", False),  # WeChat Pay's
        ("251234567890123", False),
        ("3012345678901234567890123", False),
        ("28123456789012345x", False),
        ("２８1234567890123456", False),
        ("281234567890123456\n", False),
        ("", False),
    ],
)
def test_whose_code_it_is(tmp_path: Path, run: Run, code: str, known: bool) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            assert it.pay.knows_code(code) == known

    run(main())


def test_a_payer_shows_his_code(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.scanned(NUMBER)
            code = it.phone.show_code()
            outcome = await it.pay.take_by_code(order, code)
            assert isinstance(outcome, Done)
            assert await it.pay.ask(order) == outcome
            assert (await it.read_next()).outcome == outcome
            again = await it.pay.take_by_code(order, code)
            assert isinstance(again, Unknown), "the number lives: only asking tells how"
            used = await it.pay.take_by_code(it.scanned("P20261123000002"), code)
            assert reason(used) == "expired"
            old = it.phone.show_code()
            it.clock.offset = timedelta(seconds=61)
            assert reason(await it.pay.take_by_code(it.scanned("P20261123000003"), old)) == "expired"
            poor = await it.pay.take_by_code(it.scanned("P20261123000004"), it.phone.show_code("no_money"))
            assert reason(poor) == "insufficient_funds"
            other = await it.pay.take_by_code(it.scanned("P20261123000005"), "131234567890123456")
            assert reason(other) == "bad_request"

    run(main())


def test_a_payer_types_his_password(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            for number, amount_fen, code in (
                (NUMBER, 5_000, it.phone.show_code("password")),
                ("P20261123000002", 100_001, it.phone.show_code()),
            ):
                order = it.scanned(number, amount_fen)
                outcome = await it.pay.take_by_code(order, code)
                assert outcome == Waiting(until=order.expires_at)
                assert isinstance(await it.pay.ask(order), Waiting)
                assert [each.reference for each in it.phone.waiting()] == [number]
                it.phone.confirm(number)
                assert isinstance(await it.pay.ask(order), Done)
                assert (await it.read_next()).reference == number

    run(main())


def test_closing_a_scanned_order_reverses_it(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            waiting = it.scanned(NUMBER)
            await it.pay.take_by_code(waiting, it.phone.show_code("password"))
            assert await it.pay.close(waiting) == Done(evidence={"action": "close"})
            assert isinstance((await it.read_next()).outcome, Refused)
            with pytest.raises(Refusal):
                it.phone.confirm(NUMBER)
            paid = it.scanned("P20261123000002")
            await it.pay.take_by_code(paid, it.phone.show_code())
            assert isinstance((await it.read_next()).outcome, Done)
            for _ in range(2):
                assert await it.pay.close(paid) == Done(evidence={"action": "refund"})
            told = await it.read_next()
            assert isinstance(told.outcome, Refused), "what was taken has gone back: nothing is kept"
            assert (told.about, told.reference) == ("take", paid.reference)
            assert reason(await it.pay.ask(paid)) == "expired"
            order = it.scanned("P20261123000003")
            assert isinstance(await it.pay.close(order), NotFound), "the payment may still be on its way"

    run(main())


def test_what_can_be_cancelled_no_more_has_been_paid(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.scanned(NUMBER)
            await it.pay.take_by_code(order, it.phone.show_code())
            partly = it.scanned("P20261123000002")
            await it.pay.take_by_code(partly, it.phone.show_code())
            assert isinstance(await it.pay.refund(refund_of(partly, "R000001", 100)), Done)
            assert reason(await it.pay.close(partly)) == "already_paid"
            assert it.phone.orders(1)[0].refunded_fen == 100
            it.clock.offset = timedelta(days=2)
            assert reason(await it.pay.close(order)) == "already_paid"

    run(main())


# ---- refunds


def test_refunds_stay_within_the_order(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order(NUMBER, 1_000)
            code = await it.shown(order)
            early = await it.pay.refund(refund_of(order, "R000001", 300))
            assert not isinstance(early, Done | Waiting), "nothing was paid yet"
            it.phone.pay(code)
            await it.read_next()
            first = refund_of(order, "R000002", 300)
            assert isinstance(await it.pay.ask_refund(first), NotFound)
            given = await it.pay.refund(first)
            assert isinstance(given, Done)
            assert given.evidence["amount_fen"] == 300
            assert isinstance(await it.pay.refund(first), Done), "the same number is the same refund"
            assert reason(await it.pay.refund(refund_of(order, "R000002", 301))) == "not_refundable"
            told = await it.read_next()
            assert (told.about, told.reference, told.amount_fen) == ("refund", "R000002", 300)
            assert isinstance(await it.pay.ask_refund(first), Done)
            for answer, fen in (
                (await it.pay.ask_refund(refund_of(order, "R000002", 1_000)), 300),
                (await it.pay.ask(it.order(NUMBER, 900)), 1_000),
            ):
                assert isinstance(answer, Unknown), "ours in everything but the amount"
                assert answer.evidence == {"amount_fen": fen}
            assert isinstance(await it.pay.ask(order), Done), "given back in part, it is still paid"
            assert it.phone.look(code).refunded_fen == 300
            assert reason(await it.pay.refund(refund_of(order, "R000003", 701))) == "not_refundable"
            assert isinstance(await it.pay.refund(refund_of(order, "R000004", 700)), Done)
            assert reason(await it.pay.refund(refund_of(order, "R000005", 1))) == "not_refundable"

    run(main())


def test_a_refund_of_what_a_cancellation_gave_back_is_done(tmp_path: Path, run: Run) -> None:
    """The notice of the payment may come after the cancellation: what is late is refunded, and that must end."""

    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.scanned(NUMBER)
            await it.pay.take_by_code(order, it.phone.show_code())
            await it.pay.close(order)
            whole = refund_of(order, "R000001", 5_000)
            assert isinstance(await it.pay.refund(whole), Done)
            assert reason(await it.pay.refund(refund_of(order, "R000002", 100))) == "not_refundable"
            it.fault("query", "lost")
            assert isinstance(await it.pay.refund(whole), Unknown)
            unpaid = it.scanned("P20261123000002")
            await it.pay.take_by_code(unpaid, it.phone.show_code("password"))
            await it.pay.close(unpaid)
            assert reason(await it.pay.refund(refund_of(unpaid, "R000003", 5_000))) == "not_refundable"

    run(main())


def test_what_is_finished_is_paid_and_goes_back_no_more(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order(NUMBER)
            it.phone.pay(await it.shown(order))
            it.clock.offset = timedelta(days=91)
            assert isinstance(await it.pay.ask(order), Done)
            assert reason(await it.pay.refund(refund_of(order, "R000001", 5_000))) == "not_refundable"

    run(main())
