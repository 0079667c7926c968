"""A channel's sandbox as an application for a port of its own."""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from yinyi_sandbox.channel.hanging_up import with_line


class Startable(Protocol):
    """Any channel's sandbox."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


def alone(sandbox: Startable, routes: Sequence[Route]) -> ASGIApp:
    """It starts and stops the sandbox with itself."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        await sandbox.start()
        yield
        await sandbox.stop()

    return with_line(Starlette(routes=routes, lifespan=lifespan))
