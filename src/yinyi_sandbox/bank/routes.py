"""The bank's control by HTTP, mounted under ``/bank`` or at the root of a port of its own. JSON both ways.

Cards, balances, movements, keys, clearing files; and what can go wrong: faults, lines, the end of a day.
"""

from datetime import date
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from yinyi.wire.iso8583.des import check_value
from yinyi_sandbox.bank.clearing import clearing_file
from yinyi_sandbox.bank.faults import Fault
from yinyi_sandbox.bank.keys import new_key
from yinyi_sandbox.bank.lines import LineState
from yinyi_sandbox.bank.model import Card, CardKind, Session
from yinyi_sandbox.bank.sandbox import Bank
from yinyi_sandbox.channel.hands import CannotRead, answer, fault_routes, polite, read


class _LineTurned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    state: LineState | Literal["hang_up"] = "up"


class _Released(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    backwards: bool = False


class _Admitted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """tmk: hexadecimal; "" has one made."""

    merchant_no: str
    terminal_no: str
    tmk: str = ""
    batch_no: int = 1
    accepts: tuple[CardKind, ...] = ("bank", "social_security")


def routes(bank: Bank) -> list[Route]:
    """All of it. Whoever serves it starts and stops the bank."""

    async def keys(request: Request) -> Response:
        session = bank.store.session(request.path_params["merchant_no"], request.path_params["terminal_no"])
        if session is None:
            return answer({"code": "UNKNOWN_SESSION", "message": "没有这个终端 There is no such terminal"}, 404)
        return answer({"tmk": session.tmk.hex(), "pik": session.pik.hex(), "mak": session.mak.hex()})

    return [Route("/sessions/{merchant_no}/{terminal_no}/keys", keys, methods=["GET"]), *hands(bank)]


def hands(bank: Bank) -> list[Route]:
    """What people do, without the clear keys."""

    async def state(_: Request) -> Response:
        lines = [
            {"name": line.name, "port": line.port, "state": line.state, "connections": len(line.connections)}
            for line in bank.lines.values()
        ]
        held = sum(len(line.held) for line in bank.lines.values())
        return answer({"day": bank.days.today(), "lines": lines, "held": held, "faults": bank.faults.waiting()})

    async def turn(request: Request) -> Response:
        wanted = await read(request, _LineTurned)
        line = bank.lines.get(wanted.name)
        if line is None:
            raise CannotRead(f"no line is called {wanted.name!r}")
        if wanted.state == "hang_up":
            line.hang_up()
        else:
            await line.turn(wanted.state)
        return await state(request)

    async def release(request: Request) -> Response:
        return answer({"released": bank.release(backwards=(await read(request, _Released)).backwards)})

    async def cut_over(_: Request) -> Response:
        return answer({"day": bank.days.cut_over()})

    async def cards(_: Request) -> Response:
        return answer(bank.store.cards())

    async def put_card(request: Request) -> Response:
        card = await read(request, Card)
        bank.store.put_card(card)
        return answer(card)

    async def admit(request: Request) -> Response:
        bank.store.put_session(_session(await read(request, _Admitted)))
        return await sessions(request)

    async def sessions(_: Request) -> Response:
        return answer([_shown(session) for session in bank.store.sessions()])

    plain = [
        ("GET", "/", state),
        ("POST", "/lines", turn),
        ("POST", "/release", release),
        ("POST", "/cut-over", cut_over),
        ("GET", "/cards", cards),
        ("POST", "/cards", put_card),
        ("GET", "/sessions", sessions),
        ("POST", "/sessions", admit),
    ]
    return [
        *(Route(path, polite(endpoint), methods=[method]) for method, path, endpoint in plain),
        *_books(bank),
        *fault_routes(bank.faults, Fault),
    ]


def _books(bank: Bank) -> list[Route]:
    async def movements(request: Request) -> Response:
        asked = request.query_params
        found = (
            bank.store.movements_on(asked["merchant_no"], asked.get("day", bank.days.today()))
            if "merchant_no" in asked
            else bank.store.movements()
        )
        return answer(found)

    async def batches(_: Request) -> Response:
        return answer(bank.store.batches())

    async def clearing(request: Request) -> Response:
        merchant_no, day = request.path_params["merchant_no"], request.path_params["day"]
        try:
            date.fromisoformat(day)
        except ValueError as error:
            raise CannotRead("a day is written 2026-11-23") from error
        if not bank.store.knows_merchant(merchant_no):
            return answer({"code": "UNKNOWN_MERCHANT", "message": "没有这个商户 There is no such merchant"}, 404)
        if day >= bank.days.today() and "so_far" not in request.query_params:
            return answer({"code": "NOT_READY", "message": "对账文件尚未生成 The day is not over"}, 404)
        return PlainTextResponse(clearing_file(merchant_no, day, bank.store.movements_on(merchant_no, day)))

    gets = {
        "/movements": movements,
        "/batches": batches,
        "/clearing/{merchant_no}/{day}": clearing,
    }
    return [Route(path, polite(endpoint), methods=["GET"]) for path, endpoint in gets.items()]


def _session(wanted: _Admitted) -> Session:
    try:
        tmk = bytes.fromhex(wanted.tmk) or new_key()
        check_value(tmk)
    except ValueError as error:
        raise CannotRead("a master key is 16 or 24 bytes in hexadecimal") from error
    return Session(
        merchant_no=wanted.merchant_no,
        terminal_no=wanted.terminal_no,
        tmk=tmk,
        batch_no=wanted.batch_no,
        accepts=wanted.accepts,
    )


def _shown(session: Session) -> dict[str, object]:
    """Without its keys."""
    return {
        "merchant_no": session.merchant_no,
        "terminal_no": session.terminal_no,
        "accepts": session.accepts,
        "batch_no": session.batch_no,
        "signed_on": session.signed_on,
        "is_uploading": session.is_uploading,
        "tmk_check_value": check_value(session.tmk).hex().upper(),
    }
