"""The sandbox as an application for a port of its own."""

from starlette.types import ASGIApp

from yinyi_sandbox.channel.app import alone
from yinyi_sandbox.wechatpay.routes import routes
from yinyi_sandbox.wechatpay.sandbox import Sandbox


def app(sandbox: Sandbox) -> ASGIApp:
    """It starts and stops the sandbox with itself."""
    return alone(sandbox, routes(sandbox))
