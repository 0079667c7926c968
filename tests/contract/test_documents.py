"""Papers on a real database: one for each state of a payment, each printing once, copies marked as such."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from terminal_hall import HALL, PATIENT, SOMEBODY_ELSE, WARD, Hall, hall, hold, registration

from yinyi.bus.envelope import Credentials
from yinyi.bus.operation import Caller
from yinyi.business.documents.errors import DocumentUnknown, NothingToPrint
from yinyi.business.documents.masked import masked
from yinyi.business.documents.messages import DocumentView, ListDocuments, PrintSlip, ReprintSlip
from yinyi.business.documents.model import RegistrationSlip, SlipData
from yinyi.business.documents.queue import AT_ONCE
from yinyi.business.documents.render import SlipNotRendered, SlipRenderer, font_folder
from yinyi.business.documents.sending import WAITING_AT_MOST
from yinyi.business.terminals.messages import ReportPrint, TakePrintJobs
from yinyi.business.terminals.model import PrintJobView
from yinyi.kernel.errors import Busy, NotYours

Run = Callable[[Coroutine[Any, Any, None]], None]
ZONE = ZoneInfo("Asia/Shanghai")
PAID = "26112309260500ABCDEFGH"
OTHER = "26112309260500HGFEDCBA"


class Desk:
    """A screen and its agent at one terminal, and the patient in front of it."""

    def __init__(self, place: Hall, screen: str, agent: str, epoch: int) -> None:
        self._place = place
        self._screen = screen
        self._agent = agent
        self._epoch = epoch

    def _shown(self, patient: int = PATIENT, by: str = "") -> dict[str, str]:
        return {"terminal": self._screen, "session": f"patient:{patient}/{by}"}

    async def print(
        self, payment_no: str = PAID, *, patient: int = PATIENT, by: str = "", key: str = ""
    ) -> DocumentView:
        message = PrintSlip(payment_no=payment_no)
        return await self._place.ask(Caller.KIOSK, message, key=key, **self._shown(patient, by))

    async def print_in_english(self) -> None:
        shown = Credentials(terminal=self._screen, session=f"patient:{PATIENT}")
        client = self._place.client(Caller.KIOSK)
        await client.ask(PrintSlip(payment_no=PAID), credentials=shown, key="pressed-in-english", language="en")

    async def reprint(self, document_no: str, *, patient: int = PATIENT, by: str = "") -> DocumentView:
        message = ReprintSlip(document_no=document_no)
        return await self._place.ask(Caller.KIOSK, message, **self._shown(patient, by))

    async def papers(self, *, by: str = "", **which: Any) -> list[DocumentView]:
        return (await self._place.ask(Caller.KIOSK, ListDocuments(**which), **self._shown(by=by))).documents

    async def take(self) -> list[PrintJobView]:
        message = TakePrintJobs(epoch=self._epoch)
        return (await self._place.ask(Caller.TERMINAL, message, terminal=self._agent)).jobs

    async def report(self, job_id: str, reason: str = "") -> None:
        message = ReportPrint(epoch=self._epoch, job_id=job_id, reason=reason)
        await self._place.ask(Caller.TERMINAL, message, terminal=self._agent)

    async def finish(self, reason: str = "") -> list[str]:
        """Take and report whatever waits; the ids of the jobs."""
        jobs = await self.take()
        for job in jobs:
            await self.report(job.job_id, reason)
        return [job.job_id for job in jobs]


async def desk(place: Hall, terminal_id: str = HALL) -> Desk:
    agent = await place.enrolled(terminal_id)
    connected = await place.connected(agent)
    return Desk(place, await place.screen(connected), agent, connected.epoch)


Test = Callable[[Hall, Desk], Coroutine[Any, Any, None]]
Within = Callable[[Test], None]


@pytest.fixture
def within(run: Run, database: str) -> Within:
    """Runs a test at a desk of its own."""

    def enter(test: Test) -> None:
        async def entered() -> None:
            async with hall(database) as place:
                place.slips.put(PAID)
                await test(place, await desk(place))

        run(entered())

    return enter


def test_a_key_prints_once_and_another_key_prints_a_marked_copy(within: Within) -> None:
    async def test(place: Hall, here: Desk) -> None:
        first = await here.print(key="pressed-once")
        again = await here.print(key="pressed-once")
        assert (first.state, first.copies) == (again.state, again.copies) == ("queued", 1)
        await here.finish()
        assert (await here.print(key="pressed-once")).state == "printed"
        copy = await here.print(key="pressed-again")
        assert (copy.document_no, copy.state, copy.copies) == (first.document_no, "queued", 2)
        await here.finish()
        assert [slip.copy for slip in place.press.set] == [False, True]
        original, marked = place.press.set
        assert isinstance(original, RegistrationSlip)
        assert isinstance(marked, RegistrationSlip)
        assert (original.queue_ahead, marked.queue_ahead) == (3, None)
        assert original.terminal == "hall-1 号机"
        assert (await place.published())[1:] == ["PrintQueued", "PrintDone", "PrintQueued", "PrintDone"]
        await here.print_in_english()
        await here.finish()
        assert place.press.set[-1].terminal == "Machine hall-1 hall-1 · Hall, 1st floor"

    within(test)


def test_a_paper_of_whoever_has_gone_does_not_come_out_beside_the_next(within: Within) -> None:
    """It waits for its owner for some minutes, and whatever the agent asks meanwhile, it has none of it."""

    async def test(place: Hall, here: Desk) -> None:
        left = await here.print()
        place.here.patients = [SOMEBODY_ELSE]
        place.slips.put(OTHER, patient_id=SOMEBODY_ELSE)
        await here.print(OTHER, patient=SOMEBODY_ELSE)
        assert len(await here.finish()) == 1
        place.here.patients = []
        assert await here.take() == []
        assert [paper.state for paper in await here.papers()] == ["queued"]
        place.here.patients = [PATIENT]
        assert len(await here.finish()) == 1
        assert [(paper.document_no, paper.state) for paper in await here.papers()] == [(left.document_no, "printed")]

    within(test)


def test_two_presses_at_the_same_time_print_once(within: Within) -> None:
    async def test(place: Hall, here: Desk) -> None:
        await asyncio.gather(*(here.print(key="pressed-twice") for _ in range(2)))
        assert len(await here.take()) == 1

    within(test)


def test_another_state_of_the_payment_is_another_paper(within: Within) -> None:
    async def test(place: Hall, here: Desk) -> None:
        place.slips.put(PAID, tells="delivering")
        before = await here.print()
        place.slips.put(PAID, tells="fulfilled")
        after = await here.print()
        assert before.document_no != after.document_no
        place.clock.pass_by(seconds=1)
        place.slips.put(OTHER)
        other = await here.print(OTHER)
        assert (await here.papers())[0].document_no == other.document_no
        assert {one.document_no for one in await here.papers(payment_no=PAID)} == {
            before.document_no,
            after.document_no,
        }
        place.clock.pass_by(days=8)
        assert await here.papers() == []
        assert len(await here.papers(days=9)) == 3

    within(test)


def test_a_slip_that_is_not_true_any_more_does_not_come_out_again(within: Within) -> None:
    """What is true now comes out instead; where there is nothing to say, nothing does."""

    async def test(place: Hall, here: Desk) -> None:
        place.slips.put(PAID, tells="kept")
        kept = await here.print()
        place.slips.put(PAID, tells="fulfilled")
        instead = await here.reprint(kept.document_no)
        assert (instead.document_no, instead.copies) != (kept.document_no, 2)
        assert (await here.reprint(instead.document_no)).document_no == instead.document_no
        assert (await here.reprint(kept.document_no)).document_no == instead.document_no
        del place.slips.known[PAID]
        for paper in (kept, instead):
            with pytest.raises(NothingToPrint):
                await here.reprint(paper.document_no)

    within(test)


def test_what_is_not_reported_is_answered_again_and_reported_once(within: Within) -> None:
    async def test(place: Hall, here: Desk) -> None:
        await here.print()
        [job], [again] = await here.take(), await here.take()
        assert job == again
        assert len(place.press.set) == 1
        await here.report(job.job_id)
        await here.report(job.job_id, "jam")
        assert await here.take() == []
        assert [one.state for one in await here.papers()] == ["printed"]
        assert (await place.published()).count("PrintDone") == 1
        assert await place.one("SELECT attempts FROM print_job") == 2

    within(test)


@pytest.mark.parametrize(
    ("reason", "state", "marked"),
    [
        ("paper_out", "paper_out", False),
        ("offline", "offline", False),
        ("jam", "jam", True),
        ("timeout", "failed", True),
        ("interrupted", "failed", True),
        ("something new", "failed", True),
    ],
)
def test_a_failed_printing_is_seen_and_the_next_is_a_copy_if_paper_may_have_come_out(
    reason: str, state: str, marked: bool, within: Within
) -> None:
    async def test(place: Hall, here: Desk) -> None:
        paper = await here.print()
        await here.finish(reason)
        assert [one.state for one in await here.papers()] == [state]
        assert (await here.reprint(paper.document_no)).state == "queued"
        await here.finish()
        assert place.press.set[-1].copy is marked
        assert [one.state for one in await here.papers()] == ["printed"]

    within(test)


def test_a_paper_comes_out_where_the_patient_stands_now(within: Within) -> None:
    async def test(place: Hall, here: Desk) -> None:
        paper = await here.print()
        await here.finish()
        there = await desk(place, WARD)
        await there.reprint(paper.document_no)
        assert await here.take() == []
        [job] = await there.take()
        await here.report(job.job_id)
        assert [one.state for one in await here.papers()] == ["queued"]
        assert place.press.set[-1].terminal == "ward-1 号机"

    within(test)


def test_papers_of_others_are_not_printed(within: Within) -> None:
    async def test(place: Hall, here: Desk) -> None:
        paper = await here.print()
        with pytest.raises(NotYours):
            await here.print(patient=SOMEBODY_ELSE)
        with pytest.raises(NotYours):
            await here.reprint(paper.document_no, patient=SOMEBODY_ELSE)
        with pytest.raises(DocumentUnknown):
            await here.reprint("D-nobody")
        with pytest.raises(NothingToPrint):
            await here.print("26112309260500UNKNOWN0")
        assert len(await here.papers()) == 1

    within(test)


def test_whoever_holds_a_form_has_the_papers_of_its_bill_and_no_others(within: Within) -> None:
    async def test(place: Hall, here: Desk) -> None:
        place.slips.put(OTHER)
        place.slips.opened[OTHER] = form = "form:20261123001"
        of_patient, of_bill = await here.print(), await here.print(OTHER, by=form)
        assert await here.papers(payment_no=OTHER, by=form) == [of_bill]
        for which in ({}, {"payment_no": PAID}):
            assert await here.papers(by=form, **which) == []
        assert (await here.reprint(of_bill.document_no, by=form)).copies == 2
        with pytest.raises(NotYours):
            await here.print(PAID, by=form)
        with pytest.raises(NotYours):
            await here.reprint(of_patient.document_no, by=form)
        assert (await here.reprint(of_patient.document_no)).copies == 2

    within(test)


def test_nothing_comes_out_when_nobody_stands_there_any_more(within: Within) -> None:
    async def test(place: Hall, here: Desk) -> None:
        await here.print()
        [job] = await here.take()
        place.clock.pass_by(minutes=11)
        assert await here.take() == []
        await place.queue.expire(place.clock.now())
        await place.queue.expire(place.clock.now())
        assert [one.state for one in await here.papers()] == ["failed"]
        await here.report(job.job_id)
        assert [one.state for one in await here.papers()] == ["printed"]
        assert (await place.published()).count("PrintDone") == 2

    within(test)


def test_what_never_reached_a_printer_is_no_copy_the_next_time(within: Within) -> None:
    async def test(place: Hall, here: Desk) -> None:
        paper = await here.print()
        place.clock.pass_by(minutes=11)
        await place.queue.expire(place.clock.now())
        assert [one.state for one in await here.papers()] == ["failed"]
        await here.reprint(paper.document_no)
        await here.finish()
        assert not place.press.set[-1].copy

    within(test)


def test_a_printer_has_only_so_many_papers_waiting(within: Within) -> None:
    async def test(place: Hall, here: Desk) -> None:
        for _ in range(WAITING_AT_MOST):
            await here.print()
        with pytest.raises(Busy):
            await here.print()
        assert len(await here.take()) == AT_ONCE
        taken: list[str] = []
        while ids := await here.finish():
            taken += ids
        assert len(set(taken)) == len(taken) == WAITING_AT_MOST

    within(test)


def test_only_what_the_paper_shows_of_a_person_is_kept(within: Within) -> None:
    async def test(place: Hall, here: Desk) -> None:
        await here.print()
        kept = await place.one("SELECT string_agg(d::text, '') FROM document d")
        assert "张*国" in kept
        assert "建" not in kept
        assert "0000821236" not in kept

    within(test)


@pytest.mark.parametrize("slip", [registration(PAID), hold(PAID)], ids=["registration", "hold"])
def test_a_kept_slip_prints_like_the_full_one(slip: SlipData) -> None:
    renderer = SlipRenderer(font_folder(), ZONE, compilers=1)
    assert masked(slip) != slip
    assert masked(masked(slip)) == masked(slip)
    assert renderer.render(masked(slip)).digest == renderer.render(slip).digest


def test_a_slip_that_cannot_be_set_is_given_up_and_the_others_come_out(run: Run, database: str) -> None:
    def press(slip: SlipData) -> Any:
        if slip.payment_no == PAID:
            raise SlipNotRendered("too long for paper")
        return SlipRenderer(font_folder(), ZONE, compilers=1).render(slip)

    async def test() -> None:
        async with hall(database, press) as place:
            place.slips.put(PAID)
            place.slips.put(OTHER)
            here = await desk(place)
            await here.print(PAID)
            await here.print(OTHER)
            [job] = await here.take()
            assert len(job.data) > 10_000
            assert {one.payment_no: one.state for one in await here.papers()} == {PAID: "failed", OTHER: "queued"}

    run(test())
