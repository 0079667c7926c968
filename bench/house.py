"""A whole Yinyi for benches: started as a person would, with people and kiosks enough for a load."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg

from yinyi.app.embedded.folder import free_port
from yinyi.app.secret_files import secret
from yinyi.app.status import read_status
from yinyi.bus.client import BusClient
from yinyi.bus.database import Database, open_database
from yinyi.bus.envelope import Credentials
from yinyi.bus.transport import NatsTransport, connect
from yinyi.business.identity.model import PatientRecord
from yinyi.business.identity.sessions import start_session
from yinyi.business.identity.store import keep_patient
from yinyi.business.terminals.messages import (
    ConnectTerminal,
    EnrolTerminal,
    Heartbeat,
    MakePairingCode,
    PairBrowser,
)
from yinyi.business.terminals.model import DeviceView, Standing
from yinyi.business.terminals.setup import add_terminal
from yinyi.kernel.clock import ShiftedClock, clock_from_setting
from yinyi.kernel.ids import token
from yinyi.kernel.secrets import load_vault

ZONE = ZoneInfo("Asia/Shanghai")
HOSPITAL_ID = 1


DEVICES = [
    DeviceView(device=kind, kind=kind, state="ok")
    for kind in ("id_reader", "scanner", "receipt_printer", "sheet_printer")
]


@dataclass(frozen=True)
class Screen:
    """A kiosk's screen with somebody in front of it. agent: what its machine's agent shows."""

    terminal_id: str
    patient_no: str
    credentials: Credentials
    agent: Credentials


@dataclass
class House:
    """What a bench reaches: the web, the bus as a kiosk, both databases, the sandbox, the processes."""

    folder: Path
    port: int
    sandbox_url: str
    clock: ShiftedClock
    kiosk_bus: NatsTransport
    kiosk: BusClient
    database: Database
    hospital: "asyncpg.Pool[asyncpg.Record]"

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pids(self) -> dict[str, int]:
        """Of the parts that run now, by name."""
        status = read_status(self.folder / "run" / "status.json")
        return {part.name: part.pid for part in status.parts if part.pid} if status else {}

    async def screens(self, count: int) -> list[Screen]:
        """So many kiosks, each with a patient of his own, known to the hospital."""
        numbers = await self.patients(count)
        terminal_bus = await _bus(self.folder, self._environment(), "terminal")
        terminal = BusClient(terminal_bus, "terminal", self.clock)
        screens: list[Screen] = []
        for serial, patient_no in enumerate(numbers):
            terminal_id = f"B{serial:04d}"
            shown, agent = await self._screen(terminal, terminal_id)
            session = await self._session(terminal_id, patient_no)
            screens.append(Screen(terminal_id, patient_no, Credentials(terminal=shown, session=session), agent))
        await terminal_bus.close()
        return screens

    @asynccontextmanager
    async def machines(self, screens: list[Screen]) -> AsyncGenerator[None]:
        """Around these screens, for as long as the block: printers that work, and lines that live."""
        bus = await _bus(self.folder, self._environment(), "terminal")
        agents = BusClient(bus, "terminal", self.clock)
        connecting = ConnectTerminal(agent_version="bench", devices=DEVICES)
        lines = [(screen.agent, await agents.ask(connecting, credentials=screen.agent)) for screen in screens]

        async def beat() -> None:
            while True:
                for agent, line in lines:
                    await agents.ask(Heartbeat(epoch=line.reply.epoch, waiting=0), credentials=agent)
                await asyncio.sleep(lines[0][1].reply.heartbeat_s)

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait([beating])
            await bus.close()

    async def _screen(self, terminal: BusClient, terminal_id: str) -> tuple[str, Credentials]:
        standing = Standing(terminal_id=terminal_id, name=terminal_id, place="", place_en="", profile="hall")
        async with self.database.transaction() as tx:
            code = await add_terminal(tx, HOSPITAL_ID, standing, self.clock.now())
        enrolled = await terminal.ask(EnrolTerminal(enrolment_code=code, installation_id=terminal_id))
        agent = Credentials(terminal=enrolled.reply.terminal_token)
        pairing = await terminal.ask(MakePairingCode(), credentials=agent)
        paired = await self.kiosk.ask(PairBrowser(pairing_code=pairing.reply.pairing_code))
        return paired.reply.screen_token, agent

    async def _session(self, terminal_id: str, patient_no: str) -> str:
        vault = load_vault(self.folder / "secrets")
        record = PatientRecord(patient_no=patient_no, name="张三丰", sex="male", born_on=None)
        fresh, now = token(), self.clock.now()
        async with self.database.transaction() as tx:
            patient = await keep_patient(tx, vault, HOSPITAL_ID, record, now)
            await start_session(tx, HOSPITAL_ID, terminal_id, patient.patient_id, fresh, now)
        return fresh

    async def seat(self, screen: Screen, patient_no: str) -> Screen:
        """The next patient stands in front of this screen."""
        session = await self._session(screen.terminal_id, patient_no)
        credentials = Credentials(terminal=screen.credentials.terminal, session=session)
        return replace(screen, patient_no=patient_no, credentials=credentials)

    async def crowd(self, screens: list[Screen], each: int) -> list[list[Screen]]:
        """So many patients more before each screen, all of whom may ask at once: nobody's session ends another's."""
        numbers = await self.patients(len(screens) * each, "C")

        async def before(nth: int, screen: Screen) -> list[Screen]:
            return [await self.seat(screen, number) for number in numbers[nth :: len(screens)]]

        queues = [await before(nth, screen) for nth, screen in enumerate(screens)]
        async with self.database.transaction() as tx:
            await tx.execute("UPDATE patient_session SET ended_at = NULL WHERE hospital_id = $1", HOSPITAL_ID)
        return queues

    async def patients(self, count: int, prefix: str = "B") -> list[str]:
        """So many patients, put on the hospital's record."""
        rows = await self.hospital.fetch(
            "INSERT INTO his.patient (patient_no, full_name, sex_code)"
            " SELECT $2 || g, '张三丰', '1' FROM generate_series(1, $1::int) g"
            " ON CONFLICT (patient_no) DO UPDATE SET sex_code = '1' RETURNING patient_no",
            count,
            prefix,
        )
        return [row["patient_no"] for row in rows]

    async def free_all(self) -> None:
        """The windows give back what they sold of today's sessions, so that a load finds numbers on any weekday."""
        await self.hospital.fetch(
            "SELECT his.release_number(n.ref) FROM his.number n JOIN his.schedule s USING (schedule_id)"
            " WHERE s.work_date = his.today_() AND n.ref IS NOT NULL"
        )

    async def left_of(self, schedule_id: str) -> int:
        """How many numbers of a session can still be had."""
        return await self.hospital.fetchval(
            "SELECT count(*) FROM his.number WHERE schedule_id = $1 AND busy_until <= his.instant_()", int(schedule_id)
        )

    def _environment(self) -> dict[str, str]:
        return environment_of(self.pids()["business"])


