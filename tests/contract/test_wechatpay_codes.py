"""Code payments: the payer shows a code, we scan it; his password, its end, and taking it all back."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from wechatpay_lab import Lab, lab, refund_of

from yinyi.access.payment.wechatpay.config import SceneSettings
from yinyi.business.payments.model import Order
from yinyi.kernel.outcome import Done, NotFound, Refused, Unknown, Waiting
from yinyi_sandbox.wechatpay.codes import CODE_LIFE_S, PASSWORD_ABOVE_FEN, REVOKED_AFTER_S
from yinyi_sandbox.wechatpay.credentials import Trust
from yinyi_sandbox.wechatpay.model import Refusal

Run = Callable[[Coroutine[Any, Any, Any]], Any]
both_ways = pytest.mark.parametrize("trust", ["public_key", "certificates"])
NUMBER = "P20261123000001"
STRANGER = rsa.generate_private_key(65537, 2048).public_key()


async def asked_for_password(it: Lab, order: Order) -> str:
    """The order waits for its payer's password; gives what his phone knows it by."""
    shown = it.phone.show_code("password")
    assert isinstance(await it.pay.take_by_code(order, shown.payer_code), Waiting)
    return shown.code_url


def later(it: Lab, seconds: float) -> None:
    it.clock.offset += timedelta(seconds=seconds)


