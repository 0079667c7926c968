"""The WeChat Pay connector keeps the contract of the ports, against a WeChat Pay on a real socket."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from wechatpay_lab import Lab, lab, refund_of

from yinyi.business.payments.model import GIVEN_BACK
from yinyi.kernel.outcome import Done, NotFound, Refused, Unknown, Waiting
from yinyi_sandbox.wechatpay.credentials import Trust
from yinyi_sandbox.wechatpay.model import Refusal

Run = Callable[[Coroutine[Any, Any, Any]], Any]
both_ways = pytest.mark.parametrize("trust", ["public_key", "certificates"])


async def shown(lab: Lab, reference: str, amount_fen: int = 5_000) -> str:
    """Places an order and gives the text of its code."""
    outcome = await lab.pay.show_code(lab.order(reference, amount_fen))
    assert isinstance(outcome, Waiting), outcome
    assert outcome.show
    return outcome.show.code_url


@both_ways
def test_a_payer_scans_and_pays(tmp_path: Path, run: Run, trust: Trust) -> None:
    async def main() -> None:
        async with lab(tmp_path, trust) as it:
            order = it.order("P20261123000001")
            outcome = await it.pay.show_code(order)
            assert isinstance(outcome, Waiting)
            assert outcome.show
            assert outcome.until == order.expires_at
            asked = it.phone.scan(outcome.show.code_url)
            assert (asked.amount_fen, asked.state, asked.reference) == (5_000, "payable", order.reference)
            assert "门诊" in asked.merchant
            assert isinstance(await it.pay.ask(order), Waiting)
            paid = it.phone.pay(outcome.show.code_url)
            answer = await it.pay.ask(order)
            assert isinstance(answer, Done)
            assert answer.evidence["transaction_id"] == paid.transaction_id
            assert answer.evidence["amount_fen"] == 5_000
            assert answer.evidence["success_time"].endswith("+08:00")
            assert GIVEN_BACK not in answer.evidence
            assert "openid" not in str(answer.evidence)
            told = await it.read_next()
            assert (told.about, told.reference, told.merchant, told.amount_fen) == (
                "take",
                order.reference,
                "outpatient",
                5_000,
            )
            assert told.outcome == answer

    run(main())


def test_the_scope_chooses_the_merchant(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order("D20261123000001", merchant="inpatient")
            outcome = await it.pay.show_code(order)
            assert isinstance(outcome, Waiting)
            assert outcome.show
            assert "住院" in it.phone.pay(outcome.show.code_url).merchant
            assert (await it.read_next()).merchant == "inpatient"
            assert isinstance(await it.pay.ask(order), Done)
            assert isinstance(await it.pay.ask(it.order("D20261123000001")), NotFound)
            stranger = it.order("D20261123000002", merchant="pharmacy")
            assert isinstance(await it.pay.show_code(stranger), Refused)
            assert isinstance(await it.pay.ask(stranger), Unknown)

    run(main())


def test_closing(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            unpaid = it.order("P20261123000003")
            code = await shown(it, unpaid.reference)
            assert isinstance(await it.pay.close(unpaid), Done)
            assert isinstance(await it.pay.close(unpaid), Done), "closing twice is closing"
            assert it.phone.scan(code).state == "closed"
            with pytest.raises(Refusal):
                it.phone.pay(code)
            answer = await it.pay.ask(unpaid)
            assert isinstance(answer, Refused)
            assert answer.reason == "expired"
            again = await it.pay.show_code(unpaid)
            assert isinstance(again, Refused | Unknown)
            paid = it.order("P20261123000004")
            it.phone.pay(await shown(it, paid.reference))
            closed = await it.pay.close(paid)
            assert isinstance(closed, Refused)
            assert closed.reason == "already_paid"
            assert isinstance(await it.pay.close(it.order("P20261123000005")), NotFound)

    run(main())


def test_a_payer_who_was_faster_than_the_closing_is_seen(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order("P20261123000006")
            code = await shown(it, order.reference)
            assert isinstance(await it.pay.close(order), Done)
            it.fault("phone", "race")
            it.phone.pay(code)
            assert isinstance(await it.pay.ask(order), Done)
            assert isinstance((await it.read_next()).outcome, Done)

    run(main())


def test_a_refund_under_way_and_one_that_fails(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.order("P20261123000009", 1_000)
            it.phone.pay(await shown(it, order.reference, 1_000))
            await it.read_next()
            it.fault("refund", "processing", ms=60_000)
            slow = refund_of(order, "R000006", 400)
            begun = await it.pay.refund(slow)
            assert isinstance(begun, Waiting)
            asked = await it.pay.ask_refund(slow)
            assert isinstance(asked, Waiting)
            assert asked.until == begun.until, "asking does not move the deadline"
            it.fault("refund", "abnormal")
            failed = refund_of(order, "R000007", 600)
            await it.pay.refund(failed)
            told = await it.read_next()
            assert told.reference == "R000007"
            assert isinstance(told.outcome, Refused)
            answer = await it.pay.ask_refund(failed)
            assert isinstance(answer, Refused)
            assert answer.reason == "not_refundable"

    run(main())
