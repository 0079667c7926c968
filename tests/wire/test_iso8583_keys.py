"""Keys, check values, MACs and PIN blocks against another implementation; layouts of the keys of the day."""

import warnings
from typing import get_args

import pytest
from bank_messages import KEY, PAN
from hypothesis import given
from hypothesis import strategies as st

from yinyi.wire.iso8583 import des
from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.mac import mac, maker
from yinyi.wire.iso8583.model import MacAlgorithm, Message
from yinyi.wire.iso8583.pin import encrypt_pin_block, pan_of, pan_part, pin_block, read_pin_block
from yinyi.wire.iso8583.working_keys import DeliveredKey, KeyLayout, Purpose, join_keys, split_keys

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from psec import des as other_des
    from psec import mac as other_mac
    from psec import pinblock as other_pinblock

theirs = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
double_keys = st.binary(min_size=16, max_size=16)
digits = st.text("0123456789")
pins = st.text("0123456789", min_size=4, max_size=12)
pans = st.text("0123456789", min_size=13, max_size=19)
ALGORITHMS: tuple[MacAlgorithm, ...] = get_args(MacAlgorithm)


# ---- against psec


@theirs
@given(double_keys, st.binary(min_size=1, max_size=200))
def test_retail_macs_are_those_of_psec(key: bytes, data: bytes) -> None:
    assert mac("x9.19", key, data) == other_mac.generate_retail_mac(key[:8], key[8:], data, 1)


@theirs
@given(double_keys, st.binary(min_size=1, max_size=200))
def test_the_other_macs_built_of_psecs_des(key: bytes, data: bytes) -> None:
    folded = bytes(8)
    whole = data + bytes(-len(data) % 8)
    for at in range(0, len(whole), 8):
        folded = bytes(a ^ b for a, b in zip(folded, whole[at : at + 8], strict=True))
    assert mac("xor-3des", key, data) == other_des.encrypt_tdes_ecb(key, folded)
    letters = folded.hex().upper().encode()
    first = other_des.encrypt_tdes_ecb(key, letters[:8])
    second = other_des.encrypt_tdes_ecb(key, bytes(a ^ b for a, b in zip(first, letters[8:], strict=True)))
    assert mac("ecb", key, data) == second.hex().upper()[:8].encode()


@theirs
@given(double_keys | st.binary(min_size=8, max_size=8) | st.binary(min_size=24, max_size=24))
def test_check_values_are_those_of_psec(key: bytes) -> None:
    assert des.check_value(key, 3) == other_des.generate_kcv(key, 3)


@theirs
@given(double_keys, pins, pans)
def test_pin_blocks_are_those_of_psec(key: bytes, pin: str, pan: str) -> None:
    clear = other_pinblock.encode_pinblock_iso_0(pin, pan)
    assert pin_block(pin, pan) == clear
    encrypted = encrypt_pin_block(key, pin, pan)
    assert encrypted == other_des.encrypt_tdes_ecb(key, clear)
    assert read_pin_block(des.ecb_decryptor(key).update, encrypted, pan) == pin
    assert other_pinblock.decode_pinblock_iso_0(other_des.decrypt_tdes_ecb(key, encrypted), pan) == pin


@theirs
@given(double_keys, st.binary(max_size=64).map(lambda data: data + bytes(-len(data) % 8)))
def test_ecb_and_cbc_are_those_of_psec(key: bytes, data: bytes) -> None:
    assert des.decrypt_ecb(key, des.encrypt_ecb(key, data)) == data
    assert des.decrypt_cbc(key, des.encrypt_cbc(key, data, b"12345678"), b"12345678") == data
    if data:
        assert des.encrypt_ecb(key, data) == other_des.encrypt_tdes_ecb(key, data)
        assert des.encrypt_cbc(key, data, b"12345678") == other_des.encrypt_tdes_cbc(key, b"12345678", data)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("length", [1, 7, 8, 9, 16, 255])
def test_a_mac_is_of_the_message_filled_up_with_zeros(algorithm: MacAlgorithm, length: int) -> None:
    data = bytes(range(1, length + 1))
    whole = data + bytes(-length % 8)
    assert mac(algorithm, KEY, data) == mac(algorithm, KEY, whole)
    assert len(mac(algorithm, KEY[:8], data)) == 8
    assert mac(algorithm, KEY, whole + b"\x01") != mac(algorithm, KEY, data)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(st.lists(st.binary(min_size=1, max_size=40), min_size=2, max_size=4), double_keys)
def test_one_mac_after_the_other(algorithm: MacAlgorithm, messages: list[bytes], double: bytes) -> None:
    for key in (double, double[:8]):
        made = maker(algorithm, key)
        assert [made(each) for each in messages] == [mac(algorithm, key, each) for each in messages]


@given(double_keys, double_keys)
def test_a_key_that_came_under_another_one_is_in_a_buffer(above: bytes, key: bytes) -> None:
    for delivered in (key, key[:8]):
        clear = des.decrypt_key(bytearray(above), des.encrypt_ecb(above, delivered))
        assert isinstance(clear, bytearray)
        assert clear == delivered


# ---- what is wrong


def test_no_des_without_a_key_or_with_half_blocks() -> None:
    with pytest.raises(ValueError, match="8, 16 or 24 bytes"):
        des.encrypt_ecb(b"short", bytes(8))
    with pytest.raises(ValueError, match="whole blocks"):
        des.encrypt_ecb(KEY, bytes(7))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_mac_of_nothing_or_under_another_key(algorithm: MacAlgorithm) -> None:
    with pytest.raises(ValueError, match="nothing to make a MAC of"):
        mac(algorithm, KEY, b"")
    with pytest.raises(ValueError, match="8 or 16 bytes"):
        mac(algorithm, KEY + KEY[:8], b"x")


