"""Many kiosks at once before a slow hospital, each as its browser has it: pages, forms, redirects, the waiting line."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import httpx

from bench.figures import Figures
from bench.house import House, Screen, environment_of, house
from bench.kiosk_browser import Browser, Page, Seen, buttons_of, fields_of
from yinyi.app.data_folder import DataFolder
from yinyi.business.scheduling.messages import ListDepartments, ListSchedules
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.ready import READY_FD, READY_LINE

OPENING_S = 5.0
"""So long it takes until somebody has pressed at each kiosk."""
PAGES = ("/bills?no_paper=1", "/fees", "/register/departments")
HOLD = "/register/hold"
TAKEN = "这个号刚被别人挂走"
"""What whoever comes too late for a number is told: no failure of ours."""


class Where(NamedTuple):
    """Where numbers can be had."""

    department_id: str
    schedule_id: str
    session: str


@dataclass
class Opening(Seen):
    """What all kiosks saw together, and how it ended for them. waits: until a page was there, in seconds."""

    held: int = 0
    taken: int = 0
    waits: list[float] = field(default_factory=list[float])


async def opening_time(kiosks: int, allowed: int, answer_ms: int) -> Figures:
    async with house() as it:
        await it.free_all()
        screens = await it.screens(kiosks)
        schedules = await _schedules(it, screens[0])
        await _allow(it, allowed, screens[0])
        seen = Opening()
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


async def _kiosk(it: House, screen: Screen, where: Where, seen: Opening, late_s: float) -> None:
    """Somebody looks for his bills and his fees, chooses a clinic and a doctor, and takes a number."""
    await asyncio.sleep(late_s)
    async with Browser(it.port, screen, seen, expected=(TAKEN,)) as browser:

        async def waited(page: Coroutine[None, None, Page]) -> Page:
            begun = time.perf_counter()
            came = await page
            seen.waits.append(time.perf_counter() - begun)
            return came

        for path in PAGES:
            await waited(browser.get(path))
        doctors = await waited(browser.get(f"/register/doctors/{where.department_id}?session={where.session}"))
        form = doctors.form(HOLD)
        offered = buttons_of(form, "schedule_id")
        chosen = where.schedule_id if where.schedule_id in offered else next(iter(offered), "")
        if not chosen:
            seen.taken += not doctors.failed
            return
        held = await waited(browser.post(HOLD, {**fields_of(form), "schedule_id": chosen}))
        if TAKEN in held.title:
            seen.taken += 1
        elif held.at.startswith("/register/check/"):
            seen.held += 1
        else:
            seen.failed.append(f"not held: {held.at} {held.title}")


async def _schedules(it: House, who: Screen) -> list[Where]:
    """Where numbers can be had now."""
    found: list[Where] = []
    for department in (await it.kiosk.ask(ListDepartments(), credentials=who.credentials)).reply.departments:
        wanted = ListSchedules(department_id=department.department_id)
        if department.parent_id:
            sessions = (await it.kiosk.ask(wanted, credentials=who.credentials)).reply.sessions
            open_now = [each.schedule for each in sessions if each.schedule.status == "open"]
            free = [each for each in open_now if each.taken < each.capacity]
            found += [Where(department.department_id, each.schedule_id, each.session) for each in free]
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
