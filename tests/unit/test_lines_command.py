"""``yinyi lines``: what it asks, what it shows, and how it ends."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from command_desk import Desk
from typer.testing import CliRunner, Result

from yinyi.app.cli import application
from yinyi.app.commands import lines
from yinyi.app.errors import CannotStart
from yinyi.bus.operation import Operation
from yinyi.business.lines.errors import BankRefused
from yinyi.business.lines.messages import KeyInventory, KeyStatus
from yinyi.business.lines.messages_sessions import (
    BatchView,
    EchoLine,
    LineEcho,
    LineView,
    ListReversals,
    ListSessions,
    PutSession,
    ReversalList,
    ReversalView,
    ReverseNow,
    SessionList,
    SessionView,
    SettleBatch,
    SignOff,
    SignOn,
)
from yinyi.kernel.money import Fen

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SLOT: dict[str, Any] = {"acquirer": "bank", "merchant_no": "104110070110001", "terminal_no": "00000001"}
WORDS = ("--acquirer", "bank", "--merchant", "104110070110001", "--terminal", "00000001")
SESSION = SessionView(
    **SLOT, terminal_id="K03", scope="outpatient", merchant_name="门诊", batch_no=7, trace_no=21, must_sign_on=False,
    has_key=True, in_doubt=1, stuck=2, gaps=3, is_overdue=True, last_code="00", signed_on_at=AT, heard_at=AT,
    open_since=AT,
)  # fmt: skip
BATCH = BatchView(
    **SLOT, batch_no=7, state="settled", debit_fen=Fen(6000), debits=3, credit_fen=Fen(3200), credits=2, uploaded=5
)
DOUBT = ReversalView(
    **SLOT, terminal_id="K03", scope="outpatient", batch_no=7, trace_no=20, kind="purchase", state="stuck",
    reference="P1AB", amount_fen=Fen(5000), card_masked="622588******5678", sent_at=AT, reason="bad_mac", tries=3,
    code="25", tried_at=AT,
)  # fmt: skip

ALL_OPEN = KeyInventory(
    slots=[], more=False, waiting=[], master_key_id="1-5f0c11a9", in_use=["1-5f0c11a9"], not_opening=[], entry_key=b""
)


def said(*words: str) -> Result:
    return CliRunner().invoke(application("lines"), ["lines", *words])


def test_the_list_goes_on_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    up = [LineView(acquirer="bank", up=2, down=1, why="10.0.0.1:9000: nobody takes connections there")]
    new = msgspec.structs.replace(
        SESSION, has_key=False, must_sign_on=True, signed_on_at=None, heard_at=None, last_code="", in_doubt=0, stuck=0,
        is_overdue=False, open_since=None, busy_until=AT, settled_at=AT, signed_off_at=AT, left_batches=[4, 5],
        host_batch_no=3,
    )  # fmt: skip
    pages = [SessionList(sessions=[SESSION], more=True, lines=up), SessionList(sessions=[new], more=False, lines=up)]
    desk = Desk(monkeypatch, lines, pages[0], ALL_OPEN, pages[1])
    done = said("list", "--at", "K03", "--as", "supervisor")
    assert done.stdout.splitlines() == [
        "line bank: up in 2 business processes, down in 1: 10.0.0.1:9000: nobody takes connections there",
        "bank/104110070110001/00000001  K03 outpatient  门诊",
        "  signed on, last 2026-03-02 09:00",
        "  batch 000007, trace 000021, 3 gaps; heard 2026-03-02 09:00, last code 00",
        "  money since 2026-03-02 09:00, OVERDUE: yinyi lines settle; settled last never",
        "  2 STUCK: yinyi lines reversals says what to do",
        "  1 in doubt: reversed by itself, before anything else",
        "bank/104110070110001/00000001  K03 outpatient  门诊",
        "  SIGNED OFF since 2026-03-02 09:00 until somebody signs it on: yinyi lines sign-on",
        "  has NO TMK: yinyi keys load",
        "  batch 000007, trace 000021, 3 gaps; heard never, last code –; busy until 2026-03-02 09:00",
        "  nothing to settle; settled last 2026-03-02 09:00",
        "  batch 000004 LEFT UNSETTLED: yinyi lines settle --batch 4",
        "  batch 000005 LEFT UNSETTLED: yinyi lines settle --batch 5",
        "  THE BANK is at batch 000003: ask it to set the number of its terminal",
    ]
    behind = {f"after_{word}": text for word, text in SLOT.items()}
    assert desk.asked == [ListSessions(terminal_id="K03"), KeyStatus(), ListSessions(terminal_id="K03", **behind)]
    assert desk.names == ["supervisor"]


def test_keys_that_do_not_open_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a restore to before a rotation that is long past."""
    view = msgspec.structs.replace(SESSION, must_sign_on=True)
    gone = msgspec.structs.replace(ALL_OPEN, not_opening=["2-286e09b1"])
    Desk(monkeypatch, lines, SessionList(sessions=[view], more=False, lines=[]), gone)
    shown = said("list").stdout.splitlines()
    assert shown[0].startswith("MASTER KEY 2-286e09b1 IS NOT HERE: no session under it can sign on.")
    assert shown[2] == "  must sign on, which it does by itself ONCE ITS KEYS OPEN, last 2026-03-02 09:00"


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        ({"stuck": 1}, "signs off once people have settled what is stuck"),
        ({"in_doubt": 1}, "signs off once what is in doubt is reversed, which it does by itself"),
        ({"left_batches": [4]}, "signs off once the batch that was left is settled"),
        (
            {"open_since": AT},
            "signs off once its batch is settled: by itself after the cut-over, or now with yinyi lines",
        ),
        ({}, "signs on no more, but for refunds; yinyi lines put gives the session to another kiosk"),
    ],
)
def test_what_a_session_waits_for_whose_terminal_is_gone(
    monkeypatch: pytest.MonkeyPatch, standing: dict[str, Any], told: str
) -> None:
    nothing: dict[str, Any] = {"in_doubt": 0, "stuck": 0, "open_since": None, "retired": True}
    view = msgspec.structs.replace(SESSION, **nothing | standing)
    Desk(monkeypatch, lines, SessionList(sessions=[view], more=False, lines=[]), ALL_OPEN)
    assert said("list").stdout.splitlines()[-1].startswith(f"  K03 IS RETIRED: {told}")