@asynccontextmanager
async def house(hour: float = 8.6, **settings: str) -> AsyncGenerator[House]:
    """From `yinyi up` until everything answers, at this hour of the hospital's day; stopped afterwards."""
    with tempfile.TemporaryDirectory(prefix="yinyi-bench-") as name:
        folder, port = Path(name), free_port()
        clock = _at(hour)
        env = {name: text for name, text in os.environ.items() if not name.startswith("YINYI_")}
        env |= {
            "YINYI_DATA_DIR": name,
            "YINYI_HTTP_PORT": str(port),
            "YINYI_SOCKET_HOSPITAL_PORT": str(free_port()),
            "YINYI_CLOCK": clock,
            "YINYI_LOG_LEVEL": "warning",
            "YINYI_REGISTRATIONS_A_DAY": "65535",
            "YINYI_REGISTRATIONS_WITH_DOCTOR": "65535",
            **settings,
        }
        program = [sys.executable, str(Path(sys.executable).with_name("yinyi")), "up"]
        process = await asyncio.create_subprocess_exec(*program, env=env, stdout=subprocess.PIPE)
        try:
            await _answers(process)
            told = {name: environment_of(pid) for name, pid in _pids(folder).items() if name in ("business", "sandbox")}
            async with _connected(folder, port, told) as it:
                yield it
        finally:
            process.send_signal(signal.SIGINT)
            await process.communicate()


@asynccontextmanager
async def _connected(folder: Path, port: int, told: dict[str, dict[str, str]]) -> AsyncGenerator[House]:
    business, sandbox = told["business"], told["sandbox"]
    bus = await _bus(folder, business, "kiosk")
    clock = clock_from_setting(business.get("YINYI_CLOCK", ""))
    database = await open_database(business["YINYI_DATABASE_URL"], size=4, name="bench")
    pool = await asyncpg.create_pool(sandbox["YINYI_HOSPITAL_DATABASE_URL"], min_size=1, max_size=4)
    url = f"http://127.0.0.1:{sandbox['YINYI_SANDBOX_PORT']}"
    try:
        yield House(folder, port, url, clock, bus, BusClient(bus, "kiosk", clock, 20.0), database, pool)
    finally:
        await pool.close()
        await database.close()
        await bus.close()


async def _bus(folder: Path, environment: dict[str, str], account: str) -> NatsTransport:
    return await connect(environment["YINYI_NATS_URL"], account, secret(folder / "secrets", f"nats-{account}"))


async def _answers(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(90):
        async for line in process.stdout:
            if b"Everything answers" in line:
                return
    raise RuntimeError("yinyi up ended before everything answered")


def _at(hour: float) -> str:
    """Today (of the hospital) at this hour, as a setting of the clock."""
    today = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(hours=hour)).isoformat()


def _pids(folder: Path) -> dict[str, int]:
    status = read_status(folder / "run" / "status.json")
    assert status is not None
    return {part.name: part.pid for part in status.parts if part.pid}


def environment_of(pid: int) -> dict[str, str]:
    """What a process of ours was told when it was started."""
    entries = Path("/proc", str(pid), "environ").read_bytes().decode().split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)
