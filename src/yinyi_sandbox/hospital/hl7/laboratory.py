"""The laboratory's line to the platform: whatever comes out is told at once, and again until it is taken."""

import hashlib
import secrets
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from yinyi.wire.hl7.answers import Heard
from yinyi_sandbox.hospital.hl7.front_desk import FrontDesk
from yinyi_sandbox.hospital.hl7.messages import FACILITY, HIS, LABORATORY, header, report
from yinyi_sandbox.hospital.hl7.news_line import LOOKED_BACK, NewsLine
from yinyi_sandbox.settings import SandboxSettings

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


class Laboratory(NewsLine):
    """Whatever comes out."""

    async def tell_new(self) -> int:
        """See ``NewsLine``."""
        now = self.clock.now()
        found = [(row["order_no"], row["version"]) for row in await self.pool.fetch(_NEW, now - LOOKED_BACK, now)]
        fresh = [each for each in found if each not in self.told][:_MOST]
        self.told = {each: answer for each, answer in self.told.items() if each in found}
        for each in fresh:
            self.told[each] = await self.tell(*each)
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
        return await self.say(report(first, order, text, results), control_id)


def lines_of(pool: "asyncpg.Pool[Any]", settings: SandboxSettings) -> list[NewsLine]:
    """The laboratory's and the HIS's, each with a key of its own, of which the platform's settings hold the digest.
    None: the platform takes no news."""
    if not settings.hl7_port:
        return []
    at = (_reached(settings.http_host), settings.hl7_port)
    keys = {name: own_key(settings.own_folder / f"{name}.key") for name in ("laboratory", "his")}
    senders = [
        _sender("laboratory", LABORATORY, keys["laboratory"], "report"),
        _sender("his", HIS, keys["his"], "patient", "visit"),
    ]
    (settings.connectors_folder / "hl7.json").write_bytes(msgspec.json.encode({"senders": senders}))
    return [
        Laboratory(pool, settings.clock, at, keys["laboratory"]),
        FrontDesk(pool, settings.clock, at, keys["his"]),
    ]


def _sender(name: str, application: str, key: str, *tells: str) -> dict[str, Any]:
    return {
        "name": name,
        "application": application,
        "facility": FACILITY,
        "addresses": ["127.0.0.0/8"],
        "key_digest": hashlib.sha256(key.encode()).hexdigest(),
        "tells": list(tells),
    }


def _reached(host: str) -> str:
    """From this machine."""
    try:
        return "127.0.0.1" if ip_address(host).is_unspecified else host
    except ValueError:
        return host


def own_key(path: Path) -> str:
    """Made once, and for its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24), encoding="ascii")
    return path.read_text(encoding="ascii")
