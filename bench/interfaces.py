"""The ways in: how many operations a second by REST, by SOAP and over lines, beside the same operation called on the
bus, signed by the same institution; one that reads (a payment) and one that writes (a closure that is planned).

Each round measures the bus and the interfaces one after the other; a ratio is of the best round of each.
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import uvloop

from bench.figures import Figures, Target, options, report
from bench.house import HOSPITAL_ID, ZONE, House, environment_of, house
from bench.http_load import Load
from bench.signed_load import FRAMED, Institution, over_http, over_lines, over_the_bus
from yinyi.app.secret_files import secret
from yinyi.bus.operation import Caller, Operation, spec_of
from yinyi.bus.transport import connect
from yinyi.business.institutions import model
from yinyi.business.institutions.service import Institutions
from yinyi.business.payments.messages import GetPayment
from yinyi.business.scheduling.messages import ListDepartments, ListSchedules, RegisterToday
from yinyi.business.terminals.messages_offers import PlanClosure
from yinyi.kernel.secrets import load_vault

AT_ONCE = (1, 16, 64)
WAYS = ("rest", "soap", "socket")
LEAST = {"rest": 0.5, "soap": 0.3, "socket": 0.5}
TARGETS = {
    **{
        f"{way}_{kind}_ratio_at_{at_once}": Target(">=", LEAST[way])
        for way in WAYS
        for kind in ("read", "write")
        for at_once in AT_ONCE
    },
    "errors": Target("==", 0),
}

Makes = Callable[[int], Operation[Any]]


async def measure(quick: bool) -> Figures:
    """Every figure of this file, by name."""
    counts, rounds = ({1: 150, 16: 400, 64: 600}, 1) if quick else ({1: 400, 16: 1500, 64: 2500}, 3)
    async with house() as it:
        who = await new_institution(it)
        kinds = await kinds_of(it)
        figures: dict[str, float] = {}
        errors = 0
        for kind, makes in kinds.items():
            for at_once in AT_ONCE:
                best, failed = await _rounds(it, who, makes, counts[at_once], at_once, rounds)
                figures |= _told(kind, at_once, best)
                errors += failed
                await forget_closures(it)
    return {**figures, "errors": errors}


async def _rounds(
    it: House, who: Institution, makes: Makes, count: int, at_once: int, rounds: int
) -> tuple[dict[str, Load], int]:
    """The best of each way, and how many were not answered well in all of them."""
    subject = spec_of(type(makes(0))).subject(Caller.HOSPITAL.value)
    environment = environment_of(it.pids()["business"])
    socket_port = int(environment_of(it.pids()["interface"])["YINYI_SOCKET_HOSPITAL_PORT"])
    bus = await connect(environment["YINYI_NATS_URL"], "hospital", secret(it.folder / "secrets", "nats-hospital"))
    best: dict[str, Load] = {}
    errors = 0
    for turn in range(-1, rounds):  # one to get warm
        size = count if turn >= 0 else max(at_once, count // 5)
        keys = {way: [f"{way}-{at_once}-{turn}-{n:06d}" for n in range(size)] for way in ("bus", *WAYS)}
        found = {
            "bus": await over_the_bus(
                bus, subject, [who.on_the_bus(makes(n), key) for n, key in enumerate(keys["bus"])], at_once
            ),
            "rest": await over_http(
                it.port, [who.by_rest(makes(n), key) for n, key in enumerate(keys["rest"])], at_once
            ),
            "soap": await over_http(
                it.port, [who.by_soap(makes(n), key) for n, key in enumerate(keys["soap"])], at_once
            ),
            "socket": await over_lines(
                socket_port, who, [(makes(n), key) for n, key in enumerate(keys["socket"])], at_once
            ),
        }
        errors += sum(each.errors for each in found.values())
        if turn >= 0:
            best = {way: max(each, best.get(way, each), key=lambda one: one.per_second) for way, each in found.items()}
    await bus.close()
    return best, errors


def _told(kind: str, at_once: int, best: dict[str, Load]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for way, each in best.items():
        figures[f"{way}_{kind}_per_second_at_{at_once}"] = round(each.per_second)
        figures[f"{way}_{kind}_p99_ms_at_{at_once}"] = round(each.percentile_ms(0.99), 1)
        if way != "bus":
            figures[f"{way}_{kind}_ratio_at_{at_once}"] = round(each.per_second / best["bus"].per_second, 2)
    return figures


async def kinds_of(it: House) -> dict[str, Makes]:
    """What is asked: one that reads and one that writes."""
    number = await _payment(it)
    begins = it.clock.now() + timedelta(days=200)
    return {
        "read": lambda _: GetPayment(number=number),
        "write": lambda n: PlanClosure(what="clinics", begins_at=begins, ends_at=begins + timedelta(minutes=n + 1)),
    }


async def new_institution(it: House) -> Institution:
    """One that may ask as often as it can."""
    own = model.Institution(
        hospital_id=HOSPITAL_ID,
        institution_id="bench",
        kind="hospital",
        name="bench",
        per_minute=1_000_000,
        per_day=100_000_000,
    )
    institutions = Institutions(it.database, load_vault(it.folder / "secrets"), ZONE)
    now = it.clock.now()
    async with it.database.transaction() as tx:
        hmac_secret = await institutions.add(tx, own, "HMAC-SHA256", now)
        password = await institutions.add_secret(tx, HOSPITAL_ID, "bench", "UsernameToken", now)
        framed = await institutions.add_secret(tx, HOSPITAL_ID, "bench", FRAMED, now)
    return Institution("bench", hmac_secret, password, framed, it.clock)


async def _payment(it: House) -> str:
    """Somebody begins to register and is asked to pay."""
    await it.free_all()
    [screen] = await it.screens(1)
    departments = (await it.kiosk.ask(ListDepartments(), credentials=screen.credentials)).reply.departments
    for department in departments:
        if not department.common_rank:
            continue
        wanted = ListSchedules(department_id=department.department_id)
        for each in (await it.kiosk.ask(wanted, credentials=screen.credentials)).reply.sessions:
            if each.schedule.status == "open" and each.schedule.taken < each.schedule.capacity:
                schedule_id = each.schedule.schedule_id
                register = RegisterToday(department_id=department.department_id, schedule_id=schedule_id)
                asked = await it.kiosk.ask(register, credentials=screen.credentials, key="bench-registers")
                return asked.reply.payment.payment_no
    raise RuntimeError("nothing is sold")


async def forget_closures(it: House) -> None:
    """What was planned does not burden what comes next."""
    async with it.database.transaction() as tx:
        await tx.execute("DELETE FROM closure WHERE hospital_id = $1", HOSPITAL_ID)


if __name__ == "__main__":
    given = options(__doc__)
    sys.exit(report("interfaces", uvloop.run(measure(given.quick)), TARGETS, given.as_json))
