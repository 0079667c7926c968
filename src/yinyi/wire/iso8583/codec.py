"""Messages to bytes and back. Strict: what is not exactly as the profile says is refused with the number of its field.

Packing and computing the MAC are two steps, because keys live in a store of their own.
"""

from collections.abc import Iterable
from functools import lru_cache

from yinyi.wire.iso8583.elements import Element, element, is_digits
from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.header import HEAD_BYTES, pack_header, unpack_header
from yinyi.wire.iso8583.model import Header, Message, Profile
from yinyi.wire.iso8583.runs import Member, Reader, Step, readers, steps
from yinyi.wire.iso8583.unprinted import Unprinted

MAC_BYTES = 8
_SHAPES = 256
"""So many sets of fields are remembered; a line knows a few dozen, and a flood of others costs time, not memory."""


class Packed(Unprinted, frozen=True):
    """A message in bytes, its MAC still to be added where it carries one. Prints nothing of it."""

    head: bytes
    text: bytes
    has_mac: bool

    @property
    def mac_over(self) -> bytes:
        """From the message type to the last field before the MAC; empty when the message carries none."""
        return self.text if self.has_mac else b""

    @property
    def body(self) -> bytes:
        """The whole message, without the length before it.

        Raises:
            FieldError: it carries a MAC: ``with_mac``.
        """
        if self.has_mac:
            raise FieldError("message", "its MAC is missing")
        return self.head + self.text

    def with_mac(self, mac: bytes) -> bytes:
        """The whole message, without the length before it.

        Raises:
            FieldError: it carries none, or the MAC is not of 8 bytes.
        """
        if not self.has_mac or len(mac) != MAC_BYTES:
            raise FieldError("message", "carries no MAC" if not self.has_mac else "its MAC is not 8 bytes")
        return self.head + self.text + mac

    def __repr__(self) -> str:
        return f"Packed({len(self.head) + len(self.text)} bytes{', MAC to come' if self.has_mac else ''})"


class Unpacked(Unprinted, frozen=True):
    """A message, its MAC as it came and the bytes that the MAC is over; both are empty when it carries none.

    Nobody has compared them: that is for whoever has the key. Prints nothing but type and field numbers.
    """

    message: Message
    mac: bytes
    mac_over: bytes

    def __repr__(self) -> str:
        return f"Unpacked({self.message!r})"


def pack(profile: Profile, message: Message) -> Packed:
    """The message in bytes.

    Raises:
        FieldError: a field that the profile does not have, or a value that it cannot hold.
    """
    fields, has_mac = message.fields, message.has_mac
    head, begin, writers = _layout(profile).to_write(message.mti, tuple(fields), has_mac, message.header)
    return Packed(head, begin + b"".join([write(take(fields)) for take, write in writers]), has_mac)


def unpack(profile: Profile, body: bytes) -> Unpacked:
    """The message that the bytes are, all of them; they are what stands after the length.

    Raises:
        FieldError: they are none.
    """
    layout = _layout(profile)
    start, at = layout.start, layout.start + 10
    if layout.may_be_long and body[start + 2 : start + 3] >= b"\x80":
        at += 8
    header, mti, reads, has_mac = layout.to_read(body[:at])
    fields: dict[int, str | bytes] = {}
    for number, read, numbers, read_all in reads:
        if read is not None:
            fields[number], at = read(body, at)
        else:
            values, at = read_all(body, at)
            fields.update(zip(numbers, values, strict=True))
    left = len(body) - at
    if left != (MAC_BYTES if has_mac else 0):
        raise FieldError("message", "ends before its MAC" if left < MAC_BYTES and has_mac else "goes on after its end")
    message = Message(mti, fields, has_mac, header)
    return Unpacked(message, body[at:], body[start:at]) if has_mac else Unpacked(message, b"", b"")


def _type_of(mti: str) -> bytes:
    if len(mti) != 4 or not is_digits(mti):
        raise FieldError("message type", "not four digits")
    return bytes.fromhex(mti)


