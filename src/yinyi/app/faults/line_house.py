"""The bank line on a stage: a session with its keys, and each process's way to it."""

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from yinyi.access.keys.software.config import Settings
from yinyi.access.keys.software.plugin import SoftwareKeyStore
from yinyi.app.faults.far_bank import SimBank
from yinyi.app.faults.far_side import SimClock
from yinyi.app.faults.line_wire import BANK, HALVES, SLOT, SimErrands, SimWire
from yinyi.app.faults.script import Script
from yinyi.bus.database import Database, Row
from yinyi.business.lines import key_rows, session_store
from yinyi.business.lines.card_vault import CardVault
from yinyi.business.lines.line_means import LineMeans
from yinyi.business.lines.session_model import Card, LineAnswer
from yinyi.business.lines.sessions import PosSessions
from yinyi.business.payments.cards import CardLine, SealedCards
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import Surroundings
from yinyi.kernel.secrets import Vault
from yinyi.wire.iso8583 import des
from yinyi.wire.key_entry import context_of, seal

CHANNEL, TERMINAL = "bank_card", "T1"
NEXT_CARD = Card(pan="6228480012345678901", entry_mode="chip")
NEXT_FEN = Fen(1200)
"""Of whoever comes next to the same terminal, and what he pays."""
_OPENS = """
WITH gone AS (DELETE FROM line_message WHERE hospital_id = 1 AND session_id = $1),
  forgotten AS (DELETE FROM line_batch WHERE hospital_id = 1 AND session_id = $1)
UPDATE line_session SET busy_until = NULL, must_sign_on = $3, signed_on_day = $2, trace_no = 0, epoch = epoch + 1,
  batch_no = batch_no % 999999 + 1, batch_began_behind = 0, left_batches = '{}', host_batch_no = NULL
WHERE hospital_id = 1 AND session_id = $1 RETURNING batch_no
"""
_BATCHES = """
SELECT b.*, s.batch_no AS open_batch_no, s.left_batches FROM line_session s
LEFT JOIN line_batch b USING (hospital_id, session_id) WHERE s.hospital_id = 1 AND s.session_id = $1
"""
_RECORD = "SELECT * FROM line_message WHERE hospital_id = 1 AND session_id = $1 ORDER BY batch_no, trace_no"
_VAULT = Vault({1: bytes(32)}, bytes(32))


class ProcessLine:
    """What one process has of it."""

    def __init__(self, means: LineMeans, wire: SimWire) -> None:
        self.wire = wire
        self.sessions = PosSessions(means)
        wire.settled_late = self.sessions.settled_late
        self.cards = CardLine(CHANNEL, BANK, self.sessions, SealedCards(_VAULT), means.zone)

    def parks(self) -> None:
        """Whoever waits for the bank stands still until the clock of the stage says so."""
        self.cards.errands, self.cards.reversals = SimErrands(self.wire), SimErrands(self.wire)


class LineHouse:
    """The session of the terminal, and what all processes share of it."""

    def __init__(self, quiet: Database, clock: SimClock, zone: ZoneInfo, folder: Path) -> None:
        self.quiet, self.clock, self.zone = quiet, clock, zone
        self.bank = SimBank(clock)
        self.keys = SoftwareKeyStore(Settings(), Surroundings(clock=clock, callback_url="", secrets=folder))
        self.session_id = 0
        self.calm = self.process(quiet, Script(clock), calm=True)
        """Of whom nothing goes wrong: where the next one at the terminal pays."""

    def process(self, database: Database, script: Script, *, calm: bool = False) -> ProcessLine:
        script.calm = script.calm or calm
        line = self.with_wire(database, SimWire(self.bank, script))
        line.parks()
        return line

    def with_wire(self, database: Database, wire: SimWire) -> ProcessLine:
        """The same of a process with this way to the bank."""
        vault = CardVault(_VAULT)
        return ProcessLine(LineMeans(database, {BANK: wire}, self.keys, vault, self.clock, self.zone, 1), wire)

    async def open(self) -> None:
        """The terminal's master key is loaded, and it has signed on."""
        halves = [
            await self.keys.seal_component(
                SLOT,
                part,
                seal(await self.keys.entry_key(), context_of(str(SLOT), part), half),
                des.check_value(half),
            )
            for part, half in enumerate(HALVES, 1)
        ]
        tmk = await self.keys.combine(SLOT, *halves)
        now = self.clock.now()
        loaded = key_rows.Loaded(at=now, by="anna", custodians=("anna", "bernd"))
        async with self.quiet.transaction() as tx:
            await key_rows.first_in_use(tx, 1, await self.keys.master_key_id(), now)
            await key_rows.put_tmk(tx, 1, SLOT, tmk, loaded)
            self.session_id = await session_store.add(tx, 1, SLOT, "outpatient", TERMINAL, "云山市人民医院")
        await self.calm.sessions.sign_on(BANK, self.session_id)

    async def begins(self, *, signed_on: bool) -> None:
        """A new day in a new batch."""
        today = self.clock.now().astimezone(self.zone).date()
        async with self.quiet.read() as tx:
            batch_no = await tx.fetchval(_OPENS, self.session_id, today, not signed_on)
        self.bank.day.began(batch_no, signed_on=signed_on)
        self.bank.traces.clear()

    async def next_pays(self, reference: str) -> LineAnswer:
        """Whoever comes next to the terminal."""
        return await self.calm.sessions.purchase(BANK, self.session_id, reference, NEXT_FEN, NEXT_CARD)

    async def batches(self) -> list[Row]:
        """Those that are settled, as we know it; of each, and if there is none, which one is open and which the bank
        has left behind."""
        async with self.quiet.read() as tx:
            return await tx.fetch(_BATCHES, self.session_id)

    async def record(self) -> list[Row]:
        """Everything that was said in this run, as we know it."""
        async with self.quiet.read() as tx:
            return await tx.fetch(_RECORD, self.session_id)

    async def stop(self) -> None:
        await self.keys.stop()


@dataclass
class CardAccount:
    """What the bank has of one card; the judge's other references are of no use there. ``pan``: whose."""

    bank: SimBank
    pan: str = ""

    @property
    def card(self) -> Card:
        return Card(pan=self.pan, entry_mode="chip", sequence_no="001", chip_data=b"chip")

    def kept_fen(self, references: set[str]) -> int:
        return self.bank.kept_fen(self.pan)

    def back_fen(self, reference: str) -> int:
        return 0

    def open_orders(self, references: set[str]) -> int:
        return 0
