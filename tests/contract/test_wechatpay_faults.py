"""Whatever goes wrong between us and WeChat Pay, the connector says no more than it knows."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpay_lab import Lab, MovingClock, lab, refund_of, settings_for, surroundings

from yinyi.access.payment.wechatpay import mapping
from yinyi.access.payment.wechatpay.config import Settings
from yinyi.access.payment.wechatpay.mapping import CODES
from yinyi.access.payment.wechatpay.plugin import PLUGIN
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Refused, Unknown, Waiting
from yinyi_sandbox.wechatpay.faults import KINDS, Fault, Place

Run = Callable[[Coroutine[Any, Any, Any]], Any]

DISTRUSTED = ["bad_signature", "unsigned", "stale", "garbage", "huge"]
CUT = ["lost", "down"]


async def paid(it: Lab, reference: str) -> None:
    outcome = await it.pay.show_code(it.order(reference))
    assert isinstance(outcome, Waiting)
    assert outcome.show
    it.phone.pay(outcome.show.code_url)


async def call(it: Lab, place: Place, reference: str) -> Answer:
    """Makes the call that a fault at this place hits."""
    order = it.order(reference)
    refund = refund_of(order, f"R{reference}", 100)
    match place:
        case "native":
            return await it.pay.show_code(order)
        case "codepay":
            return await it.pay.take_by_code(it.scanned(reference), it.phone.show_code().payer_code)
        case "query":
            return await it.pay.ask(order)
        case "close":
            return await it.pay.close(order)
        case "refund":
            return await it.pay.refund(refund)
        case _:
            return await it.pay.ask_refund(refund)


CALLS: list[Place] = ["native", "codepay", "query", "close", "refund", "refund_query"]


def test_an_answer_that_cannot_be_believed_is_unknown(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            for number, (place, kind) in enumerate(itertools.product(CALLS, [*DISTRUSTED, *CUT])):
                if (place, kind) == ("close", "garbage"):
                    continue  # whatever it says, the order is asked about
                it.fault(place, kind)
                outcome = await call(it, place, f"P202611230{number:04}")
                assert isinstance(outcome, Unknown), (place, kind, outcome)
                assert not it.sandbox.faults.waiting()

    run(main())


def test_a_code_whose_answer_was_lost_is_asked_for_again(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order("P20261123000001")
            it.fault("native", "lost")
            assert isinstance(await it.pay.show_code(order), Unknown)
            found = await it.pay.ask(order)
            assert isinstance(found, Waiting)
            assert found.show, "the payer gets his code after all"
            again = await it.pay.ask(order)
            assert isinstance(again, Waiting)
            assert not again.show, "and nobody asks for it twice"
            after_restart = it.connector()
            assert await after_restart.ask(order) == found
            it.fault("native", "down")
            after_another = it.connector()
            assert isinstance(await after_another.ask(order), Waiting)
            assert it.phone.pay(found.show.code_url).state == "paid"
            assert isinstance(await it.pay.ask(order), Done)
            await after_restart.stop()
            await after_another.stop()

    run(main())


def test_a_slow_answer_is_unknown_and_may_have_happened(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            hasty = it.connector(read_timeout_s=0.2)
            order = it.order("P20261123000001")
            it.fault("native", "slow", ms=1_000)
            assert isinstance(await hasty.show_code(order), Unknown)
            whole = it.connector(call_timeout_s=0.2)
            for place in (*CALLS, "reverse"):
                it.fault(place, "slow", ms=1_000)
            refund = refund_of(order, "R000001", 1)
            outcomes = await asyncio.gather(
                whole.show_code(order),
                whole.ask(order),
                whole.close(order),
                whole.take_by_code(it.scanned("P20261123000002"), it.phone.show_code().payer_code),
                whole.close(it.scanned("P20261123000002")),
                whole.refund(refund),
                whole.ask_refund(refund),
            )
            assert all(isinstance(outcome, Unknown) for outcome in outcomes), outcomes
            await hasty.stop()
            await whole.stop()

    run(main())


MEANINGS: list[tuple[Place, int, str, str | type[Any]]] = [
    ("native", 400, "PARAM_ERROR", "bad_request"),
    ("native", 401, "SIGN_ERROR", "not_permitted"),
    ("native", 403, "RULE_LIMIT", "limit_exceeded"),
    ("native", 400, "ORDER_CLOSED", "expired"),
    ("native", 400, "ORDERPAID", Unknown),
    ("native", 403, "OUT_TRADE_NO_USED", Unknown),
    ("native", 400, "INVALID_REQUEST", Unknown),
    ("native", 429, "FREQUENCY_LIMITED", NotSent),
    ("native", 500, "SYSTEM_ERROR", Unknown),
    ("native", 400, "NEVER_HEARD_OF", Unknown),
    ("native", 503, "PARAM_ERROR", Unknown),
    ("codepay", 400, "PARAM_ERROR", "bad_request"),
    ("codepay", 401, "SIGN_ERROR", "not_permitted"),
    ("codepay", 403, "RULE_LIMIT", "limit_exceeded"),
    ("codepay", 403, "NOT_ENOUGH", "insufficient_funds"),
    ("codepay", 403, "NOTENOUGH", "insufficient_funds"),
    ("codepay", 400, "NOTSUPORTCARD", "declined"),
    ("codepay", 403, "TRADE_ERROR", "declined"),
    ("codepay", 403, "ACCOUNT_ERROR", "declined"),
    ("codepay", 403, "USER_ACCOUNT_ABNORMAL", "declined"),
    ("codepay", 400, "AUTH_CODE_ERROR", "expired"),
    ("codepay", 400, "AUTH_CODE_INVALID", "expired"),
    ("codepay", 400, "AUTHCODEEXPIRE", "expired"),
    ("codepay", 400, "ORDER_CLOSED", "expired"),
    ("codepay", 400, "ORDERREVERSED", "expired"),
    ("codepay", 400, "ORDERPAID", Unknown),
    ("codepay", 403, "OUT_TRADE_NO_USED", Unknown),
    ("codepay", 400, "INVALID_REQUEST", Unknown),
    ("codepay", 429, "FREQUENCY_LIMITED", Unknown),
    ("codepay", 500, "SYSTEM_ERROR", Unknown),
    ("codepay", 503, "NOT_ENOUGH", Unknown),
    ("codepay", 400, "BANKERROR", Unknown),
    ("codepay", 400, "NEVER_HEARD_OF", Unknown),
    ("query", 404, "ORDER_NOT_EXIST", NotFound),
    ("query", 400, "PARAM_ERROR", Unknown),
    ("query", 401, "SIGN_ERROR", Unknown),
    ("query", 429, "FREQUENCY_LIMITED", Unknown),
    ("query", 500, "SYSTEM_ERROR", Unknown),
    ("query", 500, "ORDER_NOT_EXIST", Unknown),
    ("refund", 403, "NOT_ENOUGH", "insufficient_funds"),
    ("refund", 403, "USER_ACCOUNT_ABNORMAL", "not_refundable"),
    ("refund", 400, "INVALID_REQUEST", "not_refundable"),
    ("refund", 404, "RESOURCE_NOT_EXISTS", NotSent),
    ("refund", 429, "FREQUENCY_LIMITED", Unknown),
    ("refund", 500, "SYSTEM_ERROR", Unknown),
    ("refund", 500, "BIZ_ERR_NEED_RETRY", Unknown),
    ("refund_query", 404, "RESOURCE_NOT_EXISTS", NotFound),
    ("refund_query", 500, "SYSTEM_ERROR", Unknown),
]


def test_each_code_means_what_the_table_says(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            for place, status, code, expected in MEANINGS:
                it.fault(place, "error", status=status, code=code)
                outcome = await call(it, place, "P20261123000001")
                if isinstance(expected, str):
                    assert isinstance(outcome, Refused), (place, code, outcome)
                    assert outcome.reason == expected
                else:
                    assert isinstance(outcome, expected), (place, code, outcome)
                assert code in msgspec.json.encode(outcome).decode()

    run(main())


def test_no_answer_to_a_question_refuses_anything() -> None:
    for code, row in CODES.items():
        answer = mapping.unanswered(400, msgspec.json.encode({"code": code, "message": ""}))
        assert isinstance(answer, NotFound if row.asked == "not_found" else Unknown)


@given(st.integers(400, 599), st.binary(max_size=100))
def test_any_error_reply_means_something(status: int, body: bytes) -> None:
    assert isinstance(mapping.refused("take", status, body), Unknown)
    assert isinstance(mapping.refused("refund", status, body), Unknown)
    assert isinstance(mapping.unanswered(status, body), Unknown)


def test_an_order_that_differs_from_ours_is_never_done(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order("P20261123000001")
            await paid(it, order.reference)
            for kind in ("wrong_amount", "wrong_merchant"):
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


def test_not_found_and_then_found(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order("P20261123000001")
            await paid(it, order.reference)
            it.fault("query", "not_found", count=2)
            answers = [await it.pay.ask(order) for _ in range(3)]
            assert [type(answer) for answer in answers] == [NotFound, NotFound, Done]

    run(main())


def test_an_unsigned_error_is_believed_only_where_that_is_set(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            trusting = it.connector(unsigned_errors=True)
            unknown = it.order("P20261123000001")
            it.fault("query", "unsigned", count=2)
            assert isinstance(await it.pay.ask(unknown), Unknown)
            assert isinstance(await trusting.ask(unknown), NotFound)
            it.fault("query", "bad_signature")
            assert isinstance(await trusting.ask(unknown), Unknown)
            it.fault("native", "unsigned")
            assert isinstance(await trusting.show_code(unknown), Unknown), "2xx must always be signed"
            await trusting.stop()

    run(main())


def test_certificates_are_fetched_when_they_are_needed(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path, "certificates") as it:
            order = it.order("P20261123000001")
            for kind in ("down", "bad_signature", "garbage", "error"):
                fresh = it.connector()
                it.fault("certificates", kind)
                assert isinstance(await fresh.show_code(order), NotSent), kind
                assert isinstance(await fresh.show_code(order), Waiting), "the next call fetches them"
                await fresh.stop()

    run(main())


def test_every_kind_of_fault_is_one_that_can_be_asked_for() -> None:
    for place, kinds in KINDS.items():
        assert all(Fault(at=place, kind=kind) for kind in kinds)
    with pytest.raises(ValueError):
        Fault(at="close", kind="race")
    with pytest.raises(ValueError):
        Fault(at="close", kind="error", status=200)


def test_settings_that_cannot_work_say_which_file(tmp_path: Path) -> None:
    good = settings_for("public_key", "http://127.0.0.1:9").merchants["outpatient"]
    readable = tmp_path / "readable.pem"
    readable.write_bytes(Path(good.private_key_file).read_bytes())
    readable.chmod(0o644)
    wrong = [
        {"private_key_file": str(tmp_path / "absent.pem")},
        {"private_key_file": good.api_key_file},
        {"private_key_file": str(readable)},
        {"api_key_file": good.private_key_file},
        {"public_key_file": good.api_key_file},
        {"public_key_file": ""},
    ]
    for changes in wrong:
        merchants = {"outpatient": msgspec.structs.replace(good, **changes)}
        with pytest.raises(ValueError, match=r"\.pem|\.key|outpatient") as error:
            PLUGIN.build(Settings(merchants=merchants), surroundings(MovingClock(), "http://127.0.0.1:9"))
        assert "PRIVATE" not in str(error.value)
