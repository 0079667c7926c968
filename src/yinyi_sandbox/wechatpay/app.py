"""The sandbox as an application for a port of its own."""

import contextlib
from collections.abc import AsyncGenerator

from starlette.applications import Starlette
from starlette.types import ASGIApp

from yinyi_sandbox.wechatpay.hanging_up import with_line
from yinyi_sandbox.wechatpay.routes import routes
from yinyi_sandbox.wechatpay.sandbox import Sandbox


def app(sandbox: Sandbox) -> ASGIApp:
    """It starts and stops the sandbox with itself."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        await sandbox.start()
        yield
        await sandbox.stop()

    return with_line(Starlette(routes=routes(sandbox), lifespan=lifespan))
