"""Whole registrations (hold, code, paid, confirmed) through bus, engine and sandboxes; and 2,000 after 50 numbers."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Generator
from itertools import cycle, islice
from uuid import uuid4

import httpx
import msgspec
import uvloop

from bench.cpu import cpu_s
from bench.figures import Figures, Target, options, python_us, report
from bench.house import House, Screen, house
from yinyi.business.payments.messages import ChooseTender, GetPayment, PaymentView
from yinyi.business.scheduling.messages import ListDepartments, ListSchedules, RegisterToday
from yinyi.kernel.errors import YinyiError

AT_ONCE = 16
KEPT_FREE = 6
"""Of each session, for the windows."""
QUEUE = 26
"""Patients at each screen."""
RUSH_NUMBERS, RUSH_PEOPLE, RUSH_AT_ONCE = 50, 2000, 64
RUSH_REFUSED = 5
"""The hospital refuses the first of those who have paid: their money goes back, their numbers to others."""
PLATFORM = ("business", "interface", "postgres", "nats")

TARGETS = {
    "platform_cpu_ms": Target("<=", 10.0),
    "failed": Target("==", 0),
    "rush_sold": Target("==", RUSH_NUMBERS),
    "rush_without_answer": Target("==", 0),
    "rush_paid_and_refused": Target("==", RUSH_REFUSED),
    "rush_money_kept_for_nothing_fen": Target("==", 0),
}


class Pushes:
    """Hears that payments of a terminal have changed."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    async def heard(self, subject: str, body: bytes) -> None:
        event = self._events.get(subject.split(".")[2])
        if event is not None:
            event.set()

    def of(self, terminal_id: str) -> asyncio.Event:
        return self._events.setdefault(terminal_id, asyncio.Event())


async def register(it: House, pushes: Pushes, phone: httpx.AsyncClient, who: Screen, where: tuple[str, str]) -> str:
    """One whole registration, as a kiosk and a phone do it; the state in which it ended."""
    push = pushes.of(who.terminal_id)
    department_id, schedule_id = where
    asked = RegisterToday(department_id=department_id, schedule_id=schedule_id)
    begun = await it.kiosk.ask(asked, credentials=who.credentials, key=uuid4().hex)
    payment = begun.reply.payment
    if payment.state != "ready":
        payment = await _until(it, who, push, payment, {"ready"})
    chosen = ChooseTender(payment_no=payment.payment_no, tender="wechatpay")
    payment = (await it.kiosk.ask(chosen, credentials=who.credentials, key=uuid4().hex)).reply
    if payment.state != "waiting":
        payment = await _until(it, who, push, payment, {"waiting"})
    push.clear()
    answer = await phone.post("/wechatpay/phone/pay", content=msgspec.json.encode({"code_url": payment.code_url}))
    answer.raise_for_status()
    return (await _until(it, who, push, payment, {"fulfilled", "closed", "returned"})).state


async def _until(it: House, who: Screen, push: asyncio.Event, payment: PaymentView, states: set[str]) -> PaymentView:
    async with asyncio.timeout(30):
        while payment.state not in states:
            try:
                async with asyncio.timeout(1.0):
                    await push.wait()
            except TimeoutError:
                pass
            push.clear()
            asked = GetPayment(number=payment.payment_no)
            payment = (await it.kiosk.ask(asked, credentials=who.credentials)).reply
    return payment


Jobs = Generator[tuple[Screen, tuple[str, str]]]


