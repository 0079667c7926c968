"""The sandbox hospital by HTTP, mounted under ``/hospital``: its state, its faults, its windows. JSON both ways."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any, TypeVar

import asyncpg
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi_sandbox.hospital import hand_routes, window
from yinyi_sandbox.hospital.database import PROCEDURES
from yinyi_sandbox.hospital.faults import Fault
from yinyi_sandbox.hospital.hospital import Hospital

_REGISTRATIONS = """
SELECT r.ref AS reference, r.state, r.source, r.patient_no, p.full_name, r.schedule_id::text, r.no AS number,
       s.work_date, s.room, dp.dept_name, d.doctor_name, r.made_at, r.payment_no, r.amount_fen, r.registration_no,
       n.busy_until AS held_until
FROM his.registration r
LEFT JOIN his.patient p USING (patient_no)
LEFT JOIN his.schedule s USING (schedule_id)
LEFT JOIN his.department dp USING (dept_code)
LEFT JOIN his.doctor d USING (doctor_no)
LEFT JOIN his.number n ON n.schedule_id = r.schedule_id AND n.no = r.no AND n.ref = r.ref AND r.state = 'held'
WHERE ($1 = '' OR r.ref = $1) AND ($2 = '' OR r.patient_no = $2) AND ($3 = '' OR r.source = $3)
ORDER BY r.made_at DESC, r.ref LIMIT $4
"""
_SCHEDULES = """
SELECT s.schedule_id::text, dp.dept_name, coalesce(sd.doctor_name, d.doctor_name) AS doctor_name,
       s.session_no, s.starts_at, s.ends_at, s.room, s.fee_fen, s.capacity, s.stopped,
       (SELECT count(*) FROM his.number n
        WHERE n.schedule_id = s.schedule_id AND n.busy_until > his.instant_()) AS taken
FROM his.schedule s JOIN his.department dp USING (dept_code) JOIN his.doctor d USING (doctor_no)
LEFT JOIN his.doctor sd ON sd.doctor_no = s.substitute_no
WHERE s.work_date = coalesce($1, his.today_()) AND ($2 = '' OR s.dept_code = $2) AND s.closes_at > his.instant_()
ORDER BY s.dept_code, s.starts_at, s.schedule_id
"""
_MOST_ROWS = 1000
_LONGEST_BODY = 64 * 1024

T = TypeVar("T", bound=msgspec.Struct)
Endpoint = Callable[[Request], Awaitable[Response]]


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How the hospital is. under_way: calls that it is at; most_under_way: at once, since it was started."""

    at: datetime
    down: bool
    under_way: int
    most_under_way: int
    calls: int
    faults: list[Fault]
    procedures: tuple[str, ...] = PROCEDURES


class Sell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``patient_no`` empty: to somebody."""

    schedule_id: str
    patient_no: str = ""


class Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registration by its reference."""

    reference: str


class Stop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schedule_id: str
    stopped: bool = True


class Substitute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``doctor_code`` empty: any other one of the department."""

    schedule_id: str
    doctor_code: str = ""


async def _state(hospital: Hospital) -> State:
    calls = hospital.under_way
    return State(
        at=await hospital.pool.fetchval("SELECT his.instant_()"),
        down=hospital.down,
        under_way=calls.now,
        most_under_way=calls.most,
        calls=calls.made,
        faults=await hospital.armed(),
    )


def routes(hospital: Hospital) -> list[Route]:
    """
    GET / · POST|DELETE /faults · POST|DELETE /down · POST /window/{sell,collect,give-back} · GET /schedules ·
    POST /schedules/{stop,substitute} · GET /registrations · and what ``hand_routes`` adds
    """

    async def state(_: Request) -> Response:
        return _json(await _state(hospital))

    async def arm(request: Request) -> Response:
        await hospital.arm(await _body(request, Fault))
        return await state(request)

    async def disarm(request: Request) -> Response:
        await hospital.disarm(request.query_params.get("procedure", ""))
        return await state(request)

    async def down(request: Request) -> Response:
        hospital.down = request.method == "POST"
        return await state(request)

    async def sell(request: Request) -> Response:
        order = await _body(request, Sell)
        return _json(await window.sell(hospital.pool, order.schedule_id, order.patient_no))

    async def collect(request: Request) -> Response:
        return _json(await window.collect(hospital.pool, (await _body(request, Named)).reference))

    async def give_back(request: Request) -> Response:
        return _json(await window.give_back(hospital.pool, (await _body(request, Named)).reference))

    async def schedules(request: Request) -> Response:
        day = request.query_params.get("date")
        on = date.fromisoformat(day) if day else None
        rows = await hospital.pool.fetch(_SCHEDULES, on, request.query_params.get("department", ""))
        return _rows(rows)

    async def stop(request: Request) -> Response:
        order = await _body(request, Stop)
        found = await hospital.stop_schedule(order.schedule_id, order.stopped)
        return _json(order, 200 if found else 404)

    async def substitute(request: Request) -> Response:
        order = await _body(request, Substitute)
        found = await hospital.substitute(order.schedule_id, order.doctor_code)
        return _json(order, 200 if found else 404)

    async def registrations(request: Request) -> Response:
        asked = request.query_params
        limit = min(int(asked.get("limit", "50")), _MOST_ROWS)
        filters = (asked.get("reference", ""), asked.get("patient_no", ""), asked.get("source", ""))
        return _rows(await hospital.pool.fetch(_REGISTRATIONS, *filters, limit))

    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "/", state),
        ("POST", "/faults", arm),
        ("DELETE", "/faults", disarm),
        ("POST", "/down", down),
        ("DELETE", "/down", down),
        ("POST", "/window/sell", sell),
        ("POST", "/window/collect", collect),
        ("POST", "/window/give-back", give_back),
        ("GET", "/schedules", schedules),
        ("POST", "/schedules/stop", stop),
        ("POST", "/schedules/substitute", substitute),
        ("GET", "/registrations", registrations),
    ]
    own = [Route(path, _answering(endpoint), methods=[method]) for method, path, endpoint in table]
    return [*own, *hand_routes.routes(hospital)]


def _answering(endpoint: Endpoint) -> Endpoint:
    """What cannot be understood is answered with 400 and why."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (ValueError, msgspec.ValidationError, asyncpg.DataError) as error:
            return _json({"error": str(error)}, 400)

    return answer


async def _body(request: Request, shape: type[T]) -> T:
    """
    Raises:
        msgspec.ValidationError, ValueError: too long, not JSON, not of this shape.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise ValueError("the body is too long")
    return msgspec.json.decode(body, type=shape)


def _rows(rows: list[Any]) -> Response:
    return _json([dict(row) for row in rows])


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
