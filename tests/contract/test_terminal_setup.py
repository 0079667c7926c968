"""The hospital gets its name, terminals come, move, are enrolled anew and go: on a real database, by staff only."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import time
from typing import Any

import msgspec
import pytest
from terminal_hall import HALL, HOSPITAL, WARD, Hall

from yinyi.bus.operation import Caller, Operation, spec_of
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.errors import EnrolmentRefused, LineReplaced, PairingRefused, TerminalKnown
from yinyi.business.terminals.messages import (
    ConnectTerminal,
    GetTerminal,
    Heartbeat,
    ListTerminals,
    LockTerminal,
    MakePairingCode,
    PairBrowser,
)
from yinyi.business.terminals.messages_offers import SetProfile
from yinyi.business.terminals.messages_setup import (
    AddTerminal,
    CounterSaid,
    GetHospital,
    MoveTerminal,
    NewEnrolment,
    RetireTerminal,
    SetHospital,
)
from yinyi.business.terminals.model import Counter
from yinyi.kernel.errors import InternalError, InvalidField, NotFound, TerminalNotEnrolled, YinyiError

Test = Callable[[Hall], Coroutine[Any, Any, None]]
WINDOW = CounterSaid(name="二楼收费处", name_en="Cashiers, 2nd floor")
TRIAGE = CounterSaid(name="咨询台", name_en="Information", open_from=time(6, 30), open_until=time(20))
OURS = SetHospital(
    name="海州市第一医院", name_en="Haizhou First Hospital", zone="Asia/Urumqi", window=WINDOW, triage=TRIAGE
)
THIRD = AddTerminal(terminal_id="K04", name="04 号机", place="二楼", place_en="2nd floor", profile="ward")
SETUP: list[Operation[Any]] = [
    GetHospital(),
    OURS,
    THIRD,
    MoveTerminal(terminal_id=HALL, name="1", place="1", place_en="1"),
    NewEnrolment(terminal_id=HALL),
    RetireTerminal(terminal_id=HALL),
]


async def said(place: Hall, message: Operation[Any], key: str = "") -> Any:
    return await place.ask(Caller.STAFF, message, key=key, staff="007")


# -- the hospital


def test_only_staff_set_a_hospital_up() -> None:
    assert {spec_of(type(each)).callers for each in SETUP} == {frozenset({Caller.STAFF})}
    assert [type(each).__name__ for each in SETUP if not spec_of(type(each)).changes] == ["GetHospital"]


def test_the_hospital_is_what_staff_say_on_the_next_page_already(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        screen = await place.screen(await place.connected(await place.enrolled()))
        before = await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)
        changed = await said(place, OURS)
        page = await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)
        assert (before.hospital, page.hospital) == ("云山市人民医院", "海州市第一医院")
        assert page.hospital_en == "Haizhou First Hospital"
        assert page.window == Counter(name="二楼收费处", name_en="Cashiers, 2nd floor")
        assert page.triage == Counter(name="咨询台", name_en="Information", open_from=time(6, 30), open_until=time(20))
        assert await said(place, GetHospital()) == changed
        assert (changed.zone, changed.window, changed.triage) == ("Asia/Urumqi", page.window, page.triage)
        await place.published()
        assert [place.pushes.whats(each).count("NameChanged") for each in (HALL, WARD)] == [1, 1]

    within(test)


def test_another_process_calls_the_hospital_by_its_new_name_within_seconds(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        other = Directory()
        async with place.database.read() as tx:
            before = await other.hospital_names(tx, HOSPITAL, place.clock.now())
            await said(place, OURS)
            place.clock.pass_by(seconds=11)
            assert await other.hospital_names(tx, HOSPITAL, place.clock.now()) == (OURS.name, OURS.name_en) != before

    within(test)


def changed(**fields: Any) -> SetHospital:
    return msgspec.structs.replace(OURS, **fields)


@pytest.mark.parametrize(
    "wrong",
    [
        changed(zone="Asia/Atlantis"),
        changed(zone="Asia"),
        changed(zone="../Asia/Shanghai"),
        changed(name=" "),
        changed(name="院" * 31),
        changed(name_en=""),
        changed(name_en="a" * 81),
        changed(name="海州\n第一医院"),
        changed(window=CounterSaid(name="窗口 ", name_en="Window")),
        changed(triage=CounterSaid(name="台", name_en="Desk", open_from=time(7))),
        changed(triage=CounterSaid(name="台", name_en="Desk", open_until=time(7))),
        changed(triage=CounterSaid(name="台", name_en="Desk", open_from=time(7), open_until=time(7))),
    ],
    ids=repr,
)
def test_a_hospital_that_cannot_be_is_refused_and_nothing_changes(
    wrong: SetHospital, within: Callable[[Test], None]
) -> None:
    async def test(place: Hall) -> None:
        before = await said(place, GetHospital())
        with pytest.raises(InvalidField):
            await said(place, wrong)
        assert await said(place, GetHospital()) == before

    within(test)


# -- terminals


async def ids(place: Hall) -> list[str]:
    return [each.terminal_id for each in (await said(place, ListTerminals())).terminals]


def test_a_terminal_comes_and_its_code_is_told_once(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        added = await said(place, THIRD, key="the-same-request")
        again = await said(place, THIRD, key="the-same-request")
        assert (again.terminal.terminal_id, again.enrolment_code, again.expires_at) == ("K04", "", None)
        place.codes["K04"] = added.enrolment_code
        assert (await place.connected(await place.enrolled("K04"))).terminal_id == "K04"
        found = {each.terminal_id: each for each in (await said(place, ListTerminals())).terminals}
        assert [found["K04"].place, found["K04"].profile, found["K04"].line_ok] == ["二楼", "ward", True]
        with pytest.raises(TerminalKnown):
            await said(place, THIRD)
        place.clock.pass_by(days=1)
        assert added.expires_at <= place.clock.now()
        with pytest.raises(EnrolmentRefused):
            await place.enrolled("K04")

    within(test)


@pytest.mark.parametrize("terminal_id", ["", "K 4", "K.4", "K>", "终端", "K" * 33, "K4\n"])
def test_an_id_is_one_that_the_bus_can_carry(terminal_id: str, within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        with pytest.raises(InvalidField):
            await said(place, msgspec.structs.replace(THIRD, terminal_id=terminal_id))
        assert await ids(place) == [HALL, WARD]

    within(test)


def test_a_terminal_moves_and_everybody_hears_where(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        screen = await place.screen(await place.connected(await place.enrolled()))
        await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)
        moved = MoveTerminal(terminal_id=HALL, name="门诊 1 号机", place="门诊楼", place_en="Clinics")
        shown = await said(place, moved)
        page = await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)
        assert (page.name, page.place, page.place_en) == ("门诊 1 号机", "门诊楼", "Clinics")
        assert (shown.name, shown.place, shown.place_en) == (page.name, page.place, page.place_en)
        assert (await place.published())[-1] == "NameChanged"
        with pytest.raises(NotFound):
            await said(place, msgspec.structs.replace(moved, terminal_id="nowhere"))
        with pytest.raises(InvalidField):
            await said(place, msgspec.structs.replace(moved, place="\u200b"))

    within(test)


async def gone(place: Hall, message: NewEnrolment | RetireTerminal) -> Any:
    """What is answered; nothing that the machine had before is good afterwards."""
    agent = await place.enrolled()
    screen = await place.screen(await place.connected(agent))
    pairing_code = (await place.connected(agent)).pairing_code
    reply = await said(place, message)
    for caller, asked, shown in (
        (Caller.TERMINAL, Heartbeat(epoch=2, waiting=0), agent),
        (Caller.TERMINAL, ConnectTerminal(agent_version="1", devices=[]), agent),
        (Caller.TERMINAL, MakePairingCode(), agent),
        (Caller.KIOSK, GetTerminal(), screen),
    ):
        with pytest.raises(TerminalNotEnrolled):
            await place.ask(caller, asked, terminal=shown)
    with pytest.raises(EnrolmentRefused):
        await place.enrolled()
    with pytest.raises(PairingRefused):
        await place.ask(Caller.KIOSK, PairBrowser(pairing_code=pairing_code))
    assert (await place.published())[-1] == "LineDown"
    return reply


def test_a_machine_that_was_replaced_is_the_terminal_no_more(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        place.codes[HALL] = (await gone(place, NewEnrolment(terminal_id=HALL))).enrolment_code
        agent = await place.enrolled(installation_id="machine-2")
        screen = await place.screen(await place.connected(agent))
        assert (await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)).line_ok
        with pytest.raises(NotFound):
            await said(place, NewEnrolment(terminal_id="nowhere"))

    within(test)


def test_a_terminal_that_is_retired_is_gone_for_good(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        async with place.database.read() as tx:
            called = await place.terminals.directory.terminal_name(tx, HOSPITAL, HALL, "zh-CN", place.clock.now())
        retired = await gone(place, RetireTerminal(terminal_id=HALL))
        assert (retired.terminal_id, await ids(place)) == (HALL, [WARD])
        async with place.database.read() as tx:
            known = [await Directory().is_in_service(tx, HOSPITAL, each) for each in (HALL, WARD, "nowhere")]
            gone_for_good = await Directory().retired(tx, HOSPITAL)
        assert (known, gone_for_good) == ([False, True, False], [HALL])
        refused: list[Operation[Any]] = [
            RetireTerminal(terminal_id=HALL),
            NewEnrolment(terminal_id=HALL),
            MakePairingCode(terminal_id=HALL),
            LockTerminal(terminal_id=HALL, locked=True),
            SetProfile(terminal_id=HALL, profile="ward"),
            MoveTerminal(terminal_id=HALL, name="1", place="1", place_en="1"),
        ]
        for message in refused:
            with pytest.raises(NotFound):
                await said(place, message)
        with pytest.raises(TerminalKnown):
            await said(place, msgspec.structs.replace(THIRD, terminal_id=HALL))
        async with place.database.read() as tx:
            assert await Directory().terminal_name(tx, HOSPITAL, HALL, "zh-CN", place.clock.now()) == called

    within(test)


@pytest.mark.parametrize("round_no", range(4))
def test_whatever_happens_at_the_same_moment_nothing_of_a_retired_terminal_is_good(
    round_no: int, within: Callable[[Test], None]
) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        pairing_code = (await place.connected(agent)).pairing_code
        at_once: list[Callable[[], Coroutine[Any, Any, Any]]] = [
            lambda: place.enrolled(),
            lambda: place.connected(agent),
            lambda: place.ask(Caller.TERMINAL, MakePairingCode(), terminal=agent),
            lambda: place.ask(Caller.KIOSK, PairBrowser(pairing_code=pairing_code)),
            lambda: said(place, NewEnrolment(terminal_id=HALL)),
        ]
        at_once.insert(round_no, lambda: said(place, RetireTerminal(terminal_id=HALL)))
        ended = await asyncio.gather(*(each() for each in at_once), return_exceptions=True)
        refused = [each for each in ended if isinstance(each, BaseException)]
        assert [each for each in refused if isinstance(each, InternalError) or not isinstance(each, YinyiError)] == []
        assert ended[round_no] not in refused
        assert await place.one("SELECT count(*) FROM terminal_credential WHERE revoked_at IS NULL") == 0
        assert await place.one("SELECT count(*) FROM pairing") == 0
        assert await place.one("SELECT count(*) FROM enrolment WHERE terminal_id = $1", HALL) == 0

    within(test)


@pytest.mark.parametrize("message", [NewEnrolment(terminal_id=HALL), RetireTerminal(terminal_id=HALL)], ids=repr)
def test_a_process_that_still_believes_the_old_machine_gives_it_nothing_new(
    message: Operation[Any], within: Callable[[Test], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its screen could be paired within those seconds, for ever."""

    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        monkeypatch.setattr(place.terminals.credentials, "forget", str)
        await said(place, message)
        with pytest.raises(LineReplaced):
            await place.ask(Caller.TERMINAL, Heartbeat(epoch=connected.epoch, waiting=0), terminal=agent)
        for asked in (ConnectTerminal(agent_version="1", devices=[]), MakePairingCode()):
            with pytest.raises((TerminalNotEnrolled, NotFound)):
                await place.ask(Caller.TERMINAL, asked, terminal=agent)
        assert await place.one("SELECT count(*) FROM pairing") == 0
        place.clock.pass_by(seconds=6)
        with pytest.raises(TerminalNotEnrolled):
            await place.ask(Caller.TERMINAL, Heartbeat(epoch=connected.epoch, waiting=0), terminal=agent)

    within(test)