async def steady(it: House, pushes: Pushes, people: Jobs, count: int) -> dict[str, float]:
    """So many registrations, ``AT_ONCE`` at a time."""
    jobs = iter(list(islice(people, count)))
    times: list[float] = []
    failed = Counter[str]()
    async with httpx.AsyncClient(base_url=it.sandbox_url, timeout=20, trust_env=False) as phone:

        async def worker() -> None:
            for who, where in jobs:
                begun = time.perf_counter()
                try:
                    state = await register(it, pushes, phone, who, where)
                except (YinyiError, httpx.HTTPError, TimeoutError) as error:
                    state = type(error).__name__
                if state == "fulfilled":
                    times.append(time.perf_counter() - begun)
                else:
                    failed[state] += 1

        paces = list[float]()
        pace = asyncio.create_task(_felt(paces))
        before, begun = cpu_s(it.pids()), time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
        took, after = time.perf_counter() - begun, cpu_s(it.pids())
        pace.cancel()
    if failed:
        sys.stderr.write(f"not fulfilled: {dict(failed)}\n")
    figures = _summed(times, took, sum(failed.values()), before, after)
    return figures | {"python_us_meanwhile": round(sum(paces) / len(paces))}


async def _felt(paces: list[float]) -> None:
    """How fast this machine's cores are meanwhile: its neighbours slow them down to half."""
    while True:
        paces.append(python_us(10))
        await asyncio.sleep(0.2)