def test_which_digits_are_a_payers_code(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            assert all(it.pay.knows_code(it.phone.show_code().payer_code) for _ in range(50))
            assert it.pay.knows_code("100000000000000000")
            assert it.pay.knows_code("159999999999999999")
            for other in (
                "",
                "160000000000000000",
                "280000000000000000",
                "13000000000000000",
                "1300000000000000000",
                " 13000000000000000",
                "130000000000000000\n",
                "１３００００００００００００００００",
                "https://example.org",
            ):
                assert not it.pay.knows_code(other), other
            newer = it.connector(code_prefixes=("16",))
            assert newer.knows_code("160000000000000000")
            assert not newer.knows_code("130000000000000000")
            await newer.stop()

    run(main())


@both_ways
def test_a_payer_shows_his_code_and_has_paid(tmp_path: Path, run: Run, trust: Trust) -> None:
    async def main() -> None:
        async with lab(tmp_path, trust) as it:
            order, shown = it.scanned(NUMBER), it.phone.show_code()
            outcome = await it.pay.take_by_code(order, shown.payer_code)
            assert isinstance(outcome, Done)
            assert (outcome.evidence["amount_fen"], outcome.evidence["trade_type"]) == (5_000, "MICROPAY")
            assert await it.pay.ask(order) == outcome
            asked = it.phone.scan(shown.code_url)
            assert (asked.state, asked.amount_fen, asked.password) == ("paid", 5_000, False)
            assert outcome.evidence["transaction_id"] == asked.transaction_id
            assert "门诊" in asked.merchant
            await it.sandbox.callbacks.send_now()
            assert it.mailbox.received.empty(), "nobody is called back about a code payment"
            refund = refund_of(order, "R000001", 2_000)
            assert isinstance(await it.pay.refund(refund), Done | Waiting)
            assert (await it.read_next()).about == "refund"
            assert it.phone.scan(shown.code_url).refunded_fen == 2_000

    run(main())


def test_a_large_amount_waits_for_the_password(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            small, shown = it.scanned("P20261123000001", PASSWORD_ABOVE_FEN), it.phone.show_code()
            assert isinstance(await it.pay.take_by_code(small, shown.payer_code), Done)
            large, shown = it.scanned("P20261123000002", PASSWORD_ABOVE_FEN + 1), it.phone.show_code()
            outcome = await it.pay.take_by_code(large, shown.payer_code)
            assert outcome == Waiting(until=large.expires_at)
            it.fault("native", "down")
            assert await it.pay.ask(large) == outcome
            assert it.sandbox.faults.waiting(), "no code of ours is asked for"
            asked = it.phone.scan(shown.code_url)
            assert (asked.state, asked.password) == ("payable", True)
            it.phone.pay(shown.code_url)
            assert isinstance(await it.pay.ask(large), Done)
            with pytest.raises(Refusal):
                it.phone.pay(shown.code_url)

    run(main())


def test_a_payer_refuses_the_password(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.scanned(NUMBER)
            handle = await asked_for_password(it, order)
            assert it.phone.refuse(handle).state == "closed"
            answer = await it.pay.ask(order)
            assert isinstance(answer, Refused)
            assert answer.reason == "declined"
            with pytest.raises(Refusal):
                it.phone.pay(handle)
            assert isinstance(await it.pay.close(order), Done)

    run(main())


def test_what_nobody_confirms_is_revoked_after_45_seconds(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.scanned(NUMBER)
            handle = await asked_for_password(it, order)
            later(it, REVOKED_AFTER_S - 5)
            assert isinstance(await it.pay.ask(order), Waiting)
            later(it, 5)
            answer = await it.pay.ask(order)
            assert isinstance(answer, Refused)
            assert answer.reason == "expired"
            assert it.phone.scan(handle).state == "closed"
            with pytest.raises(Refusal):
                it.phone.pay(handle)
            assert isinstance(await it.pay.close(order), Done)

    run(main())


def test_a_banks_time_and_a_failed_payment(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.fault("codepay", "accepted")
            slow, shown = it.scanned("P20261123000001"), it.phone.show_code()
            assert isinstance(await it.pay.take_by_code(slow, shown.payer_code), Waiting)
            assert it.sandbox.rules.find("9900000001", slow.reference).state == "ACCEPT"
            assert isinstance(await it.pay.ask(slow), Waiting)
            it.phone.pay(shown.code_url)
            assert isinstance(await it.pay.ask(slow), Done)
            it.fault("codepay", "pay_error")
            failed = it.scanned("P20261123000002")
            outcome = await it.pay.take_by_code(failed, it.phone.show_code().payer_code)
            assert isinstance(outcome, Refused)
            assert outcome.reason == "declined"
            assert await it.pay.ask(failed) == outcome

    run(main())


def test_a_code_is_good_once_and_for_a_minute(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            used, old, poor = it.phone.show_code(), it.phone.show_code(), it.phone.show_code("empty")
            assert isinstance(await it.pay.take_by_code(it.scanned("P20261123000001"), used.payer_code), Done)
            refused = [
                await it.pay.take_by_code(it.scanned("P20261123000002"), used.payer_code),
                await it.pay.take_by_code(it.scanned("P20261123000003"), "130061098828009406"),
                await it.pay.take_by_code(it.scanned("P20261123000004"), poor.payer_code),
            ]
            later(it, CODE_LIFE_S)
            refused.append(await it.pay.take_by_code(it.scanned("P20261123000005"), old.payer_code))
            assert all(isinstance(each, Refused) for each in refused), refused
            reasons = [each.reason for each in refused if isinstance(each, Refused)]
            assert reasons == ["expired", "expired", "insufficient_funds", "expired"]
            for number in range(2, 6):
                assert isinstance(await it.pay.ask(it.scanned(f"P2026112300000{number}")), NotFound)

    run(main())


def test_a_number_is_never_used_twice(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            paid, waits, over = (it.scanned(f"P2026112300000{number}") for number in (1, 2, 3))
            assert isinstance(await it.pay.take_by_code(paid, it.phone.show_code().payer_code), Done)
            await asked_for_password(it, waits)
            await asked_for_password(it, over)
            assert isinstance(await it.pay.close(over), Done)
            fresh = it.phone.show_code().payer_code
            assert isinstance(await it.pay.take_by_code(paid, fresh), Unknown), "only asking tells"
            assert isinstance(await it.pay.take_by_code(waits, fresh), Unknown)
            assert isinstance(await it.pay.take_by_code(over, fresh), Refused)
            assert isinstance(await it.pay.show_code(waits), Unknown)
            outcome = await it.pay.take_by_code(it.scanned("P20261123000004"), fresh)
            assert isinstance(outcome, Done), "and the code was not used up"

    run(main())


def test_reversing(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            waits, paid = it.scanned("P20261123000001"), it.scanned("P20261123000002")
            handle = await asked_for_password(it, waits)
            shown = it.phone.show_code()
            assert isinstance(await it.pay.take_by_code(paid, shown.payer_code), Done)
            for order in (waits, paid, waits, paid):
                assert isinstance(await it.pay.close(order), Done), "reversing twice is reversing"
                answer = await it.pay.ask(order)
                assert isinstance(answer, Refused)
                assert "REVOKED" in answer.detail
            with pytest.raises(Refusal):
                it.phone.pay(handle)
            assert it.phone.scan(shown.code_url).refunded_fen == paid.amount_fen, "the money is back by itself"
            too_much = await it.pay.refund(refund_of(paid, "R000001", 1))
            assert isinstance(too_much, Refused), "and does not go back twice"
            assert isinstance(await it.pay.close(it.scanned("P20261123000003")), NotFound)

    run(main())


def test_what_cannot_be_reversed_was_paid(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.scanned(NUMBER)
            assert isinstance(await it.pay.take_by_code(order, it.phone.show_code().payer_code), Done)
            it.fault("reverse", "error", status=400, code="REVERSE_EXPIRE")
            too_late = await it.pay.close(order)
            assert isinstance(too_late, Refused)
            assert too_late.reason == "already_paid"
            assert isinstance(await it.pay.refund(refund_of(order, "R000001", 100)), Done | Waiting)
            in_part = await it.pay.close(order)
            assert isinstance(in_part, Refused), "what was given back in part is not reversed"
            assert in_part.reason == "already_paid"

    run(main())


def test_a_password_that_was_faster_than_the_reversal_is_seen(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            order = it.scanned(NUMBER)
            handle = await asked_for_password(it, order)
            assert isinstance(await it.pay.close(order), Done)
            it.fault("phone", "race")
            it.phone.pay(handle)
            assert isinstance(await it.pay.ask(order), Done)
            assert isinstance(await it.pay.close(order), Done)
            assert it.phone.scan(handle).refunded_fen == order.amount_fen

    run(main())


def test_a_shown_code_is_not_reversed_and_a_scanned_one_is_not_closed(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            native = it.order("P20261123000001")
            outcome = await it.pay.show_code(native)
            assert isinstance(outcome, Waiting)
            assert outcome.show
            it.phone.pay(outcome.show.code_url)
            wrong_way = await it.pay.close(msgspec.structs.replace(native, scanned=True))
            assert isinstance(wrong_way, Refused)
            assert wrong_way.reason == "already_paid"
            scanned = it.scanned("P20261123000002")
            await asked_for_password(it, scanned)
            assert isinstance(await it.pay.close(msgspec.structs.replace(scanned, scanned=False)), Unknown)
            assert isinstance(await it.pay.ask(scanned), Waiting)

    run(main())


def test_what_cannot_be_sent_is_refused_here(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            it.fault("codepay", "down")
            code = it.phone.show_code().payer_code
            for order, scanned in (
                (it.scanned("D20261123000001", merchant="pharmacy"), code),
                (it.scanned("x"), code),
                (it.scanned(NUMBER, 0), code),
                (it.scanned(NUMBER), "280000000000000000"),
            ):
                outcome = await it.pay.take_by_code(order, scanned)
                assert isinstance(outcome, Refused), order
                assert scanned not in outcome.detail
            assert isinstance(await it.pay.close(it.scanned("D20261123000001", merchant="pharmacy")), Unknown)
            assert len(it.sandbox.faults.waiting()) == 1, "nothing has left"

    run(main())


def test_the_scene_is_configured(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with lab(tmp_path) as it:
            scene = SceneSettings(store_no="A1", store_id="77", device_id="kiosks", device_ip="10.0.0.7")
            there = it.connector(scene=scene)
            assert isinstance(await there.take_by_code(it.scanned(NUMBER), it.phone.show_code().payer_code), Done)
            await there.stop()

    run(main())


def test_the_phone_over_http(tmp_path: Path, run: Run) -> None:
    async def main() -> None:
        async with (
            lab(tmp_path) as it,
            httpx.AsyncClient(base_url=it.base_url, trust_env=False, timeout=10) as client,
        ):
            shown = (await client.post("/phone/code", json={"behaviour": "password"})).json()
            assert it.pay.knows_code(shown["payer_code"])
            assert 0 < shown["valid_for_s"] <= CODE_LIFE_S
            handle = {"code_url": shown["code_url"]}
            assert (await client.post("/phone/scan", json=handle)).status_code == 404, "nobody has scanned it yet"
            order = it.scanned(NUMBER)
            assert isinstance(await it.pay.take_by_code(order, shown["payer_code"]), Waiting)
            assert (await client.post("/phone/scan", json=handle)).json()["password"]
            assert (await client.post("/phone/pay", json=handle)).json()["state"] == "paid"
            assert isinstance(await it.pay.ask(order), Done)
            assert (await client.post("/phone/pay", json=handle)).status_code == 409
            assert (await client.post("/phone/refuse", json=handle)).json()["state"] == "paid"
            assert [each["state"] for each in (await client.get("/phone/orders")).json()] == ["paid"]
            assert (await client.post("/phone/code", json={})).json()["payer_code"] != shown["payer_code"]
            assert (await client.post("/phone/code", json={"behaviour": "steals"})).status_code == 400

    run(main())
