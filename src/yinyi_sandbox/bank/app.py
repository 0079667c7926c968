"""The bank's control as an application for a port of its own."""

from starlette.types import ASGIApp

from yinyi_sandbox.bank.routes import routes
from yinyi_sandbox.bank.sandbox import Bank
from yinyi_sandbox.channel.app import alone


def app(bank: Bank) -> ASGIApp:
    """It starts and stops the bank with itself."""
    return alone(bank, routes(bank))
