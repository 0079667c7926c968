"""What people do to a channel of the sandbox, by HTTP: JSON both ways, refusals as they are."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi_sandbox.channel.faults import FaultQueue, Mishap

LONGEST_BODY = 65_536

T = TypeVar("T")
F = TypeVar("F", bound=Mishap)
Endpoint = Callable[[Request], Awaitable[Response]]


class CannotRead(Exception):
    """The body is too long, or not what is waited for now."""


async def read_body(request: Request) -> bytes:
    """The body.

    Raises:
        CannotRead: it is too long.
    """
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > LONGEST_BODY:
            raise CannotRead("the body is too long")
    return bytes(content)


async def read(request: Request, kind: type[T]) -> T:
    """
    Raises:
        CannotRead: it is something else.
    """
    try:
        return msgspec.json.decode(await read_body(request), type=kind)
    except ValueError as error:
        raise CannotRead(str(error)) from error


def answer(told: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")


def polite(handler: Endpoint) -> Endpoint:
    """Answers 400 to what cannot be read."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except CannotRead as error:
            return answer({"code": "PARAM_ERROR", "message": str(error)}, 400)

    return endpoint


def fault_routes(faults: FaultQueue[F], kind: type[F]) -> list[Route]:
    """To ask for faults, to see those that wait, and to forget them."""

    async def waiting(_: Request) -> Response:
        return answer(faults.waiting())

    async def add(request: Request) -> Response:
        wanted = await read(request, kind)
        try:
            faults.add(wanted)
        except ValueError as error:
            raise CannotRead(str(error)) from error
        return answer(faults.waiting())

    async def clear(_: Request) -> Response:
        faults.clear()
        return answer([])

    return [
        Route("/faults", polite(waiting), methods=["GET"]),
        Route("/faults", polite(add), methods=["POST"]),
        Route("/faults", polite(clear), methods=["DELETE"]),
    ]
