"""The vectors that are published for lines to China UnionPay, and what was worked out from them."""

import pytest
from bank_messages import KEY

from yinyi.wire.iso8583.codec import pack, unpack
from yinyi.wire.iso8583.cup_pos import CUP_POS
from yinyi.wire.iso8583.des import check_value, decrypt_ecb, encrypt_cbc, encrypt_ecb
from yinyi.wire.iso8583.framing import Frames, framed
from yinyi.wire.iso8583.mac import is_mac, mac
from yinyi.wire.iso8583.model import Header, MacAlgorithm, Message
from yinyi.wire.iso8583.pin import encrypt_pin_block, pan_of, pin_block

MAK = bytes.fromhex("C24A8FB57AA20123")
MAC_OVER = bytes.fromhex(
    "0200302004C020C0981100000000000000005100183402100006324392260009942820D1312101120084393136363838303134"
    "303030303030303030303030303031313536ACF46E73838A82F92600000000000000000822000001"
)
SIGN_ON = bytes.fromhex(
    "003C600003000060220000000008000020000000C00012000001313030303030303138393830303030303030303030303100110000"
    "000100300003303120"
)
SIGN_ON_FIELDS: dict[int, str | bytes] = {
    11: "000001",
    41: "10000001",
    42: "898000000000001",
    60: "00000001003",
    63: "01 ",
}


def test_1_a_key_under_the_master_key() -> None:
    tmk = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")
    assert decrypt_ecb(tmk, bytes.fromhex("96D605EA176B7E9E")) == MAK


def test_2_mac_of_a_purchase() -> None:
    assert mac("ecb", MAK, MAC_OVER) == b"8A9E91B8"
    assert is_mac("ecb", MAK, MAC_OVER, b"8A9E91B8")
    assert not is_mac("ecb", MAK, MAC_OVER, b"8A9E91B9")


def test_2_the_blocks_are_xored_before_anything_is_encrypted() -> None:
    """Which shows with the third algorithm: it encrypts the same XOR once."""
    assert mac("xor-3des", MAK, MAC_OVER) == encrypt_ecb(MAK, bytes.fromhex("4D08F434464FE7BF"))


def test_2_is_a_message_of_the_dialect() -> None:
    head = bytes.fromhex("6000030000602200000000")
    read = unpack(CUP_POS, head + MAC_OVER + b"8A9E91B8")
    assert read.mac_over == MAC_OVER
    assert read.mac == b"8A9E91B8"
    assert sorted(read.message.fields) == [3, 4, 11, 22, 25, 26, 35, 41, 42, 49, 52, 53, 60]
    assert read.message.fields[35] == "4392260009942820=131210112008439"
    assert pan_of(read.message) == "4392260009942820"
    packed = pack(CUP_POS, read.message)
    assert packed.mac_over == MAC_OVER
    assert packed.with_mac(mac("ecb", MAK, packed.mac_over)) == head + MAC_OVER + b"8A9E91B8"


@pytest.mark.parametrize(
    ("pan", "block"), [("123456789012345678", "061253DFFEDCBA98"), ("1234567890123456", "0612713176FEDCBA")]
)
def test_3_and_4_pin_blocks(pan: str, block: str) -> None:
    assert pin_block("123456", pan) == bytes.fromhex(block)


def test_5_check_value() -> None:
    assert check_value(KEY) == bytes.fromhex("08D7B4FB")


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("x9.19", bytes.fromhex("D2E1D279C4F95777")),
        ("ecb", b"84C8B241"),
        ("xor-3des", bytes.fromhex("12EB912583C6C24B")),
    ],
)
def test_5_macs_under_a_key_of_16_bytes(algorithm: MacAlgorithm, expected: bytes) -> None:
    assert mac(algorithm, KEY, MAC_OVER) == expected


def test_6_a_double_key_under_a_double_key() -> None:
    tmk = b"\x11" * 8 + b"\x22" * 8
    wrapped = bytes.fromhex("CB4AB541CD5AD4FC256A882726936A5A")
    assert encrypt_ecb(tmk, KEY) == wrapped
    assert decrypt_ecb(tmk, wrapped) == KEY


def test_7_an_encrypted_pin_block() -> None:
    assert encrypt_pin_block(KEY, "123456", "1234567890123456") == bytes.fromhex("793AE1FCD3064968")


def test_8_a_sign_on() -> None:
    [body] = Frames(CUP_POS).feed(SIGN_ON)
    header = Header(tpdu=bytes.fromhex("6000030000"), software_version="22")
    message = Message("0800", SIGN_ON_FIELDS, header=header)
    read = unpack(CUP_POS, body)
    assert read.message == message
    assert (read.mac, read.mac_over) == (b"", b"")
    assert framed(CUP_POS, pack(CUP_POS, message).body) == SIGN_ON


def test_single_des_as_in_fips_81_and_113() -> None:
    key = bytes.fromhex("0123456789ABCDEF")
    assert encrypt_ecb(key, b"Now is t") == bytes.fromhex("3FA40E8A984D4815")
    assert encrypt_cbc(key, b"7654321 Now is the time for \0\0\0\0")[-8:-4] == bytes.fromhex("F1D30F68")
    assert mac("x9.19", key, b"7654321 Now is the time for ")[:4] == bytes.fromhex("F1D30F68")


def test_the_example_of_iso_9564() -> None:
    assert pin_block("1234", "43219876543210987") == bytes.fromhex("0412AC89ABCDEF67")
