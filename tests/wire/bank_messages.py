"""Messages of a bank line to try the codec with: any that a profile allows, and bytes that were one."""

import string
from typing import Any

from hypothesis import strategies as st

from yinyi.wire.iso8583.codec import pack
from yinyi.wire.iso8583.cup_ascii import CUP_ASCII
from yinyi.wire.iso8583.cup_pos import CUP_POS
from yinyi.wire.iso8583.model import Field, Header, Message, Profile

PROFILES = (CUP_POS, CUP_ASCII)
PAN = "6225880212345678"
KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
MAC = bytes.fromhex("1122334455667788")

_DIGITS = string.digits
_ALNUM = string.ascii_letters + string.digits + " "
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_LETTERS: dict[str, str] = {"n": _DIGITS, "z": _DIGITS + "=", "an": _ALNUM, "ans": _PRINTABLE}

mtis = st.text(_DIGITS, min_size=4, max_size=4)
headers = st.builds(
    Header,
    tpdu=st.binary(min_size=4, max_size=4).map(lambda rest: b"\x60" + rest),
    application=st.sampled_from(["60", "61"]),
    software_version=st.text(_DIGITS, min_size=2, max_size=2),
    terminal_state=st.sampled_from("01"),
    processing_request=st.sampled_from("0123456789ABCDEF"),
    reserved=st.text(string.hexdigits[:10] + "ABCDEF", min_size=6, max_size=6),
)


def values(field: Field) -> st.SearchStrategy[Any]:
    """What one field can hold; of the long ones mostly little, and sometimes all."""
    least = 0 if field.prefix else field.length
    sizes = st.integers(least, min(least + 40, field.length)) | st.just(field.length)
    if field.kind == "b":
        return sizes.flatmap(lambda size: st.binary(min_size=size, max_size=size))
    if field.kind == "text":
        return sizes.flatmap(_text_of)
    return sizes.flatmap(lambda size: st.text(_LETTERS[field.kind], min_size=size, max_size=size))


def _text_of(size: int) -> st.SearchStrategy[str]:
    """Of exactly so many bytes."""
    letters = st.text("交易成功余额不足䶮㛃𠅤￥é\n ABZ019;'", max_size=min(size // 4, 12))
    return letters.map(lambda text: text + " " * (size - len(text.encode("gb18030"))))


@st.composite
def messages(draw: st.DrawFn, profile: Profile, but: frozenset[int] = frozenset()) -> Message:
    """Any message of a profile, without the fields of ``but``."""
    numbers = st.lists(st.sampled_from(sorted(profile.fields.keys() - but)), unique=True, max_size=9)
    fields = {number: draw(values(profile.fields[number])) for number in draw(numbers)}
    return Message(draw(mtis), fields, draw(st.booleans()), draw(headers) if profile.head else None)


def body_of(profile: Profile, message: Message) -> bytes:
    """The whole message, with a MAC of no meaning where it carries one."""
    packed = pack(profile, message)
    return packed.with_mac(MAC) if message.has_mac else packed.body


def purchase(profile: Profile) -> Message:
    """Of everything that must never be seen: card, tracks, PIN block, chip data."""
    fields: dict[int, str | bytes] = {
        2: PAN,
        3: "000000",
        4: "000000012345",
        11: "000002",
        14: "2512",
        22: "051",
        23: "001",
        25: "00",
        26: "12",
        35: f"{PAN}=25122011234567890",
        36: f"99{PAN}=156156000000000",
        41: "10000001",
        42: "898310070110001",
        49: "156",
        52: bytes.fromhex("793AE1FCD3064968"),
        53: "2600000000000000",
        55: bytes.fromhex(f"5A08{PAN}9F2608ABCDEF0123456789"),
        60: "2200000100050",
    }
    return Message("0200", fields, has_mac=True, header=profile.header if profile.head else None)


@st.composite
def spoilt(draw: st.DrawFn, profile: Profile) -> bytes:
    """A purchase, or any message, of which a few bytes were changed, lost or added."""
    body = bytearray(body_of(profile, draw(st.just(purchase(profile)) | messages(profile))))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(body) - 1)))
        how = draw(st.sampled_from(["change", "change", "bit", "lose", "add", "cut"]))
        if how == "cut":
            del body[at:]
        elif how == "add":
            body[at:at] = draw(st.binary(min_size=1, max_size=9))
        elif how == "lose":
            del body[at : at + draw(st.integers(1, 9))]
        elif body:
            body[at] = body[at] ^ (1 << draw(st.integers(0, 7))) if how == "bit" else draw(st.integers(0, 255))
    return bytes(body)
