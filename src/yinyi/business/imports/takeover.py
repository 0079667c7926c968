"""What two people have confirmed is taken over in slices, each a transaction of its own: whoever is killed in between,
another goes on behind the last one. A slice leaves what waits in the write that makes it patients or balances, so that
none is taken over twice; and each patient's balance has one source in the ledger, whatever happens."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from yinyi.bus.database import Database, Row, Tx
from yinyi.business.identity import many
from yinyi.business.imports import store
from yinyi.business.imports.checking import opening_source
from yinyi.business.imports.model import BalanceLine, Problem
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.model import OPENING, Between, JournalEntry, Posting, prepaid_account
from yinyi.business.prepaid.store import held_mode
from yinyi.kernel.clock import Clock
from yinyi.kernel.money import Fen

log = structlog.get_logger()

LINES = 1000
OPENED = "opening"
MOVES = {OPENED: Between(("opening:",), ("prepaid:",))}
"""Between which accounts journal entries of this domain move money."""


class Takeover:
    """Runs in every business process; one of them works at an import at a time."""

    def __init__(
        self, database: Database, clock: Clock, zone: ZoneInfo, lines: int = LINES, every_s: float = 1.0
    ) -> None:
        """``lines``: of a file, in one transaction."""
        self._database = database
        self._clock = clock
        self._zone = zone
        self._lines = lines
        self._every_s = every_s
        self._aside = dict[int, str]()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(self._every_s)

    async def round(self) -> None:
        """Until nothing can go on. An import that fails holds up no other, and is tried again in the next round."""
        more = True
        while more:
            aside = len(self._aside)
            try:
                more = await self._has_work() and await self.advance()
            except Exception as error:  # the loop outlives every fault of the database
                more = len(self._aside) > aside
                import_no = [*self._aside.values()][-1] if more else ""
                log.warning("imports.interrupted", import_no=import_no, why=type(error).__name__)

    async def _has_work(self) -> bool:
        """Nearly never: then a look is all, and no transaction begins."""
        async with self._database.read() as tx:
            return bool(self._aside) or await store.has_work(tx)

    async def advance(self) -> bool:
        """One slice of the first that can go on, of whatever waits to be taken over or to be forgotten. What cannot, or
        fails here, stands aside until all others are done. False: there is nothing to do."""
        while True:
            async with self._database.transaction() as tx:
                run = await store.take_work(tx, self._aside)
                if run is None:
                    self._aside.clear()
                    return False
                self._aside[run["import_id"]] = run["import_no"]
                has_gone_on = await self._step(tx, run, self._clock.now())
            if has_gone_on:
                del self._aside[run["import_id"]]
                return True

    async def _step(self, tx: Tx, run: Row, now: datetime) -> bool:
        await store.by_index(tx)
        if run["state"] == "withdrawn":
            await store.sweep(tx, run, run["taken_to"] + self._lines, now)
        elif run["taken_to"] < run["patients_lines"]:
            await self._take(tx, run, min(run["taken_to"] + self._lines, run["patients_lines"]), now)
        elif run["opened_to"] < run["balances_lines"]:
            return await self._open(tx, run, min(run["opened_to"] + self._lines, run["balances_lines"]), now)
        else:
            await store.end(tx, run, now)
            log.info("imports.done", import_no=run["import_no"], opened=run["opened"], opened_fen=run["opened_fen"])
        return True

    async def _take(self, tx: Tx, run: Row, to_line: int, now: datetime) -> None:
        """Patients and what is bound to them. Whom a kiosk has put on record meanwhile stays as he is."""
        hospital_id = run["hospital_id"]
        made = await many.keep_new(tx, hospital_id, await store.take_patients(tx, run, to_line), now)
        bindings = await store.take_bindings(tx, run, to_line)
        others = await many.bind_new(tx, hospital_id, [binding for _, binding in bindings], now)
        left_out = [
            Problem(line=line, field=binding.kind, reason="bound_meanwhile")
            for line, binding in bindings
            if binding in others
        ]
        await store.put_problems(tx, run, "patients", left_out)
        await store.taken_to(tx, run, to_line, made, len(bindings) - len(left_out), len(left_out))

    async def _open(self, tx: Tx, run: Row, to_line: int, now: datetime) -> bool:
        """False: accounts are off."""
        hospital_id = run["hospital_id"]
        balances = await store.balances(tx, run, to_line)
        if balances and await held_mode(tx, hospital_id) == "off":
            log.warning("imports.accounts_off", import_no=run["import_no"])
            return False
        ids = await many.patient_ids(tx, hospital_id, [each.patient_no for each in balances])
        if balances:
            await ledger.post(tx, [self._entry(hospital_id, ids[each.patient_no], each, now) for each in balances])
        await store.opened(tx, run, to_line, balances, [ids[each.patient_no] for each in balances], now)
        await store.opened_to(tx, run, to_line, len(balances), sum(each.amount_fen for each in balances))
        return True

    def _entry(self, hospital_id: int, patient_id: int, balance: BalanceLine, now: datetime) -> JournalEntry:
        account = prepaid_account(str(patient_id))
        posting = Posting(debit_account=OPENING, credit_account=account, amount_fen=Fen(balance.amount_fen))
        return JournalEntry(
            hospital_id=hospital_id,
            source=opening_source(patient_id),
            kind=OPENED,
            business_date=now.astimezone(self._zone).date(),
            posted_at=now,
            postings=(posting,),
        )
