"""Messages of a bank line, and the profiles that say how they are written."""

from functools import lru_cache
from typing import Literal

import msgspec

from yinyi.wire.iso8583.unprinted import Unprinted

Kind = Literal["n", "z", "an", "ans", "text", "b"]
"""n digits · z digits and ``=`` (tracks) · an letters, digits, blanks · ans printable ASCII · text GB 18030 · b bytes.

A fixed length of a text is counted in its bytes."""
MacAlgorithm = Literal["x9.19", "ecb", "xor-3des"]
KeyBytes = Literal[8, 16]


class Field(msgspec.Struct, frozen=True):
    """How one field is written.

    length: digits, characters or bytes; the greatest when a length of so many digits (``prefix``, in BCD) stands before
    the field. coding: of digits. alignment: of an odd number of BCD digits; filled with the profile's nibble on the
    right or with 0 on the left. recurs: it is of a terminal, a merchant, a batch or an institution, never of a card or
    a payment, so how it is written is remembered.
    """

    kind: Kind
    length: int
    prefix: Literal[0, 2, 3] = 0
    coding: Literal["bcd", "ascii"] = "bcd"
    alignment: Literal["left", "right"] = "left"
    recurs: bool = False


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """TPDU (5 bytes: identifier, destination, source) and the six bytes after it, in their digits.

    application: 应用类别, 60 magnetic stripe, 61 chip. terminal_state: 0 normal, 1 test. processing_request: 处理要求,
    what the host wants of the terminal with its reply, one of the constants of ``header.py``.
    """

    tpdu: bytes = bytes.fromhex("6000000000")
    application: str = "60"
    software_version: str = "00"
    terminal_state: str = "0"
    processing_request: str = "0"
    reserved: str = "000000"


class Message(Unprinted, frozen=True):
    """What is said. Digits and letters as ``str``, fields of kind b as ``bytes``; the MAC is no field here.

    has_mac: whether it carries one. header: None takes the profile's own. What is printed of a message is its type and
    the numbers of its fields, never a value: cards, PIN blocks and keys travel in them.
    """

    mti: str
    fields: dict[int, str | bytes]
    has_mac: bool = False
    header: Header | None = None

    def __repr__(self) -> str:
        return f"Message({self.mti}: {' '.join(map(str, sorted(self.fields)))}{' MAC' if self.has_mac else ''})"

    def text(self, number: int) -> str:
        """The field, or an empty text when it is not there.

        Raises:
            TypeError: it is a field of bytes.
        """
        value = self.fields.get(number, "")
        if isinstance(value, bytes):
            raise TypeError(f"field {number} is bytes")
        return value


class Profile(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A dialect as a table, and the settings that differ between acquirers: ``msgspec.structs.replace`` changes them.

    frame_length: what stands before a message, its length without itself. head: what stands before the message type.
    header: what our own messages carry there. swaps_tpdu: whether a reply goes back with the addresses exchanged.
    bitmap_bytes: 16 is a second bitmap where a field above 64 is there. mac_field: always the last one of its message.
    padding: the nibble after an odd number of digits. pik_bytes, mak_bytes: how much of a delivered key is used.
    has_repeat_form: whether a repeated reversal says so in its message type (0401, 0421).
    no_record_has_mac: whether the answer to a reversal that there is no such original (25) carries a MAC; where it has
    to, one without leaves the reversal open.
    ends_balanced: whether the host is told the end of a batch whose totals agreed, too (0320 with 60.3 = 207).
    most_in_batch: a batch with so many transactions is settled; a settlement counts them in three digits.
    max_frame: bytes of the longest message, without the length before it.
    """

    name: str
    fields: dict[int, Field]
    frame_length: Literal["binary-2", "ascii-4"]
    head: Literal["", "tpdu", "tpdu+header"]
    header: Header = Header()
    swaps_tpdu: bool = True
    bitmap_bytes: Literal[8, 16]
    mac_field: Literal[64, 128]
    mac: MacAlgorithm
    pik_bytes: KeyBytes = 16
    mak_bytes: KeyBytes
    padding: Literal["0", "F"] = "0"
    reversal_mti: Literal["0400", "0420"]
    has_repeat_form: bool
    no_record_has_mac: bool
    ends_balanced: bool
    answer_timeout_s: float = 60.0
    reversal_tries: int = 3
    reversal_every_s: float = 60.0
    most_in_batch: int = 900
    max_frame: int = 4096

    def reversal_repeat_mti(self) -> str:
        """The message type of a reversal that goes again: 0421 for 0420 where the dialect tells them apart."""
        return f"{self.reversal_mti[:3]}1" if self.has_repeat_form else self.reversal_mti

    def is_reversal(self, mti: str) -> bool:
        """Whether a request of this type is one, the first or a repeated one."""
        return mti in (self.reversal_mti, self.reversal_repeat_mti())


@lru_cache(maxsize=64)
def answer_mti(mti: str) -> str:
    """The message type that answers: ``0200`` → ``0210``, ``0420`` and ``0421`` → ``0430``."""
    return f"{mti[:2]}{int(mti[2]) + 1}0"
