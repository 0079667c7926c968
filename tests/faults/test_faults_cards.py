"""Cards in `yinyi faults`: what the bank can do is played, and sessions that are wrong are found out."""

from collections.abc import Callable
from datetime import datetime

import pytest
import typer
import uvloop
from msgspec.structs import replace

from yinyi.app.commands.faults import command
from yinyi.app.faults.card_shapes import CARD_SHAPES
from yinyi.app.faults.explore import Explorer
from yinyi.app.faults.model import Fault, Run, Schedule
from yinyi.app.faults.play import play
from yinyi.app.faults.stage import stage
from yinyi.business.lines import session_store, session_work, settlement
from yinyi.business.lines.line_means import Lease, LineMeans
from yinyi.business.lines.session_model import (
    Approved,
    Declined,
    Desk,
    LineAnswer,
    NeverSent,
    NoAnswer,
    Original,
    SessionRow,
    Settled,
)
from yinyi.business.lines.session_work import SessionWork
from yinyi.business.payments.cards import RefundToCard, TakeByCard
from yinyi.business.payments.plan import Plan, Step
from yinyi.kernel.outcome import Answer, Done, Outcome, Refused, Unknown

pytestmark = pytest.mark.usefixtures("unlogged")
UNDO, REFUND, ENDED = TakeByCard.undo, RefundToCard.do, vars(session_work)["_ended"]
AFTER_REVERSAL = vars(SessionWork)["_after_reversal"]


async def runs(url: str, *shapes: str) -> list[Run]:
    async with stage(url) as it:
        return [run async for run in Explorer(it, shapes=shapes).explore(1)]


def test_what_only_the_statement_tells_stands_in_the_queue(platform_url: str) -> None:
    """A refund without an answer can neither be asked about nor reversed."""
    found = uvloop.run(runs(platform_url, "card_refunded"))
    assert [run.violations for run in found if run.violations] == []
    queued = {hit[1] for run in found if run.ending == "queue" for hit in run.hit}
    assert {"lost_before", "lost_after", "silent_before", "silent_after", "bad_mac"} <= queued
    assert "refused" not in queued, "what was refused is tried again"


def test_the_same_schedule_is_the_same_run(platform_url: str) -> None:
    """Also after others have played on the same database."""

    async def go() -> None:
        schedule = Schedule("bank_is_silent", (Fault(4, "lost_before"),))
        async with stage(platform_url) as it:
            first = await play(it, schedule)
            for shape in CARD_SHAPES:
                await play(it, Schedule(shape))
            again = await play(it, schedule)
        assert [each.cell for each in again.moments] == [each.cell for each in first.moments]
        assert (again.hit, again.ending, again.took) == (first.hit, first.ending, first.took)

    uvloop.run(go())


def test_only_shapes_that_there_are_can_be_played() -> None:
    with pytest.raises(typer.BadParameter, match="pays_by_card"):
        command(shape=["pays_by_cheque"])


# ---- sessions that are wrong


def no_answer_is_a_refusal(broken: pytest.MonkeyPatch) -> None:
    def ended(answer: LineAnswer, *more: object) -> object:
        return ENDED(Declined(code="") if isinstance(answer, NoAnswer) else answer, *more)

    broken.setattr(session_work, "_ended", ended)


def the_next_one_does_not_wait_for_reversals(broken: pytest.MonkeyPatch) -> None:
    async def make_ready(self: SessionWork) -> NeverSent | None:
        return None

    broken.setattr(SessionWork, "make_ready", make_ready)


def late_answers_are_believed_after_the_reversal(broken: pytest.MonkeyPatch) -> None:
    late: str = vars(session_store)["_LATE"]
    assert "m.state = 'in_doubt' AND m.reversal_tries = 0" in late
    broken.setattr(session_store, "_LATE", late.replace("m.state = 'in_doubt' AND m.reversal_tries = 0", "true"))


def a_reversal_in_doubt_is_done(broken: pytest.MonkeyPatch) -> None:
    async def undo(self: TakeByCard, plan: Plan, step: Step, now: datetime) -> Answer:
        answer = await UNDO(self, plan, step, now)
        return Done() if isinstance(answer, Unknown) else answer

    broken.setattr(TakeByCard, "undo", undo)


def what_a_dead_process_has_sent_is_forgotten(broken: pytest.MonkeyPatch) -> None:
    behind: str = vars(session_store)["_LEFT_BEHIND"]
    assert "m.state = 'sent' AND m.epoch < $3" in behind
    wrong = behind.replace(
        "CASE WHEN m.kind IN ('purchase', 'void') THEN 'in_doubt' ELSE 'unanswered' END", "'declined'"
    )
    assert wrong != behind
    broken.setattr(session_store, "_LEFT_BEHIND", wrong)


