"""Both dialects against pyiso8583, with tables of its own that were written from the sources and not from ours."""

from typing import Any

import iso8583
import pytest
from bank_messages import MAC, body_of, messages
from hypothesis import given
from hypothesis import strategies as st

from yinyi.wire.iso8583.codec import unpack
from yinyi.wire.iso8583.cup_ascii import CUP_ASCII
from yinyi.wire.iso8583.cup_pos import CUP_POS
from yinyi.wire.iso8583.header import pack_header
from yinyi.wire.iso8583.model import Message, Profile

Spec = dict[str, dict[str, Any]]


def fixed(encoding: str, length: int) -> dict[str, Any]:
    return {"data_enc": encoding, "len_enc": "bcd", "len_type": 0, "max_len": length, "desc": ""}


def bcd(length: int, pad: str = "right_pad", prefix: int = 0) -> dict[str, Any]:
    return fixed("b", length) | {"len_type": prefix, "len_count": "nibbles", pad: "0"}


def variable(encoding: str, length: int, prefix: int) -> dict[str, Any]:
    return fixed(encoding, length) | {"len_type": prefix}


COMMON: Spec = {
    "t": fixed("b", 2),
    "p": fixed("b", 8),
    "1": fixed("b", 8),
    "2": bcd(19, prefix=1),
    "3": bcd(6),
    "4": bcd(12),
    "11": bcd(6),
    "12": bcd(6),
    "13": bcd(4),
    "14": bcd(4),
    "22": bcd(3),
    "23": bcd(3, pad="left_pad"),
    "25": bcd(2),
    "35": bcd(37, prefix=1),
    "36": bcd(104, prefix=2),
    "37": fixed("ascii", 12),
    "38": fixed("ascii", 6),
    "39": fixed("ascii", 2),
    "41": fixed("ascii", 8),
    "42": fixed("ascii", 15),
    "49": fixed("ascii", 3),
    "52": fixed("b", 8),
    "54": variable("ascii", 40, 2),
    "55": variable("b", 255, 2),
    "60": bcd(17, prefix=2),
    "61": bcd(29, prefix=2),
    "62": variable("b", 512, 2),
    "63": variable("gb18030", 163, 2),
}
POS: Spec = COMMON | {
    "h": fixed("b", 11),
    "15": bcd(4),
    "26": bcd(2),
    "32": bcd(11, prefix=1),
    "44": variable("gb18030", 25, 1),
    "48": bcd(322, prefix=2),
    "53": bcd(16),
    "58": variable("ascii", 100, 2),
    "59": variable("gb18030", 600, 2),
    "64": fixed("b", 8),
}
ASCII: Spec = COMMON | {
    "h": fixed("b", 0),
    "7": fixed("ascii", 10),
    "15": fixed("ascii", 4),
    "18": fixed("ascii", 4),
    "26": fixed("ascii", 2),
    "32": variable("ascii", 11, 1),
    "33": variable("ascii", 11, 1),
    "43": fixed("gb18030", 40),
    "44": variable("gb18030", 99, 1),
    "48": variable("ascii", 600, 2),
    "53": fixed("ascii", 16),
    "90": fixed("ascii", 42),
    "100": variable("ascii", 11, 1),
    "128": fixed("b", 8),
}
PEERS = [(CUP_POS, POS, frozenset({5, 6, 7, 27, 57})), (CUP_ASCII, ASCII, frozenset({43}))]
"""Not compared: a processor's own fields, and a text of fixed length, whose characters the other one counts."""


def as_theirs(profile: Profile, message: Message) -> dict[str, str]:
    """The message in their form: bytes in hexadecimal, ``D`` in tracks."""
    document = {"t": message.mti}
    if message.header:
        document["h"] = pack_header(profile, message.header).hex().upper()
    for number, value in message.fields.items():
        text = value.hex().upper() if isinstance(value, bytes) else value
        document[str(number)] = text.replace("=", "D") if number in (35, 36) else text
    if message.has_mac:
        document[str(profile.mac_field)] = MAC.hex().upper()
    return document


@pytest.mark.parametrize(("profile", "spec", "but"), PEERS, ids=lambda each: getattr(each, "name", ""))
@given(data=st.data())
def test_a_message_is_written_and_read_as_by_pyiso8583(
    profile: Profile, spec: Spec, but: frozenset[int], data: st.DataObject
) -> None:
    message = data.draw(messages(profile, but))
    document = as_theirs(profile, message)
    theirs, _ = iso8583.encode(dict(document), spec)
    assert bytes(theirs) == body_of(profile, message)
    assert unpack(profile, bytes(theirs)).message == message
    read, _ = iso8583.decode(body_of(profile, message), spec)
    assert {name: text for name, text in read.items() if name not in ("p", "1")} == document


def test_every_field_but_a_processors_own_is_compared() -> None:
    for profile, spec, but in PEERS:
        assert profile.fields.keys() - but <= {int(name) for name in spec if name.isdecimal()}
