"""A web server that cannot start says why, in the sentence that `yinyi up` prints."""

import socket
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette

from yinyi.app.errors import CannotStart
from yinyi.app.interfaces import served

Run = Callable[[Coroutine[Any, Any, None]], None]


def _server(port: int, application: Starlette) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(application, host="127.0.0.1", port=port, log_config=None, lifespan="on", loop="asyncio")
    )


def test_an_address_that_somebody_has(run: Run) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with pytest.raises(CannotStart, match=r"The web server cannot start: .*address already in use"):
            run(served(_server(holder.getsockname()[1], Starlette())))


@asynccontextmanager
async def _without_a_bus(application: Starlette) -> AsyncGenerator[None]:
    if application.routes == []:
        raise RuntimeError("the bus does not answer")
    yield


def test_something_that_it_needs_is_not_there(run: Run) -> None:
    with pytest.raises(CannotStart, match="The web server cannot start: RuntimeError: the bus does not answer"):
        run(served(_server(0, Starlette(lifespan=_without_a_bus))))
