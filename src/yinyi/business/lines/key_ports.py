"""What the bank line needs of whoever can use its keys: software on this machine, or a security module."""

from collections.abc import Collection
from typing import Protocol, runtime_checkable

from yinyi.business.lines.key_model import HeldKey, PosSession, SealedComponent, StoredMac, WorkingPurpose


@runtime_checkable
class KeyStore(Protocol):
    """Shaped like a security module across a network: keys go in and out wrapped, never in clear, and the platform's
    database holds them.

    Any call may raise ``KeyDoesNotOpen``: the master key is not here, or what was given was altered, or stood in
    another slot or for another purpose.
    """

    async def entry_key(self) -> bytes:
        """The public key that components are sealed to where they are typed; see ``wire.key_entry``."""
        ...

    async def master_key_id(self) -> str:
        """The newest master key, under which everything new is wrapped. The same id is always the same key."""
        ...

    async def seal_component(self, slot: PosSession, part: int, entry: bytes, check_value: bytes) -> SealedComponent:
        """One typed component of 16 bytes, kept until the other one comes.

        Raises:
            KeyRefused: it does not agree with its check value, has not this length, is zero, or was not typed for
                this slot and part.
        """
        ...

    async def combine(self, slot: PosSession, first: SealedComponent, second: SealedComponent) -> HeldKey:
        """The TMK of this slot: both components, XOR. Its check value is for people to compare.

        Raises:
            KeyRefused: they make no double-length key.
        """
        ...

    async def take_working_key(
        self, tmk: HeldKey, slot: PosSession, purpose: WorkingPurpose, delivered: bytes, check_value: bytes
    ) -> HeldKey:
        """A working key of 8 or 16 bytes that the acquirer has delivered, ECB-encrypted under the slot's TMK.
        check_value: 3 to 8 bytes, as many as came; only a TDK may come without. It comes under the master key that the
        TMK is under, which need not be the newest: a restored database knows no newer one.

        Raises:
            KeyRefused: it does not agree with its check value, has none, or has another length.
        """
        ...

    async def mac(self, key: HeldKey, slot: PosSession, algorithm: StoredMac, data: bytes) -> bytes:
        """8 bytes: field 64 (or 128) of a message whose bytes before it are ``data``; or the 32 of an HMAC.

        Raises:
            KeyDoesNotOpen: also where ``key`` is no MAK.
        """
        ...

    async def check(self, key: HeldKey, slot: PosSession) -> None:
        """It opens here, and is the key that its check value says.

        Raises:
            KeyDoesNotOpen: it does not, or is another one.
        """
        ...

    async def rewrap(self, key: HeldKey, slot: PosSession) -> HeldKey:
        """The same key under the newest master key."""
        ...

    async def reseal(self, component: SealedComponent, slot: PosSession) -> SealedComponent:
        """The same component under the newest master key."""
        ...

    async def renew(self, in_use: Collection[str]) -> str:
        """A master key that is newer than those in use; its id. One that is there already and not in use yet is not
        made again.

        Raises:
            NoNewMasterKey: people have to give one.
        """
        ...

    async def retire(self, in_use: Collection[str]) -> bool:
        """Wrap nothing more under any master key that is older than those in use: nothing is under it any more but in
        backups, for which it may open what it has wrapped for some time still. Whether there was one."""
        ...
