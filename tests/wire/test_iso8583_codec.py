"""Messages of both dialects: they come back as they went, what is none is refused, and nothing of a card is told."""

import sys
import traceback
from collections.abc import Callable

import msgspec
import pytest
from bank_messages import MAC, PAN, PROFILES, body_of, messages, purchase, spoilt
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import examples
from yinyi.wire.iso8583.codec import pack, unpack
from yinyi.wire.iso8583.cup_ascii import CUP_ASCII
from yinyi.wire.iso8583.cup_pos import CUP_POS
from yinyi.wire.iso8583.errors import FieldError, Place
from yinyi.wire.iso8583.model import Field, Header, Message, Profile, answer_mti

each_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)


# ---- there and back


@each_profile
@given(data=st.data())
def test_a_message_comes_back_as_it_went(profile: Profile, data: st.DataObject) -> None:
    message = data.draw(messages(profile))
    packed = pack(profile, message)
    read = unpack(profile, body_of(profile, message))
    assert read.message == message
    assert read.mac == (MAC if message.has_mac else b"")
    assert read.mac_over == packed.mac_over


@each_profile
@given(data=st.data())
@settings(max_examples=examples(200))
def test_bytes_are_refused_or_are_a_message_that_is_written_the_same(profile: Profile, data: st.DataObject) -> None:
    body = data.draw(spoilt(profile) | st.binary(max_size=120))
    try:
        read = unpack(profile, body)
    except FieldError as error:
        tells_nothing(error)
        return
    packed = pack(profile, read.message)
    assert (packed.with_mac(read.mac) if read.message.has_mac else packed.body) == body


@each_profile
@given(
    mti=st.text("0123456789٣x", max_size=5),
    fields=st.dictionaries(
        st.integers(0, 130), st.text("0123456789=Ab 交\ud800\n", max_size=20) | st.binary(max_size=20), max_size=4
    ),
    has_mac=st.booleans(),
)
def test_what_cannot_be_written_is_refused(
    profile: Profile, mti: str, fields: dict[int, str | bytes], has_mac: bool
) -> None:
    message = Message(mti, fields, has_mac)
    try:
        body = body_of(profile, message)
    except FieldError:
        return
    assert unpack(profile, body).message.fields == fields


@each_profile
def test_nothing_shorter_or_longer_than_a_message_is_one(profile: Profile) -> None:
    body = body_of(profile, purchase(profile))
    for size in range(len(body)):
        with pytest.raises(FieldError):
            unpack(profile, body[:size])
    with pytest.raises(FieldError, match="goes on after its end"):
        unpack(profile, body + b"\0")


def test_the_second_bitmap_is_there_when_it_is_needed() -> None:
    def bitmap_of(message: Message) -> bytes:
        text = pack(CUP_ASCII, message).body if not message.has_mac else pack(CUP_ASCII, message).mac_over
        return text[2:10]

    assert bitmap_of(Message("0800", {11: "000001"})) == bytes.fromhex("0020000000000000")
    assert bitmap_of(Message("0800", {11: "000001"}, has_mac=True)) == bytes.fromhex("8020000000000000")
    assert bitmap_of(Message("0420", {90: "0" * 42})) == bytes.fromhex("8000000000000000")


def test_the_mac_covers_type_bitmap_and_fields_and_not_the_header() -> None:
    body = body_of(CUP_POS, purchase(CUP_POS))
    assert pack(CUP_POS, purchase(CUP_POS)).mac_over == body[11:-8]
    body = body_of(CUP_ASCII, purchase(CUP_ASCII))
    assert pack(CUP_ASCII, purchase(CUP_ASCII)).mac_over == body[:-8]


def test_a_mac_is_not_forgotten() -> None:
    with pytest.raises(FieldError, match="MAC is missing"):
        _ = pack(CUP_POS, purchase(CUP_POS)).body
    with pytest.raises(FieldError, match="not 8 bytes"):
        pack(CUP_POS, purchase(CUP_POS)).with_mac(b"1234")
    with pytest.raises(FieldError, match="carries no MAC"):
        pack(CUP_POS, Message("0800", {})).with_mac(MAC)


# ---- settings


def test_the_padding_nibble_is_a_setting() -> None:
    message = Message("0200", {2: "123"})
    other = msgspec.structs.replace(CUP_POS, padding="F")
    assert pack(CUP_POS, message).body.endswith(bytes.fromhex("031230"))
    assert pack(other, message).body.endswith(bytes.fromhex("03123F"))
    assert unpack(other, pack(other, message).body).message.fields == {2: "123"}
    with pytest.raises(FieldError, match="field 2: not filled up"):
        unpack(CUP_POS, pack(other, message).body)


