"""Terminals on a real database: who may speak for one, what is known of it, and what is forgotten in time."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, cast

import pytest
from terminal_hall import HALL, HOSPITAL, WARD, Hall

from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Tx
from yinyi.bus.operation import Caller, Operation
from yinyi.business.terminals.errors import EnrolmentRefused, LineReplaced, PairingRefused, TerminalLocked
from yinyi.business.terminals.messages import (
    AnswerCall,
    CallStaff,
    DisconnectTerminal,
    EnrolTerminal,
    GetStaffCall,
    GetTerminal,
    Heartbeat,
    ListStaffCalls,
    ListTerminals,
    LockTerminal,
    MakePairingCode,
    PairBrowser,
    PresentCard,
    PresentCode,
    ReportDevice,
    TakePrintJobs,
)
from yinyi.business.terminals.model import DeviceView
from yinyi.business.terminals.setup import add_terminal
from yinyi.kernel.errors import InvalidField, NotFound, TerminalNotEnrolled

Test = Callable[[Hall], Coroutine[Any, Any, None]]
BLOCK = bytes(range(256))


def test_an_enrolment_code_belongs_to_the_installation_that_used_it_first(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        first = await place.enrolled()
        again = await place.enrolled()
        assert first != again
        assert (await place.connected(again)).terminal_id == HALL
        with pytest.raises(TerminalNotEnrolled):
            await place.connected(first)
        with pytest.raises(EnrolmentRefused):
            await place.enrolled(installation_id="another-machine")

    within(test)


def test_an_enrolment_code_runs_out_and_a_fresh_one_voids_it(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        async with place.database.transaction() as tx:
            standing = await place.terminals.directory.standing(tx, HOSPITAL, HALL, place.clock.now())
            fresh = await add_terminal(tx, HOSPITAL, standing, place.clock.now(), timedelta(hours=1))
        with pytest.raises(EnrolmentRefused):
            await place.enrolled()
        place.clock.pass_by(minutes=61)
        place.codes[HALL] = fresh
        with pytest.raises(EnrolmentRefused):
            await place.enrolled()

    within(test)


@pytest.mark.parametrize("code", ["", "7", "7-", "x-ABCD-EFGH", "99999999999-ABCD-EFGH-ABCD", "8-ABCD-EFGH-ABCD-EFGH"])
def test_what_is_no_code_is_refused(code: str, within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        with pytest.raises(EnrolmentRefused):
            await place.ask(Caller.TERMINAL, EnrolTerminal(enrolment_code=code, installation_id="machine-1"))
        with pytest.raises(PairingRefused):
            await place.ask(Caller.KIOSK, PairBrowser(pairing_code=code))

    within(test)


def test_codes_are_read_as_people_type_them(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        typed = f" {place.codes[HALL].lower().replace('0', 'o').replace('1', 'l', 1)} "
        place.codes[HALL] = typed
        assert (await place.enrolled()).startswith(f"{HOSPITAL}.")

    within(test)


def test_a_pairing_code_pairs_one_screen_once_and_in_time(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        screen = await place.screen(connected)
        assert (await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)).terminal_id == HALL
        with pytest.raises(PairingRefused):
            await place.screen(connected)
        late = await place.connected(agent)
        place.clock.pass_by(minutes=10)
        with pytest.raises(PairingRefused):
            await place.screen(late)
        fresh = await place.ask(Caller.TERMINAL, MakePairingCode(), terminal=agent)
        await place.ask(Caller.KIOSK, PairBrowser(pairing_code=fresh.pairing_code))
        with pytest.raises(TerminalNotEnrolled):
            await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)

    within(test)


def test_an_agent_is_no_screen_and_a_screen_is_no_agent(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        screen = await place.screen(await place.connected(agent))
        with pytest.raises(TerminalNotEnrolled):
            await place.ask(Caller.KIOSK, GetTerminal(), terminal=agent)
        with pytest.raises(TerminalNotEnrolled):
            await place.ask(Caller.TERMINAL, Heartbeat(epoch=1, waiting=0), terminal=screen)

    within(test)


def test_only_digests_of_secrets_are_kept(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        screen = await place.screen(connected)
        await place.connected(agent)
        everything = await place.one(
            "SELECT (SELECT string_agg(c::text, '') FROM terminal_credential c)"
            " || (SELECT string_agg(e::text, '') FROM enrolment e) || (SELECT string_agg(p::text, '') FROM pairing p)"
        )
        secrets = (agent, screen, place.codes[HALL], connected.pairing_code)
        assert not [one for one in secrets if one in everything or one.encode().hex() in everything]

    within(test)


def test_a_locked_terminal_shows_itself_and_does_nothing_else(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        screen = await place.screen(connected)
        await place.ask(Caller.STAFF, LockTerminal(terminal_id=HALL, locked=True), staff="007")
        assert (await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)).locked
        with pytest.raises(TerminalLocked):
            await place.ask(Caller.KIOSK, CallStaff(), terminal=screen)
        await place.ask(Caller.TERMINAL, Heartbeat(epoch=connected.epoch, waiting=0), terminal=agent)
        view = await place.ask(Caller.STAFF, LockTerminal(terminal_id=HALL, locked=False), staff="007")
        assert not view.locked
        await place.ask(Caller.KIOSK, CallStaff(), terminal=screen)
        assert (await place.published()).count("LockChanged") == 2
        with pytest.raises(NotFound):
            await place.ask(Caller.STAFF, LockTerminal(terminal_id="nowhere", locked=True), staff="007")

    within(test)


def test_another_process_learns_of_a_lock_within_seconds(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        screen = await place.screen(await place.connected(await place.enrolled()))
        await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)
        async with place.database.read() as tx:
            await tx.execute("UPDATE terminal SET locked_at = $1", place.clock.now())
        place.clock.pass_by(seconds=6)
        with pytest.raises(TerminalLocked):
            await place.ask(Caller.KIOSK, CallStaff(), terminal=screen)

    within(test)


def test_the_newest_line_wins(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        old, new = await place.connected(agent), await place.connected(agent)
        assert new.epoch > old.epoch
        late: list[Operation[Any]] = [
            Heartbeat(epoch=old.epoch, waiting=0),
            PresentCard(epoch=old.epoch, event_id="e1", device="id_reader", block=BLOCK),
            PresentCode(epoch=old.epoch, event_id="e2", device="scanner", text="abc"),
            ReportDevice(epoch=old.epoch, event_id="e3", device=DeviceView(device="x", kind="scanner", state="jam")),
            TakePrintJobs(epoch=old.epoch),
        ]
        for message in late:
            with pytest.raises(LineReplaced):
                await place.ask(Caller.TERMINAL, message, terminal=agent)
        await place.ask(Caller.TERMINAL, DisconnectTerminal(epoch=old.epoch), terminal=agent)
        await place.ask(Caller.TERMINAL, Heartbeat(epoch=new.epoch, waiting=0), terminal=agent)
        assert "LineDown" not in await place.published()

    within(test)


def test_a_silent_line_is_down_until_it_is_heard_again(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        screen = await place.screen(connected)
        assert (await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)).line_ok
        place.clock.pass_by(seconds=21)
        assert not (await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)).line_ok
        await place.terminals.sweep()
        await place.terminals.sweep()
        await place.ask(Caller.TERMINAL, Heartbeat(epoch=connected.epoch, waiting=0), terminal=agent)
        assert (await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)).line_ok
        await place.ask(Caller.TERMINAL, DisconnectTerminal(epoch=connected.epoch), terminal=agent)
        assert not (await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)).line_ok
        assert await place.published() == ["LineUp", "LineDown", "LineUp", "LineDown"]

    within(test)


async def _card(place: Hall, terminal_id: str = HALL) -> bytes | None:
    async with place.database.read() as tx:
        return await place.terminals.presented.card_on_reader(tx, HOSPITAL, terminal_id)


def test_a_card_is_on_the_reader_until_it_is_taken_away(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        screen = await place.screen(connected)
        laid = PresentCard(epoch=connected.epoch, event_id="e1", device="id_reader", block=BLOCK)
        taken = PresentCard(epoch=connected.epoch, event_id="e2", device="id_reader")
        await place.ask(Caller.TERMINAL, laid, terminal=agent)
        before = await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)
        assert (before.card_in_reader, await _card(place), await _card(place, WARD)) == (True, BLOCK, None)
        await place.ask(Caller.TERMINAL, taken, terminal=agent)
        await place.ask(Caller.TERMINAL, laid, terminal=agent)
        after = await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)
        assert (after.card_in_reader, await _card(place)) == (False, None)
        assert after.card_version > before.card_version
        assert await place.one("SELECT sealed IS NULL FROM presented")
        assert await place.published() == ["LineUp", "CardLaid", "CardRemoved"]

    within(test)


def test_what_a_card_said_is_sealed_and_forgotten_in_minutes(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        laid = PresentCard(epoch=connected.epoch, event_id="e1", device="id_reader", block=BLOCK)
        await place.ask(Caller.TERMINAL, laid, terminal=agent)
        assert BLOCK[:16] not in await place.one("SELECT sealed FROM presented")
        place.clock.pass_by(seconds=181)
        assert await _card(place) is None
        await place.terminals.sweep()
        assert await place.one("SELECT present AND sealed IS NULL FROM presented")

    within(test)


def test_the_end_of_a_session_forgets_the_card_but_not_that_it_lies_there(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        screen = await place.screen(connected)
        laid = PresentCard(epoch=connected.epoch, event_id="e1", device="id_reader", block=BLOCK)
        await place.ask(Caller.TERMINAL, laid, terminal=agent)
        async with place.database.transaction() as tx:
            await place.terminals.presented.wipe(tx, HOSPITAL, HALL)
        assert await _card(place) is None
        assert (await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)).card_in_reader

    within(test)


def test_a_new_line_starts_with_an_empty_reader(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        laid = PresentCard(epoch=connected.epoch, event_id="e1", device="id_reader", block=BLOCK)
        await place.ask(Caller.TERMINAL, laid, terminal=agent)
        await place.connected(agent)
        assert await _card(place) is None

    within(test)


def test_half_a_card_is_refused(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        half = PresentCard(epoch=connected.epoch, event_id="e1", device="id_reader", block=BLOCK[:128])
        with pytest.raises(InvalidField):
            await place.ask(Caller.TERMINAL, half, terminal=agent)

    within(test)


def test_an_event_told_twice_happens_once_and_old_ones_are_forgotten(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        scanned = PresentCode(epoch=connected.epoch, event_id="e1", device="scanner", text="6923450657713")
        await place.ask(Caller.TERMINAL, scanned, terminal=agent)
        await place.ask(Caller.TERMINAL, scanned, terminal=agent)
        assert (await place.published()).count("CodeScanned") == 1
        async with place.database.read() as tx:
            assert await place.terminals.presented.scanned_code(tx, HOSPITAL, HALL) == "6923450657713"
            place.clock.pass_by(seconds=61)
            assert await place.terminals.presented.scanned_code(tx, HOSPITAL, HALL) is None
        place.clock.pass_by(days=1)
        await place.terminals.sweep()
        assert await place.one("SELECT count(*) FROM line_event") == 0

    within(test)


def test_devices_are_as_last_reported(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        agent = await place.enrolled()
        connected = await place.connected(agent)
        screen = await place.screen(connected)
        jam = DeviceView(device="receipt_printer", kind="receipt_printer", state="jam", detail="cutter")
        report = ReportDevice(epoch=connected.epoch, event_id="e1", device=jam)
        await place.ask(Caller.TERMINAL, report, terminal=agent)
        view = await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)
        assert {one.device: one.state for one in view.devices} == {"id_reader": "ok", "receipt_printer": "jam"}
        everyone = await place.ask(Caller.STAFF, ListTerminals(), staff="007")
        assert [(one.terminal_id, len(one.devices), one.line_ok) for one in everyone.terminals] == [
            (HALL, 2, True),
            (WARD, 0, False),
        ]

    within(test)


def test_calling_again_is_the_same_call_until_somebody_comes(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        screen = await place.screen(await place.connected(await place.enrolled()))
        assert await place.ask(Caller.KIOSK, GetStaffCall(), terminal=screen) is None
        first = await place.ask(Caller.KIOSK, CallStaff(), terminal=screen)
        again = await place.ask(Caller.KIOSK, CallStaff(), terminal=screen)
        assert again.call_id == first.call_id
        waiting = await place.ask(Caller.STAFF, ListStaffCalls(), staff="007")
        assert [(one.call_id, one.place) for one in waiting.calls] == [(first.call_id, "一楼大厅")]
        answered = await place.ask(Caller.STAFF, AnswerCall(call_id=first.call_id), staff="007")
        later = await place.ask(Caller.STAFF, AnswerCall(call_id=first.call_id), staff="008")
        assert answered.answered_at == later.answered_at is not None
        assert await place.ask(Caller.KIOSK, GetStaffCall(), terminal=screen) == answered
        assert not (await place.ask(Caller.STAFF, ListStaffCalls(), staff="007")).calls
        assert (await place.ask(Caller.KIOSK, CallStaff(), terminal=screen)).call_id != first.call_id
        assert (await place.published())[1:] == ["StaffCalled", "StaffComing", "StaffCalled"]
        with pytest.raises(NotFound):
            await place.ask(Caller.STAFF, AnswerCall(call_id=999), staff="007")

    within(test)


def test_a_call_that_nobody_answered_does_not_swallow_the_next_persons(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        screen = await place.screen(await place.connected(await place.enrolled()))
        first = await place.ask(Caller.KIOSK, CallStaff(), terminal=screen)
        place.clock.pass_by(minutes=31)
        assert await place.ask(Caller.KIOSK, GetStaffCall(), terminal=screen) is None
        assert not (await place.ask(Caller.STAFF, ListStaffCalls(), staff="007")).calls
        assert (await place.ask(Caller.KIOSK, CallStaff(), terminal=screen)).call_id != first.call_id

    within(test)


class _Counted:
    """Counts the statements that pass through."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.statements = 0

    def __getattr__(self, name: str) -> Any:
        self.statements += 1
        return getattr(self._tx, name)


def test_a_page_costs_one_statement(within: Callable[[Test], None]) -> None:
    async def test(place: Hall) -> None:
        now = place.clock.now()
        principal = Principal(caller=Caller.KIOSK, hospital_id=HOSPITAL, terminal_id=HALL)
        call = Call(principal=principal, now=now, deadline=now, correlation_id="")
        async with place.database.read() as tx:
            first, second = _Counted(tx), _Counted(tx)
            await place.terminals.get_terminal(cast(Tx, first), call, GetTerminal())
            await place.terminals.get_terminal(cast(Tx, second), call, GetTerminal())
        assert (first.statements, second.statements) == (6, 1)

    within(test)
