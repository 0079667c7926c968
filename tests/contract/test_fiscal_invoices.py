"""``FiscalInvoices``: what every connector to a hospital's electronic receipts has to do."""

import asyncio
import hashlib
from datetime import date, timedelta

import pytest
from hospital_offers import OFFERED
from hospital_stage import Play, Stage, plays, reference, refused

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound, Outcome, Waiting

EVER = (date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture(params=OFFERED)
def play(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Play:
    """Runs a scene on the stage of each connector."""
    return plays(OFFERED[request.param], postgres)


async def issue(stage: Stage, ref: str, fen: int = 5_000, patient_no: str = "") -> Outcome:
    [somebody] = await stage.patient_numbers(1)
    told = (f"P{ref}", patient_no or somebody, "挂号费 <心内科>", Fen(fen), await stage.now())
    return await stage.fiscal.issue_fiscal_invoice(ref, *told)


async def issued(stage: Stage, fen: int = 5_000) -> str:
    ref = reference()
    await stage.hands.receipts_take(0)
    assert isinstance(await issue(stage, ref, fen), Done)
    return ref


def test_it_is_issued_once_however_often_it_is_asked_for(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref = reference()
        await stage.hands.receipts_take(0)
        outcomes = await asyncio.gather(*(issue(stage, ref) for _ in range(4)))
        first = outcomes[0]
        assert isinstance(first, Done)
        assert all(one == first for one in outcomes)
        assert await stage.fiscal.ask_fiscal_invoice(ref) == first
        told = first.evidence
        assert (len(told["code"]), len(told["number"]), len(told["check_code"])) == (8, 10, 6)
        assert told["amount_fen"] == 5_000
        assert told["number"] in told["url"]
        refused(await issue(stage, ref, 5_001), "bad_request")

    play(scene)


def test_what_is_accepted_is_issued_by_itself_later(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref, [patient_no] = reference(), await stage.patient_numbers(1)
        await stage.hands.receipts_take(3600)
        assert isinstance(await issue(stage, ref), Waiting)
        assert isinstance(await stage.fiscal.ask_fiscal_invoice(ref), Waiting)
        assert await stage.fiscal.fiscal_file(ref) is None
        assert ref not in {each.reference for each in await stage.fiscal.fiscal_invoices(patient_no, *EVER)}
        refused(await stage.fiscal.mark_fiscal_printed(ref), "expired")
        refused(await stage.fiscal.reverse_fiscal_invoice(reference(), ref, Fen(1), "x"), "expired")
        await stage.pass_time(timedelta(hours=2))
        assert isinstance(await stage.fiscal.ask_fiscal_invoice(ref), Done)
        [found] = [each for each in await stage.fiscal.fiscal_invoices(patient_no, *EVER) if each.reference == ref]
        assert (found.amount_fen, found.payment_no, found.of, found.printed) == (5_000, f"P{ref}", "", False)

    play(scene)


def test_no_more_is_reversed_than_was_issued(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        of, first, second = await issued(stage), reference(), reference()
        done = await stage.fiscal.reverse_fiscal_invoice(first, of, Fen(2_000), "x")
        assert isinstance(done, Done)
        assert await stage.fiscal.reverse_fiscal_invoice(first, of, Fen(2_000), "x") == done
        refused(await stage.fiscal.reverse_fiscal_invoice(first, of, Fen(1), "x"), "bad_request")
        refused(await stage.fiscal.reverse_fiscal_invoice(second, of, Fen(3_001), "x"), "not_refundable")
        refused(await stage.fiscal.reverse_fiscal_invoice(second, first, Fen(1), "x"), "expired")
        assert isinstance(await stage.fiscal.reverse_fiscal_invoice(second, of, Fen(3_000), "x"), Done)
        assert (await stage.fiscal.ask_fiscal_invoice(first)) == done
        refused(await issue(stage, first), "bad_request")

    play(scene)


def test_the_file_is_the_one_that_was_announced(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref = await issued(stage)
        answer, content = await stage.fiscal.ask_fiscal_invoice(ref), await stage.fiscal.fiscal_file(ref)
        assert isinstance(answer, Done)
        assert content is not None
        assert content.startswith(b"%PDF-")
        assert answer.evidence["number"].encode() in content
        assert hashlib.sha256(content).hexdigest() == answer.evidence["digest"]

    play(scene)


def test_it_is_marked_as_printed_once_and_for_all(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref = await issued(stage)
        for _ in range(2):
            answer = await stage.fiscal.mark_fiscal_printed(ref)
            assert isinstance(answer, Done)
            assert answer.evidence["printed"] is True

    play(scene)


def test_what_nobody_knows_is_nothing(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        assert isinstance(await stage.fiscal.ask_fiscal_invoice("nobody"), NotFound)
        assert await stage.fiscal.fiscal_file("nobody") is None
        assert await stage.fiscal.fiscal_invoices("nobody", *EVER) == []
        refused(await stage.fiscal.mark_fiscal_printed("nobody"), "bad_request")
        refused(await issue(stage, reference(), patient_no="nobody"), "bad_request")
        refused(await issue(stage, reference(), fen=0), "bad_request")

    play(scene)
