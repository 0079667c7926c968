"""Many kiosks at once before a slow hospital, by the pages of the kiosk and by the bus."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from bench.figures import Figures
from bench.house import House, Screen, environment_of, house
from yinyi.app.data_folder import DataFolder
from yinyi.business.scheduling.errors import SlotTaken
from yinyi.business.scheduling.messages import ListDepartments, ListSchedules, RegisterToday
from yinyi.interface.kiosk.cookies import SCREEN, VISIT
from yinyi.kernel.errors import InLine, YinyiError
from yinyi.kernel.ready import READY_FD, READY_LINE

OPENING_S = 5.0
"""So long it takes until somebody has pressed at each kiosk."""
PAGES = ("bills?no_paper=1", "fees")
_IN_LINE = re.compile(rb'delay:(\d+)ms.*?yinyi-place":"([0-9.]+)"')
_PLACE = re.compile(rb'class="askno num">(\d+)<')
_TITLE = re.compile(rb"<title>([^<]*)<")
_FAILED = (b'class="scr failed', b'class="scr shut')


@dataclass
class Seen:
    """What all kiosks saw together."""

    pages: int = 0
    error_pages: int = 0
    told: int = 0
    furthest: int = 0
    held: int = 0
    taken: int = 0
    failed: list[str] = field(default_factory=list[str])
    waits: list[float] = field(default_factory=list[float])


async def opening_time(kiosks: int, allowed: int, answer_ms: int) -> Figures:
    async with house() as it:
        await it.free_all()
        screens = await it.screens(kiosks)
        schedules = await _schedules(it, screens[0])
        await _allow(it, allowed, screens[0])
        seen = Seen()
        async with _another_business(it), httpx.AsyncClient(base_url=it.sandbox_url, trust_env=False) as far:
            slow = {"procedure": "*", "fault": "slow", "ms": answer_ms, "times": 1_000_000_000}
            (await far.post("/hospital/faults", json=slow)).raise_for_status()
            before = (await far.get("/hospital/")).json()
            begun = time.perf_counter()
            each_s = OPENING_S / kiosks
            await asyncio.gather(
                *(_kiosk(it, one, schedules[n % len(schedules)], seen, n * each_s) for n, one in enumerate(screens))
            )
            took = time.perf_counter() - begun
            after = (await far.get("/hospital/")).json()
    calls = after["calls"] - before["calls"]
    seen.waits.sort()
    if seen.failed:
        sys.stderr.write(f"failed: {sorted(set(seen.failed))}\n")
    return {
        "kiosks": kiosks,
        "took_s": round(took, 1),
        "pages": seen.pages,
        "error_pages": seen.error_pages,
        "told_a_place": seen.told,
        "furthest_place": seen.furthest,
        "page_p50_s": round(seen.waits[len(seen.waits) // 2], 1),
        "page_p99_s": round(seen.waits[int(len(seen.waits) * 0.99)], 1),
        "numbers_held": seen.held,
        "numbers_gone": seen.taken,
        "holds_failed": len(seen.failed) - seen.error_pages,
        "hospital_calls": calls,
        "most_calls_at_once": after["most_under_way"],
        "calls_allowed_used": round(calls * answer_ms / 1000 / took / allowed, 2),
    }


async def _kiosk(it: House, screen: Screen, where: tuple[str, str], seen: Seen, late_s: float) -> None:
    await asyncio.sleep(late_s)
    for name in PAGES:
        begun = time.perf_counter()
        await _looked_at(it, screen, name, seen)
        seen.waits.append(time.perf_counter() - begun)
    asked = RegisterToday(department_id=where[0], schedule_id=where[1])
    key, place = uuid4().hex, ""
    while True:
        try:
            reply = (await it.kiosk.ask(asked, credentials=screen.credentials, key=key, place=place)).reply
        except InLine as error:
            seen.told += 1
            place = error.told.ticket
            await asyncio.sleep(error.told.again_s)
        except SlotTaken:
            seen.taken += 1
            return
        except YinyiError as error:
            return seen.failed.append(f"{error.code()} {error.detail}")
        else:
            if reply.payment.state in ("ready", "holding", "fulfilled"):
                seen.held += 1
            else:
                seen.failed.append(reply.payment.state)
            return


async def _looked_at(it: House, screen: Screen, name: str, seen: Seen) -> None:
    """The page, once it is there: whoever is told his place comes again."""
    told, reader, writer = "", *await asyncio.open_connection("127.0.0.1", it.port)
    cookies = f"{SCREEN}={screen.credentials.terminal}; {VISIT}=register.session.{screen.credentials.session}"
    while True:
        head = f"GET /kiosk/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n"
        writer.write(f"{head}yinyi-place: {told}\r\n\r\n".encode() if told else f"{head}\r\n".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", answer.lower())
        body = await reader.readexactly(int(length[1]) if length else 0)
        seen.pages += 1
        if not answer.startswith(b"HTTP/1.1 200") or any(each in body for each in _FAILED):
            seen.error_pages += 1
            title = _TITLE.search(body)
            seen.failed.append(f"page: {title[1].decode() if title else answer[:20]}")
        line = _IN_LINE.search(body)
        if line is None:
            break
        seen.told += 1
        place = _PLACE.search(body)
        seen.furthest = max(seen.furthest, int(place[1]) if place else 0)
        told = line[2].decode()
        await asyncio.sleep(int(line[1]) / 1000)
    writer.close()
    await writer.wait_closed()


async def _schedules(it: House, who: Screen) -> list[tuple[str, str]]:
    """Where numbers can be had now."""
    found: list[tuple[str, str]] = []
    for department in (await it.kiosk.ask(ListDepartments(), credentials=who.credentials)).reply.departments:
        wanted = ListSchedules(department_id=department.department_id)
        if department.parent_id:
            sessions = (await it.kiosk.ask(wanted, credentials=who.credentials)).reply.sessions
            open_now = [each.schedule for each in sessions if each.schedule.status == "open"]
            found += [(department.department_id, each.schedule_id) for each in open_now if each.taken < each.capacity]
    return found


async def _allow(it: House, calls: int, who: Screen) -> None:
    """The hospital's limit, from now on: the business process is started anew with it."""
    folder = DataFolder(it.folder)
    told = json.loads((folder.sandbox / "procedures.json").read_bytes())
    folder.plugins.mkdir(exist_ok=True)
    (folder.plugins / "procedures.json").write_text(json.dumps({**told, "calls_at_once": calls}))
    old = it.pids()["business"]
    os.kill(old, signal.SIGTERM)
    async with asyncio.timeout(60):
        await _until(lambda: it.pids().get("business", old) != old)
        while not await _answers(it, who):
            pass


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.to_thread(time.sleep, 0.1)


async def _answers(it: House, who: Screen) -> bool:
    try:
        await it.kiosk.ask(ListDepartments(), credentials=who.credentials, timeout_s=2.0)
    except YinyiError:
        return False
    return True


@asynccontextmanager
async def _another_business(it: House) -> AsyncGenerator[None]:
    """One more process, from when it answers."""
    ours, its = os.pipe()
    environment = {**environment_of(it.pids()["business"]), READY_FD: str(its)}
    program = [sys.executable, str(Path(sys.executable).with_name("yinyi")), "business"]
    process = await asyncio.create_subprocess_exec(*program, env=environment, pass_fds=(its,))
    os.close(its)
    with os.fdopen(ours, encoding="utf-8") as said:
        if READY_LINE not in await asyncio.to_thread(said.readline):
            raise RuntimeError("the second business process did not start")
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        await process.wait()