_Writers = tuple[Step, ...]
_Readers = tuple[Reader, ...]


class _Layout:
    """A profile, compiled: what to do for each set of fields is worked out when it first comes.

    start: of the message type. may_be_long: whether there may be a second bitmap.
    """

    def __init__(self, profile: Profile) -> None:
        self._elements: dict[int, Element] = {
            number: element(number, field, profile.padding) for number, field in profile.fields.items()
        }
        most = profile.bitmap_bytes * 8
        if not all(2 <= number <= most and number not in (65, profile.mac_field) for number in profile.fields):
            raise ValueError(f"profile {profile.name}: a field that its bitmap cannot name, or its MAC, in the table")
        self._profile = profile
        self._mac_field = profile.mac_field
        self.start = HEAD_BYTES[profile.head]
        self.may_be_long = profile.bitmap_bytes == 16
        self.to_write = lru_cache(maxsize=_SHAPES)(self._to_write)
        self.to_read = lru_cache(maxsize=_SHAPES)(self._to_read)

    def _to_write(
        self, mti: str, named: tuple[int, ...], has_mac: bool, header: Header | None
    ) -> tuple[bytes, bytes, _Writers]:
        """What stands before the message type, that and the bitmap, and how the fields are written."""
        bitmap, writers = self._shape_of(named, has_mac)
        head = pack_header(self._profile, header or self._profile.header) if self._profile.head else b""
        return head, _type_of(mti) + bitmap, writers

    def _to_read(self, begin: bytes) -> tuple[Header | None, str, _Readers, bool]:
        """What stands before the fields, and how these are read."""
        header = unpack_header(self._profile, begin[: self.start]) if self._profile.head else None
        mti, bitmap = begin[self.start : self.start + 2].hex(), begin[self.start + 2 :]
        if len(mti) != 4 or not mti.isdecimal():
            raise FieldError("message type", "the message ends within it" if len(mti) != 4 else "not BCD")
        if len(bitmap) < 8 or (self.may_be_long and bitmap[0] & 0x80 and len(bitmap) < 16):
            raise FieldError("bitmap", "the message ends within it")
        return header, mti, *self._shape_for(bitmap)

    def _shape_of(self, named: tuple[int, ...], has_mac: bool) -> tuple[bytes, _Writers]:
        numbers = sorted(named)
        writers = tuple(steps(self._members(numbers), self._profile.padding))
        self._mac_is_last(numbers, has_mac)
        present = [*numbers, self._mac_field] if has_mac else numbers
        bits = sum(1 << (128 - number) for number in present)
        if present and present[-1] > 64:
            return ((1 << 127) | bits).to_bytes(16, "big"), writers
        return (bits >> 64).to_bytes(8, "big"), writers

    def _shape_for(self, bitmap: bytes) -> tuple[_Readers, bool]:
        bits = int.from_bytes(bitmap, "big")
        size = len(bitmap) * 8
        first = 2 if len(bitmap) == 16 else 1
        numbers = [number for number in range(first, size + 1) if bits >> (size - number) & 1]
        if len(bitmap) == 16 and (not numbers or numbers[-1] <= 64):
            raise FieldError("bitmap", "its second half says nothing")
        has_mac = self._mac_field in numbers
        if has_mac:
            numbers.remove(self._mac_field)
        self._mac_is_last(numbers, has_mac)
        return tuple(readers(self._members(numbers), self._profile.padding)), has_mac

    def _members(self, numbers: Iterable[int]) -> list[Member]:
        return [(number, self._element(number), self._profile.fields[number]) for number in numbers]

    def _element(self, number: int) -> Element:
        found = self._elements.get(number)
        if found is None:
            raise FieldError(number, "this line has no such field")
        return found

    def _mac_is_last(self, numbers: list[int], has_mac: bool) -> None:
        if has_mac and numbers and numbers[-1] > self._mac_field:
            raise FieldError(self._mac_field, "the MAC has to be the last field")


@lru_cache(maxsize=64)
def _layout(profile: Profile) -> _Layout:
    return _Layout(profile)