def test_a_field_that_stands_on_the_right_is_filled_with_zeros_whatever_the_nibble() -> None:
    other = msgspec.structs.replace(CUP_POS, padding="F")
    assert pack(other, Message("0200", {22: "051", 23: "001"})).body.endswith(bytes.fromhex("051F 0001"))


def test_the_mac_may_be_in_64_in_the_second_dialect() -> None:
    profile = msgspec.structs.replace(CUP_ASCII, mac_field=64)
    message = Message("0200", {11: "000001"}, has_mac=True)
    assert pack(profile, message).mac_over == bytes.fromhex("0200 0020000000000001 000001")
    assert unpack(profile, body_of(profile, message)).message == message
    with pytest.raises(FieldError, match="field 64: the MAC has to be the last field"):
        pack(profile, Message("0420", {90: "0" * 42}, has_mac=True))


def test_a_tpdu_alone_may_stand_before_a_message() -> None:
    profile = msgspec.structs.replace(CUP_ASCII, head="tpdu", header=Header(tpdu=bytes.fromhex("6000010002")))
    body = pack(profile, Message("0800", {11: "000001"})).body
    assert body == bytes.fromhex("6000010002 0800 0020000000000000 000001")
    assert unpack(profile, body).message.header == profile.header


@pytest.mark.parametrize(
    "fields", [{1: Field("b", 8)}, {64: Field("b", 8)}, {65: Field("b", 8)}, {2: Field("n", 100, prefix=2)}]
)
def test_a_table_that_cannot_be_is_no_profile(fields: dict[int, Field]) -> None:
    profile = msgspec.structs.replace(CUP_POS, fields=fields)
    with pytest.raises(ValueError, match=r"profile|field"):
        pack(profile, Message("0800", {}))


def test_reversals_and_answers_of_each_dialect() -> None:
    assert (CUP_POS.reversal_mti, CUP_POS.reversal_repeat_mti()) == ("0400", "0400")
    assert (CUP_ASCII.reversal_mti, CUP_ASCII.reversal_repeat_mti()) == ("0420", "0421")
    requests = ("0200", "0220", "0320", "0400", "0420", "0421", "0500", "0800", "0820")
    answers = ["0210", "0230", "0330", "0410", "0430", "0430", "0510", "0810", "0830"]
    assert [answer_mti(mti) for mti in requests] == answers


# ---- what is wrong, by name


def spoil(at: int, data: str) -> Callable[[bytes], bytes]:
    """Puts other bytes at a place of the message; 11 is where its type begins."""
    return lambda body: body[:at] + bytes.fromhex(data) + body[at + len(bytes.fromhex(data)) :]


def cut(size: int) -> Callable[[bytes], bytes]:
    """Leaves so many bytes of the message; below zero: without so many."""
    return lambda body: body[:size]


BODY = body_of(CUP_POS, Message("0200", {2: "123", 4: "000000012345", 25: "00", 41: "10000001"}))


