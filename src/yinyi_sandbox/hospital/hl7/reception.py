"""What the platform tells the HIS: visits and charges (SIU, DFT, BAR), taken by MLLP, kept before they are answered."""

import asyncio
import contextlib
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import msgspec
import structlog

from yinyi.kernel.clock import ShiftedClock
from yinyi.wire.hl7.answers import Told, answer
from yinyi.wire.hl7.charset import decoded
from yinyi.wire.hl7.codec import Message, read, written
from yinyi.wire.hl7.errors import Hl7Error
from yinyi.wire.hl7.framing import Frames, framed
from yinyi_sandbox.hospital.hl7.messages import FACILITY, HIS, ZONE

log = structlog.get_logger()

_EVENTS = ("SIU^S12", "SIU^S15", "SIU^S17", "DFT^P03", "BAR^P01", "BAR^P05", "BAR^P06")
_WANTED = {"SIU": "SCH-1", "DFT": "FT1-11", "BAR": "PID-18"}
_CHUNK = 16 * 1024
_IDLE_S = 60.0
_YUAN = re.compile(r"([0-9]{1,9})\.([0-9]{2})")
_AGAIN = "SELECT digest FROM his.heard WHERE control_id = $1 AND answer = 'AA'"
_KEEP = """
INSERT INTO his.heard (control_id, event, answer, problem, patient_no, reference, payment_no, amount_fen, digest,
  heard_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, his.instant_())
ON CONFLICT (control_id) DO UPDATE SET answer = excluded.answer, problem = excluded.problem, digest = excluded.digest,
  patient_no = excluded.patient_no, reference = excluded.reference, payment_no = excluded.payment_no,
  amount_fen = excluded.amount_fen, heard_at = excluded.heard_at
WHERE his.heard.answer <> 'AA'
"""
_KNOWN = "SELECT true FROM his.patient WHERE patient_no = $1"


class Said(NamedTuple):
    """What a message says. reference: of a visit. amount_fen: below nothing where it is given back; of an
    account: all that it stands at."""

    control_id: str
    event: str
    patient_no: str
    reference: str
    payment_no: str
    amount_fen: int | None
    digest: bytes


@dataclass
class Reception:
    """``key``: by which the platform is known here. ``folder``: of the HIS's own, where the port is kept."""

    pool: "asyncpg.Pool[Any]"
    clock: ShiftedClock
    key: str
    folder: Path
    _server: asyncio.Server | None = field(default=None, init=False)
    _lines: "set[asyncio.Task[None]]" = field(default_factory=set["asyncio.Task[None]"], init=False)
    _answered: int = field(default=0, init=False)

    @property
    def port(self) -> int:
        assert self._server is not None
        return self._server.sockets[0].getsockname()[1]

    async def start(self) -> None:
        """On the port of last time, unless somebody else has it now."""
        kept = self.folder / "reception.port"
        last = int(kept.read_text(encoding="ascii")) if kept.exists() else 0
        try:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", last)
        except OSError:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(str(self.port), encoding="ascii")

    async def stop(self) -> None:
        """What was not answered is told again."""
        if self._server is not None:
            self._server.close()
        for each in self._lines:
            each.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    def write_settings(self, path: Path) -> None:
        """Of the platform's connector, for its owner only: there is a key in it."""
        receiver = {"name": "his", "host": "127.0.0.1", "port": self.port, "application": HIS, "facility": FACILITY}
        receivers = [{**receiver, "wants": ["visit", "charge"], "key": self.key}]
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode({"receivers": receivers}))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, TimeoutError, Hl7Error, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("hospital.hl7_line_ended", error=type(error).__name__)
        finally:
            self._lines.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """
        Raises:
            OSError, TimeoutError, Hl7Error, asyncpg.PostgresError: nothing is answered, and it is told again.
        """
        frames = Frames()
        while True:
            async with asyncio.timeout(_IDLE_S):
                data = await reader.read(_CHUNK)
            if not data:
                return
            for each in frames.feed(data):
                writer.write(framed(await self.hear(each)))
                await writer.drain()

    async def hear(self, data: bytes) -> bytes:
        """The acknowledgement, after it is kept.

        Raises:
            Hl7Error: it is no message. asyncpg.PostgresError: it cannot be kept.
        """
        text, charset = decoded(data, "ascii")
        message = read(text)
        told = await self._told(message)
        self._answered += 1
        ours = f"H{self.clock.now():%y%m%d%H%M%S}{self._answered % 1_000_000:06}"
        return answer(message, charset, told, ours, self.clock.now(), ZONE)

    async def _told(self, message: Message) -> Told:
        if not hmac.compare_digest(message.header.text(8).encode(), self.key.encode()):
            return Told("AR", "204", "SenderUnknown")
        said = _said(message)
        if not said.control_id:
            return Told("AE", "101", "MSH-10")
        before = await self.pool.fetchval(_AGAIN, said.control_id)
        if before is not None:
            return Told("AA") if before == said.digest else Told("AE", "205", "OtherMessage")
        told = await self._judged(said)
        await self.pool.execute(_KEEP, said.control_id, said.event, told.code, told.name, *said[2:])
        return told

    async def _judged(self, said: Said) -> Told:
        if said.event not in _EVENTS:
            return Told("AR", "201", "EventUnknown")
        if not (said.reference or (said.payment_no and said.amount_fen is not None)):
            return Told("AE", "101", _WANTED[said.event[:3]])
        if not await self.pool.fetchval(_KNOWN, said.patient_no):
            return Told("AE", "204", "PatientUnknown")
        return Told("AA")


def _said(message: Message) -> Said:
    header, paid, account = message.header, message.first("FT1"), message.first("PV1")
    is_account = header.text(9) == "BAR"
    body = written(Message(message.segments[1:]))
    return Said(
        control_id=header.text(10),
        event=f"{header.text(9)}^{header.text(9, 2)}",
        patient_no=message.first("PID").text(3),
        reference=message.first("SCH").text(1),
        payment_no=message.first("PID").text(18) if is_account else paid.text(23),
        amount_fen=_amount_fen(account.text(49), "CG") if is_account else _amount_fen(paid.text(11), paid.text(6)),
        digest=hashlib.sha256(body.encode()).digest(),
    )


def _amount_fen(yuan: str, kind: str) -> int | None:
    found = _YUAN.fullmatch(yuan)
    if found is None or kind not in ("CG", "CD"):
        return None
    amount_fen = int(found[1]) * 100 + int(found[2])
    return amount_fen if kind == "CG" else -amount_fen
