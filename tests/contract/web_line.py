"""A web application on a real socket, and an institution that signs what it asks there."""

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, get_args

import requests
import uvicorn
from requests.auth import AuthBase
from starlette.types import ASGIApp

from yinyi.kernel.clock import Clock
from yinyi.kernel.listening import listening
from yinyi.wire import institution

_KEY = re.compile(r"[!-~]{8,64}")
ALGORITHM = "X-Yinyi-Algorithm"


@asynccontextmanager
async def serving(app: ASGIApp, **settings: Any) -> AsyncGenerator[int]:
    """Its port. settings: of ``uvicorn.Config``."""
    listener = listening()
    usual: dict[str, Any] = {"log_config": None, "lifespan": "off", "ws_max_size": 1 << 20}
    config = uvicorn.Config(app, timeout_graceful_shutdown=2, **usual | settings)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        listener.close()


def signed_key(key: str) -> str:
    """What goes under a signature: a key that is none is refused before anybody looks at that."""
    return key if _KEY.fullmatch(key) else ""


class Signer(AuthBase):
    """Signs whatever is about to be sent, as this institution."""

    def __init__(self, institution_id: str, secret: str, clock: Clock, algorithm: institution.Algorithm) -> None:
        self._who = institution_id, secret, algorithm
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        raw: Any = request.body or b""
        body = raw.encode() if isinstance(raw, str) else raw
        unheard_of = request.headers.get(ALGORITHM)
        key = str(request.headers.get("Idempotency-Key", ""))
        signed = institution.path_of_request(request.path_url, key=signed_key(key))
        request.headers.update(self.headers(request.method or "", signed, body))
        if unheard_of is not None and unheard_of not in get_args(institution.Algorithm):
            request.headers[ALGORITHM] = unheard_of
        return request

    def headers(self, method: str, path: str, body: bytes) -> dict[str, str]:
        name, secret, algorithm = self._who
        timestamp, nonce = institution.timestamp_of(self._clock.now()), secrets.token_hex(16)
        return {
            "X-Yinyi-Institution": name,
            ALGORITHM: algorithm,
            "X-Yinyi-Timestamp": timestamp,
            "X-Yinyi-Nonce": nonce,
            "X-Yinyi-Signature": institution.sign(algorithm, secret, method, path, timestamp, nonce, body),
        }