@pytest.mark.parametrize(
    ("spoiler", "place", "problem"),
    [
        (spoil(0, "61"), "header", "another kind of TPDU"),
        (spoil(5, "6A"), "header", "not BCD"),
        (spoil(11, "02F0"), "message type", "not BCD"),
        (spoil(13, "D0"), 1, "no such field"),
        (spoil(13, "51"), 8, "no such field"),
        (spoil(21, "2A"), 2, "its length is not BCD"),
        (spoil(21, "20"), 2, "longer than 19"),
        (spoil(22, "A2"), 2, "not BCD"),
        (spoil(22, "1231"), 2, "not filled up"),
        (spoil(24, "0A"), 4, "not BCD"),
        (spoil(30, "AA"), 25, "not BCD"),
        (spoil(31, "1F"), 41, "not of the characters of ans"),
        (cut(12), "message type", "the message ends within it"),
        (cut(20), "bitmap", "the message ends within it"),
        (cut(21), 2, "the message ends within it"),
        (cut(23), 2, "the message ends within it"),
        (cut(-1), 41, "the message ends within it"),
        (spoil(20, "01"), "message", "ends before its MAC"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(spoiler: Callable[[bytes], bytes], place: Place, problem: str) -> None:
    with pytest.raises(FieldError) as caught:
        unpack(CUP_POS, spoiler(BODY))
    assert caught.value.place == place
    assert problem in caught.value.problem


def test_a_second_bitmap_that_says_nothing_is_refused() -> None:
    with pytest.raises(FieldError, match="bitmap: its second half says nothing"):
        unpack(CUP_ASCII, bytes.fromhex("0800 8020000000000000 0000000000000000 000001"))


def test_what_recurs_is_looked_at_as_closely_the_second_time() -> None:
    """Fields of a terminal are remembered together, and what is wrong among them is told by its own number."""
    fields: dict[int, str | bytes] = {41: "10000001", 42: "898310070110001", 49: "156", 60: "22000001000", 63: "01 "}
    body = body_of(CUP_POS, Message("0200", fields))
    for _ in range(2):
        assert unpack(CUP_POS, body).message.fields == fields
        for number, at, wrong in ((41, 21, "1F"), (42, 29, "1F"), (49, 44, "2D"), (60, 49, "0A"), (63, 57, "FF")):
            with pytest.raises(FieldError) as caught:
                unpack(CUP_POS, spoil(at, wrong)(body))
            assert caught.value.place == number


def test_text_that_is_not_gb18030_is_refused() -> None:
    body = pack(CUP_POS, Message("0210", {63: "CUP交易成功"})).body
    with pytest.raises(FieldError, match="field 63: not GB 18030"):
        unpack(CUP_POS, body[:-1] + b"\xff")
    with pytest.raises(FieldError, match="field 63: cannot be written"):
        pack(CUP_POS, Message("0210", {63: "\ud800"}))


@pytest.mark.parametrize(
    ("number", "value", "problem"),
    [
        (2, "12345678901234567890", "longer than 19"),
        (3, "00000", "not 6 long"),
        (3, b"000000", "not digits"),
        (3, "00000٣", "not digits"),
        (35, "1234D5678", "not digits"),
        (39, "A-", "not of the characters of an"),
        (41, "1000\n001", "not of the characters of ans"),
        (52, "00000000", "not bytes"),
        (52, b"1234567", "not 8 long"),
        (64, b"12345678", "no such field"),
    ],
)
def test_values_that_a_field_cannot_hold(number: int, value: str | bytes, problem: str) -> None:
    with pytest.raises(FieldError, match=f"field {number}: .*{problem}"):
        pack(CUP_POS, Message("0200", {number: value}))


# ---- nothing of a card is told


def tells_nothing(error: BaseException) -> None:
    """No text, argument, attribute or cause of it has digits of the card."""
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args) + repr(vars(error))
    assert error.__cause__ is None
    assert error.__context__ is None
    assert not [PAN[at : at + 5] for at in range(len(PAN) - 4) if PAN[at : at + 5] in told]


@each_profile
def test_nothing_of_a_card_or_a_payment_is_remembered(profile: Profile) -> None:
    """How other values are written and read is: of a terminal, a merchant, a batch."""
    for number, field in profile.fields.items():
        value = bytes(range(8)) if field.kind == "b" else "".join(["1"] * field.length)
        before = sys.getrefcount(value)
        pack(profile, Message("0200", {number: value}))
        assert field.recurs is (sys.getrefcount(value) > before)
        if field.length > 1:  # what has one character is one object in any case
            body = body_of(profile, Message("0200", {number: value}))
            one, other = (unpack(profile, body).message.fields[number] for _ in range(2))
            assert field.recurs is (one is other)
        assert not (field.recurs and number in (2, 4, 11, 14, 23, 35, 36, 37, 38, 48, 52, 54, 55, 61, 62, 90))


@each_profile
def test_what_is_printed_of_a_message_is_its_type_and_its_fields(profile: Profile) -> None:
    packed = pack(profile, purchase(profile))
    read = unpack(profile, packed.with_mac(MAC))
    assert repr(read.message) == "Message(0200: 2 3 4 11 14 22 23 25 26 35 36 41 42 49 52 53 55 60 MAC)"
    assert repr(read) == f"Unpacked({read.message!r})"
    assert repr(packed) == f"Packed({len(packed.head + packed.text)} bytes, MAC to come)"
    for each in (read.message, read, packed):
        assert each.__rich_repr__() == []
        assert f"{each}" == repr(each)


@each_profile
def test_an_error_about_any_field_of_a_purchase_tells_nothing_of_it(profile: Profile) -> None:
    message = purchase(profile)
    for number, value in message.fields.items():
        for wrong in (PAN * 40, PAN.encode() * 40, f"{PAN}\ud800", value * 1000):
            with pytest.raises(FieldError) as caught:
                pack(profile, Message("0200", message.fields | {number: wrong}))
            tells_nothing(caught.value)


@each_profile
def test_an_error_about_any_byte_of_a_purchase_tells_nothing_of_it(profile: Profile) -> None:
    body = body_of(profile, purchase(profile))
    refused = 0
    for at in range(len(body)):
        for other in (b"\xff", b"\x0f", b""):
            try:
                unpack(profile, body[:at] + other + body[at + 1 :])
            except FieldError as error:
                tells_nothing(error)
                refused += 1
    assert refused > len(body)
