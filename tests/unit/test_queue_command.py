"""``yinyi queue``: what is asked, and in whose name."""

from typing import Any

import pytest
from typer.testing import CliRunner

from yinyi.app.cli import application
from yinyi.app.commands import queue
from yinyi.bus.operation import Operation
from yinyi.business.payments.messages_queue import GetCase, ListAttention, PayOut, SettleByHand, SettleNotice

NUMBER, REFERENCE = "26112315053800AFN5J267", "26112315053800AFN5J26702"
NOTICE = f"{REFERENCE} done 1 outpatient"


def asked(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[list[tuple[Operation[Any], str]], int]:
    """What the command asks, in whose name, and how it ends."""
    found: list[tuple[Operation[Any], str]] = []

    async def ask(settings: Any, message: Operation[Any], name: str = "") -> dict[str, str]:
        found.append((message, name))
        return {}

    monkeypatch.setattr(queue, "ask_as_staff", ask)
    monkeypatch.setattr(queue, "set_up_logs", str)
    return found, CliRunner().invoke(application("queue"), ["queue", *words]).exit_code


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
    assert asked(monkeypatch, *words, "--as", "supervisor") == ([(message, "supervisor")], 0)


@pytest.mark.parametrize(
    "words",
    [("show",), ("resolve", NUMBER), ("resolve", NUMBER, "rightly", "--note", "n"), ("resolve", NUMBER, "happened")],
)
def test_what_says_too_little_is_not_asked(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    found, code = asked(monkeypatch, *words)
    assert found == []
    assert code != 0
