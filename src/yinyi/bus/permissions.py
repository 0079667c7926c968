"""What each interface's account may say and hear on the bus: derived from the operations, never listed by hand."""

from dataclasses import dataclass

from yinyi.bus.operation import VOUCHED, Caller, every_operation, vouching

BUSINESS = "business"

_HEARS = {
    Caller.KIOSK: ["event.terminal.>", "push.terminal.>"],
    Caller.MOBILE: ["event.patient.>"],
    Caller.TERMINAL: ["event.terminal.>"],
}
"""Pushes beyond its own replies."""


@dataclass(frozen=True)
class Permissions:
    """Subjects that an account may publish to and subscribe to; nothing else passes."""

    account: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def interface_permissions(caller: Caller, account: str = "") -> Permissions:
    """Exactly the operations that name this caller, and an inbox of its own. account: empty: the caller's own."""
    name = account or caller.value
    asks = tuple(spec.subject(name) for spec in every_operation() if caller in spec.callers)
    hears = (f"_INBOX.{name}.>", *_HEARS.get(caller, ()))
    return Permissions(name, asks, hears)


def business_permissions() -> Permissions:
    """Answers every interface, writes events, keeps the stream."""
    return Permissions(
        BUSINESS,
        publish=("_INBOX.>", "event.>", "push.>", "business.>", "$JS.API.>"),
        subscribe=("op.>", "business.>", f"_INBOX.{BUSINESS}.>"),
    )


def every_account() -> list[Permissions]:
    vouch = (interface_permissions(caller, vouching(caller)) for caller in VOUCHED)
    return [business_permissions(), *(interface_permissions(caller) for caller in Caller), *vouch]
