"""Maintenance on a real database: a card and its PIN open it, for one terminal and some minutes; all is on record."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from terminal_hall import HALL, HOSPITAL, WARD, Hall, hall

from yinyi.bus.operation import Caller
from yinyi.business.terminals.errors import (
    MaintenanceOver,
    NoStaffCard,
    PinTriesSpent,
    PinWrong,
    StaffCardTaken,
    TerminalLocked,
)
from yinyi.business.terminals.messages import (
    CallStaff,
    GetTerminal,
    PresentCard,
    ReportDevice,
    ReportPrint,
    TakePrintJobs,
)
from yinyi.business.terminals.messages_maintenance import (
    Act,
    ConfirmStaffCard,
    DoMaintenance,
    EnrolStaffCard,
    GetMaintenance,
    ListStaffCards,
    Maintenance,
    OpenMaintenance,
    RevokeStaffCard,
    StaffCardView,
)
from yinyi.business.terminals.model import DeviceView, LockedFor, TerminalView
from yinyi.kernel.errors import InvalidField, NotFound
from yinyi.wire.receipt import decode_receipts

SERIAL, PIN = "04A1B2C3D4E5F6", "271828"
Run = Callable[[Coroutine[Any, Any, None]], None]


class Machine:
    """One terminal, its agent and its screen, and one of the staff before it."""

    def __init__(self, place: Hall, agent: str, screen: str, epoch: int) -> None:
        self.place = place
        self._agent = agent
        self._screen = screen
        self._epoch = epoch
        self._events = 0
        self.ticket = ""

    async def lay(self, serial: str = SERIAL, block: bytes = b"") -> None:
        self._events += 1
        event_id = f"e{self._events}"
        card = PresentCard(epoch=self._epoch, event_id=event_id, device="id_reader", serial=serial, block=block)
        await self.place.ask(Caller.TERMINAL, card, terminal=self._agent)

    async def take_away(self) -> None:
        await self.lay("")

    async def enter(self, pin: str = PIN) -> None:
        opened = await self.place.ask(Caller.KIOSK, OpenMaintenance(pin=pin), terminal=self._screen)
        self.ticket = opened.ticket

    async def do(self, act: Act, because: LockedFor = "") -> Maintenance:
        doing = DoMaintenance(ticket=self.ticket, act=act, because=because)
        return await self.place.ask(Caller.KIOSK, doing, terminal=self._screen)

    async def look(self, ticket: str = "") -> Maintenance:
        looking = GetMaintenance(ticket=ticket or self.ticket)
        return await self.place.ask(Caller.KIOSK, looking, terminal=self._screen)

    async def view(self) -> TerminalView:
        return await self.place.ask(Caller.KIOSK, GetTerminal(), terminal=self._screen)

    async def call(self) -> None:
        await self.place.ask(Caller.KIOSK, CallStaff(), terminal=self._screen)

    async def report(self, state: Any) -> None:
        self._events += 1
        device = DeviceView(device="receipt_printer", kind="receipt_printer", state=state)
        told = ReportDevice(epoch=self._epoch, event_id=f"e{self._events}", device=device)
        await self.place.ask(Caller.TERMINAL, told, terminal=self._agent)

    async def printed(self, reason: str = "") -> list[bytes]:
        """The papers that come to the printer, each reported."""
        jobs = (await self.place.ask(Caller.TERMINAL, TakePrintJobs(epoch=self._epoch), terminal=self._agent)).jobs
        for job in jobs:
            told = ReportPrint(epoch=self._epoch, job_id=job.job_id, reason=reason)
            await self.place.ask(Caller.TERMINAL, told, terminal=self._agent)
        return [job.data for job in jobs]


async def machine(place: Hall, terminal_id: str = HALL) -> Machine:
    agent = await place.enrolled(terminal_id)
    connected = await place.connected(agent)
    return Machine(place, agent, await place.screen(connected), connected.epoch)


async def enrol(place: Hall, serial: str = SERIAL, terminal_id: str = "") -> StaffCardView:
    """As two of the staff decide."""
    message = EnrolStaffCard(serial=serial, pin=PIN, staff_id="w-li", terminal_id=terminal_id)
    card = await place.ask(Caller.STAFF, message, staff="operator", person="3021")
    confirmed = ConfirmStaffCard(card_id=card.card_id, staff_id="w-li")
    return await place.ask(Caller.STAFF, confirmed, staff="operator", person="3022")


Test = Callable[[Hall, Machine], Coroutine[Any, Any, None]]
Within = Callable[[Test], None]


@pytest.fixture
def within(run: Run, database: str) -> Within:
    def enter(test: Test) -> None:
        async def entered() -> None:
            async with hall(database) as place:
                await test(place, await machine(place))

        run(entered())

    return enter


def test_a_card_and_its_pin_open_it(within: Within) -> None:
    async def test(place: Hall, here: Machine) -> None:
        await here.lay()
        assert not (await here.view()).staff_card, "nobody has enrolled it"
        with pytest.raises(NoStaffCard):
            await here.enter()
        await enrol(place)
        await here.lay()
        assert (await here.view()).staff_card
        await here.enter()
        seen = await here.look()
        assert (seen.staff_id, seen.line_ok, seen.locked, seen.test_print) == ("w-li", True, False, "none")
        assert [one.device for one in seen.devices] == ["id_reader", "receipt_printer"]
        await here.take_away()
        assert not (await here.view()).staff_card
        assert await here.look(), "the card need not lie there"

    within(test)


def test_of_number_and_pin_nothing_is_to_be_read(within: Within) -> None:
    async def test(place: Hall, here: Machine) -> None:
        await enrol(place)
        await here.lay()
        await here.enter()
        await here.do("test_print")
        for table in ("staff_card", "presented", "maintenance", "line_event", "audit", "outbox", "idempotency"):
            rows = str(await place.one(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t"))
            assert not [secret for secret in (SERIAL, SERIAL.lower(), PIN, here.ticket) if secret in rows], table

    within(test)


def test_wrong_pins_are_counted_and_then_it_has_to_wait_and_in_the_end_it_opens_nothing(within: Within) -> None:
    async def test(place: Hall, here: Machine) -> None:
        await enrol(place)
        await here.lay()
        for round_ in range(3):
            for _ in range(4):
                with pytest.raises(PinWrong):
                    await here.enter("314159")
            with pytest.raises(PinTriesSpent):
                await here.enter("314159")
            with pytest.raises(PinTriesSpent):
                await here.enter()
            place.clock.pass_by(minutes=15)
            await here.lay()
            if round_ == 0:
                await here.enter()
                [card] = (await place.ask(Caller.STAFF, ListStaffCards(), staff="operator")).cards
                assert card.tries == 0
                for _ in range(5):
                    with pytest.raises((PinWrong, PinTriesSpent)):
                        await here.enter("314159")
                place.clock.pass_by(minutes=15)
                await here.lay()
        with pytest.raises(PinTriesSpent):
            await here.enter()

    within(test)


def test_it_belongs_to_its_terminal_and_ends_by_itself(within: Within) -> None:
    async def test(place: Hall, here: Machine) -> None:
        ward = await machine(place, WARD)
        card = await enrol(place, terminal_id=HALL)
        await ward.lay()
        assert not (await ward.view()).staff_card
        await here.lay()
        await here.enter()
        with pytest.raises(MaintenanceOver):
            await ward.look(here.ticket)
        for _ in range(3):
            place.clock.pass_by(minutes=4)
            await here.look()
        assert (await here.view()).staff_card
        await here.do("leave")
        assert not (await here.view()).staff_card, "a card that still lies there opens nothing before it is laid again"
        with pytest.raises(MaintenanceOver):
            await here.look()
        await here.lay()
        await here.enter()
        await place.ask(Caller.STAFF, RevokeStaffCard(card_id=card.card_id), staff="operator")
        with pytest.raises(MaintenanceOver):
            await here.do("lock")
        await enrol(place)
        await here.lay()
        await here.enter()
        place.clock.pass_by(minutes=5)
        with pytest.raises(MaintenanceOver):
            await here.look()

    within(test)


def test_a_card_left_too_long_has_to_be_laid_again(within: Within) -> None:
    async def test(place: Hall, here: Machine) -> None:
        await enrol(place)
        await here.lay()
        place.clock.pass_by(minutes=3)
        with pytest.raises(NoStaffCard):
            await here.enter()

    within(test)


@pytest.mark.parametrize(("reason", "state"), [("", "printed"), ("paper_out", "failed")])
def test_a_test_print_comes_out_once_and_tells_how_it_went(within: Within, reason: str, state: str) -> None:
    async def test(place: Hall, here: Machine) -> None:
        await enrol(place)
        await here.lay()
        await here.enter()
        assert (await here.do("test_print")).test_print == "waiting"
        assert "PrintQueued" in await place.published()
        [paper] = await here.printed(reason)
        assert len(decode_receipts(paper)) == 1
        assert await here.printed() == []
        seen = await here.look()
        assert (seen.test_print, seen.problem) == (state, reason)

    within(test)


def test_a_locked_terminal_serves_nobody_but_staff_and_says_why(within: Within) -> None:
    async def test(place: Hall, here: Machine) -> None:
        await enrol(place)
        await here.lay()
        await here.enter()
        locked = await here.do("lock", "repair")
        assert (locked.locked, locked.locked_for) == (True, "repair")
        view = await here.view()
        assert (view.locked, view.locked_for) == (True, "repair")
        with pytest.raises(TerminalLocked):
            await here.call()
        await here.lay()
        await here.enter()
        unlocked = await here.do("unlock")
        assert (unlocked.locked, unlocked.locked_for) == (False, "")
        await here.call()
        whats = await place.published()
        assert whats.count("LockChanged") == 2

    within(test)


def test_restart_and_paper_are_told_and_failures_counted(within: Within) -> None:
    async def test(place: Hall, here: Machine) -> None:
        await enrol(place)
        for state in ("paper_low", "paper_out", "paper_out", "ok", "jam", "paper_out"):
            await here.report(state)
        await here.lay()
        await here.enter()
        [printer] = [one for one in (await here.look()).devices if one.kind == "receipt_printer"]
        assert (printer.state, printer.failures) == ("paper_out", 3)
        after = await here.do("paper_changed")
        assert [one.state for one in after.devices] == ["ok", "ok"]
        await here.do("restart")
        assert "RestartAsked" in await place.published()

    within(test)


def test_all_of_it_is_on_record_under_whose_card_it_was(within: Within) -> None:
    async def test(place: Hall, here: Machine) -> None:
        await enrol(place)
        await here.lay()
        with pytest.raises(PinWrong):
            await here.enter("314159")
        await here.enter()
        for act in ("test_print", "restart", "lock", "unlock", "paper_changed", "leave"):
            await here.do(act)
        told = await place.one(
            "SELECT string_agg(detail::jsonb ->> 'act', ' ' ORDER BY audit_id) FROM audit "
            "WHERE hospital_id = $1 AND actor = 'kiosk:card:w-li' AND subject = $2",
            *(HOSPITAL, HALL),
        )
        assert told == "wrong_pin opened test_print restart lock unlock paper_changed leave"

    within(test)


def test_a_card_is_enrolled_once_and_anew_after_it_was_revoked(within: Within) -> None:
    async def test(place: Hall, here: Machine) -> None:
        card = await enrol(place)
        with pytest.raises(StaffCardTaken):
            await enrol(place)
        await place.ask(Caller.STAFF, RevokeStaffCard(card_id=card.card_id), staff="operator")
        await here.lay()
        with pytest.raises(NoStaffCard):
            await here.enter()
        again = await enrol(place)
        listed = (await place.ask(Caller.STAFF, ListStaffCards(), staff="operator")).cards
        assert [one.card_id for one in listed] == [again.card_id, card.card_id]
        assert [one.revoked_at is None for one in listed] == [True, False]
        with pytest.raises(NotFound):
            await place.ask(Caller.STAFF, RevokeStaffCard(card_id=999), staff="operator")

    within(test)


@pytest.mark.parametrize("pin", ["12345", "1234567890123", "12345a", "123456\n", ""])
def test_a_pin_is_six_digits_at_least(within: Within, pin: str) -> None:
    async def test(place: Hall, here: Machine) -> None:
        await enrol(place)
        await here.lay()
        with pytest.raises(InvalidField):
            await here.enter(pin)

    within(test)
