"""``Bills``, ``Inpatients`` and ``Reports`` when the hospital is slow, refuses, breaks the line or is down."""

from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from hospital_offers import OFFERED
from hospital_stage import Mishap, Play, Stage, Verb, plays, reference, soon

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.billing.model import ChosenInvoice
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Outcome, Refused, Unknown

EVER = (date(2000, 1, 1), date(2100, 1, 1))
Call = Callable[[], Awaitable[Outcome]]
Ask = Callable[[], Awaitable[Answer]]
Prepared = tuple[Call, Ask, str, str]
"""The call, the question about it, and what that tells before and after it took effect."""


@pytest.fixture(params=OFFERED)
def play(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Play:
    """Runs a scene on the stage of each connector."""
    return plays(OFFERED[request.param], postgres)


async def invoices(stage: Stage) -> tuple[list[ChosenInvoice], Fen]:
    [patient_no] = await stage.patient_numbers(1)
    made = [await stage.bills.invoice(one) for one in await stage.hands.order(patient_no, "0102")]
    found = [one for one in made if one is not None]
    chosen = [ChosenInvoice(invoice_no=one.invoice_no, version=one.version) for one in found]
    return chosen, Fen(sum(one.total_fen for one in found))


async def do_hold(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_bills if hasty else stage.bills
    ref, (chosen, _), until = reference(), await invoices(stage), await soon(stage)
    return lambda: ports.hold_invoices(ref, chosen, until), lambda: stage.bills.ask_invoices(ref), "none", "held"


async def do_settle(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_bills if hasty else stage.bills
    ref, (chosen, fen), at = reference(), await invoices(stage), await stage.now()
    return (
        lambda: ports.settle_invoices(ref, chosen, fen, "P1", "alipay", at),
        lambda: stage.bills.ask_invoices(ref),
        *("none", "paid"),
    )


async def do_release(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_bills if hasty else stage.bills
    ref, (chosen, fen), at = reference(), await invoices(stage), await stage.now()
    assert isinstance(await stage.bills.settle_invoices(ref, chosen, fen, "P1", "alipay", at), Done)
    return lambda: ports.release_invoices(ref), lambda: stage.bills.ask_invoices(ref), "paid", "expired"


async def do_refund(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_bills if hasty else stage.bills
    ref, (chosen, fen), at, back = reference(), await invoices(stage), await stage.now(), reference()
    assert isinstance(await stage.bills.settle_invoices(ref, chosen, fen, "P1", "alipay", at), Done)
    number = chosen[0].invoice_no
    paid = await stage.bills.invoice(number)
    assert paid is not None
    return (
        lambda: ports.refund_invoice(back, number, None, paid.total_fen),
        lambda: stage.bills.ask_invoice_refund(back),
        *("none", "refunded"),
    )


async def do_post(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_inpatients if hasty else stage.inpatients
    [stay, *_] = await stage.inpatients.stays("2016000002")
    ref, at = reference(), await stage.now()
    return (
        lambda: ports.post_deposit(ref, stay.admission_no, Fen(7), "P1", "alipay", at),
        lambda: stage.inpatients.ask_deposit(ref),
        *("none", "posted"),
    )


async def do_reverse(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_inpatients if hasty else stage.inpatients
    [stay, *_] = await stage.inpatients.stays("2016000002")
    ref, at = reference(), await stage.now()
    assert isinstance(await stage.inpatients.post_deposit(ref, stay.admission_no, Fen(7), "P1", "alipay", at), Done)
    return lambda: ports.reverse_deposit(ref), lambda: stage.inpatients.ask_deposit(ref), "posted", "expired"


async def do_return(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_inpatients if hasty else stage.inpatients
    [stay, *_] = await stage.inpatients.stays("083214")
    [first, *_] = await stage.inpatients.deposits(stay.admission_no)
    ref = reference()
    return (
        lambda: ports.return_deposit(ref, first.reference, Fen(1)),
        lambda: stage.inpatients.ask_deposit(ref),
        *("none", "posted"),
    )


async def issued(stage: Stage) -> str:
    """The reference of a receipt over ten yuan."""
    await stage.hands.receipts_take(0)
    ref, [patient_no] = reference(), await stage.patient_numbers(1)
    told = ("P1", patient_no, "x", Fen(1000), await stage.now())
    assert isinstance(await stage.fiscal.issue_fiscal_invoice(ref, *told), Done)
    return ref


async def do_issue(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_fiscal if hasty else stage.fiscal
    await stage.hands.receipts_take(0)
    ref, [patient_no], at = reference(), await stage.patient_numbers(1), await stage.now()
    return (
        lambda: ports.issue_fiscal_invoice(ref, "P1", patient_no, "x", Fen(1000), at),
        lambda: stage.fiscal.ask_fiscal_invoice(ref),
        *("none", "issued"),
    )


async def do_reverse_receipt(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_fiscal if hasty else stage.fiscal
    of, ref = await issued(stage), reference()
    return (
        lambda: ports.reverse_fiscal_invoice(ref, of, Fen(300), "x"),
        lambda: stage.fiscal.ask_fiscal_invoice(ref),
        *("none", "issued"),
    )


async def do_mark(stage: Stage, hasty: bool) -> Prepared:
    ports, ref = stage.hasty_fiscal if hasty else stage.fiscal, await issued(stage)

    async def ask() -> Answer:
        answer = await stage.fiscal.ask_fiscal_invoice(ref)
        assert isinstance(answer, Done)
        return answer if answer.evidence["printed"] else NotFound()

    return lambda: ports.mark_fiscal_printed(ref), ask, "none", "issued"


CHANGES: dict[Verb, Callable[[Stage, bool], Awaitable[Prepared]]] = {
    "hold_invoices": do_hold,
    "settle_invoices": do_settle,
    "release_invoices": do_release,
    "refund_invoice": do_refund,
    "post_deposit": do_post,
    "reverse_deposit": do_reverse,
    "return_deposit": do_return,
    "issue_fiscal_invoice": do_issue,
    "reverse_fiscal_invoice": do_reverse_receipt,
    "mark_fiscal_printed": do_mark,
}


async def told(ask: Ask) -> str:
    answer = await ask()
    if isinstance(answer, NotFound):
        return "none"
    if isinstance(answer, Refused):
        return answer.reason
    assert isinstance(answer, Done), answer
    return str(answer.evidence.get("status", "issued"))


@pytest.mark.parametrize("verb", CHANGES)
def test_after_whatever_happens_asking_tells(play: Play, verb: Verb) -> None:
    """Busy, cut before it arrived, lost on the way back: what asking tells is what happened, and again is once."""

    async def scene(stage: Stage) -> None:
        expected: list[tuple[Mishap, type]] = [("refuse", NotSent), ("cut", Unknown), ("lost", Unknown)]
        for mishap, kind in expected:
            call, ask, before, after = await CHANGES[verb](stage, False)
            await stage.mishap(verb, mishap)
            assert isinstance(await call(), kind)
            assert await told(ask) == (after if mishap == "lost" else before)
            assert isinstance(await call(), Done)
            assert await told(ask) == after

    play(scene)


@pytest.mark.parametrize("mishap", ["silent", "slow"])
@pytest.mark.parametrize("verb", CHANGES)
def test_no_answer_in_time_is_unknown_and_may_still_happen(play: Play, verb: Verb, mishap: Mishap) -> None:
    async def scene(stage: Stage) -> None:
        call, ask, _, after = await CHANGES[verb](stage, True)
        await stage.mishap(verb, mishap)
        while not await stage.struck():
            assert isinstance(await call(), Unknown)
        await stage.settled()
        assert await told(ask) == after

    play(scene)


def readings(stage: Stage) -> dict[Verb, Callable[[], Awaitable[object]]]:
    bills, stays, reports, fiscal = stage.bills, stage.inpatients, stage.reports, stage.fiscal
    return {
        "invoices": lambda: bills.invoices("083214", "", *EVER, 5),
        "invoice": lambda: bills.invoice("1"),
        "invoice_lines": lambda: bills.invoice_lines(["1"]),
        "stays": lambda: stays.stays("083214"),
        "stay": lambda: stays.stay("1"),
        "stay_items": lambda: stays.stay_items("1", *EVER),
        "cost_days": lambda: stays.cost_days("1"),
        "cost_categories": lambda: stays.cost_categories("1"),
        "deposits": lambda: stays.deposits("1"),
        "reports": lambda: reports.reports("083214", *EVER, 5),
        "report": lambda: reports.report("1"),
        "report_texts": lambda: reports.report_texts("1"),
        "observations": lambda: reports.observations("1", 1),
        "fiscal_invoices": lambda: fiscal.fiscal_invoices("083214", *EVER),
        "fiscal_file": lambda: fiscal.fiscal_file("1"),
        "report_pictures": lambda: stage.pictures.report_pictures("1", 1),
        "report_picture": lambda: stage.pictures.report_picture("1", 1, 1),
        "trend": lambda: reports.trend("083214", "WBC", 5),
    }


@pytest.mark.parametrize("mishap", ["cut", "lost", "refuse"])
def test_a_reading_that_fails_says_that_the_hospital_is_unavailable(play: Play, mishap: Mishap) -> None:
    async def scene(stage: Stage) -> None:
        for verb, read in readings(stage).items():
            await stage.mishap(verb, mishap)
            with pytest.raises(HospitalUnavailable):
                await read()
            await read()

    play(scene)


@pytest.mark.parametrize("mishap", ["cut", "lost", "refuse"])
@pytest.mark.parametrize("verb", ["ask_invoices", "ask_invoice_refund", "ask_deposit", "ask_fiscal_invoice"])
def test_asking_that_fails_tells_nothing(play: Play, verb: Verb, mishap: Mishap) -> None:
    async def scene(stage: Stage) -> None:
        asks: dict[Verb, Ask] = {
            "ask_invoices": lambda: stage.bills.ask_invoices("nobody"),
            "ask_invoice_refund": lambda: stage.bills.ask_invoice_refund("nobody"),
            "ask_deposit": lambda: stage.inpatients.ask_deposit("nobody"),
            "ask_fiscal_invoice": lambda: stage.fiscal.ask_fiscal_invoice("nobody"),
        }
        await stage.mishap(verb, mishap)
        assert isinstance(await asks[verb](), Unknown)
        assert isinstance(await asks[verb](), NotFound)

    play(scene)


def test_a_hospital_that_is_down_is_not_reached(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        call, ask, _, after = await do_settle(stage, False)
        await stage.line_down(True)
        outcomes = [await call() for _ in range(8)]
        assert all(isinstance(one, NotSent | Unknown) for one in outcomes), outcomes
        assert isinstance(await ask(), NotSent)
        for read in readings(stage).values():
            with pytest.raises(HospitalUnavailable):
                await read()
        await stage.line_down(False)
        assert await told(ask) == "none"
        assert isinstance(await call(), Done)
        assert await told(ask) == after

    play(scene)
