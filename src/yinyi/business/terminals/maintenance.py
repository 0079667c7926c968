"""Maintenance (维护): one of the staff lays his card on a terminal's reader, types its PIN, and sees to the machine.

Of the card's number and of the PIN a keyed digest is kept. Whoever has found a card has five tries, then waits, and
after fifteen the card opens nothing any more. Everything that is done stands in the audit log under whose card it is.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.audit import store as audit
from yinyi.business.terminals import line_store, store
from yinyi.business.terminals import maintenance_store as cards
from yinyi.business.terminals.errors import MaintenanceOver, NoStaffCard, PinTriesSpent, PinWrong
from yinyi.business.terminals.line import SILENT_AFTER
from yinyi.business.terminals.messages_maintenance import (
    DoMaintenance,
    GetMaintenance,
    Maintenance,
    MaintenanceOpened,
    OpenMaintenance,
)
from yinyi.business.terminals.presented import CARD_KEPT_FOR
from yinyi.business.terminals.printer_tests import job_of
from yinyi.business.terminals.pushes import push
from yinyi.business.terminals.staff_pins import TRIES, is_right, may_try
from yinyi.kernel.errors import NotFound
from yinyi.kernel.ids import token
from yinyi.kernel.secrets import Vault, digest

log = structlog.get_logger()

LASTS = timedelta(minutes=5)
"""Without a press; a page of it idles out earlier."""
TEST_LASTS = timedelta(minutes=10)


class MaintenanceDesk:
    """Handlers of what staff do at a terminal. ``forget``: what is remembered of locked terminals is old."""

    def __init__(self, database: Database, vault: Vault, forget: Callable[[], None]) -> None:
        self._database = database
        self._vault = vault
        self._forget = forget

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(OpenMaintenance, self.open)
        dispatcher.asks(GetMaintenance, self.get)
        dispatcher.changes(DoMaintenance, Change(make=self._act, show=self._show_after))

    # -- at the terminal

    async def open(self, call: Call, message: OpenMaintenance) -> MaintenanceOpened:
        """A wrong PIN is counted before it is said to be wrong."""
        at = (call.hospital_id, call.principal.terminal_id)
        async with self._database.transaction() as tx:
            card = await cards.on_reader(tx, *at, call.now - CARD_KEPT_FOR)
            if card is None:
                raise NoStaffCard
            if not may_try(card, call.now):
                raise PinTriesSpent
            right = is_right(self._vault, card, message.pin)
            tries = 0 if right else card.tries + 1
            await cards.tried(tx, call.hospital_id, card.card_id, tries, call.now)
            ticket = token()
            if right:
                until = call.now + LASTS
                await cards.open_ticket(tx, call.hospital_id, digest(ticket), at[1], card.card_id, call.now, until)
            await self._tell(tx, call, card.staff_id, "opened" if right else "wrong_pin")
        if not right:
            log.warning("maintenance.wrong_pin", terminal_id=at[1], staff_id=card.staff_id, tries=tries)
            raise PinTriesSpent if tries % TRIES == 0 else PinWrong
        return MaintenanceOpened(ticket=ticket, staff_id=card.staff_id)

    async def get(self, call: Call, message: GetMaintenance) -> Maintenance:
        async with self._database.transaction() as tx:
            staff_id = await self._opened(tx, call, message.ticket)
            return await self._view(tx, call, staff_id)

    async def _act(self, tx: Tx, call: Call, message: DoMaintenance, _: None) -> str:
        staff_id = await self._opened(tx, call, message.ticket)
        hospital_id, terminal_id = call.hospital_id, call.principal.terminal_id
        match message.act:
            case "test_print":
                test_id = await cards.queue_test(tx, hospital_id, terminal_id, call.now)
                await push(tx, hospital_id, terminal_id, "PrintQueued", job_of(test_id), 1, call.now)
            case "restart":
                await push(tx, hospital_id, terminal_id, "RestartAsked", terminal_id, 1, call.now)
            case "lock" | "unlock":
                locked = message.act == "lock"
                await store.lock(tx, hospital_id, terminal_id, locked, message.because, call.now)
                await push(tx, hospital_id, terminal_id, "LockChanged", terminal_id, int(locked), call.now)
                self._forget()
            case "paper_changed":
                await cards.paper_changed(tx, hospital_id, terminal_id, call.now)
                await push(tx, hospital_id, terminal_id, "DeviceChanged", "receipt_printer", 1, call.now)
            case "leave":
                await cards.end(tx, hospital_id, digest(message.ticket), call.now)
                await line_store.wipe(tx, hospital_id, terminal_id)
        await self._tell(tx, call, staff_id, message.act)
        return staff_id

    async def _show_after(self, tx: Tx, call: Call, staff_id: str) -> Maintenance:
        return await self._view(tx, call, staff_id)

    async def _opened(self, tx: Tx, call: Call, ticket: str) -> str:
        """
        Raises:
            MaintenanceOver: of another terminal, too old, or its card was revoked.
        """
        at = (call.hospital_id, digest(ticket), call.principal.terminal_id)
        staff_id = await cards.opened(tx, *at, call.now, call.now + LASTS)
        if staff_id is None:
            raise MaintenanceOver
        return staff_id

    async def _view(self, tx: Tx, call: Call, staff_id: str) -> Maintenance:
        at = (call.hospital_id, call.principal.terminal_id)
        machine = await cards.machine(tx, *at)
        if machine is None:
            raise NotFound(f"terminal {at[1]}")
        test_print, problem = await cards.latest_test(tx, *at, call.now - TEST_LASTS)
        seen_at: datetime | None = machine["line_seen_at"]
        return Maintenance(
            staff_id=staff_id,
            until=call.now + LASTS,
            agent_version=machine["agent_version"],
            line_ok=machine["line_up"] and seen_at is not None and call.now - seen_at <= SILENT_AFTER,
            line_seen_at=seen_at,
            locked=machine["locked"],
            locked_for=machine["locked_for"],
            devices=await cards.devices(tx, *at),
            test_print=test_print,
            problem=problem,
        )

    async def _tell(self, tx: Tx, call: Call, staff_id: str, what: str) -> None:
        by = replace(call, principal=replace(call.principal, staff_id=f"card:{staff_id}"))
        await audit.append(tx, by, "terminals.DoMaintenance.v1", call.principal.terminal_id, {"act": what})
