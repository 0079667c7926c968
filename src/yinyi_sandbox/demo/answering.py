"""How the demo's routes read what they are sent and answer what has gone wrong. JSON both ways."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from yinyi_sandbox.demo.devices import AgentAway, Refused
from yinyi_sandbox.demo.signed import PlatformAway, Problem
from yinyi_sandbox.demo.watch import TooMany

_LONGEST_BODY = 64 * 1024

T = TypeVar("T", bound=msgspec.Struct)
Endpoint = Callable[[Request], Awaitable[Response]]


class NothingToRead(Exception):
    """There is no code in the picture."""


def answering(endpoint: Endpoint) -> Endpoint:
    """What the platform refuses goes on to the page as the platform says it."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except msgspec.DecodeError as error:
            return json_of({"error": str(error)}, 400)
        except (KeyError, NothingToRead):
            return json_of({"error": "nothing"}, 404)
        except Refused as refused:
            return json_of({"error": str(refused)}, refused.status)
        except Problem as problem:
            return json_of(problem.told, problem.status)
        except (AgentAway, PlatformAway, TooMany) as away:
            return json_of({"error": type(away).__name__}, 503)

    return answer


async def read(request: Request) -> bytes:
    """
    Raises:
        Refused: it is too long.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise Refused(413, f"longer than {_LONGEST_BODY} bytes")
    return body


async def body_of(request: Request, kind: type[T]) -> T:
    """
    Raises:
        msgspec.DecodeError, Refused: it is something else, or too long.
    """
    return msgspec.json.decode(await read(request), type=kind)


def json_of(told: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")