def _summed(
    times: list[float], took: float, failed: int, before: dict[str, float], after: dict[str, float]
) -> dict[str, float]:
    times.sort()
    done = len(times) or 1
    spent = {name: (after[name] - before.get(name, 0.0)) / done * 1000 for name in after}
    figures: dict[str, float] = {
        "registrations": len(times),
        "failed": failed,
        "per_second": round(len(times) / took, 1),
        "p50_ms": round(times[done // 2] * 1000, 1) if times else 0.0,
        "p99_ms": round(times[min(done - 1, int(done * 0.99))] * 1000, 1) if times else 0.0,
        "platform_cpu_ms": round(sum(spent.get(name, 0.0) for name in PLATFORM), 2),
    }
    return figures | {f"cpu_ms {name}": round(each, 2) for name, each in sorted(spent.items())}


Place = tuple[int, str, str]
"""Numbers left, department, session."""


async def _places(it: House, who: Screen) -> list[Place]:
    """Every session that is open now and costs something, the one with most numbers first."""
    departments = (await it.kiosk.ask(ListDepartments(), credentials=who.credentials)).reply.departments
    places: list[Place] = []
    for department in departments:
        if not department.parent_id:
            continue
        asked = ListSchedules(department_id=department.department_id)
        day = (await it.kiosk.ask(asked, credentials=who.credentials)).reply
        places += [
            (each.schedule.capacity - each.schedule.taken, department.department_id, each.schedule.schedule_id)
            for each in day.sessions
            if each.schedule.status == "open"
            and each.schedule.fee_fen
            and each.schedule.capacity - each.schedule.taken > 10
        ]
    return sorted(places, reverse=True)


def _pairs(queues: list[list[Screen]], places: list[Place]) -> Jobs:
    """At each screen one patient after the other, with one number each as most have; no session sells out: the windows
    sell the same numbers."""
    next_ones = [cycle(queue) for queue in queues]
    for turn in range(len(queues)):
        for serial, (left, department_id, schedule_id) in enumerate(places):
            if turn < left - KEPT_FREE:
                yield next(next_ones[(serial + turn) % len(queues)]), (department_id, schedule_id)


async def rush(it: House, pushes: Pushes, screens: list[Screen], people: int) -> dict[str, float]:
    """Everybody wants one doctor of fifty numbers while a window sells them too; who gets one pays for it."""
    where = await _fifty(it, screens[0])
    patients = await it.patients(people, prefix="R")
    outcomes = Counter[str]()
    free: asyncio.Queue[Screen] = asyncio.Queue()
    for screen in screens[:RUSH_AT_ONCE]:
        free.put_nowait(screen)
    begun = time.perf_counter()
    async with httpx.AsyncClient(base_url=it.sandbox_url, timeout=30, trust_env=False) as phone:
        fault = {"procedure": "confirm_registration", "fault": "refuse", "code": "N03", "times": RUSH_REFUSED}
        (await phone.post("/hospital/faults", content=msgspec.json.encode(fault))).raise_for_status()
        window = asyncio.create_task(_window(it, where[1]))

        async def one(patient_no: str) -> None:
            screen = await free.get()
            try:
                who = await it.seat(screen, patient_no)
                outcomes[await register(it, pushes, phone, who, where)] += 1
            except YinyiError as error:
                outcomes[error.code()] += 1
            except (TimeoutError, httpx.HTTPError) as error:
                outcomes[f"without answer: {type(error).__name__}"] += 1
            finally:
                free.put_nowait(screen)

        await asyncio.gather(*(one(patient_no) for patient_no in patients))
    took = time.perf_counter() - begun
    return await _rushed(it, where[1], outcomes, await window, took)


async def _fifty(it: House, who: Screen) -> tuple[str, str]:
    """A session of today that has exactly fifty numbers left: windows have sold the others."""
    _, department_id, schedule_id = (await _places(it, who))[0]
    left = await it.left_of(schedule_id)
    buyers = await it.patients(left - RUSH_NUMBERS, prefix="V")
    async with httpx.AsyncClient(base_url=it.sandbox_url, timeout=30, trust_env=False) as desk:
        for patient_no in buyers:
            assert await _sold_at_window(desk, schedule_id, patient_no)
    assert await it.left_of(schedule_id) == RUSH_NUMBERS
    return department_id, schedule_id


async def _window(it: House, schedule_id: str) -> int:
    """A window sells to ten people while the kiosks do; how many got a number there."""
    sold = 0
    async with httpx.AsyncClient(base_url=it.sandbox_url, timeout=30, trust_env=False) as desk:
        for patient_no in await it.patients(10, prefix="W"):
            sold += await _sold_at_window(desk, schedule_id, patient_no)
            await asyncio.sleep(0.02)
    return sold


async def _sold_at_window(desk: httpx.AsyncClient, schedule_id: str, patient_no: str) -> bool:
    body = msgspec.json.encode({"schedule_id": schedule_id, "patient_no": patient_no})
    answer = await desk.post("/hospital/window/sell", content=body)
    return answer.status_code == 200 and answer.json()["code"] == "0"


async def _rushed(it: House, schedule_id: str, outcomes: Counter[str], at_window: int, took: float) -> dict[str, float]:
    sys.stderr.write(f"rush: {dict(outcomes)}, {at_window} at the window\n")
    told = {"SlotTaken", "fulfilled", "returned"}
    confirmed = await it.hospital.fetchval(
        "SELECT count(*) FROM his.registration WHERE schedule_id = $1 AND state = 'confirmed' AND patient_no ~ '^[RW]'",
        int(schedule_id),
    )
    async with it.database.read() as tx:
        kept = await tx.fetchval(
            "SELECT coalesce(sum(taken_fen - returned_fen), 0)::bigint FROM payment"
            " WHERE ended_at IS NOT NULL AND direction = 'back'"
        )
    return {
        "rush_people": sum(outcomes.values()),
        "rush_sold": confirmed,
        "rush_at_window": at_window,
        "rush_at_kiosks": outcomes["fulfilled"],
        "rush_told_taken": outcomes["SlotTaken"],
        "rush_paid_and_refused": outcomes["returned"],
        "rush_without_answer": sum(count for outcome, count in outcomes.items() if outcome not in told),
        "rush_money_kept_for_nothing_fen": kept,
        "rush_s": round(took, 2),
    }


async def measure(quick: bool) -> Figures:
    """Both, in one Yinyi."""
    async with house() as it:
        pushes = Pushes()
        await it.kiosk_bus.listen("push.terminal.*.PaymentChanged", pushes.heard)
        await it.free_all()
        screens = await it.screens(RUSH_AT_ONCE)
        crowd = await it.crowd(screens, QUEUE)
        people = _pairs(crowd, await _places(it, screens[0]))
        await steady(it, pushes, people, 40)
        figures = await steady(it, pushes, people, 150 if quick else 1500)
        return figures | await rush(it, pushes, screens, RUSH_PEOPLE)


def main() -> int:
    given = options(__doc__)
    return report("registrations", uvloop.run(measure(given.quick)), TARGETS, given.as_json)


if __name__ == "__main__":
    sys.exit(main())
