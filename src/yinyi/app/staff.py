"""Asking as staff, on the machine of `yinyi up`: whoever may read its secrets may."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import uuid4

from msgspec.structs import replace

from yinyi.app.bus_account import connect_bus
from yinyi.app.errors import CannotStart
from yinyi.app.person import NOBODY, Person
from yinyi.app.secret_files import secret
from yinyi.app.settings import Settings
from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials
from yinyi.bus.operation import Caller, Operation
from yinyi.business.terminals.model import INSTALLER
from yinyi.kernel.secrets import digest

R = TypeVar("R")
STAFF = ("operator", "supervisor")
"""Accounts, not people: who sits at one proves it by the PIN of his staff card, where a person has to ask."""
ACCOUNTS = (*STAFF, INSTALLER)


class Staff:
    """One of the staff, on the bus."""

    def __init__(self, client: BusClient, credentials: Credentials) -> None:
        self._client = client
        self._credentials = credentials

    async def ask(
        self, message: Operation[R], *, key: str = "", timeout_s: float | None = None, by: Person = NOBODY
    ) -> R:
        """``key``: the same for what is asked again because no answer came. ``by``: who sits there.

        Raises:
            YinyiError: whatever the operation ended in.
        """
        key = key or uuid4().hex
        shown = replace(self._credentials, person=by.number, pin=by.pin)
        answered = await self._client.ask(message, credentials=shown, key=key, timeout_s=timeout_s)
        return answered.reply


@asynccontextmanager
async def as_staff(settings: Settings, name: str = STAFF[0]) -> AsyncGenerator[Staff]:
    """
    Raises:
        CannotStart: there is no bus, or no such staff.
    """
    if name not in ACCOUNTS:
        raise CannotStart(f"There is no {name} among the staff; there are {', '.join(STAFF)}.")
    settings = replace(settings, nats_url=settings.nats_url or _embedded(settings))
    bus = await connect_bus(settings, Caller.STAFF.value)
    try:
        client = BusClient(bus, Caller.STAFF.value, settings.make_clock())
        yield Staff(client, Credentials(staff=staff_token(settings, name)))
    finally:
        await bus.close()


async def ask_as_staff(settings: Settings, message: Operation[R], name: str = STAFF[0], by: Person = NOBODY) -> R:
    """
    Raises:
        YinyiError: whatever the operation ended in.
        CannotStart: there is no bus, or no such staff.
    """
    async with as_staff(settings, name) as staff:
        return await staff.ask(message, by=by)


def staff_token(settings: Settings, name: str = STAFF[0]) -> str:
    """Of one of the staff: whoever may read the data folder's secrets has it."""
    return secret(settings.folder.secrets, f"staff-{name}")


def staff_of(settings: Settings) -> dict[bytes, str]:
    """Who may ask as staff, by the digest of his token."""
    return {digest(staff_token(settings, name)): name for name in ACCOUNTS}


def _embedded(settings: Settings) -> str:
    """Where the bus of the `yinyi up` on this data folder listens."""
    try:
        config = (settings.folder.nats / "nats.conf").read_text(encoding="utf-8")
    except OSError:
        config = ""
    port = re.search(r"(?m)^port: (\d+)", config)
    if port is None:
        raise CannotStart(f"No Yinyi was started on {settings.data_dir}; name its folder with YINYI_DATA_DIR.")
    return f"nats://127.0.0.1:{port[1]}"
