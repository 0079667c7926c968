"""The demo's door: ``/demo`` is the sandbox's own page, handed through, so that kiosk and tray have one address.

Only where a sandbox runs beside the platform. Nothing of the platform is reachable this way but the kiosk's icons.
"""

from collections.abc import AsyncGenerator

import httpx
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

MOST_BYTES = 64 * 1024
TIMEOUT_S = 30.0
_PASSED = frozenset({"content-type", "cache-control", "content-security-policy", "etag", "content-encoding"})
_ASKED = frozenset({"accept", "accept-language", "content-type", "if-none-match"})


def demo_routes(sandbox_url: str, icons: str = "") -> list[BaseRoute]:
    """``/demo`` and everything below it. ``icons``: a sprite of those of the kiosk."""
    client = httpx.AsyncClient(base_url=sandbox_url, timeout=TIMEOUT_S, trust_env=False)

    async def through(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return Response(status_code=413)
        headers = {name: value for name, value in request.headers.items() if name in _ASKED}
        asked = client.build_request(
            request.method, request.url.path, params=request.query_params, headers=headers, content=body
        )
        try:
            answer = await client.send(asked, stream=True)
        except httpx.HTTPError:
            return Response("The sandbox does not answer for the moment.", status_code=503, media_type="text/plain")
        told = {name: value for name, value in answer.headers.items() if name in _PASSED}
        return StreamingResponse(
            _bytes(answer), answer.status_code, headers=told, background=BackgroundTask(answer.aclose)
        )

    async def drawn(_: Request) -> Response:
        return Response(icons, media_type="image/svg+xml")

    methods = ["GET", "POST", "DELETE"]
    return [
        Route("/demo", through, methods=methods),
        Route("/demo/icons.svg", drawn),
        Route("/demo/{path:path}", through, methods=methods),
    ]


async def _bytes(answer: httpx.Response) -> AsyncGenerator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    except httpx.HTTPError:
        return