@given(st.text("0123456789٣一x ", max_size=14))
def test_what_is_no_pin_makes_no_block_and_is_not_told(pin: str) -> None:
    if 4 <= len(pin) <= 12 and set(pin) <= set("0123456789"):
        return
    with pytest.raises(FieldError) as caught:
        pin_block(pin, PAN)
    assert str(caught.value) == "field 52: a PIN has 4 to 12 digits"


@pytest.mark.parametrize("pan", ["", "1", "12345678901234567890", "622588021234567x"])
def test_what_is_no_card_number_makes_no_block(pan: str) -> None:
    with pytest.raises(FieldError, match=r"^field 2: not a card number$"):
        pan_part(pan)


def test_a_short_card_number_is_filled_with_zeros() -> None:
    assert pan_part("12345678") == bytes.fromhex("0000000001234567")


@given(pins)
def test_a_block_without_the_card_number(pin: str) -> None:
    assert pin_block(pin, None).hex().upper() == f"0{len(pin):X}{pin}".ljust(16, "F")
    assert read_pin_block(des.ecb_decryptor(KEY).update, encrypt_pin_block(KEY, pin, None), None) == pin


@given(st.binary(min_size=8, max_size=8))
def test_any_eight_bytes_are_a_block_or_none(encrypted: bytes) -> None:
    try:
        pin = read_pin_block(des.ecb_decryptor(KEY).update, encrypted, PAN)
    except FieldError as error:
        refused = error
    else:
        assert encrypt_pin_block(KEY, pin, PAN) == encrypted
        return
    assert str(refused) == "field 52: no PIN block under this key"


def test_a_block_of_another_card_or_another_length_is_none() -> None:
    with pytest.raises(FieldError, match="no PIN block"):
        read_pin_block(des.ecb_decryptor(KEY).update, encrypt_pin_block(KEY, "123456", PAN), "6225880299999999")
    with pytest.raises(FieldError, match="not 8 bytes"):
        read_pin_block(des.ecb_decryptor(KEY).update, bytes(16), PAN)


def test_the_card_number_is_field_2_or_in_track_2() -> None:
    assert pan_of(Message("0200", {2: PAN, 35: "1=2"})) == PAN
    assert pan_of(Message("0200", {35: f"{PAN}=2512"})) == PAN
    assert pan_of(Message("0200", {})) == ""


# ---- field 62

PIK, MAK, TDK = bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48))


def keys_of(layout: KeyLayout) -> list[DeliveredKey]:
    """What a host would deliver in it."""
    in_blocks = layout in (50, 75, 100)
    check, attribute = (8, b"\x01") if in_blocks else (4, b"")
    size = 8 if layout == 24 else 16
    names: list[tuple[Purpose, bytes]] = [("pik", PIK), ("mak", MAK), ("tdk", TDK), ("further", KEY)]
    count = {24: 2, 40: 2, 56: 3, 60: 3, 50: 2, 75: 3, 100: 4}[layout]
    return [
        DeliveredKey(
            purpose=purpose,
            encrypted=key[:size],
            check_value=b"" if (layout, purpose) == (56, "tdk") else b"\xc0" * check,
            attribute=attribute,
        )
        for purpose, key in names[:count]
    ]


@pytest.mark.parametrize("layout", [24, 40, 56, 60, 50, 75, 100])
def test_keys_come_back_from_each_layout(layout: KeyLayout) -> None:
    keys = keys_of(layout)
    data = join_keys(layout, keys)
    assert len(data) == layout
    assert split_keys(data, pik_bytes=8 if layout == 24 else 16, mak_bytes=16) == tuple(keys)


def test_a_mak_of_eight_bytes_stands_in_front_of_its_filling() -> None:
    short = DeliveredKey(purpose="mak", encrypted=MAK[:8], check_value=b"CCCC")
    pik = keys_of(40)[0]
    data = join_keys(40, [pik, short])
    assert data == PIK + b"\xc0" * 4 + MAK[:8] + bytes(8) + b"CCCC"
    assert split_keys(data, pik_bytes=16, mak_bytes=8) == (pik, short)


@pytest.mark.parametrize("layout", [40, 50])
def test_a_pik_of_eight_bytes_stands_in_front_of_its_filling(layout: KeyLayout) -> None:
    pik, mak = keys_of(layout)
    short = DeliveredKey(purpose="pik", encrypted=PIK[:8], check_value=pik.check_value, attribute=pik.attribute)
    assert split_keys(join_keys(layout, [short, mak]), pik_bytes=8, mak_bytes=16) == (short, mak)


def test_a_line_of_long_pin_keys_takes_no_short_one() -> None:
    with pytest.raises(FieldError, match="its PIK is of 8 bytes"):
        split_keys(join_keys(24, keys_of(24)), pik_bytes=16, mak_bytes=8)


@given(st.binary(max_size=120))
def test_another_length_is_no_delivery(data: bytes) -> None:
    if len(data) in (24, 40, 56, 60, 50, 75, 100):
        assert split_keys(data, pik_bytes=8, mak_bytes=8)
        return
    with pytest.raises(FieldError, match=r"^field 62: no layout of keys has this length$"):
        split_keys(data, pik_bytes=8, mak_bytes=8)


def test_what_does_not_fit_a_layout_is_not_joined() -> None:
    pik, mak = keys_of(40)
    with pytest.raises(FieldError, match="not the keys of this layout"):
        join_keys(40, [mak, pik])
    with pytest.raises(FieldError, match="not as long as"):
        join_keys(40, [DeliveredKey(purpose="pik", encrypted=b"short", check_value=b"CCCC"), mak])


def test_a_delivered_key_prints_what_it_is_for() -> None:
    assert repr(keys_of(40)[0]) == "DeliveredKey(pik)"
