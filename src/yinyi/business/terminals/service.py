"""Terminals as their screens and the staff ask about them; the agents' side stands in ``line``."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.terminals import line_store, store
from yinyi.business.terminals.credentials import TerminalCredentials
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.gate import ServiceGate
from yinyi.business.terminals.line import SILENT_AFTER, AgentLine
from yinyi.business.terminals.maintenance import MaintenanceDesk
from yinyi.business.terminals.media import Media, card_rule, is_card
from yinyi.business.terminals.media_desk import MediaDesk
from yinyi.business.terminals.messages import (
    AnswerCall,
    CallStaff,
    EnrolTerminal,
    GetHealth,
    GetStaffCall,
    GetTerminal,
    Health,
    ListStaffCalls,
    ListTerminals,
    LockTerminal,
    MakePairingCode,
    PairBrowser,
    StaffCalls,
    Terminals,
)
from yinyi.business.terminals.model import LIVE, CardReading, Hospital, StaffCall, Standing, TerminalView
from yinyi.business.terminals.offer_desk import OfferDesk
from yinyi.business.terminals.offers import Rules, offers, worst
from yinyi.business.terminals.ports import PrintQueue
from yinyi.business.terminals.presented import Presented
from yinyi.business.terminals.pushes import push
from yinyi.business.terminals.readings import GRACE, CardReadings
from yinyi.business.terminals.seal_keys import SealKeys
from yinyi.business.terminals.setup_desk import SetupDesk
from yinyi.business.terminals.staff_card_desk import StaffCardDesk
from yinyi.business.terminals.staff_pins import StaffPins
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import NotFound
from yinyi.kernel.means import MeansWords
from yinyi.kernel.secrets import Vault

log = structlog.get_logger()

NO_CARDS: Mapping[str, Sequence[str]] = {}

CALL_SHOWN_FOR = timedelta(minutes=10)
CALL_OPEN_FOR = timedelta(minutes=30)
"""Whoever called longer ago has long been helped or has gone."""
EVENTS_KEPT = 500
EVENTS_KEPT_FOR = timedelta(days=1)

_SWEEP_EVERY_S = 5.0
_SWEEPS_PER_CLEANING = 60


class TerminalService:
    """The domain: its parts, its handlers, and what it does by itself.

    ``papers``: what waits to be printed. ``committed``: told after every change, so that its events leave at once.
    ``identity_cards``: those that the hospital wants to identify people by. ``cards``: how the numbers of each kind
    begin, as the lines to banks have it. ``means``: what channels are called that bring their own words.
    ``tells_balances``: some issuer of cards says what is left on them.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        papers: PrintQueue,
        committed: Callable[[], None] = lambda: None,
        identity_cards: tuple[str, ...] = (),
        cards: Mapping[str, Sequence[str]] = NO_CARDS,
        means: Callable[[], list[MeansWords]] = list[MeansWords],
        tells_balances: bool = False,
    ) -> None:
        self._tells_balances = tells_balances
        self._means = means
        self._database = database
        self._clock = clock
        self._committed = committed
        self._identity_cards = identity_cards
        self.directory = Directory([card_rule(kind, begins) for kind, begins in cards.items() if is_card(kind)])
        self.credentials = TerminalCredentials(database, clock, self.directory)
        self.gate = ServiceGate(database, self.directory)
        self.presented = Presented(database, clock, vault, self.directory)
        self._line = AgentLine(database, self.presented, papers, committed)
        self.readings = CardReadings(database, self._line, SealKeys(vault), committed)
        self._maintenance = MaintenanceDesk(database, vault, self.credentials.forget)
        self._staff_cards = StaffCardDesk(database, vault)
        self.staff_pins = StaffPins(database, vault)

    def register(self, dispatcher: Dispatcher) -> None:
        self._line.register(dispatcher)
        self.readings.register(dispatcher)
        self._maintenance.register(dispatcher)
        self._staff_cards.register(dispatcher)
        OfferDesk(self.directory, self._show_terminal).register(dispatcher)
        MediaDesk(self.directory, self.presented).register(dispatcher)
        SetupDesk(self.directory, self.credentials, self._show_terminal).register(dispatcher)
        dispatcher.asks(EnrolTerminal, self.credentials.enrol)
        dispatcher.asks(PairBrowser, self.credentials.pair)
        dispatcher.asks(MakePairingCode, self.credentials.make_pairing_code)
        dispatcher.reads(GetHealth, self.get_health)
        dispatcher.reads(GetTerminal, self.get_terminal)
        dispatcher.reads(ListTerminals, self.list_terminals)
        dispatcher.changes(LockTerminal, Change(make=self._lock, show=self._show_terminal))
        dispatcher.changes(CallStaff, Change(make=self._call_staff, show=self._show_call))
        dispatcher.reads(GetStaffCall, self.get_staff_call)
        dispatcher.reads(ListStaffCalls, self.list_staff_calls)
        dispatcher.changes(AnswerCall, Change(make=self._answer_call, show=self._show_call))

    async def get_health(self, tx: Tx, call: Call, message: GetHealth) -> Health:
        """Nothing but the way there and back."""
        await tx.fetchval("SELECT 1")
        return Health(at=call.now)

    # -- how terminals are

    async def get_terminal(self, tx: Tx, call: Call, message: GetTerminal) -> TerminalView:
        """Asked with every page: one statement, the rest is remembered."""
        return await self._show_terminal(tx, call, call.principal.terminal_id)

    async def list_terminals(self, tx: Tx, call: Call, message: ListTerminals) -> Terminals:
        hospital = await self.directory.hospital(tx, call.hospital_id, call.now)
        standings = await store.standings(tx, call.hospital_id)
        states = await store.states(tx, call.hospital_id)
        rules = await self.directory.rules(tx, call.hospital_id, call.now)
        media = await self.directory.media(tx, call.hospital_id, call.now)
        views = [
            self._view(hospital, rules, media, standings[one.terminal_id], one, call.now)
            for one in states
            if one.terminal_id in standings
        ]
        return Terminals(terminals=views)

    async def _show_terminal(self, tx: Tx, call: Call, subject: str) -> TerminalView:
        hospital = await self.directory.hospital(tx, call.hospital_id, call.now)
        standing = await self.directory.standing(tx, call.hospital_id, subject, call.now)
        rules = await self.directory.rules(tx, call.hospital_id, call.now)
        media = await self.directory.media(tx, call.hospital_id, call.now)
        state = await store.state(tx, call.hospital_id, subject)
        if state is None:
            raise NotFound(f"terminal {subject}")
        return self._view(hospital, rules, media, standing, state, call.now)

    def _view(
        self, hospital: Hospital, rules: Rules, media: Media, standing: Standing, state: store.State, now: datetime
    ) -> TerminalView:
        view = _view(hospital, standing, state, now)
        found = offers(standing.profile, rules, state.devices, now, ZoneInfo(hospital.zone))
        here = [each for each in found if self._tells_balances or each.service != "card_balance"]
        how = worst(view.line_ok, view.devices)
        cards = [kind for kind in self._identity_cards if is_card(kind) and media.rules(kind)]
        return msgspec.structs.replace(view, identity_cards=cards, offers=here, severity=how, means=self._means())

    async def _lock(self, tx: Tx, call: Call, message: LockTerminal, _: None) -> str:
        terminal_id = message.terminal_id
        if not await store.lock(tx, call.hospital_id, terminal_id, message.locked, message.because, call.now):
            raise NotFound(f"terminal {terminal_id}")
        await push(tx, call.hospital_id, terminal_id, "LockChanged", terminal_id, int(message.locked), call.now)
        self.credentials.forget()
        log.info("terminal.locked" if message.locked else "terminal.unlocked", terminal_id=terminal_id)
        return terminal_id

    # -- help

    async def _call_staff(self, tx: Tx, call: Call, message: CallStaff, _: None) -> str:
        hospital_id, terminal_id = call.hospital_id, call.principal.terminal_id
        open_call = await store.open_call(tx, hospital_id, terminal_id, call.now - CALL_OPEN_FOR)
        if open_call is not None:
            return str(open_call)
        call_id = await store.add_call(tx, hospital_id, terminal_id, call.now)
        await push(tx, hospital_id, terminal_id, "StaffCalled", str(call_id), 1, call.now)
        return str(call_id)

    async def _answer_call(self, tx: Tx, call: Call, message: AnswerCall, _: None) -> str:
        by = call.principal.actor
        terminal_id = await store.answer_call(tx, call.hospital_id, message.call_id, by, call.now)
        if terminal_id is not None:
            await push(tx, call.hospital_id, terminal_id, "StaffComing", str(message.call_id), 2, call.now)
        return str(message.call_id)

    async def _show_call(self, tx: Tx, call: Call, subject: str) -> StaffCall:
        found = await store.call_by_id(tx, call.hospital_id, int(subject))
        if found is None:
            raise NotFound(f"call {subject}")
        return found

    async def get_staff_call(self, tx: Tx, call: Call, message: GetStaffCall) -> StaffCall | None:
        since = call.now - CALL_SHOWN_FOR
        return await store.latest_call(tx, call.hospital_id, call.principal.terminal_id, since)

    async def list_staff_calls(self, tx: Tx, call: Call, message: ListStaffCalls) -> StaffCalls:
        return StaffCalls(calls=await store.open_calls(tx, call.hospital_id, call.now - CALL_OPEN_FOR))

    # -- what happens by itself

    async def run(self) -> None:
        """Until cancelled: lines that fell silent are down, cards that were read are forgotten."""
        sweeps = 0
        while True:
            try:
                await self.sweep(cleaning=sweeps % _SWEEPS_PER_CLEANING == 0)
            except Exception as error:  # the loop outlives every fault of the database
                log.warning("terminals.sweep_failed", why=type(error).__name__)
            sweeps += 1
            await asyncio.sleep(_SWEEP_EVERY_S)

    async def sweep(self, *, cleaning: bool = True) -> None:
        """Once. Any number of processes may do it at the same time."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            silent = await line_store.drop_silent(tx, now - SILENT_AFTER)
            for row in silent:
                terminal_id = row["terminal_id"]
                await push(tx, row["hospital_id"], terminal_id, "LineDown", terminal_id, row["line_epoch"], now)
        if silent:
            self._committed()
        await self.presented.wipe_old(now)
        if cleaning:
            async with self._database.read() as tx:
                await line_store.forget_events(tx, now - EVENTS_KEPT_FOR, EVENTS_KEPT)


def _view(hospital: Hospital, standing: Standing, state: store.State, now: datetime) -> TerminalView:
    seen_at = state.line_seen_at
    return TerminalView(
        terminal_id=standing.terminal_id,
        name=standing.name,
        place=standing.place,
        place_en=standing.place_en,
        profile=standing.profile,
        hospital=hospital.name,
        hospital_en=hospital.name_en,
        window=hospital.window,
        triage=hospital.triage,
        locked=state.locked,
        line_ok=state.line_up and seen_at is not None and now - seen_at <= SILENT_AFTER,
        card_in_reader=state.card_present,
        card_version=state.card_version,
        code_version=state.code_version,
        reading=_reading(state.reading, now),
        devices=state.devices,
        seen_at=seen_at,
        staff_card=state.staff_card,
        locked_for=state.locked_for,
    )


def _reading(found: CardReading, now: datetime) -> CardReading:
    """A terminal that never says how it ended has run out of time."""
    if found.state in LIVE and found.until is not None and now >= found.until + GRACE:
        return msgspec.structs.replace(found, state="timed_out", digits=0)
    return found