def test_the_open_batch_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, lines, SessionList(sessions=[SESSION], more=False, lines=[]), BATCH)
    assert said("settle", *WORDS).stdout.splitlines() == [
        "batch 000007 is settled",
        "  3 purchases 60.00",
        "  2 refunds and voids 32.00",
        "  UNBALANCED: 5 details were sent; compare with the bank's statement of that day",
    ]
    assert desk.asked == [ListSessions(**SLOT), SettleBatch(**SLOT, batch_no=7)]


def test_reversals_are_told_with_what_people_need(monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(monkeypatch, lines, ReversalList(reversals=[DOUBT], more=True))
    assert said("reversals").stdout.splitlines() == [
        "P1AB  purchase 50.00 622588******5678  is STUCK",
        "  bank/104110070110001/00000001 000007 000020, sent 2026-03-02 09:00 at K03",
        "  bad mac; reversal tried 3 times, last 2026-03-02 09:00, code 25",
        "  ask the bank whether it took the money; then two people say so: yinyi queue resolve",
        "There are more behind these.",
    ]
    Desk(monkeypatch, lines, ReversalList(reversals=[], more=False))
    assert said("reversals").stdout == "Nothing is in doubt.\n"


@pytest.mark.parametrize(
    ("words", "message", "reply"),
    [
        (("sign-on", *WORDS), SignOn(**SLOT), SESSION),
        (("sign-off", *WORDS), SignOff(**SLOT), SESSION),
        (("settle", *WORDS, "--batch", "6"), SettleBatch(**SLOT, batch_no=6), BATCH),
        (
            ("settle", *WORDS, "--batch", "6", "--by-statement"),
            SettleBatch(**SLOT, batch_no=6, by_statement=True),
            BATCH,
        ),
        (("reversals",), ListReversals(), ReversalList(reversals=[], more=False)),
        (("reverse", "P1AB"), ReverseNow(reference="P1AB"), DOUBT),
        (
            ("put", *WORDS, "--at", "K04", "--scope", "inpatient", "--name", "住院"),
            PutSession(**SLOT, terminal_id="K04", scope="inpatient", merchant_name="住院"),
            SESSION,
        ),
    ],
)
def test_what_is_asked(monkeypatch: pytest.MonkeyPatch, words: Any, message: Operation[Any], reply: Any) -> None:
    desk = Desk(monkeypatch, lines, reply)
    assert said(*words).exit_code == 0
    assert desk.asked == [message]


@pytest.mark.parametrize(
    ("echo", "told", "code"),
    [
        (LineEcho(answer="here"), "The bank is there.\n", 0),
        (
            LineEcho(answer="refused", code="03"),
            "The bank is there, and refuses this session: ask it why, with the code. (03)\n",
            1,
        ),
    ],
)
def test_an_echo_ends_as_the_bank_is(monkeypatch: pytest.MonkeyPatch, echo: LineEcho, told: str, code: int) -> None:
    desk = Desk(monkeypatch, lines, echo)
    done = said("echo", *WORDS)
    assert (done.stdout, done.exit_code, desk.asked) == (told, code, [EchoLine(**SLOT)])


@pytest.mark.parametrize(
    "words",
    [("reverse",), ("sign-on", *WORDS[:4]), ("settle",), ("put", *WORDS, "--at", "K04", "--scope", "ward")],
)
def test_what_says_too_little_is_not_asked(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    desk = Desk(monkeypatch, lines)
    assert isinstance(said(*words).exception, CannotStart)
    assert desk.asked == []


def test_a_refusal_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(monkeypatch, lines, BankRefused("95"))
    sentence = "The bank has refused this, and nothing has changed. Ask the bank, with the code that it has given."
    assert str(said("sign-on", *WORDS).exception) == f"BankRefused: {sentence} 95"


def test_what_the_bank_has_not_answered_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(monkeypatch, lines, msgspec.structs.replace(SESSION, must_sign_on=True))
    assert said("sign-on", *WORDS).stdout.splitlines()[-1].startswith("  the bank has not answered yet; it goes on")
    Desk(monkeypatch, lines, SESSION)
    assert said("sign-off", *WORDS).stdout.splitlines()[-1].startswith("  the bank has not answered yet; it goes on")


def test_a_kiosk_without_a_session_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(monkeypatch, lines, SessionList(sessions=[], more=False, lines=[]), ALL_OPEN)
    assert said("list", "--at", "K09").stdout == "There is no such session: yinyi lines put puts one on record.\n"
