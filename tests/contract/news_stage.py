"""Systems of a hospital that tell news by MLLP, in front of the platform as it is wired."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from holder_stage import HolderStage, InProcess
from line_stage import ZONE

from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.business.news.model import NewsSettings, Sender
from yinyi.business.reports.model import DiagnosticReport
from yinyi.interface.hl7.server import Hl7Lines
from yinyi.interface.metrics import Metrics
from yinyi.wire.hl7.charset import NAMES, Charset, decoded, encoded
from yinyi.wire.hl7.codec import Message, Segment, Whole, read, segment, written
from yinyi.wire.hl7.framing import framed
from yinyi.wire.hl7.values import instant_text

KEY = "a key of the laboratory's"
SENDERS = NewsSettings(
    unnamed="gb18030",
    senders=[
        Sender(
            name="laboratory",
            application="LIS",
            facility="YSRMYY",
            addresses=["127.0.0.0/8"],
            key_digest=hashlib.sha256(KEY.encode()).hexdigest(),
            tells=("report",),
        ),
        Sender(
            name="his", application="HIS", facility="YSRMYY", addresses=["127.0.0.1/32"], tells=("patient", "visit")
        ),
        Sender(name="elsewhere", application="HIS", facility="FAR", addresses=["10.1.0.0/16"]),
    ],
)
_numbers = count(1)
ABOUT = DiagnosticReport(
    order_no="T2611230017",
    kind="laboratory",
    patient_no="2016000099",
    item_code="W0105",
    name="血常规",
    name_en="",
    modality="",
    specimen="",
    specimen_en="",
    tube="",
    sensitive=False,
    barcode="",
    state="ordered",
    version=0,
    requested_at=datetime(2026, 2, 23, 1, 0, tzinfo=UTC),
    sampled_at=None,
    issued_at=None,
    invoice_no="",
    form_no="",
    department_id="1001",
    practitioner_id="",
)
"""Of somebody whom the platform does not know."""


def header(event: str, at: datetime, **more: Whole) -> Segment:
    kind, _, trigger = event.partition("^")
    application = "LIS" if kind == "ORU" else "HIS"
    fields: dict[str, Any] = {
        "f3": application,
        "f4": "YSRMYY",
        "f5": "YINYI",
        "f7": instant_text(at, ZONE),
        "f8": KEY if kind == "ORU" else "",
        "f9": (kind, trigger),
        "f10": f"M{next(_numbers):08}",
        "f11": "P",
        "f12": "2.5.1",
        "f18": NAMES["gb18030"],
    }
    return segment("MSH", **(fields | more))


def report(about: DiagnosticReport, at: datetime, *results: Segment, **more: Any) -> list[Segment]:
    """An ORU as a laboratory sends it. more: ``msh``, ``pid``, ``orc``, ``obr``: fields that are otherwise."""
    of_order: dict[str, Any] = {
        "f2": about.order_no,
        "f4": (about.item_code, about.name, "L"),
        "f7": instant_text(at, ZONE),
        "f22": instant_text(at, ZONE),
        "f24": "LAB",
        "f25": "F",
        "f32": (("", "孙检验"),),
    }
    return [
        header("ORU^R01", at, **more.get("msh", {})),
        segment(
            "PID",
            f1="1",
            f3=[("X1", "", "", "", "SS"), (about.patient_no, "", "", "YSRMYY", "MR")],
            f5=("欧阳", "春晓"),
        ),
        segment("ORC", **({"f1": "RE", "f2": about.order_no} | more.get("orc", {}))),
        segment("OBR", **(of_order | more.get("obr", {}))),
        *(results or [result("WBC", "白细胞", "5.20", "3.5-9.5", "N")]),
    ]


def result(code: str, name: str, text: str, usual: str = "", flag: str = "", **more: Whole) -> Segment:
    fields: dict[str, Any] = {"f2": "NM", "f3": (code, name, "L"), "f5": text, "f6": "10*9/L", "f7": usual, "f8": flag}
    return segment("OBX", **(fields | {"f11": "F"} | more))


@dataclass
class Teller:
    """A system of the hospital's with a line to the platform."""

    lines: Hl7Lines
    open: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(
        default_factory=list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    )

    async def line(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if not self.open:
            self.open.append(await asyncio.open_connection("127.0.0.1", self.lines.port))
        return self.open[0]

    async def sends(self, data: bytes) -> Message | None:
        """The answer; None: the line was closed without one."""
        reader, writer = await self.line()
        try:
            writer.write(data)
            answer = await reader.readuntil(b"\x1c\r")
        except (asyncio.IncompleteReadError, ConnectionError):
            await self.hangs_up()
            return None
        return read(decoded(answer[1:-2], "ascii")[0])

    async def tells(self, segments: list[Segment], charset: Charset = "gb18030") -> tuple[str, str]:
        """MSA-1, and the code of the error, empty where there is none."""
        answer = await self.sends(framed(encoded(written(Message(tuple(segments))), charset)))
        if answer is None:
            return "", ""
        acknowledged = answer.first("MSA")
        assert acknowledged.text(2) == segments[0].text(10)
        return acknowledged.text(1), acknowledged.text(3).partition(":")[0]

    async def half_closes(self) -> None:
        """Nothing more comes from here."""
        for _, writer in self.open:
            writer.write_eof()

    async def hangs_up(self) -> None:
        for _, writer in self.open:
            writer.close()
        self.open.clear()


@asynccontextmanager
async def teller(stage: HolderStage, bus: Any = None, **limits: Any) -> AsyncGenerator[Teller]:
    """bus: what stands between interface and business."""
    client = BusClient(bus or InProcess(stage.business.dispatcher), Caller.NEWS.value, stage.line.clock)
    lines = Hl7Lines(client, Metrics(), stage.line.clock, ZONE, **limits)
    await lines.start("127.0.0.1", 0)
    one = Teller(lines)
    try:
        yield one
    finally:
        await one.hangs_up()
        await lines.close()


async def all_seen_to(stage: HolderStage) -> None:
    while await stage.business.news.turn():
        pass