def a_refused_void_gives_it_back(broken: pytest.MonkeyPatch) -> None:
    """The bank's day has ended, and nothing of the day before is voided any more."""

    async def do(self: RefundToCard, plan: Plan, step: Step, now: datetime) -> Outcome:
        answer = await REFUND(self, plan, step, now)
        return Done() if step.is_void and isinstance(answer, Refused) else answer

    broken.setattr(RefundToCard, "do", do)


def a_refused_reversal_is_done(broken: pytest.MonkeyPatch) -> None:
    def after(self: SessionWork, answer: LineAnswer, tries: int) -> str:
        state: str = AFTER_REVERSAL(self, answer, tries)
        return "reversed" if state == "stuck" and isinstance(answer, Declined) else state

    broken.setattr(SessionWork, "_after_reversal", after)


def a_sign_on_that_is_asked_for_besides_is_not_heard(broken: pytest.MonkeyPatch) -> None:
    def ended(answer: LineAnswer, *more: object) -> object:
        deaf = replace(answer, must_sign_on=False) if isinstance(answer, Approved) else answer
        return ENDED(deaf, *more)

    broken.setattr(session_work, "_ended", ended)


def numbers_begin_anew_with_the_day(broken: pytest.MonkeyPatch) -> None:
    """Our own record has others, so that the database finds nothing wrong."""
    signed_on, desk, behind = SessionWork.__dict__["_take_keys"], LineMeans.desk, [0]

    async def take_keys(self: SessionWork, *more: object) -> object:
        behind[0] = self.row.trace_no
        return await signed_on(self, *more)

    def numbered(self: LineMeans, session: SessionRow, lease: Lease) -> Desk:
        return desk(self, replace(session, trace_no=max(1, session.trace_no - behind[0])), lease)

    broken.setattr(SessionWork, "_take_keys", take_keys)
    broken.setattr(LineMeans, "desk", numbered)


def details_stay_here(broken: pytest.MonkeyPatch) -> None:
    async def upload(*_: object) -> int:
        return 0

    broken.setattr(settlement, "_upload", upload)


def a_batch_is_closed_unheard(broken: pytest.MonkeyPatch) -> None:
    """Whatever has become of our totals on the way."""
    compared = vars(settlement)["_compared"]

    async def believed(*more: object) -> object:
        answer = await compared(*more)
        return Settled(balanced=True) if isinstance(answer, NoAnswer | NeverSent) else answer

    broken.setattr(settlement, "_compared", believed)


def a_refund_names_our_day(broken: pytest.MonkeyPatch) -> None:
    """And not the bank's, whose clock and whose day are others."""

    def ours(self: Original) -> str:
        return f"{self.sent_at:%m%d}"

    broken.setattr(Original, "on_day", property(ours))


Mutant = Callable[[pytest.MonkeyPatch], None]


@pytest.mark.parametrize(
    ("mutant", "shape", "said"),
    [
        (no_answer_is_a_refusal, "line_breaks", "at the bank it has happened"),
        (the_next_one_does_not_wait_for_reversals, "bank_is_silent", "left while a purchase was in doubt"),
        (late_answers_are_believed_after_the_reversal, "pays_by_card", "is approved on our record"),
        (a_reversal_in_doubt_is_done, "bank_is_silent", "the channels have kept 5000 fen instead of 0"),
        (what_a_dead_process_has_sent_is_forgotten, "pays_by_card", "at the bank it has happened"),
        (the_next_one_does_not_wait_for_reversals, "batch_waits_for_a_reversal", "a settle left while a purchase was"),
        (a_refused_void_gives_it_back, "day_ends_before_the_void", "the channels have kept 5000 fen instead of 0"),
        (a_refused_reversal_is_done, "day_ends_before_the_reversal", "is reversed on our record, and at the bank"),
        (a_sign_on_that_is_asked_for_besides_is_not_heard, "bank_wants_a_sign_on", "that the bank had asked for"),
        (numbers_begin_anew_with_the_day, "day_ends_before_the_void", "trace number"),
        (a_refund_names_our_day, "card_refunded_next_day", "as the day of a purchase of"),
        (details_stay_here, "batch_differs", "open at the bank, and settled with us"),
        (a_batch_is_closed_unheard, "batch_is_settled", "open at the bank, and settled with us"),
    ],
)
def test_wrong_sessions_are_found_out(
    platform_url: str, monkeypatch: pytest.MonkeyPatch, mutant: Mutant, shape: str, said: str
) -> None:
    """By one fault at most."""
    seen: list[str] = []

    async def found() -> bool:
        async with stage(platform_url) as it:
            async for run in Explorer(it, shapes=(shape,)).explore(1):
                seen.extend(run.violations)
                if any(said in sentence for sentence in run.violations):
                    return True
        return False

    mutant(monkeypatch)
    caught = uvloop.run(found())
    monkeypatch.undo()
    assert caught, seen
