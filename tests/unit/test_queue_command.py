"""``yinyi queue``: what is asked, and in whose name."""

from typing import Any

import pytest
from typer.testing import CliRunner

from yinyi.app.cli import application
from yinyi.app.commands import queue
from yinyi.app.person import NOBODY, Person
from yinyi.bus.operation import Operation
from yinyi.business.payments.messages_queue import GetCase, ListAttention, PayOut, SettleByHand, SettleNotice

NUMBER, REFERENCE = "26112315053800AFN5J267", "26112315053800AFN5J26702"
NOTICE = f"{REFERENCE} done 1 outpatient"


def asked(
    monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = ""
) -> tuple[list[tuple[Operation[Any], str, Person]], int]:
    """What the command asks, by which account and whom, and how it ends."""
    found: list[tuple[Operation[Any], str, Person]] = []

    async def ask(settings: Any, message: Operation[Any], name: str, by: Person) -> dict[str, str]:
        found.append((message, name, by))
        return {}

    monkeypatch.setattr(queue, "ask_as_staff", ask)
    monkeypatch.setattr(queue, "set_up_logs", str)
    return found, CliRunner().invoke(application("queue"), ["queue", *words], input=typed).exit_code


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), ListAttention()),
        (("show", NUMBER), GetCase(number=NUMBER)),
        (
            ("resolve", NUMBER, "wrongly", "--notice", NOTICE, "--note", "nobody was asked"),
            SettleNotice(payment_no=NUMBER, notice=NOTICE, ruling="wrongly", note="nobody was asked"),
        ),
        (
            ("resolve", NUMBER, "as-channel-says", "--notice", NOTICE, "--note", "asked"),
            SettleNotice(payment_no=NUMBER, notice=NOTICE, ruling="as_channel_says", note="asked"),
        ),
        (
            ("resolve", NUMBER, "did-not-happen", "--reference", REFERENCE, "--note", "statement"),
            SettleByHand(payment_no=NUMBER, reference=REFERENCE, outcome="did_not_happen", note="statement"),
        ),
        (
            ("resolve", NUMBER, "pay-out", "--reference", REFERENCE, "--note", "the bank refuses it"),
            PayOut(payment_no=NUMBER, reference=REFERENCE, note="the bank refuses it"),
        ),
    ],
)
def test_what_is_asked(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: Operation[Any]) -> None:
    by = Person("3021", "271828") if isinstance(message, SettleByHand | SettleNotice) else NOBODY
    his = ("--staff", by.number) if by.number else ()
    words = (*words, *his, "--as", "supervisor")
    assert asked(monkeypatch, *words, typed=f"{by.pin}\n") == ([(message, "supervisor", by)], 0)


@pytest.mark.parametrize(
    "words",
    [
        ("show",),
        ("resolve", NUMBER),
        ("resolve", NUMBER, "rightly", "--note", "n"),
        ("resolve", NUMBER, "happened", "--staff", "3021"),
        ("resolve", NUMBER, "happened", "--reference", REFERENCE, "--note", "statement"),
        ("resolve", NUMBER, "rightly", "--notice", NOTICE, "--note", "nobody says who he is"),
    ],
)
def test_what_says_too_little_is_not_asked(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    found, code = asked(monkeypatch, *words, typed="271828\n")
    assert found == []
    assert code != 0
