"""Keys of the bank line as everybody but the key store sees them: wrapped. Plain data."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec

from yinyi.wire.iso8583.model import MacAlgorithm

KeyPurpose = Literal[
    "tmk",  # the terminal's master key: the others are delivered under it
    "pik",  # the PIN pad encrypts PIN blocks with it
    "mak",  # messages are authenticated with it
    "tdk",  # tracks are encrypted with it
]
WorkingPurpose = Literal["pik", "mak", "tdk"]
"""Delivered at sign-on, under the TMK."""
StoredMac = MacAlgorithm | Literal["hmac-sm3"]
"""What a MAK makes: 8 bytes on the lines of acquirers, 32 (GB/T 32905, RFC 2104) on institutions' own."""

CHECK_BYTES = 4
"""Of a check value: the first bytes of eight zero bytes, encrypted under the key."""

DELIVERED_CHECK_BYTES = range(3, 9)
"""Of the check value that a working key comes with: acquirers send three, four or all eight of them."""


class PosSession(NamedTuple):
    """One merchant number on one terminal, and where it has its keys: no key is ever used for another one's."""

    acquirer: str
    merchant_no: str
    terminal_no: str

    def __str__(self) -> str:
        """``bank/merchant/terminal``: for people, journals and the binding of a wrapped key."""
        return "/".join(self)


class HeldKey(msgspec.Struct, frozen=True):
    """A key that the key store alone can use. Bound to its slot and purpose: elsewhere it does not open.

    master_key_id: what it is wrapped under. check_value: of the clear key, 4 bytes; it tells nothing of it.
    """

    purpose: KeyPurpose
    master_key_id: str
    wrapped: bytes
    check_value: bytes

    def __repr__(self) -> str:
        return f"HeldKey({self.purpose}, under {self.master_key_id}, {self.check_value.hex()})"


@dataclass(frozen=True)
class SealedComponent:
    """One half of a TMK, typed by one custodian, until the other one's comes. Bound to its slot and part.

    part: 1 or 2. check_value: of the half alone, as it stands in the custodian's letter.
    """

    part: int
    master_key_id: str
    sealed: bytes = field(repr=False)
    check_value: bytes
