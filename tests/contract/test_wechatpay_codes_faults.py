"""Whatever goes wrong with a code payment, the connector says no more than it knows, and never the payer's code."""

import itertools
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpay_lab import Lab, MovingClock, lab, order_of

from yinyi.access.payment.wechatpay import mapping
from yinyi.access.payment.wechatpay.mapping import CODES, Reversal
from yinyi.access.payment.wechatpay.messages import Payer
from yinyi.business.payments.model import GIVEN_BACK
from yinyi.kernel.outcome import Answer, Done, NotFound, Refused, Unknown, Waiting
from yinyi_sandbox.wechatpay.model import Refusal

Run = Callable[[Coroutine[Any, Any, Any]], Any]

DISTRUSTED = ["bad_signature", "unsigned", "stale", "garbage", "huge"]


async def taken(it: Lab, reference: str) -> str:
    """A code payment that its payer has paid; gives what his phone knows it by."""
    shown = it.phone.show_code()
    assert isinstance(await it.pay.take_by_code(it.scanned(reference), shown.payer_code), Done)
    return shown.code_url


def test_an_answer_that_was_lost_or_not_believed_is_asked_for(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            for number, kind in enumerate(["lost", *DISTRUSTED]):
                order, shown = it.scanned(f"P202611230{number:04}"), it.phone.show_code()
                it.fault("codepay", kind)
                assert isinstance(await it.pay.take_by_code(order, shown.payer_code), Unknown), kind
                assert it.phone.scan(shown.code_url).state == "paid"
                assert isinstance(await it.pay.ask(order), Done), kind
            never, code = it.scanned("P20261123000100"), it.phone.show_code().payer_code
            it.fault("codepay", "down")
            assert isinstance(await it.pay.take_by_code(never, code), Unknown)
            assert isinstance(await it.pay.ask(never), NotFound)
            assert isinstance(await it.pay.close(never), NotFound)

    run(main())


def test_a_reversal_whose_answer_was_lost_is_repeated(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            for number, (kind, paid) in enumerate(itertools.product(["lost", "down", *DISTRUSTED], [True, False])):
                order = it.scanned(f"P202611230{number:04}")
                shown = it.phone.show_code("pays" if paid else "password")
                await it.pay.take_by_code(order, shown.payer_code)
                it.fault("reverse", kind)
                first = await it.pay.close(order)
                assert isinstance(first, Done if kind == "garbage" else Unknown), "well signed: the state is asked for"
                assert isinstance(await it.pay.close(order), Done), kind
                assert it.phone.scan(shown.code_url).refunded_fen == (order.amount_fen if paid else 0)

    run(main())


def test_a_reversal_that_has_to_be_sent_again_is_unknown(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.scanned("P20261123000001")
            handle = await taken(it, order.reference)
            for status, code in (
                (500, "SYSTEM_ERROR"),
                (429, "FREQUENCY_LIMITED"),
                (400, "USERPAYING"),
                (401, "SIGN_ERROR"),
                (400, "NEVER_HEARD_OF"),
                (500, "REVERSE_EXPIRE"),
            ):
                it.fault("reverse", "error", status=status, code=code)
                assert isinstance(await it.pay.close(order), Unknown), code
            assert it.phone.scan(handle).refunded_fen == 0
            assert isinstance(await it.pay.close(order), Done)
            it.fault("reverse", "error", status=400, code="INVALID_REQUEST")
            assert isinstance(await it.pay.close(order), Done), "the order's state has the last word"

    run(main())


def test_a_reversal_that_is_only_said_is_not_believed(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            paid, waits = it.scanned("P20261123000001"), it.scanned("P20261123000002")
            await taken(it, paid.reference)
            shown = it.phone.show_code("password")
            await it.pay.take_by_code(waits, shown.payer_code)
            it.fault("reverse", "pretended", count=2)
            assert isinstance(await it.pay.close(paid), Unknown), "else it would be given back twice"
            assert isinstance(await it.pay.close(waits), Unknown)
            assert isinstance(await it.pay.close(paid), Done)
            it.fault("query", "not_found")
            assert isinstance(await it.pay.close(waits), NotFound)
            it.fault("query", "error")
            assert isinstance(await it.pay.close(waits), Unknown)
            with pytest.raises(Refusal):
                it.phone.pay(shown.code_url)

    run(main())


def test_a_code_payment_that_differs_from_ours_is_never_done(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            for number, kind in enumerate(("wrong_amount", "wrong_merchant")):
                order = it.scanned(f"P202611230{number:04}")
                it.fault("codepay", kind)
                outcome = await it.pay.take_by_code(order, it.phone.show_code().payer_code)
                assert isinstance(outcome, Unknown)
                assert "ours" in outcome.detail
                it.fault("query", kind, count=2)
                assert isinstance(await it.pay.ask(order), Unknown)
                assert isinstance(await it.pay.close(order), Unknown), "what is not ours is not reversed for ever"
                assert isinstance(await it.pay.close(order), Done)

    run(main())


def test_a_password_as_an_error_is_waited_for(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.scanned("P20261123000001")
            it.fault("codepay", "error", status=400, code="USERPAYING")
            outcome = await it.pay.take_by_code(order, it.phone.show_code().payer_code)
            assert outcome == Waiting(until=order.expires_at)

    run(main())


def test_the_payers_code_is_never_told(tmp_path: Path, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        async with lab(tmp_path) as it:
            tried: list[tuple[str, Answer]] = []
            kinds = ["lost", "down", "error", "pay_error", "wrong_amount", "accepted", *DISTRUSTED, ""]
            for number, kind in enumerate(kinds):
                if kind:
                    it.fault("codepay", kind, status=400, code="AUTH_CODE_INVALID")
                order, code = it.scanned(f"P202611230{number:04}"), it.phone.show_code().payer_code
                tried.append((code, await it.pay.take_by_code(order, code)))
                tried.append((code, await it.pay.ask(order)))
                tried.append((code, await it.pay.close(order)))
            for code, answer in tried:
                assert code not in repr(answer)
                assert code not in caplog.text
            assert "codepay" not in repr(it.pay)

    run(main())
    assert "1300" not in repr(Payer(auth_code="130061098828009406"))


def test_a_code_that_is_quoted_to_us_is_not_passed_on(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            code = it.phone.show_code().payer_code
            for length in (0, 190):
                why = Refusal(400, "AUTH_CODE_INVALID", f"{'.' * length}付款码 {code} 无效")

                def quoting(*_: object, why: Refusal = why) -> None:
                    raise why

                monkeypatch.setattr(it.sandbox.rules.codes, "take", quoting)
                outcome = await it.pay.take_by_code(it.scanned("P20261123000001"), code)
                assert isinstance(outcome, Refused)
                assert code[:6] not in outcome.detail
                assert "付款码" in outcome.detail

    run(main())


@given(st.integers(400, 599), st.binary(max_size=100))
def test_any_other_answer_means_something(status: int, body: bytes) -> None:
    order = order_of(MovingClock(), "P20261123000001")
    assert isinstance(mapping.of_code_payment(order, "9900000001", status, body), Unknown)
    assert isinstance(mapping.of_code_payment(order, "9900000001", 200, body), Unknown)
    assert mapping.of_reversal(order, "9900000001", status, body) == "unknown"
    assert mapping.of_reversal(order, "9900000001", 200, body) == "unknown"


@pytest.mark.parametrize("code", CODES)
def test_a_server_error_decides_nothing(code: str) -> None:
    order = order_of(MovingClock(), "P20261123000001")
    body = msgspec.json.encode({"code": code, "message": ""})
    assert isinstance(mapping.of_code_payment(order, "9900000001", 502, body), Unknown)
    assert mapping.of_reversal(order, "9900000001", 502, body) == "unknown"


def test_a_reversal_of_another_order_says_nothing() -> None:
    order = order_of(MovingClock(), "P20261123000001")
    for mchid, number, said in (
        ("9900000001", "P20261123000001", "done"),
        ("9900000002", "P20261123000001", "unknown"),
        ("9900000001", "P20261123000002", "unknown"),
    ):
        body = msgspec.json.encode({"mchid": mchid, "out_trade_no": number})
        assert mapping.of_reversal(order, "9900000001", 200, body) == said


PAID = Done(evidence={"transaction_id": "4200"})
BACK_AGAIN = Done(evidence={"transaction_id": "4200", GIVEN_BACK: True})
LATER = Waiting(until=order_of(MovingClock(), "P20261123000001").expires_at)
OVER = Refused(reason="expired", detail="REVOKED")

REVERSALS: list[tuple[Reversal, Answer, str | type[Any]]] = [
    ("done", OVER, Done),
    ("done", BACK_AGAIN, Done),
    ("done", PAID, Unknown),
    ("done", LATER, Unknown),
    ("done", NotFound(), NotFound),
    ("refused", OVER, Done),
    ("refused", PAID, "already_paid"),
    ("refused", BACK_AGAIN, "already_paid"),
    ("refused", LATER, Unknown),
    ("unknown", OVER, Done),
    ("unknown", PAID, Unknown),
    ("unknown", BACK_AGAIN, Unknown),
    ("unknown", LATER, Unknown),
    ("unknown", Unknown(), Unknown),
]


@pytest.mark.parametrize(("said", "asked", "expected"), REVERSALS)
def test_a_reversal_and_the_orders_state_together(said: Reversal, asked: Answer, expected: str | type[Any]) -> None:
    answer = mapping.of_reversed(said, asked)
    if isinstance(expected, str):
        assert isinstance(answer, Refused)
        assert (answer.reason, answer.evidence.get(GIVEN_BACK, False)) == (expected, asked is BACK_AGAIN)
    else:
        assert isinstance(answer, expected)
