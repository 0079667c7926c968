"""``yinyi hospital`` and ``yinyi terminals``: what is asked, in whose name, and what is told."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from command_desk import Desk
from typer.testing import CliRunner, Result

from yinyi.app.cli import application
from yinyi.bus.operation import Operation
from yinyi.business.terminals.errors import TerminalKnown
from yinyi.business.terminals.messages import ListTerminals, LockTerminal, Terminals
from yinyi.business.terminals.messages_setup import (
    AddTerminal,
    CounterSaid,
    EnrolmentCode,
    GetHospital,
    HospitalView,
    MoveTerminal,
    NewEnrolment,
    RetireTerminal,
    SetHospital,
    TerminalRetired,
)
from yinyi.business.terminals.model import Counter, TerminalView
from yinyi.devices.settings import VIRTUAL_DEVICES, AgentSettings, DeviceEntry

NOW = HospitalView(
    name="云山市人民医院",
    name_en="Yunshan People's Hospital",
    zone="Asia/Shanghai",
    window=Counter(name="3 号窗口", name_en="Window 3"),
    triage=Counter(name="导诊台", name_en="Help desk", open_from=time(7), open_until=time(17, 30)),
)
TOLD = [
    "云山市人民医院 · Yunshan People's Hospital",
    "zone    Asia/Shanghai",
    "window  3 号窗口 · Window 3  round the clock",
    "triage  导诊台 · Help desk  07:00-17:30",
]
WINDOW = CounterSaid(name="3 号窗口", name_en="Window 3")
TRIAGE = CounterSaid(name="导诊台", name_en="Help desk", open_from=time(7), open_until=time(17, 30))
AT = datetime(2026, 11, 28, 5, 40, tzinfo=UTC)


def view(**more: Any) -> TerminalView:
    facts: dict[str, Any] = {
        "terminal_id": "K04",
        "name": "04 号机",
        "place": "二楼",
        "place_en": "2nd floor",
        "profile": "ward",
        "hospital": NOW.name,
        "hospital_en": NOW.name_en,
        "window": NOW.window,
        "triage": NOW.triage,
        "locked": False,
        "line_ok": False,
        "card_in_reader": False,
        "devices": [],
    }
    return TerminalView(**{**facts, **more})


LINE = "K04  04 号机  二楼 · 2nd floor  ward  not connected"
CODE = EnrolmentCode(terminal=view(), enrolment_code="1-AAAA-BBBB", expires_at=AT)
CODE_TOLD = [
    LINE,
    "Its agent enrols with 1-AAAA-BBBB, once, until 2026-11-28 13:40:",
    "  yinyi devices --enrolment-code 1-AAAA-BBBB",
]
ADD = ("terminals", "add", "K04", "--name", "04 号机", "--place", "二楼", "--place-en", "2nd floor")


def run(monkeypatch: pytest.MonkeyPatch, *words: str, replies: tuple[Any, ...] = ()) -> tuple[Result, Desk]:
    desk = Desk(monkeypatch, import_module(f"yinyi.app.commands.{words[0]}"), *replies)
    return CliRunner().invoke(application(words[0]), list(words)), desk


@pytest.mark.parametrize(
    ("words", "replies", "asked", "told"),
    [
        (("hospital",), (NOW,), [GetHospital()], TOLD),
        (
            (
                "hospital",
                "set",
                "--name",
                "海州市第一医院",
                "--window-hours",
                "06:30-20:00",
                "--triage-hours",
                "always",
            ),
            (NOW, NOW),
            [
                GetHospital(),
                SetHospital(
                    name="海州市第一医院",
                    name_en=NOW.name_en,
                    zone=NOW.zone,
                    window=CounterSaid(name="3 号窗口", name_en="Window 3", open_from=time(6, 30), open_until=time(20)),
                    triage=CounterSaid(name="导诊台", name_en="Help desk"),
                ),
            ],
            TOLD,
        ),
        (
            ("hospital", "set", "--zone", "Asia/Urumqi"),
            (NOW, NOW),
            [
                GetHospital(),
                SetHospital(name=NOW.name, name_en=NOW.name_en, zone="Asia/Urumqi", window=WINDOW, triage=TRIAGE),
            ],
            TOLD,
        ),
        (("terminals",), (Terminals(terminals=[view()]),), [ListTerminals()], [LINE]),
        (
            ("terminals",),
            (Terminals(terminals=[]),),
            [ListTerminals()],
            ["There is no terminal: `yinyi terminals add`."],
        ),
        (
            (*ADD, "--profile", "ward"),
            (CODE,),
            [AddTerminal(terminal_id="K04", name="04 号机", place="二楼", place_en="2nd floor", profile="ward")],
            CODE_TOLD,
        ),
        (("terminals", "enrol", "K04"), (CODE,), [NewEnrolment(terminal_id="K04")], CODE_TOLD),
        (
            ("terminals", "enrol", "K04"),
            (EnrolmentCode(terminal=view()),),
            [NewEnrolment(terminal_id="K04")],
            [LINE, "Its code was told before; a fresh one: yinyi terminals enrol K04"],
        ),
        (
            ("terminals", "move", "K04", "--place", "三楼"),
            (Terminals(terminals=[view()]), view(place="三楼", line_ok=True)),
            [ListTerminals(), MoveTerminal(terminal_id="K04", name="04 号机", place="三楼", place_en="2nd floor")],
            ["K04  04 号机  三楼 · 2nd floor  ward  connected"],
        ),
        (
            ("terminals", "lock", "K04", "--because", "cleaning"),
            (view(locked=True, locked_for="cleaning", line_ok=True, severity="broken"),),
            [LockTerminal(terminal_id="K04", locked=True, because="cleaning")],
            ["K04  04 号机  二楼 · 2nd floor  ward  connected  BROKEN  LOCKED cleaning"],
        ),
        (
            ("terminals", "unlock", "K04"),
            (view(line_ok=True, severity="soon"),),
            [LockTerminal(terminal_id="K04", locked=False)],
            ["K04  04 号机  二楼 · 2nd floor  ward  connected  paper is low"],
        ),
        (
            ("terminals", "retire", "K04"),
            (TerminalRetired(terminal_id="K04", retired_at=AT),),
            [RetireTerminal(terminal_id="K04")],
            ["K04 is retired since 2026-11-28 13:40"],
        ),
    ],
)
def test_what_is_asked_and_told(
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    replies: tuple[Any, ...],
    asked: list[Operation[Any]],
    told: list[str],
) -> None:
    done, desk = run(monkeypatch, *words, "--as", "supervisor", replies=replies)
    assert (done.exit_code, desk.asked, desk.names) == (0, asked, ["supervisor"])
    assert done.stdout.splitlines() == told


@pytest.mark.parametrize(
    "words",
    [
        ("hospital", "set"),
        ("hospital", "show", "--name", "海州市第一医院"),
        ("terminals", "add"),
        ("terminals", "add", "K04", "--name", "04 号机"),
        (*ADD, "--profile", "bedside"),
        ("terminals", "move", "K04"),
        ("terminals", "enrol"),
        ("terminals", "lock", "K04", "--because", "lunch"),
        ("terminals", "retire"),
        ("terminals", "burn", "K04"),
    ],
    ids=" ".join,
)
def test_what_is_missing_is_said_and_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    done, desk = run(monkeypatch, *words)
    assert (done.exit_code != 0, desk.asked) == (True, [])
    assert done.exception is not None


@pytest.mark.parametrize("hours", ["7-17", "07:00", "25:00-26:00", "07:00-17:60", "07:00–17:30"])
def test_hours_that_cannot_be_read_change_nothing(monkeypatch: pytest.MonkeyPatch, hours: str) -> None:
    done, desk = run(monkeypatch, "hospital", "set", "--triage-hours", hours, replies=(NOW,))
    assert (done.exit_code, desk.asked) == (1, [GetHospital()])
    assert repr(hours) in str(done.exception)


def test_a_terminal_that_is_not_there_is_not_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Terminals(terminals=[view()])
    done, desk = run(monkeypatch, "terminals", "move", "K05", "--place", "三楼", replies=(found,))
    assert (done.exit_code, desk.asked) == (1, [ListTerminals()])
    assert "There is no terminal K05" in str(done.exception)


def test_a_refusal_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    done, _ = run(monkeypatch, *ADD, replies=(TerminalKnown("K04"),))
    assert done.exit_code == 1
    assert str(done.exception) == f"TerminalKnown: {TerminalKnown.sentence('en')} K04"


def agents(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[Result, list[AgentSettings]]:
    told: list[AgentSettings] = []

    async def agent(settings: AgentSettings, clock: Any) -> None:
        told.append(settings)

    def serve(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]], log_level: str) -> None:
        asyncio.run(work(asyncio.Event()))

    monkeypatch.setattr("yinyi.devices.agent.run", agent)
    monkeypatch.setattr("yinyi.app.commands.devices.serve", serve)
    return CliRunner().invoke(application("devices"), ["devices", *words]), told


def test_an_agent_is_given_its_code_and_its_devices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "devices.toml"
    table.write_text('[[device]]\nname = "scanner"\nkind = "scanner"\ndriver = "acmescan"\n')
    done, told = agents(monkeypatch, "--enrolment-code", "1-AAAA-BBBB", "--table", str(table))
    scanner = DeviceEntry(name="scanner", kind="scanner", driver="acmescan")
    assert done.exit_code == 0
    assert [(each.enrolment_code, each.devices) for each in told] == [("1-AAAA-BBBB", (scanner,))]
    _, told = agents(monkeypatch)
    assert [(each.enrolment_code, each.devices) for each in told] == [("", VIRTUAL_DEVICES)]


def test_a_table_of_devices_that_cannot_be_read_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done, told = agents(monkeypatch, "--table", str(tmp_path / "none.toml"))
    assert (done.exit_code, told) == (1, [])
    assert str(done.exception).startswith("The table of devices cannot be read: none.toml")
