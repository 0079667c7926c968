"""The operations of staff about what terminals offer."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec
import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.terminals import offer_store as store
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.messages_offers import (
    CancelClosure,
    Closures,
    ClosureView,
    HoursView,
    ListClosures,
    ListServiceHours,
    PlanClosure,
    ServiceTimes,
    SetProfile,
    SetServiceHours,
)
from yinyi.business.terminals.model import TerminalView
from yinyi.business.terminals.offers import Closure, ServiceHours
from yinyi.business.terminals.pushes import push
from yinyi.kernel.errors import InvalidField, NotFound

log = structlog.get_logger()

PLANNED = timedelta(days=731)
"""So far ahead, and so far back."""


class OfferDesk:
    """``show``: a terminal as its own screen sees it."""

    def __init__(self, directory: Directory, show: Callable[[Tx, Call, str], Awaitable[TerminalView]]) -> None:
        self._directory = directory
        self._show = show

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.changes(SetProfile, Change(make=self._set_profile, show=self._show_terminal))
        dispatcher.reads(ListServiceHours, self._hours)
        dispatcher.changes(SetServiceHours, Change(make=self._set_hours, show=self._show_hours))
        dispatcher.reads(ListClosures, self._closures)
        dispatcher.changes(PlanClosure, Change(make=self._plan, show=self._show_closure))
        dispatcher.changes(CancelClosure, Change(make=self._cancel, show=self._show_closure))

    async def _set_profile(self, tx: Tx, call: Call, message: SetProfile, _: None) -> str:
        hospital_id, terminal_id = call.hospital_id, message.terminal_id
        if not await store.set_profile(tx, hospital_id, terminal_id, message.profile):
            raise NotFound(f"terminal {terminal_id}")
        await push(tx, hospital_id, terminal_id, "ProfileChanged", terminal_id, 1, call.now)
        log.info("terminal.profile", terminal_id=terminal_id, profile=message.profile)
        return terminal_id

    async def _show_terminal(self, tx: Tx, call: Call, terminal_id: str) -> TerminalView:
        self._directory.forget()
        return await self._show(tx, call, terminal_id)

    async def _hours(self, tx: Tx, call: Call, message: ListServiceHours) -> ServiceTimes:
        return await self._show_hours(tx, call, "")

    async def _set_hours(self, tx: Tx, call: Call, message: SetServiceHours, _: None) -> str:
        said = ServiceHours(
            profile=message.profile,
            service=message.service,
            offered=message.offered,
            opens=message.opens,
            closes=message.closes,
        )
        await store.keep_hours(tx, call.hospital_id, said)
        return f"{message.profile}.{message.service}"

    async def _show_hours(self, tx: Tx, call: Call, _: str) -> ServiceTimes:
        self._directory.forget()
        found = await store.hours(tx, call.hospital_id)
        views = [msgspec.convert(msgspec.structs.asdict(each), HoursView) for each in found]
        return ServiceTimes(hours=sorted(views, key=lambda each: (each.profile, each.service)))

    async def _closures(self, tx: Tx, call: Call, message: ListClosures) -> Closures:
        found = await store.closures(tx, call.hospital_id, call.now)
        return Closures(closures=[_view(each) for each in found])

    async def _plan(self, tx: Tx, call: Call, message: PlanClosure, _: None) -> str:
        if message.ends_at <= message.begins_at:
            raise InvalidField("ends_at: not after begins_at")
        if not call.now - PLANNED <= message.begins_at <= message.ends_at <= call.now + PLANNED:
            raise InvalidField("begins_at, ends_at: within two years")
        span = message.begins_at, message.ends_at
        by = call.principal.actor
        return str(await store.plan_closure(tx, call.hospital_id, message.what, span, message.reason, by, call.now))

    async def _cancel(self, tx: Tx, call: Call, message: CancelClosure, _: None) -> str:
        if not await store.cancel_closure(tx, call.hospital_id, message.closure_id, call.now):
            raise NotFound(f"closure {message.closure_id}")
        return str(message.closure_id)

    async def _show_closure(self, tx: Tx, call: Call, subject: str) -> ClosureView:
        self._directory.forget()
        found = await store.closure(tx, call.hospital_id, int(subject))
        if found is None:
            raise NotFound(f"closure {subject}")
        return _view(found)


def _view(closure: Closure) -> ClosureView:
    return msgspec.convert(msgspec.structs.asdict(closure), ClosureView)
