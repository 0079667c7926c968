"""All of Yinyi in real processes, for one test worker: ``yinyi up`` on free ports, its far side, its books."""

import asyncio
import base64
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from datetime import datetime, timedelta
from datetime import time as day_time
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import msgspec

from yinyi.app.demo_hospital import HOSPITAL_ID
from yinyi.app.embedded.child import tied_to_parent
from yinyi.app.embedded.folder import free_port
from yinyi.app.status import read_status
from yinyi.bus.database import open_database
from yinyi.business.terminals.credentials import pairing_code
from yinyi.business.terminals.model import Standing
from yinyi.business.terminals.setup import add_terminal
from yinyi.kernel.clock import ShiftedClock, offset_setting
from yinyi.wire import institution, resident_card
from yinyi.wire.resident_card import CardText

ZONE = ZoneInfo("Asia/Shanghai")
KEPT = frozenset({"YINYI_HOSPITAL"})
"""What whoever runs the tests may choose: the way to the hospital."""
WITHIN_S = 40.0
"""Longer than anything takes that ends by itself within a test, on a busy machine."""

_YINYI = Path(sys.executable).with_name("yinyi")
_PAUSE_S = 0.05
_T = TypeVar("_T")


class RealPlatform:
    """On a folder of its own. For the hospital it is half past nine today when it starts, whatever hour it is here."""

    def __init__(self, folder: Path, clock: ShiftedClock | None = None, **more: str) -> None:
        """``clock``: of an earlier one on the same folder, which goes on. ``more``: settings, as ``LOG_LEVEL``."""
        self.folder = folder
        self.port, self._sandbox_port, self.hl7_port = free_port(), free_port(), free_port()
        self.clock = clock or _morning_clock()
        self.base = f"http://127.0.0.1:{self.port}"
        self._loop = _Loop()
        self._heard: list[str] = []
        self._news = threading.Condition()
        told = {"DATA_DIR": str(folder), "HTTP_PORT": str(self.port), "SANDBOX_PORT": str(self._sandbox_port)}
        told["HL7_PORT"] = str(self.hl7_port)
        told |= {"CLOCK": offset_setting(self.clock), **more}
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("YINYI_") or name in KEPT}
        self._environment = inherited | {f"YINYI_{name}": text for name, text in told.items()}
        self._process = subprocess.Popen(
            [_YINYI, "up"],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=tied_to_parent(signal.SIGTERM),
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        self.http = httpx.Client(base_url=self.base, timeout=30, trust_env=False)
        self.sandbox = httpx.Client(base_url=f"http://127.0.0.1:{self._sandbox_port}", timeout=30, trust_env=False)
        self._control: httpx.Client | None = None

    @property
    def said(self) -> list[str]:
        """What has been logged so far, by all parts."""
        with self._news:
            return list(self._heard)

    # -- processes

    def hear(self, words: str, since: int = 0, within_s: float = 90.0) -> None:
        """`yinyi up` has said so since it had said ``since`` lines."""
        with self._news:
            said = self._news.wait_for(lambda: any(words in line for line in self._heard[since:]), within_s)
            assert said, f"it never said {words!r} but {self._heard[since:]}"

    def pid(self, part: str) -> int:
        status = read_status(self.folder / "run" / "status.json")
        assert status is not None
        return next(each.pid for each in status.parts if each.name == part and each.pid is not None)

    def kill(self, part: str) -> None:
        """By SIGKILL; comes back when the part is ready again."""
        since = len(self._heard)
        self.signal(part, signal.SIGKILL)
        self.hear(f"{part} is ready", since)

    def signal(self, part: str, number: signal.Signals) -> None:
        os.kill(self.pid(part), number)

    @contextlib.contextmanager
    def frozen(self, part: str) -> Generator[None]:
        """The part's process stands still for as long as the block."""
        pid = self.pid(part)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def command(self, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        """Another command of ours, on the same folder. ``typed``: its standard input."""
        return subprocess.run(
            [_YINYI, *arguments],
            env=self._environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def staff_ask(self, operation: str, **fields: Any) -> Any:
        """An operation in the name of the staff, as they type it; its reply."""
        done = self.command("ask", operation, msgspec.json.encode(fields).decode())
        assert done.returncode == 0, done.stderr
        return msgspec.json.decode(done.stdout)

    def stop(self, at_once: bool = False) -> None:
        """Gently, then not."""
        self._process.send_signal(signal.SIGKILL if at_once else signal.SIGINT)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(30)
        self._reader.join(10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        for client in (self.http, self.sandbox, self._control):
            if client is not None:
                client.close()
        self._loop.stop()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._news:
                self._heard.append(line.rstrip())
                self._news.notify_all()

    # -- the kiosk's devices

    @property
    def control(self) -> httpx.Client:
        """Hands for the virtual devices."""
        if self._control is None:
            told = msgspec.json.decode((self.folder / "devices" / "control.json").read_bytes())
            headers = {"authorization": f"Bearer {told['token']}"}
            self._control = httpx.Client(base_url=told["url"], headers=headers, timeout=30, trust_env=False)
        return self._control

    def until_connected(self) -> None:
        """The terminal's line to the platform stands."""
        until(lambda: self._answer(self.control.get("/state"))["connected"], "the terminal's line stands")

    def until_well(self) -> None:
        """Every part answers."""
        until(self._is_well, "every part answers", 90)
        self.until_connected()

    def _is_well(self) -> bool:
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    def pairing_code(self) -> str:
        return self._answer(self.control.post("/pairing"))["pairing_code"]

    def lay(self, card: CardText | bytes) -> None:
        block = resident_card.encode(card) if isinstance(card, CardText) else card
        self._answer(self.control.post("/reader/lay", json={"block": base64.b64encode(block).decode()}))

    def take_card(self) -> None:
        self._answer(self.control.post("/reader/remove"))

    def hold(self, code: str) -> None:
        """A code under the scanner."""
        self._answer(self.control.post("/scanner/scan", json={"text": code}))

    def printer(self, state: str, delay_s: float = 0) -> None:
        self._answer(self.control.post("/printer/state", json={"state": state, "delay_s": delay_s}))

    def other_machine(self, terminal_id: str) -> str:
        """Another machine without devices: the pairing code for its screen."""
        return self._loop.run(self._other_machine(terminal_id))

    async def _other_machine(self, terminal_id: str) -> str:
        standing = Standing(terminal_id=terminal_id, name=terminal_id, place="", place_en="", profile="hall")
        database = await open_database(self._url("yinyi"), size=1, name="test")
        try:
            async with database.transaction() as tx:
                await add_terminal(tx, HOSPITAL_ID, standing, self.clock.now())
                return await pairing_code(tx, HOSPITAL_ID, terminal_id, self.clock.now())
        finally:
            await database.close()

    def unplug(self, for_s: float) -> None:
        """Pulls the terminal's network cable for so long; 0 puts it back."""
        self._answer(self.control.post("/line/unplug", json={"for_s": for_s}))

    def papers(self) -> int:
        """How many papers have come out so far."""
        return max(self._answer(self.control.get("/printer/papers"))["papers"], default=0)

    def paper_after(self, papers: int) -> bytes:
        """As PNG: the next one that comes out when so many had come out before."""
        until(lambda: self.papers() > papers, "a paper comes out")
        return self.control.get(f"/printer/papers/{papers + 1}.png").raise_for_status().content

    # -- the far side

    def phone(self, does: str, code_url: str, **more: Any) -> dict[str, Any]:
        """``scan``, ``pay`` or ``refuse``: what the payer's phone shows."""
        return self._answer(self.sandbox.post(f"/wechatpay/phone/{does}", json={"code_url": code_url, **more}))

    def alipay_phone(self, does: str, code_url: str, **more: Any) -> dict[str, Any]:
        """The same in the other app."""
        return self._answer(self.sandbox.post(f"/alipay/phone/{does}", json={"code_url": code_url, **more}))

    def payer_code(self, behaviour: str = "pays") -> tuple[str, str]:
        """The digits on a phone with WeChat, and what it finds the payment by that was made with them."""
        shown = self._answer(self.sandbox.post("/wechatpay/phone/code", json={"behaviour": behaviour}))
        return shown["payer_code"], shown["code_url"]

    def alipay_payer_code(self, behaviour: str = "pays") -> str:
        """The digits on a phone with Alipay."""
        return self._answer(self.sandbox.post("/alipay/phone/show-code", json={"behaviour": behaviour}))["payer_code"]

    def alipay_password(self) -> None:
        """He types it, for the newest payment that waits for it."""
        asked = self._answer(self.sandbox.get("/alipay/phone/waiting"))
        self._answer(self.sandbox.post("/alipay/phone/confirm", json={"reference": asked[0]["reference"]}))

    def wechat_fault(self, at: str, kind: str, **more: Any) -> None:
        self._answer(self.sandbox.post("/wechatpay/faults", json={"at": at, "kind": kind, **more}))

    def alipay_fault(self, at: str, kind: str, **more: Any) -> None:
        self._answer(self.sandbox.post("/alipay/faults", json={"at": at, "kind": kind, **more}))

    def hospital_fault(self, procedure: str, fault: str, **more: Any) -> None:
        self._answer(self.sandbox.post("/hospital/faults", json={"procedure": procedure, "fault": fault, **more}))

    def hospital_down(self, down: bool) -> None:
        """The line to it is cut altogether, or stands again."""
        self._answer(self.sandbox.request("POST" if down else "DELETE", "/hospital/down"))

    def no_faults(self) -> None:
        self.sandbox.delete("/wechatpay/faults").raise_for_status()
        self.sandbox.delete("/alipay/faults").raise_for_status()
        self.sandbox.delete("/bank/faults").raise_for_status()
        self.sandbox.delete("/hospital/faults").raise_for_status()
        self.sandbox.delete("/hospital/down").raise_for_status()

    def hospital(self, path: str, **query: Any) -> list[dict[str, Any]]:
        return self._answer(self.sandbox.get(f"/hospital/{path}", params=query))

    def sell(self, schedule_id: str) -> dict[str, Any]:
        """One number at the hospital's window; ``code`` is 0 if there was one."""
        return self._answer(self.sandbox.post("/hospital/window/sell", json={"schedule_id": schedule_id}))

    def stop_schedule(self, schedule_id: str) -> None:
        """The doctor goes home."""
        self._answer(self.sandbox.post("/hospital/schedules/stop", json={"schedule_id": schedule_id}))

    def substitute(self, schedule_id: str) -> None:
        """Another doctor of the department holds this session."""
        self._answer(self.sandbox.post("/hospital/schedules/substitute", json={"schedule_id": schedule_id}))

    def as_hospital(self, operation: str, body: dict[str, Any], key: str, secret: str = "") -> httpx.Response:
        """Asked by the hospital's own system, with its signature."""
        path, raw = f"/api/v1/{operation}", msgspec.json.encode(body)
        signed = institution.path_of_request(path, key=key)
        secret = secret or (self.folder / "secrets" / "institution-his").read_text().strip()
        timestamp, nonce = institution.timestamp_of(self.clock.now()), secrets.token_hex(16)
        headers = {
            "content-type": "application/json",
            "idempotency-key": key,
            "x-yinyi-institution": "his",
            "x-yinyi-timestamp": timestamp,
            "x-yinyi-nonce": nonce,
            "x-yinyi-signature": institution.sign("HMAC-SHA256", secret, "POST", signed, timestamp, nonce, raw),
        }
        return self.http.post(path, content=raw, headers=headers)

    def orders(self) -> list[dict[str, Any]]:
        """The newest hundred of the channel's own."""
        return self._answer(self.sandbox.get("/wechatpay/phone/orders"))

    # -- the platform's books

    def rows(self, sql: str, *values: Any, at: str = "yinyi") -> list[Any]:
        """Straight from a database: the platform's, or ``hospital``."""
        return self._loop.run(self._rows(sql, values, at))

    async def _rows(self, sql: str, values: Sequence[Any], at: str) -> list[Any]:
        connection: Any = await asyncpg.connect(self._url(at), timeout=10)
        try:
            return await connection.fetch(sql, *values, timeout=20)
        finally:
            await connection.close()

    @contextlib.contextmanager
    def held(self, sql: str, *values: Any) -> Generator[None]:
        """The statement is done and not committed for as long as the block, and undone after it."""
        connection: Any = self._loop.run(asyncpg.connect(self._url("yinyi"), timeout=10))
        try:
            self._loop.run(connection.execute("BEGIN"))
            self._loop.run(connection.execute(sql, *values))
            yield
        finally:
            self._loop.run(connection.close())

    def _url(self, database: str) -> str:
        port = (self.folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[3]
        password = (self.folder / "secrets" / f"postgres-{database}").read_text().strip()
        return f"postgresql://{database}:{password}@127.0.0.1:{port}/{database}"

    def _answer(self, response: httpx.Response) -> Any:
        assert response.status_code == 200, f"{response.request.url}: {response.status_code} {response.text}"
        return response.json()


class _Loop:
    """An event loop in a thread of its own: Playwright occupies the test's."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, what: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


def until(happened: Callable[[], _T], what: str, within_s: float = WITHIN_S) -> _T:
    """The first true answer; asks again and again, for what nobody tells by himself."""
    pause = threading.Event()
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if answer := happened():
            return answer
        pause.wait(_PAUSE_S)
    raise AssertionError(f"not within {within_s:g} s: {what}")


_running: list[RealPlatform] = []


def the_platform(folder: Callable[[], Path]) -> RealPlatform:
    """This worker's one platform, started when it is asked for first."""
    if not _running:
        house = RealPlatform(folder())
        _running.append(house)
        house.hear("Everything answers")
        house.until_connected()
    return _running[0]


def stop_the_platform() -> None:
    while _running:
        _running.pop().stop()


def _morning_clock() -> ShiftedClock:
    """Half past nine of today, or of ``TEST_DAYS_LATER``: who sits when is another matter each day."""
    now = ShiftedClock().now()
    day = now.astimezone(ZONE).date() + timedelta(days=int(os.environ.get("TEST_DAYS_LATER", "0")))
    morning = datetime.combine(day, day_time(9, 30), ZONE)
    return ShiftedClock(timedelta(seconds=round((morning - now).total_seconds())))
