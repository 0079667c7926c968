"""Whatever goes wrong between us and Alipay, the connector says no more than it knows."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alipay_lab import Lab, build, lab, settings_for
from hypothesis import given
from hypothesis import strategies as st
from wechatpay_lab import MovingClock, order_of, refund_of

from yinyi.access.payment.alipay import mapping
from yinyi.access.payment.alipay.config import Settings
from yinyi.access.payment.alipay.mapping import CODES
from yinyi.access.payment.alipay.messages import Cancelled, Refunded, RefundFound, Told, Trade
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Refused, Unknown, Waiting
from yinyi_sandbox.alipay.faults import KINDS, Fault, Place

Run = Callable[[Coroutine[Any, Any, Any]], Any]
NUMBER = "P20261123000001"

DISTRUSTED = ["bad_signature", "unsigned", "garbage", "huge", "unknown"]
CUT = ["lost", "down"]


async def call(it: Lab, place: Place, number: str) -> Answer:
    """Makes the call that a fault at this place hits."""
    order, scanned = it.order(number), it.scanned(number)
    refund = refund_of(order, f"R{number}", 100)
    match place:
        case "precreate":
            return await it.pay.show_code(order)
        case "pay":
            return await it.pay.take_by_code(scanned, it.phone.show_code())
        case "query":
            return await it.pay.ask(scanned)
        case "close":
            return await it.pay.close(order)
        case "cancel":
            return await it.pay.close(scanned)
        case "refund":
            return await it.pay.refund(refund)
        case _:
            return await it.pay.ask_refund(refund)


CALLS: list[Place] = ["precreate", "pay", "query", "close", "cancel", "refund", "refund_query"]


def test_an_answer_that_cannot_be_believed_is_unknown(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            pairs = itertools.product(CALLS, [*DISTRUSTED, *CUT])
            for number, (place, kind) in enumerate(pairs):
                it.fault(place, kind)
                outcome = await call(it, place, f"P202611230{number:04}")
                expected = NotFound if (place, kind) == ("cancel", "unknown") else Unknown
                assert isinstance(outcome, expected), (place, kind, outcome)
                assert not it.sandbox.faults.waiting()

    run(main())


def test_a_code_whose_answer_was_lost_is_asked_for_again(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            for number, kind in enumerate(("lost", "down")):
                order = it.order(f"P2026112300000{number}")
                it.fault("precreate", kind)
                assert isinstance(await it.pay.show_code(order), Unknown)
                it.fault("precreate", "error", code="40004", sub_code="ACQ.ACCESS_FORBIDDEN")
                assert isinstance(await it.pay.ask(order), Unknown), "the first one may be alive all the same"
                found = await it.pay.ask(order)
                assert isinstance(found, Waiting)
                assert found.show, "the payer gets his code after all"
                again = await it.pay.ask(order)
                assert isinstance(again, Waiting)
                assert not again.show, "and nobody asks for it twice"
                assert it.phone.pay(found.show.code_url).state == "paid"
                assert isinstance(await it.pay.ask(order), Done)

    run(main())


def test_closing_is_done_only_when_it_surely_is(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order(NUMBER)
            code = await it.shown(order)
            it.fault("cancel", "retry")
            assert isinstance(await it.pay.close(order), Unknown)
            it.fault("cancel", "error", code="40004", sub_code="ACQ.SYSTEM_ERROR")
            assert isinstance(await it.pay.close(order), Unknown), "no trade, but the code may be alive"
            it.phone.scan(code)
            it.fault("close", "error", code="40004", sub_code="ACQ.SYSTEM_ERROR")
            assert isinstance(await it.pay.close(order), Unknown), "still waiting for its payer"
            it.fault("close", "error", code="40004", sub_code="ACQ.TRADE_NOT_EXIST")
            assert isinstance(await it.pay.close(order), Done), "it was scanned just before it was cancelled"
            assert it.phone.look(code).state == "closed"
            scanned = it.scanned("P20261123000002")
            await it.pay.take_by_code(scanned, it.phone.show_code("password"))
            for kind in ("retry", "error"):
                it.fault("cancel", kind)
                assert isinstance(await it.pay.close(scanned), Unknown)
            assert isinstance(await it.pay.close(scanned), Done)

    run(main())


def test_a_refund_that_moved_nothing_is_asked_about(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order(NUMBER)
            it.phone.pay(await it.shown(order))
            it.fault("refund", "no_change", count=2)
            assert isinstance(await it.pay.refund(refund_of(order, "R000001", 100)), Done)
            it.fault("refund_query", "not_found")
            assert isinstance(await it.pay.refund(refund_of(order, "R000002", 100)), Unknown)
            assert isinstance(await it.pay.ask_refund(refund_of(order, "R000002", 100)), Done)

    run(main())


def test_a_slow_answer_is_unknown_and_may_have_happened(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            hasty = it.connector(read_timeout_s=0.2)
            order, scanned = it.order(NUMBER), it.scanned("P20261123000002")
            it.fault("precreate", "slow", ms=1_000)
            assert isinstance(await hasty.show_code(order), Unknown)
            whole = it.connector(call_timeout_s=0.2)
            for place in CALLS:
                it.fault(place, "slow", ms=1_000)
            refund = refund_of(order, "R000001", 1)
            outcomes = await asyncio.gather(
                whole.show_code(order),
                whole.take_by_code(scanned, it.phone.show_code()),
                whole.ask(order),
                whole.close(order),
                whole.close(scanned),
                whole.refund(refund),
                whole.ask_refund(refund),
            )
            assert all(isinstance(outcome, Unknown) for outcome in outcomes), outcomes

    run(main())


MEANINGS: list[tuple[Place, str, str, str | type[Any]]] = [
    ("precreate", "40004", "ACQ.INVALID_PARAMETER", "bad_request"),
    ("precreate", "40004", "ACQ.ACCESS_FORBIDDEN", "not_permitted"),
    ("precreate", "40004", "ACQ.TOTAL_FEE_EXCEED", "limit_exceeded"),
    ("precreate", "40004", "ACQ.TRADE_HAS_CLOSE", "expired"),
    ("precreate", "40004", "ACQ.TRADE_HAS_SUCCESS", Unknown),
    ("precreate", "40004", "ACQ.CONTEXT_INCONSISTENT", Unknown),
    ("precreate", "40004", "ACQ.SYSTEM_ERROR", Unknown),
    ("precreate", "40004", "ACQ.NEVER_HEARD_OF", Unknown),
    ("precreate", "40001", "isv.missing-method", "bad_request"),
    ("precreate", "40002", "isv.invalid-signature", "not_permitted"),
    ("precreate", "40006", "isv.insufficient-user-permissions", "not_permitted"),
    ("precreate", "20000", "isp.unknow-error", Unknown),
    ("precreate", "20000", "ACQ.INVALID_PARAMETER", Unknown),
    ("precreate", "30000", "", Unknown),
    ("pay", "40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH", "insufficient_funds"),
    ("pay", "40004", "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH", "insufficient_funds"),
    ("pay", "40004", "ACQ.PAYMENT_AUTH_CODE_INVALID", "expired"),
    ("pay", "40004", "ACQ.PAYMENT_FAIL", "declined"),
    ("pay", "40004", "ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR", "limit_exceeded"),
    ("pay", "40004", "ACQ.SYSTEM_ERROR", Unknown),
    ("pay", "20000", "aop.ACQ.SYSTEM_ERROR", Unknown),
    ("query", "40004", "ACQ.TRADE_NOT_EXIST", NotFound),
    ("query", "40004", "ACQ.INVALID_PARAMETER", Unknown),
    ("query", "40002", "isv.invalid-signature", Unknown),
    ("query", "20000", "ACQ.TRADE_NOT_EXIST", Unknown),
    ("refund", "40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH", "insufficient_funds"),
    ("refund", "40004", "ACQ.TRADE_NOT_EXIST", NotSent),
    ("refund", "40004", "ACQ.INVALID_PARAMETER", "bad_request"),
    ("refund", "40004", "ACQ.SYSTEM_ERROR", Unknown),
    ("refund_query", "40004", "ACQ.TRADE_NOT_EXIST", NotFound),
    ("refund_query", "40004", "ACQ.SYSTEM_ERROR", Unknown),
]


def test_each_code_means_what_the_table_says(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            for place, code, sub_code, expected in MEANINGS:
                it.fault(place, "error", code=code, sub_code=sub_code)
                outcome = await call(it, place, NUMBER)
                if isinstance(expected, str):
                    assert isinstance(outcome, Refused), (place, sub_code, outcome)
                    assert outcome.reason == expected
                else:
                    assert isinstance(outcome, expected), (place, sub_code, outcome)
                assert code in msgspec.json.encode(outcome).decode()

    run(main())


def test_no_answer_to_a_question_refuses_anything() -> None:
    for code, row in CODES.items():
        answer = mapping.unanswered(Told(code="40004", sub_code=code))
        assert isinstance(answer, NotFound if row.asked == "not_found" else Unknown)


@given(st.text(max_size=8), st.text(max_size=20))
def test_any_other_code_is_unknown(code: str, sub_code: str) -> None:
    told = Told(code=f"5{code}", sub_code=f"?{sub_code}")
    assert isinstance(mapping.refused("take", told), Unknown)
    assert isinstance(mapping.refused("refund", told), Unknown)
    assert isinstance(mapping.unanswered(told), Unknown)


def test_a_trade_that_differs_from_ours_is_never_done(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.scanned(NUMBER)
            it.fault("pay", "wrong_amount")
            assert isinstance(await it.pay.take_by_code(order, it.phone.show_code()), Unknown)
            for kind in ("wrong_amount", "wrong_number"):
                it.fault("query", kind)
                answer = await it.pay.ask(order)
                assert isinstance(answer, Unknown)
                assert "ours" in answer.detail
            refund = refund_of(order, "R000001", 100)
            await it.pay.refund(refund)
            it.fault("refund_query", "wrong_amount")
            assert isinstance(await it.pay.ask_refund(refund), Unknown)
            assert isinstance(await it.pay.ask(order), Done)

    run(main())


def test_an_answer_without_our_number_is_about_nothing_of_ours() -> None:
    order = order_of(MovingClock(), NUMBER)
    scanned = msgspec.structs.replace(order, scanned=True)
    refund = refund_of(order, "R000001", 100)
    trade = Trade(code="10000", trade_no="2026", trade_status="TRADE_SUCCESS", total_amount="50.00")
    for number in (None, "", "P20261123000002"):
        named = msgspec.structs.replace(trade, out_trade_no=number)
        closed = msgspec.structs.replace(named, trade_status="TRADE_CLOSED")
        assert isinstance(mapping.of_payment(scanned, named), Unknown)
        assert isinstance(mapping.of_trade(order, named), Unknown)
        assert isinstance(mapping.of_trade(order, closed), Unknown)
        given = Refunded(code="10000", out_trade_no=number, fund_change="Y", refund_fee="1.00")
        assert isinstance(mapping.of_refund(refund, given), Unknown)
        cancelled = Cancelled(code="10000", out_trade_no=number, retry_flag="N", action="refund")
        assert mapping.of_cancel(scanned, cancelled) is None
    ours = msgspec.structs.replace(trade, out_trade_no=NUMBER)
    assert isinstance(mapping.of_trade(order, ours), Done)
    for fee in ("", "0.99", "50.01"):
        given = Refunded(code="10000", out_trade_no=NUMBER, fund_change="Y", refund_fee=fee)
        assert isinstance(mapping.of_refund(refund, given), Unknown)


def test_not_found_and_then_found(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.scanned(NUMBER)
            await it.pay.take_by_code(order, it.phone.show_code())
            it.fault("query", "not_found", count=2)
            answers = [await it.pay.ask(order) for _ in range(3)]
            assert [type(answer) for answer in answers] == [NotFound, NotFound, Done]

    run(main())


def test_an_unsigned_error_of_the_gateway_is_believed_only_where_that_is_set(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            good = it.settings.merchants["outpatient"]
            other = it.settings.merchants["inpatient"]
            mistaken = {"outpatient": msgspec.structs.replace(good, private_key_file=other.private_key_file)}
            strict = it.connector(merchants=mistaken)
            trusting = it.connector(merchants=mistaken, unsigned_errors=True)
            order = it.order(NUMBER)
            signed = await strict.show_code(order)
            assert isinstance(signed, Refused)
            assert signed.reason == "not_permitted"
            it.fault("precreate", "unsigned", count=2)
            assert isinstance(await strict.show_code(order), Unknown)
            assert isinstance(await trusting.show_code(order), Refused)
            it.fault("precreate", "bad_signature")
            assert isinstance(await trusting.show_code(order), Unknown)
            believing = it.connector(unsigned_errors=True)
            it.fault("precreate", "unsigned")
            assert isinstance(await believing.show_code(order), Unknown), "the business's answers are always signed"

    run(main())


def test_an_older_query_of_refunds_tells_no_status(tmp_path: Path, run: Run) -> None:
    """(m) ``refund_status_told``."""

    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order(NUMBER)
            refund = refund_of(order, "R000001", 100)
            told = {"code": "10000", "out_trade_no": NUMBER, "out_request_no": "R000001", "refund_amount": "1.00"}
            found = msgspec.convert(told, RefundFound)
            assert isinstance(mapping.of_refund_found(refund, found, status_told=True), NotFound)
            assert isinstance(mapping.of_refund_found(refund, found, status_told=False), Done)
            nothing = msgspec.structs.replace(found, refund_amount=None)
            assert isinstance(mapping.of_refund_found(refund, nothing, status_told=False), NotFound)

    run(main())


def test_every_kind_of_fault_is_one_that_can_be_asked_for() -> None:
    for place, kinds in KINDS.items():
        assert all(Fault(at=place, kind=kind) for kind in kinds)
    with pytest.raises(ValueError):
        Fault(at="close", kind="race")
    with pytest.raises(ValueError):
        Fault(at="close", kind="error", count=0)


def test_settings_that_cannot_work_say_which_file(tmp_path: Path) -> None:
    good = settings_for("http://127.0.0.1:9").merchants["outpatient"]
    readable, own = tmp_path / "readable.pem", tmp_path / "own.pem"
    readable.write_bytes(Path(good.private_key_file).read_bytes())
    readable.chmod(0o644)
    own.write_bytes(Path(good.alipay_public_key_file).read_bytes())
    wrong = [
        {"private_key_file": str(tmp_path / "absent.pem")},
        {"private_key_file": good.alipay_public_key_file},
        {"private_key_file": str(readable)},
        {"alipay_public_key_file": good.private_key_file},
        {"alipay_public_key_file": str(tmp_path / "absent.pem")},
    ]
    for changes in wrong:
        merchants = {"outpatient": msgspec.structs.replace(good, **changes)}
        with pytest.raises(ValueError, match=r"\.pem") as error:
            build(Settings(merchants=merchants), MovingClock(), "http://127.0.0.1:9")
        assert "PRIVATE" not in str(error.value)
