"""Every terminal of a large hospital with both its merchants, put on record and signed on: how long that takes,
and by how much the process that holds the sessions and the connector has grown then, from one session to all of
them."""

import asyncio
import gc
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from bench.bank_far import MERCHANTS, TERMINALS, far_side
from bench.bank_load import BANK, ZONE, around, loaded, settings
from bench.figures import Figures, pss_bytes
from bench.payments import OWNER, ROOM, TEMPLATE
from yinyi.access.keys.software.config import Settings as KeySettings
from yinyi.access.keys.software.plugin import SoftwareKeyStore
from yinyi.access.payment.unionpay.plugin import UnionPay
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.migrations import upgrade
from yinyi.app.serving import settle_memory
from yinyi.bus.database import open_database
from yinyi.business.lines import key_rows, session_store
from yinyi.business.lines.card_vault import CardVault
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.line_means import LineMeans
from yinyi.business.lines.session_model import PinKey
from yinyi.business.lines.sessions import PosSessions
from yinyi.kernel.secrets import Vault

_SCOPES: dict[str, str] = dict(zip(MERCHANTS, ("outpatient", "inpatient"), strict=True))
_AT_ONCE = 16
_HOSPITAL = 1


@dataclass
class Hall:
    """One business process's sessions."""

    means: LineMeans
    keys: SoftwareKeyStore
    sessions: PosSessions

    async def put_on_record(self, slot: PosSession) -> None:
        """With its master key."""
        now, scope = self.means.clock.now(), _SCOPES[slot.merchant_no]
        tmk = await loaded(self.keys, slot)
        by = key_rows.Loaded(at=now, by="anna", custodians=("anna", "bernd"))
        async with self.means.database.transaction() as tx:
            await key_rows.first_in_use(tx, _HOSPITAL, await self.keys.master_key_id(), now)
            await key_rows.put_tmk(tx, _HOSPITAL, slot, tmk, by)
            await session_store.add(tx, _HOSPITAL, slot, scope, slot.terminal_no, f"云山市人民医院 {scope}")

    async def sign_on(self, slot: PosSession) -> None:
        """As a kiosk makes its session ready before it asks for a PIN."""
        chosen = await self.sessions.choose(slot.terminal_no, BANK, _SCOPES[slot.merchant_no])
        assert chosen is not None
        ready = await self.sessions.pin_key(BANK, chosen)
        assert isinstance(ready, PinKey), ready


def measure(quick: bool) -> Figures:
    """With PostgreSQL and the bank in processes of their own."""
    with (
        TemporaryDirectory(prefix="yinyi-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres", tuning=ROOM) as server,
    ):
        server.create_database(TEMPLATE, owner=OWNER)
        upgrade(server.url(TEMPLATE, OWNER))
        return uvloop.run(_measured(server.local_url(TEMPLATE, OWNER), Path(folder) / "secrets", quick))


async def _measured(url: str, secrets: Path, quick: bool) -> Figures:
    terminals = TERMINALS[:100] if quick else TERMINALS
    slots = [PosSession(BANK, merchant_no, terminal_no) for terminal_no in terminals for merchant_no in MERCHANTS]
    async with _hall(url, secrets) as it:
        first, *others = slots
        await it.put_on_record(first)
        await it.sign_on(first)
        settle_memory()
        before = pss_bytes([os.getpid()])
        recorded_s = await _timed(it.put_on_record, others)
        signed_on_s = await _timed(it.sign_on, others)
        gc.collect()
        grown = pss_bytes([os.getpid()]) - before
    return {
        "sessions": len(slots),
        "put_on_record_s": round(recorded_s, 1),
        "signed_on_s": round(signed_on_s, 1),
        "signed_on_per_s": round(len(others) / signed_on_s),
        "memory_before_mb": round(before / 2**20, 1),
        "memory_grown_mb": round(grown / 2**20, 1),
        "session_kb": round(grown / len(others) / 1024, 2),
    }


@asynccontextmanager
async def _hall(url: str, folder: Path) -> AsyncGenerator[Hall]:
    async with far_side("bank") as bank:
        surroundings = around(str(folder))
        database = await open_database(url, size=_AT_ONCE, name="bench")
        connector, keys = UnionPay(settings(bank.port), surroundings), SoftwareKeyStore(KeySettings(), surroundings)
        vault = CardVault(Vault({1: bytes(32)}, bytes(32)))
        means = LineMeans(database, {BANK: connector}, keys, vault, surroundings.clock, ZONE, _HOSPITAL)
        await connector.start()
        try:
            yield Hall(means, keys, PosSessions(means))
        finally:
            await connector.stop()
            await database.close()


async def _timed(do: Callable[[PosSession], Awaitable[None]], slots: list[PosSession]) -> float:
    """Seconds for all of them, some at once."""
    left = iter(slots)

    async def some() -> None:
        for slot in left:
            await do(slot)

    begun = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))
    return time.perf_counter() - begun
