"""The laboratory's line to the platform: whatever comes out is told at once, and again until it is taken."""

import asyncio
import contextlib
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from yinyi.kernel.clock import ShiftedClock
from yinyi.wire.hl7.answers import Heard, heard
from yinyi.wire.hl7.charset import encoded
from yinyi.wire.hl7.codec import written
from yinyi.wire.hl7.errors import Hl7Error
from yinyi.wire.hl7.framing import END, framed
from yinyi_sandbox.hospital.hl7.messages import FACILITY, LABORATORY, header, report
from yinyi_sandbox.settings import SandboxSettings

_EVERY_S = 5.0
_ANSWERED_WITHIN_S = 20.0
_LOOKED_BACK = timedelta(minutes=10)
_MOST = 10
"""At once: on a busy day it tells the newest, and the rest is asked for by its patients."""
_NEW = """
SELECT order_no, version FROM his.report WHERE issued_at BETWEEN $1 AND $2 ORDER BY issued_at DESC, order_no LIMIT 500
"""
_ORDER = """
SELECT r.*, p.full_name FROM his.test_order o CROSS JOIN LATERAL his.order_row_(o) AS r
JOIN his.patient p ON p.patient_no = r.patient_no WHERE o.order_no = $1
"""
_TEXT = "SELECT * FROM his.report WHERE order_no = $1 AND version = $2"
_RESULTS = """
SELECT r.*, a.analyte_name, a.name_en, a.loinc, a.unit, a.decimals
FROM his.report_result r JOIN his.analyte a USING (analyte_code)
WHERE r.order_no = $1 AND r.version = $2 ORDER BY r.rank
"""


@dataclass
class Laboratory:
    """``at``: where the platform takes news. One message at a time, over a connection of its own."""

    pool: "asyncpg.Pool[Any]"
    clock: ShiftedClock
    at: tuple[str, int]
    key: str

    def __post_init__(self) -> None:
        self._told: dict[tuple[str, int], Heard] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(OSError, EOFError, TimeoutError, Hl7Error, asyncpg.PostgresError):
                await self.tell_new()
            await asyncio.sleep(_EVERY_S)

    async def tell_new(self) -> int:
        """What came out in the last minutes and was not told yet; how much that was.

        Raises:
            OSError, EOFError, TimeoutError, Hl7Error: the platform is away.
        """
        now = self.clock.now()
        found = [(row["order_no"], row["version"]) for row in await self.pool.fetch(_NEW, now - _LOOKED_BACK, now)]
        fresh = [each for each in found if each not in self._told][:_MOST]
        self._told = {each: answer for each, answer in self._told.items() if each in found}
        for each in fresh:
            self._told[each] = await self.tell(*each)
        return len(fresh)

    async def tell(self, order_no: str, version: int) -> Heard:
        """
        Raises:
            OSError, EOFError, TimeoutError, Hl7Error: see ``tell_new``.
        """
        order = await self.pool.fetchrow(_ORDER, order_no)
        text = await self.pool.fetchrow(_TEXT, order_no, version)
        assert order is not None
        assert text is not None
        results = await self.pool.fetch(_RESULTS, order_no, version)
        control_id = f"{order_no}-{version}"
        first = header(LABORATORY, self.key, "ORU^R01", control_id, self.clock.now())
        data = framed(encoded(written(report(first, order, text, results)), "gb18030"))
        async with asyncio.timeout(_ANSWERED_WITHIN_S):
            return heard(await self._exchange(data), control_id, "ascii")

    async def _exchange(self, data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self.at)
        try:
            writer.write(data)
            return (await reader.readuntil(END))[1 : -len(END)]
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def laboratory_of(pool: "asyncpg.Pool[Any]", settings: SandboxSettings) -> Laboratory | None:
    """With a key of its own, of which the platform's settings hold the digest. None: the platform takes no news."""
    if not settings.hl7_port:
        return None
    key = _own_key(settings.own_folder / "laboratory.key")
    sender = {
        "name": "laboratory",
        "application": LABORATORY,
        "facility": FACILITY,
        "addresses": ["127.0.0.0/8"],
        "key_digest": hashlib.sha256(key.encode()).hexdigest(),
        "tells": ["report"],
    }
    (settings.connectors_folder / "hl7.json").write_bytes(msgspec.json.encode({"senders": [sender]}))
    return Laboratory(pool, settings.clock, (_reached(settings.http_host), settings.hl7_port), key)


def _reached(host: str) -> str:
    """From this machine."""
    try:
        return "127.0.0.1" if ip_address(host).is_unspecified else host
    except ValueError:
        return host


def _own_key(path: Path) -> str:
    """Made once, and for its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24), encoding="ascii")
    return path.read_text(encoding="ascii")
