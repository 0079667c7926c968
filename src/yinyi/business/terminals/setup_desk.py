"""The operations of staff about the hospital and its terminals themselves."""

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.terminals import credential_store, setup_store, store
from yinyi.business.terminals.credentials import TerminalCredentials, enrolment_code
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.errors import TerminalKnown
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
from yinyi.business.terminals.model import Counter, Hospital, Standing, TerminalView
from yinyi.business.terminals.pushes import push
from yinyi.business.terminals.setup import ENROLMENT_LASTS
from yinyi.kernel.errors import InvalidField, NotFound

log = structlog.get_logger()

_TOLD_ONCE = "terminals.told_once"


class SetupDesk:
    """``show``: a terminal as its own screen sees it. What is said here this process knows at once, others within the
    seconds for which ``Directory`` and ``TerminalCredentials`` remember (ten and five)."""

    def __init__(
        self,
        directory: Directory,
        credentials: TerminalCredentials,
        show: Callable[[Tx, Call, str], Awaitable[TerminalView]],
    ) -> None:
        self._directory = directory
        self._credentials = credentials
        self._show = show

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(GetHospital, self._hospital)
        dispatcher.changes(SetHospital, Change(make=self._set_hospital, show=self._show_hospital))
        dispatcher.changes(AddTerminal, Change(make=self._add, show=self._show_code))
        dispatcher.changes(MoveTerminal, Change(make=self._move, show=self._show_terminal))
        dispatcher.changes(NewEnrolment, Change(make=self._enrol_anew, show=self._show_code))
        dispatcher.changes(RetireTerminal, Change(make=self._retire, show=self._show_retired))

    # -- the hospital

    async def _hospital(self, tx: Tx, call: Call, message: GetHospital) -> HospitalView:
        return await self._show_hospital(tx, call, "")

    async def _set_hospital(self, tx: Tx, call: Call, message: SetHospital, _: None) -> str:
        hospital = Hospital(
            hospital_id=call.hospital_id,
            name=_written("name", message.name),
            name_en=_written("name_en", message.name_en),
            zone=_known_zone(message.zone),
            window=_counter("window", message.window),
            triage=_counter("triage", message.triage),
        )
        await store.keep_hospital(tx, hospital)
        for terminal_id in await setup_store.in_service(tx, call.hospital_id):
            await push(tx, call.hospital_id, terminal_id, "NameChanged", terminal_id, 1, call.now)
        log.info("hospital.named", hospital_id=call.hospital_id, name=hospital.name)
        return str(call.hospital_id)

    async def _show_hospital(self, tx: Tx, call: Call, _: str) -> HospitalView:
        self._directory.forget()
        found = await self._directory.hospital(tx, call.hospital_id, call.now)
        return HospitalView(
            name=found.name, name_en=found.name_en, zone=found.zone, window=found.window, triage=found.triage
        )

    # -- terminals that come and move

    async def _add(self, tx: Tx, call: Call, message: AddTerminal, _: None) -> str:
        standing = Standing(
            terminal_id=message.terminal_id,
            name=_written("name", message.name),
            place=_written("place", message.place),
            place_en=_written("place_en", message.place_en),
            profile=message.profile,
        )
        if not await setup_store.add(tx, call.hospital_id, standing, call.now):
            raise TerminalKnown(message.terminal_id)
        await self._fresh(tx, call, message.terminal_id)
        log.info("terminal.added", terminal_id=message.terminal_id)
        return message.terminal_id

    async def _move(self, tx: Tx, call: Call, message: MoveTerminal, _: None) -> str:
        terminal_id = message.terminal_id
        said = (
            _written("name", message.name),
            _written("place", message.place),
            _written("place_en", message.place_en),
        )
        if not await setup_store.move(tx, call.hospital_id, terminal_id, *said):
            raise NotFound(f"terminal {terminal_id}")
        await push(tx, call.hospital_id, terminal_id, "NameChanged", terminal_id, 1, call.now)
        log.info("terminal.moved", terminal_id=terminal_id, name=message.name, place=message.place)
        return terminal_id

    async def _show_terminal(self, tx: Tx, call: Call, terminal_id: str) -> TerminalView:
        self._directory.forget()
        self._credentials.forget()
        return await self._show(tx, call, terminal_id)

    # -- machines that are replaced or go

    async def _enrol_anew(self, tx: Tx, call: Call, message: NewEnrolment, _: None) -> str:
        await self._void(tx, call, message.terminal_id)
        await self._fresh(tx, call, message.terminal_id)
        log.info("terminal.enrolment_asked", terminal_id=message.terminal_id)
        return message.terminal_id

    async def _retire(self, tx: Tx, call: Call, message: RetireTerminal, _: None) -> str:
        await self._void(tx, call, message.terminal_id)
        await setup_store.retire(tx, call.hospital_id, message.terminal_id, call.now)
        log.info("terminal.retired", terminal_id=message.terminal_id)
        return message.terminal_id

    async def _void(self, tx: Tx, call: Call, terminal_id: str) -> None:
        """Whatever the machine was given is good for nothing any more."""
        if not await credential_store.hold(tx, call.hospital_id, terminal_id):
            raise NotFound(f"terminal {terminal_id}")
        await credential_store.revoke_all(tx, call.hospital_id, terminal_id, call.now)
        await setup_store.cut(tx, call.hospital_id, terminal_id)
        await push(tx, call.hospital_id, terminal_id, "LineDown", terminal_id, 1, call.now)

    async def _show_retired(self, tx: Tx, call: Call, terminal_id: str) -> TerminalRetired:
        self._credentials.forget()
        retired_at = await setup_store.retired_at(tx, call.hospital_id, terminal_id)
        if retired_at is None:
            raise NotFound(f"terminal {terminal_id}")
        return TerminalRetired(terminal_id=terminal_id, retired_at=retired_at)

    async def _fresh(self, tx: Tx, call: Call, terminal_id: str) -> None:
        """It is told from the request that made it, and from no other."""
        expires_at = call.now + ENROLMENT_LASTS
        call.notes[_TOLD_ONCE] = await enrolment_code(tx, call.hospital_id, terminal_id, expires_at), expires_at

    async def _show_code(self, tx: Tx, call: Call, terminal_id: str) -> EnrolmentCode:
        code, expires_at = call.notes.get(_TOLD_ONCE, ("", None))
        terminal = await self._show_terminal(tx, call, terminal_id)
        return EnrolmentCode(terminal=terminal, enrolment_code=code, expires_at=expires_at)


def _written(field: str, text: str) -> str:
    """A name as it can stand on a screen and on paper.

    Raises:
        InvalidField: it begins or ends with a blank, or has something in it that cannot be seen.
    """
    if not text.isprintable() or text != text.strip():
        raise InvalidField(f"{field}: no blanks around it, and nothing that cannot be seen")
    return text


def _known_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise InvalidField("zone: none of the IANA, as Asia/Shanghai is") from None
    return zone


def _counter(field: str, said: CounterSaid) -> Counter:
    if (said.open_from is None) != (said.open_until is None):
        raise InvalidField(f"{field}: open_from and open_until, or neither of them")
    if said.open_from is not None and said.open_from == said.open_until:
        raise InvalidField(f"{field}: open_until is open_from; round the clock is neither of them")
    return Counter(
        name=_written(f"{field}.name", said.name),
        name_en=_written(f"{field}.name_en", said.name_en),
        open_from=said.open_from,
        open_until=said.open_until,
    )
