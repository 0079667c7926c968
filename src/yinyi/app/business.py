"""One business process, wired: the only place where domains, connectors and the bus meet."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import structlog

from yinyi.app.bank_lines import card_lines, pos_sessions
from yinyi.app.cards_read import cards_read
from yinyi.app.channels import begin_unless_broken
from yinyi.app.counters import Counters
from yinyi.app.demo_hospital import HOSPITAL_ID, ZONE
from yinyi.app.errors import CannotStart
from yinyi.app.institution_keys import LineKeys
from yinyi.app.outside import Outside
from yinyi.app.paid_for import lost_of, papers_of, registry_of
from yinyi.app.papers import Sheets, paper_queue
from yinyi.app.people import MasterIndex
from yinyi.app.plugin_code import begin
from yinyi.app.receipts import Receipts
from yinyi.app.told import Told
from yinyi.app.verifier import Verifier
from yinyi.app.watched import FIGURES, MOVES, every_invariant
from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.forgetting import Forgetting
from yinyi.bus.outbox import OutboxPublisher, Publish
from yinyi.business.audit.sealer import AuditSealer
from yinyi.business.audit.service import AuditService
from yinyi.business.audit.store import WITH_A_CHANGE
from yinyi.business.billing.refunds import WholeBills
from yinyi.business.documents.service import DocumentService
from yinyi.business.identity.certificates import Certificates
from yinyi.business.identity.service import IdentityService
from yinyi.business.imports.service import ImportService
from yinyi.business.imports.takeover import Takeover
from yinyi.business.institutions.desk import InstitutionDesk
from yinyi.business.institutions.lines import InstitutionLines
from yinyi.business.institutions.service import Institutions
from yinyi.business.ledger.service import LedgerService
from yinyi.business.lines.service import LineService
from yinyi.business.lines.sessions import PosSessions
from yinyi.business.news.handling import Handling
from yinyi.business.news.merging import Merging
from yinyi.business.news.service import News
from yinyi.business.payments import books, means_store
from yinyi.business.payments.at_institution import InstitutionTakings
from yinyi.business.payments.drive import Means
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.human_queue import HumanQueue
from yinyi.business.payments.lease import Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.lost_time import Statements
from yinyi.business.payments.restored import Restored
from yinyi.business.payments.scanned import ScannedCodes
from yinyi.business.payments.service import PaymentService
from yinyi.business.payments.suspense import SuspenseDesk
from yinyi.business.payments.taken_lists import TakenLists
from yinyi.business.terminals.service import TerminalService
from yinyi.business.watch.rounds import Rounds
from yinyi.business.watch.service import WatchService
from yinyi.kernel.clock import Clock
from yinyi.kernel.secrets import Vault

log = structlog.get_logger()

DOORS_S = 30.0
"""After a restore the doors stay shut so long at most, until everybody has been asked about the time that was lost."""
HOME_S = 3.0
"""So long at a stop are answers of banks waited for; what comes later is reversed by whoever comes next."""
NOBODY: Mapping[bytes, str] = {}


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _line_service(
    database: Database, outside: Outside, sessions: PosSessions, clock: Clock, terminals: TerminalService
) -> LineService:
    of_lines = (sessions, outside.lines.scopes(), outside.hours, _process(), terminals.directory)
    return LineService(database, outside.keys, clock, HOSPITAL_ID, *of_lines)


def _news(
    database: Database, outside: Outside, patients: MasterIndex, counters: Counters, vault: Vault, clock: Clock
) -> News:
    heard = Handling(outside.hospital, patients, counters.changes, vault, Merging(vault, ZONE))
    return News(database, heard, outside.news, clock, ZONE)


class Serves(Protocol):
    """Answers operations of its domain."""

    def register(self, dispatcher: Dispatcher) -> None: ...


class Business:
    """Built without touching anything; ``start`` begins to work, ``stop`` hands everything back."""

    def __init__(
        self,
        database: Database,
        outside: Outside,
        vault: Vault,
        clock: Clock,
        publish: Publish,
        say: Callable[[str, bytes], None],
        fonts: Path | None = None,
        staff: Mapping[bytes, str] = NOBODY,
    ) -> None:
        """``say`` pushes to screens. ``staff``: who may ask as staff, by the digest of his token."""
        self.database, self.clock, self.outside = database, clock, outside
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()
        self.outbox = OutboxPublisher(database, publish, clock)
        queue, seals = paper_queue(database, vault, outside.verify_at, fonts, self.outbox.wake)
        self.terminals = TerminalService(
            *(database, clock, vault, queue, self.outbox.wake, outside.identifying),
            {kind: each.prefixes for kind, each in outside.lines.kinds.items()},
            outside.means.words,
            bool(outside.telling),
        )
        self.institutions = Institutions(database, vault, ZONE)
        self.institution_lines = InstitutionLines(self.institutions, database, LineKeys(database, outside.keys), clock)
        hospital, patients, scanned = outside.hospital, MasterIndex(database), self.terminals.presented
        self.identity = IdentityService(database, hospital, scanned, vault, ZONE, outside.children)
        self.certificates = Certificates(database, outside.certificates, scanned, self.identity.identification, vault)
        self.sessions = pos_sessions(database, outside.lines, outside.keys, vault, clock)
        self._cards = card_lines(outside.lines, self.sessions, vault, Statements(database).compared)
        registry = registry_of(outside, self._cards)
        limits = Limits()
        registry.is_away = limits.is_open
        self.lease = Lease(database, clock, _process(), limits.open_breakers)
        means = Means(database, registry, self.lease, limits, clock, ZONE)
        self.forgetting = Forgetting(say)
        self.driver = Driver(means, say, changed=self.forgetting.changed)
        self.payments = PaymentService(database, registry, self.driver, ZONE)
        of_cards = (outside.lines, outside.identifying, outside.telling, self.payments, self.terminals)
        self.inquiries, self.balances, self.pay_cards = cards_read(database, clock, vault, *of_cards)
        self.counters = Counters(database, outside, patients, self.payments, scanned, vault, clock)
        self.human_queue = HumanQueue(self.payments, ZONE, [WholeBills(outside.hospital, self.counters.line_refunds)])
        self.restored = Restored(database, registry, lost_of(outside, patients), clock, ZONE, HOSPITAL_ID)
        self.sheets = Sheets(database, outside, patients, self.terminals, vault, self.counters.fees)
        papers = papers_of(outside, patients, self.terminals.directory, registry)
        self.documents = DocumentService(papers, self.sheets.desk, queue, seals)
        self.receipts = Receipts(database, outside.fiscal, patients, self.terminals.directory, self.documents, clock)
        self.told = Told(database, outside, registry, patients, self.receipts, self.institutions, clock)
        self.lines = _line_service(database, outside, self.sessions, clock, self.terminals)
        self.news = _news(database, outside, patients, self.counters, vault, clock)
        self._sealer = AuditSealer(database, clock)
        self._takeover = Takeover(database, clock, ZONE)
        self._rounds = Rounds(database, clock, HOSPITAL_ID, every_invariant(registry.rules, outside.taken_lists))
        verifier = Verifier(
            *(database, self.terminals.credentials, self.institutions, self.institution_lines),
            *(clock, ZONE, HOSPITAL_ID, staff, self.terminals.staff_pins),
        )
        self.dispatcher = Dispatcher(
            *(database, verifier, clock),
            committed=self.outbox.offer,
            audit=WITH_A_CHANGE,
            together=means.together,
            offered=self.terminals.gate.admit,
            seals=verifier.seal,
            looks_kept_s=outside.lists_kept_s,
            forgetting=self.forgetting,
        )
        imports, suspense = ImportService(database, vault, ZONE), SuspenseDesk(registry, ZONE)
        for service in (*self._asked(), imports, suspense, LedgerService([books.differences], MOVES), AuditService()):
            service.register(self.dispatcher)

    def _asked(self) -> tuple[Serves, ...]:
        """Who answers operations."""
        return (
            self.terminals,
            self.identity,
            self.certificates,
            self.payments,
            ScannedCodes(self.database, self.payments, self.terminals.presented),
            self.inquiries,
            self.balances,
            self.pay_cards,
            self.human_queue,
            InstitutionTakings(self.payments, ZONE),
            TakenLists(),
            self.restored,
            self.counters,
            self.sheets,
            self.receipts,
            self.told,
            self.documents,
            self.lines,
            self.news,
            WatchService(self.database, self._rounds, FIGURES),
            InstitutionDesk(self.institutions, ZONE),
            self.institution_lines,
        )

    async def start(self) -> None:
        """Take a lease, start the connectors and the loops.

        Raises:
            CannotStart: a connector that is needed does not start; the hospital surely does not have what it would be
                asked.
            PlansUnreadable: open plans exist that this release, or a channel that is left out, cannot go on with.
        """
        outside = self.outside
        await self._begin_connectors()
        if outside.permits is not None:
            await outside.permits.start(self.database)
            self._run(outside.permits.run(self.database))
        await _require_fit(outside.hospital)
        async with self.database.transaction() as tx:
            await means_store.remember(tx, HOSPITAL_ID, outside.means, self.clock.now())
        await self.payments.prepare()
        await self.lines.start()
        await self.lease.take()
        self._run(self.lease.run())
        self._run(self.driver.run())
        self._run(self.restored.run())
        self._run(self.outbox.run())
        self._run(self._sealer.run())
        self._run(self._rounds.run())
        self._run(self.terminals.run())
        self._run(self.documents.run(self.clock))
        self._run(self.sheets.run(self.clock))
        self._run(self.counters.fees.run(self.clock))
        self._run(self.counters.line_refunds.run())
        self._run(self.counters.charges.run())
        self._run(self._takeover.run())
        self._run(self.counters.changes.run())
        self._run(self.receipts.run())
        self._run(self.told.run_ends())
        self._run(self.told.run_notifier())
        self._run(self.told.run_bulletins())
        self._run(self.lines.run())
        self._run(self.news.run())
        self._run(self.identity.run(self.clock))
        if not await self.restored.until_asked(DOORS_S):
            log.warning("restore.not_all_asked")  # what is not asked is not touched either

    async def _begin_connectors(self) -> None:
        """Channels and the decoder that do not start are left out."""
        outside, named = self.outside, self.outside.names
        needed = (outside.hospital, outside.keys, outside.lines.connector, outside.notifies)
        for kind, connector in zip(("hospital", "keys", "line", "notification"), needed, strict=True):
            await begin(self._stack, named.get(kind, kind), connector)
        for name, channel in outside.channels.items():
            if not await begin_unless_broken(self._stack, name, channel):
                self.payments.registry.leave_out(name)
        decoder = named.get("insurance", "insurance")
        if not await begin_unless_broken(self._stack, decoder, outside.certificates):
            self.certificates.leave_out()

    async def stop(self) -> None:
        """Calls that are out come home, leases are handed back."""
        await self.driver.stop()
        everything = (self.lines, *self._cards.values(), self.pay_cards)
        await asyncio.gather(*(each.come_home(HOME_S) for each in everything))
        await _end(self._tasks)
        await self._stack.aclose()
        if self.outside.permits is not None:
            await self.outside.permits.give_back(self.database)

    def _run(self, loop: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(loop))


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Again and again: Python 3.11's ``wait_for`` loses a cancellation that comes together with its result."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=0.5)
    await asyncio.gather(*tasks, return_exceptions=True)


async def _require_fit(connector: Any) -> None:
    """A connector may have ``misfits``: sentences on what the other side surely does not have.

    Raises:
        CannotStart: there are any.
    """
    misfits: Callable[[], Coroutine[Any, Any, list[str]]] | None = getattr(connector, "misfits", None)
    wrong = await misfits() if misfits is not None else []
    if wrong:
        raise CannotStart(f"The hospital does not have what it would be asked: {'; '.join(wrong)}.")
