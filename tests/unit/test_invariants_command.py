"""``yinyi invariants``, and the page that says what to do."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from yinyi.app.cli import application
from yinyi.app.commands import invariants
from yinyi.app.watched import every_invariant
from yinyi.bus.operation import Operation
from yinyi.business.watch.messages import (
    CheckInvariants,
    Finding,
    Invariants,
    InvariantView,
    ListInvariants,
)

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs/operate/invariants.md"
FOUND = Finding(subject="2603020923050026V5X5QQ", detail="open, and holds no obligation", found_at=AT)


def view(name: str, **more: Any) -> InvariantView:
    return InvariantView(name=name, meaning=f"{name} holds.", meaning_zh="。", violations=0, every_s=20, **more)


def told(monkeypatch: pytest.MonkeyPatch, reply: list[InvariantView], *words: str) -> tuple[Result, Operation[Any]]:
    asked: list[Operation[Any]] = []

    async def ask(settings: Any, message: Operation[Any], name: str = "") -> Invariants:
        asked.append(message)
        return Invariants(invariants=reply)

    monkeypatch.setattr(invariants, "ask_as_staff", ask)
    monkeypatch.setattr(invariants, "set_up_logs", str)
    done = CliRunner().invoke(application("invariants"), ["invariants", *words])
    return done, asked[0]


def test_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    done, asked = told(monkeypatch, [view("one", checked_at=AT), view("second")])
    assert done.stdout.splitlines() == [
        "one     holds         2026-03-02 09:00:00",
        "second  ?             never looked at",
    ]
    assert (done.exit_code, asked) == (0, ListInvariants())


def test_what_does_not_hold_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = msgspec.structs.replace(view("one", checked_at=AT), violations=1, findings=[FOUND])
    done, asked = told(monkeypatch, [broken], "--now")
    assert done.stdout.splitlines() == [
        "one  1 VIOLATED    2026-03-02 09:00:00",
        "    one holds.",
        "    2603020923050026V5X5QQ  open, and holds no obligation",
    ]
    assert (done.exit_code, asked) == (1, CheckInvariants())


def test_what_could_not_be_looked_at_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    done, _ = told(monkeypatch, [view("one", problem="QueryCanceledError")])
    assert "could not be looked at: QueryCanceledError" in done.stdout
    assert done.exit_code == 1


def test_for_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = [view("one", checked_at=AT)]
    done, _ = told(monkeypatch, reply, "--json")
    assert msgspec.json.decode(done.stdout, type=Invariants) == Invariants(invariants=reply)


def test_the_page_has_them_all() -> None:
    """Each has a chapter, in the order of the command."""
    assert re.findall(r"(?m)^## `(\w+)`", PAGE.read_text(encoding="utf-8")) == [
        each.name for each in every_invariant({})
    ]
