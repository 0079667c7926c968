"""Field 62 of an answer to a sign-on: the keys of the day, encrypted under the terminal's master key (TMK).

Layouts, told apart by their length in bytes: 24 (PIK 8, MAK 8, each with a check value of 4), 40 (PIK 16, MAK 16; of
each the first 8 are used where the profile says so), 60 (and a TDK of 16), 56 (the same, its TDK without a check
value), and 50, 75, 100 (two, three, four blocks of attribute 1, key 16, check value 8). Seen in public: 24, 40, 56 as
a length, and the blocks; where the TDK of 56 and 60 stands, and the order of the blocks, are to be agreed on with the
acquirer. So is how they are encrypted: the published vector has triple DES under the whole TMK, while one acquirer's
terminals take a MAK of 8 bytes out with single DES under the left half.
"""

from collections.abc import Sequence
from typing import Literal

from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.model import KeyBytes
from yinyi.wire.iso8583.unprinted import Unprinted

Purpose = Literal["pik", "mak", "tdk", "further"]
KeyLayout = Literal[24, 40, 56, 60, 50, 75, 100]
_ORDER: tuple[Purpose, ...] = ("pik", "mak", "tdk", "further")
_CLASSIC: dict[int, tuple[tuple[Purpose, int, int], ...]] = {
    24: (("pik", 8, 4), ("mak", 8, 4)),
    40: (("pik", 16, 4), ("mak", 16, 4)),
    56: (("pik", 16, 4), ("mak", 16, 4), ("tdk", 16, 0)),
    60: (("pik", 16, 4), ("mak", 16, 4), ("tdk", 16, 4)),
}
_BLOCK = 25


class DeliveredKey(Unprinted, frozen=True, kw_only=True):
    """A key as it came: encrypted under the TMK. check_value: of the clear key; empty where the layout has none.

    attribute: the byte before it, in layouts of blocks. Prints its purpose only.
    """

    purpose: Purpose
    encrypted: bytes
    check_value: bytes
    attribute: bytes = b""

    def __repr__(self) -> str:
        return f"DeliveredKey({self.purpose})"


def split_keys(data: bytes, *, pik_bytes: KeyBytes, mak_bytes: KeyBytes) -> tuple[DeliveredKey, ...]:
    """The keys of field 62. pik_bytes, mak_bytes: how much of the sixteen of each is used.

    Raises:
        FieldError: a length that is none of the layouts', or a PIK of 8 bytes where this line's has 16.
    """
    most: dict[Purpose, int] = {"pik": pik_bytes, "mak": mak_bytes}
    if len(data) in (50, 75, 100):
        blocks = [data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK)]
        return tuple(
            _of_block(purpose, block, most.get(purpose, 16)) for purpose, block in zip(_ORDER, blocks, strict=False)
        )
    layout = _CLASSIC.get(len(data))
    if layout is None:
        raise FieldError(62, "no layout of keys has this length")
    if layout[0][1] < pik_bytes:
        raise FieldError(62, "its PIK is of 8 bytes, and that of this line of 16")
    keys: list[DeliveredKey] = []
    at = 0
    for purpose, size, check in layout:
        used = min(size, most.get(purpose, size))
        check_value = data[at + size : at + size + check]
        keys.append(DeliveredKey(purpose=purpose, encrypted=data[at : at + used], check_value=check_value))
        at += size + check
    return tuple(keys)


def join_keys(layout: KeyLayout, keys: Sequence[DeliveredKey]) -> bytes:
    """Field 62 as a host makes it: for the sandbox. A PIK or MAK of 8 bytes is filled with zeros where the layout
    has 16.

    Raises:
        FieldError: not the keys that the layout has, in its order, or one of another length.
    """
    parts = _CLASSIC.get(layout) or tuple((purpose, 16, 8) for purpose in _ORDER[: layout // _BLOCK])
    if [key.purpose for key in keys] != [purpose for purpose, _, _ in parts]:
        raise FieldError(62, "not the keys of this layout")
    return b"".join(
        _joined(key, size, check, layout in (50, 75, 100)) for key, (_, size, check) in zip(keys, parts, strict=True)
    )


def _of_block(purpose: Purpose, block: bytes, used: int) -> DeliveredKey:
    return DeliveredKey(purpose=purpose, encrypted=block[1 : 1 + used], check_value=block[17:], attribute=block[:1])


def _joined(key: DeliveredKey, size: int, check: int, in_block: bool) -> bytes:
    is_filled = key.purpose in ("pik", "mak") and len(key.encrypted) == 8
    encrypted = key.encrypted.ljust(size, b"\0") if is_filled else key.encrypted
    attribute = key.attribute if in_block else b""
    if len(encrypted) != size or len(key.check_value) != check or len(attribute) != in_block:
        raise FieldError(62, "a key or check value is not as long as this layout has it")
    return attribute + encrypted + key.check_value
