"""What staff ask of the bank line: every answer of the bank, asked twice, and while somebody else is at it."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from line_desk import SLOT, Desk, play
from line_stage import BANK, CARD, INPATIENT, NO_ANSWER, OUTPATIENT

from yinyi.business.lines.errors import (
    BankRefused,
    BankSilent,
    BatchUnknown,
    MerchantOfAnotherScope,
    MerchantUnknown,
    MessageUnknown,
    SessionBusy,
    SessionNotReady,
    SessionUnknown,
    TerminalHasSession,
    TerminalUnknown,
)
from yinyi.business.lines.messages_sessions import (
    BatchView,
    EchoLine,
    ListReversals,
    ListSessions,
    PutSession,
    ReverseNow,
    SettleBatch,
    SignOn,
)
from yinyi.business.lines.session_model import Declined, NeverSent, NoAnswer, Totals
from yinyi.business.lines.session_model import Desk as AtBank
from yinyi.kernel.errors import IdempotencyConflict

STRANGE: dict[str, Any] = {**SLOT, "terminal_no": "99999999"}


def test_sessions_are_listed_as_they_stand(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        first, second = (await desk.ask(ListSessions())).sessions
        assert (first.merchant_no, second.merchant_no) == (OUTPATIENT.merchant_no, INPATIENT.merchant_no)
        assert (first.must_sign_on, first.has_key, first.signed_on_at, first.open_since) == (True, True, None, None)
        desk.line.bank.next["purchase"] = [NeverSent(detail="the line is down")]
        await desk.line.buy("p1")
        await desk.line.buy("p2")
        view = await desk.outpatient()
        assert (view.must_sign_on, view.scope, view.terminal_id) == (False, "outpatient", "K03")
        assert (view.trace_no, view.gaps, view.last_code, view.busy_until) == (3, 1, "00", None)
        assert view.open_since == view.heard_at == desk.clock.at
        assert not view.is_overdue
        desk.later(days=1)
        view = await desk.outpatient()
        assert (view.must_sign_on, view.is_overdue) == (True, True), "another day"

    play(platform_url, tmp_path, story)


def test_a_list_goes_on_behind_a_session_and_is_narrowed(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        after = {f"after_{word}": text for word, text in SLOT.items()}
        (only,) = (await desk.ask(ListSessions(**after))).sessions
        assert only.scope == "inpatient"
        assert len((await desk.ask(ListSessions(terminal_id="K03"))).sessions) == 2
        assert (await desk.ask(ListSessions(terminal_id="K04"))).sessions == []
        assert not (await desk.ask(ListSessions())).more

    play(platform_url, tmp_path, story)


def test_a_session_signs_on_once_for_each_key(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.line.bank.next["sign_on"] = [Declined(code="05"), NO_ANSWER]
        with pytest.raises(SessionNotReady, match="refused with 05"):
            await desk.ask(SignOn(**SLOT), "a")
        with pytest.raises(SessionNotReady, match="none within"):
            await desk.ask(SignOn(**SLOT), "a")
        view = await desk.ask(SignOn(**SLOT), "a")
        assert (view.must_sign_on, view.signed_on_at) == (False, desk.clock.at)
        desk.later(minutes=1)
        assert await desk.ask(SignOn(**SLOT), "a") == view
        assert desk.line.bank.kinds() == ["sign_on"] * 3
        await desk.ask(SignOn(**SLOT), "another")
        assert desk.line.bank.kinds() == ["sign_on"] * 4
        with pytest.raises(SessionUnknown):
            await desk.ask(SignOn(**STRANGE))

    play(platform_url, tmp_path, story)


def test_whoever_is_at_a_session_is_not_disturbed(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.buy("before1")
        desk.line.bank.gate = asyncio.Event()
        buying = asyncio.create_task(desk.line.buy("p1"))
        await desk.line.bank.arrived.wait()
        desk.later(seconds=1)
        view = await desk.outpatient()
        assert view.busy_until is not None
        for message in (SignOn(**SLOT), SettleBatch(**SLOT, batch_no=1)):
            with pytest.raises(SessionBusy):
                await desk.ask(message)
        assert (await desk.ask(EchoLine(**SLOT))).answer == "busy"
        assert (await desk.ask(ListReversals())).reversals == [], "its claim is alive"
        desk.line.bank.gate.set()
        await buying
        assert (await desk.ask(EchoLine(**SLOT))).answer == "here"

    play(platform_url, tmp_path, story)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, ("here", "")),
        (Declined(code="03"), ("refused", "03")),
        (NO_ANSWER, ("silent", "")),
        (NeverSent(detail="the line is down"), ("unreachable", "")),
    ],
)
def test_an_echo_says_whether_the_bank_is_there(platform_url: str, tmp_path: Path, answer: Any, told: Any) -> None:
    async def story(desk: Desk) -> None:
        await desk.ask(SignOn(**SLOT))
        desk.line.bank.next["echo"] = [answer] if answer else []
        echo = await desk.ask(EchoLine(**SLOT))
        assert (echo.answer, echo.code) == told
        view = await desk.outpatient()
        assert (view.busy_until, view.in_doubt, view.must_sign_on) == (None, 0, False)
        with pytest.raises(SessionUnknown):
            await desk.ask(EchoLine(**STRANGE))

    play(platform_url, tmp_path, story)


def test_what_takes_long_goes_on_and_is_joined(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        opened = asyncio.Event()
        settles = desk.line.bank.settle

        async def slowly(desk: AtBank, totals: Totals) -> Any:
            await opened.wait()
            return await settles(desk, totals)

        await desk.line.buy("p1", 1000)
        desk.line.bank.settle = slowly
        message = SettleBatch(**SLOT, batch_no=1)
        waiting = await desk.ask(message, "a", timeout_s=2.0)
        assert (waiting.state, waiting.debits, waiting.debit_fen) == ("under_way", 1, 1000)
        asyncio.get_running_loop().call_soon(opened.set)
        settled = await desk.ask(message, "a")
        assert (settled.state, settled.balanced, settled.settled_at) == ("settled", True, desk.clock.at)
        assert desk.line.bank.kinds().count("settle") == 1

    play(platform_url, tmp_path, story)


def test_a_batch_is_settled_once_whoever_asks(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.buy("p1", 1000)
        await desk.line.sessions.refund(BANK, "r1", "p1", desk.line.bank.said[-1].what[0])
        message = SettleBatch(**SLOT, batch_no=1)
        desk.line.bank.next["settle"] = [Declined(code="95"), NoAnswer(detail="none within 60 s")]
        with pytest.raises(BankRefused, match="95"):
            await desk.ask(message, "a")
        with pytest.raises(BankSilent):
            await desk.ask(message, "a")
        settled = await desk.ask(message, "a")
        assert settled == BatchView(
            **SLOT, batch_no=1, state="settled", debit_fen=settled.debit_fen, debits=1, credit_fen=settled.credit_fen,
            credits=1, balanced=True, uploaded=0, settled_at=desk.clock.at,
        )  # fmt: skip
        assert (settled.debit_fen, settled.credit_fen) == (1000, 1000)
        assert await desk.ask(message, "a") == await desk.ask(message, "b") == settled
        assert desk.line.bank.kinds().count("settle") == 3
        view = await desk.outpatient()
        assert (view.batch_no, view.must_sign_on, view.settled_at) == (2, True, desk.clock.at)
        with pytest.raises(IdempotencyConflict):
            await desk.ask(SettleBatch(**SLOT, batch_no=2), "a")
        with pytest.raises(BatchUnknown):
            await desk.ask(SettleBatch(**SLOT, batch_no=7))

    play(platform_url, tmp_path, story)


def test_a_stuck_reversal_is_listed_without_the_card_and_tried_again(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.line.bank.next |= {"purchase": [NO_ANSWER], "reverse": [NO_ANSWER, Declined(code="25")]}
        await desk.line.buy("P1AB", 1234)
        listed = await desk.ask(ListReversals())
        (doubt,) = listed.reversals
        assert (doubt.state, doubt.reason, doubt.tries, doubt.sent_at) == ("in_doubt", "no_answer", 0, desk.clock.at)
        assert (doubt.reference, doubt.amount_fen, doubt.card_masked) == ("P1AB", 1234, "622588******5678")
        assert (await desk.outpatient()).in_doubt == 1
        assert (await desk.ask(ReverseNow(reference="P1AB"))).state == "in_doubt"
        stuck = await desk.ask(ReverseNow(reference="P1AB"))
        assert (stuck.state, stuck.tries, stuck.code) == ("stuck", 2, "25")
        view = await desk.outpatient()
        assert (view.in_doubt, view.stuck) == (0, 1)
        shown = msgspec.json.encode([listed, stuck, await desk.ask(ListReversals()), view])
        assert CARD.pan.encode() not in shown
        assert (await desk.ask(ReverseNow(reference="P1AB"), "last")).state == "reversed"
        sent = len(desk.line.bank.said)
        assert (await desk.ask(ReverseNow(reference="P1AB"), "last")).state == "reversed"
        assert (await desk.ask(ReverseNow(reference="P1AB"))).state == "reversed"
        assert len(desk.line.bank.said) == sent, "what is certain stays as it is"
        assert (await desk.ask(ListReversals())).reversals == []
        with pytest.raises(MessageUnknown):
            await desk.ask(ReverseNow(reference="P2AB"))

    play(platform_url, tmp_path, story)


def put(**other: Any) -> PutSession:
    fields: dict[str, Any] = {"terminal_id": "K03", "scope": "outpatient", "merchant_name": "云山市人民医院 门诊"}
    return PutSession(**{**SLOT, **fields, **other})


def test_a_session_is_put_on_record_and_moved(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        view = await desk.ask(put(terminal_no="10000002", terminal_id="K04"))
        assert (view.terminal_id, view.has_key, view.must_sign_on, view.batch_no) == ("K04", False, True, 1)
        with pytest.raises(SessionNotReady, match="no master key"):
            await desk.ask(SignOn(**{**SLOT, "terminal_no": "10000002"}))
        await desk.line.buy("p1")
        moved = await desk.ask(put(terminal_id="K05"))
        assert (moved.terminal_id, moved.must_sign_on, moved.trace_no) == ("K05", True, 2)
        assert await desk.line.another_process().choose("K05", BANK, "outpatient") == desk.line.outpatient
        rows = await desk.line.rows("SELECT detail FROM audit WHERE operation LIKE '%PutSession%' AND detail <> '{}'")
        assert [msgspec.json.decode(row["detail"])["terminal"] for row in rows] == ["K04", "K05"]

    play(platform_url, tmp_path, story)


def test_a_moved_session_is_not_chosen_for_where_it_was(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        sessions = desk.line.sessions
        assert await sessions.choose("K03", BANK, "outpatient") == desk.line.outpatient
        await desk.ask(put(terminal_id="K05"))
        desk.later(seconds=11)
        assert await sessions.choose("K03", BANK, "outpatient") is None
        assert await sessions.choose("K05", BANK, "outpatient") == desk.line.outpatient

    play(platform_url, tmp_path, story)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (put(merchant_no="898310070119999"), MerchantUnknown),
        (put(acquirer="nobody"), MerchantUnknown),
        (put(scope="inpatient"), MerchantOfAnotherScope),
        (put(merchant_no=INPATIENT.merchant_no, terminal_no="10000002"), MerchantOfAnotherScope),
        (put(terminal_no="10000002", terminal_id="K3"), TerminalUnknown),
        (put(terminal_no="10000002"), TerminalHasSession),
    ],
)
def test_scopes_are_not_mixed_and_sessions_belong_to_terminals(
    platform_url: str, tmp_path: Path, message: PutSession, error: Any
) -> None:
    async def story(desk: Desk) -> None:
        before = await desk.ask(ListSessions())
        with pytest.raises(error):
            await desk.ask(message)
        assert await desk.ask(ListSessions()) == before

    play(platform_url, tmp_path, story)


def test_settings_that_changed_do_not_turn_a_merchant_number_that_was_used(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.rows("UPDATE line_session SET scope = 'inpatient', terminal_id = 'K09' WHERE merchant_no = $1",
                             OUTPATIENT.merchant_no)  # fmt: skip
        assert (await desk.ask(put())).scope == "outpatient", "nothing was said in it yet"
        await desk.line.buy("p1")
        await desk.line.rows("UPDATE line_session SET scope = 'inpatient', terminal_id = 'K09' WHERE merchant_no = $1",
                             OUTPATIENT.merchant_no)  # fmt: skip
        with pytest.raises(MerchantOfAnotherScope):
            await desk.ask(put())

    play(platform_url, tmp_path, story)
