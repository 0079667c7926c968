"""A key store, and another of its kind that has never seen the first one's keys."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec

from yinyi.business.lines.key_model import HeldKey, PosSession, SealedComponent
from yinyi.business.lines.key_ports import KeyStore
from yinyi.conformance.place import Ground
from yinyi.kernel.plugin import Plugin, Surroundings
from yinyi.wire.iso8583 import des
from yinyi.wire.key_entry import context_of, seal

SLOT = PosSession("bank", "104110070110001", "00000001")
ELSEWHERE = SLOT._replace(terminal_no="00000002")
TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")


class FarKeys(Protocol):
    """Where a key store keeps its keys: a security module's simulator, or nothing but a folder."""

    @property
    def settings(self) -> dict[str, Any]: ...


class Stage:
    """Also the bank, and its custodians."""

    def __init__(self, keys: KeyStore, stranger: KeyStore) -> None:
        self.keys = keys
        self.stranger = stranger

    async def calm(self) -> None:
        """Nothing goes wrong here."""

    async def typed(self, part: int, component: bytes, slot: PosSession = SLOT) -> SealedComponent:
        entry = seal(await self.keys.entry_key(), context_of(str(slot), part), component)
        return await self.keys.seal_component(slot, part, entry, des.check_value(component))

    async def loaded(self, slot: PosSession = SLOT) -> HeldKey:
        """Both halves of a TMK, each typed by its custodian."""
        half = secrets.token_bytes(16)
        other = bytes(a ^ b for a, b in zip(half, TMK, strict=True))
        return await self.keys.combine(slot, await self.typed(1, half, slot), await self.typed(2, other, slot))


@asynccontextmanager
async def on_stage(plugin: Plugin, far: FarKeys, place: Ground) -> AsyncGenerator[tuple[Any, Stage]]:
    """The connector, and the stage.

    Raises:
        ValueError: the sandbox has other settings than the connector takes.
    """
    stores = [_store(plugin, far, place, place.folder / name) for name in ("ours", "theirs")]
    for each in stores:
        if hasattr(each, "start"):
            await each.start()
    try:
        yield stores[0], Stage(*stores)
    finally:
        for each in stores:
            if hasattr(each, "stop"):
                await each.stop()


def _store(plugin: Plugin, far: FarKeys, place: Ground, secret: Path) -> Any:
    secret.mkdir(mode=0o700)
    around = Surroundings(clock=place.clock, callback_url="", secrets=secret)
    return plugin.build(msgspec.convert(far.settings, plugin.config), around)
