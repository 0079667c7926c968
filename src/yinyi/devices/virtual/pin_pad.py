"""The PIN pad of a card terminal without hardware: opens PIN keys with the master keys of the sandbox's letters.

A real pad keeps its master keys where nobody reads them. This one is for the demo and for tests alone, and the only
place beside the sandbox where a PIN is seen in the clear.
"""

from pathlib import Path

import msgspec

from yinyi.wire.iso8583.des import check_value, decrypt_ecb, xor
from yinyi.wire.iso8583.pin import encrypt_pin_block
from yinyi.wire.terminal_line import CardRoute

LEAST, MOST = 4, 12
"""Digits of a PIN."""


class KeyNotOurs(Exception):
    """This PIN key was not encrypted for this pad."""


class _Half(msgspec.Struct, frozen=True):
    component: str


class _Letter(msgspec.Struct, frozen=True):
    acquirer: str
    merchant_no: str
    terminal_no: str
    components: tuple[_Half, _Half]

    @property
    def slot(self) -> str:
        return f"{self.acquirer}/{self.merchant_no}/{self.terminal_no}"


class PinPad:
    """Digits as they are typed; what leaves it is encrypted."""

    def __init__(self, letters: Path) -> None:
        """``letters``: as the sandbox's bank has written them; read when a key is needed."""
        self._letters = letters
        self._typed = bytearray()

    @property
    def digits(self) -> int:
        return len(self._typed)

    def press(self, digit: str) -> None:
        if len(self._typed) < MOST:
            self._typed += digit.encode("ascii")

    def clear(self) -> None:
        for at in range(len(self._typed)):
            self._typed[at] = 0
        self._typed.clear()

    def opens(self, route: CardRoute) -> bool:
        """Whether a PIN can be encrypted for this route."""
        try:
            self._key(route)
        except KeyNotOurs:
            return False
        return True

    def block(self, route: CardRoute, pan: str) -> bytes:
        """What was typed, encrypted; it is forgotten with that.

        Raises:
            KeyNotOurs: see there.
        """
        try:
            return encrypt_pin_block(self._key(route), self._typed.decode("ascii"), pan)
        finally:
            self.clear()

    def _key(self, route: CardRoute) -> bytes:
        try:
            letters = msgspec.json.decode(self._letters.read_bytes(), type=list[_Letter])
            letter = next(one for one in letters if one.slot == route.slot)
            tmk = xor(*(bytes.fromhex(half.component) for half in letter.components))
            key = decrypt_ecb(tmk, route.pin_key)
            known = check_value(key, len(route.pin_key_check))
        except (OSError, msgspec.DecodeError, StopIteration, ValueError):
            raise KeyNotOurs from None
        if known != route.pin_key_check:
            raise KeyNotOurs
        return key
