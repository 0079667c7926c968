"""Headers, signed bytes and sealed resources of WeChat Pay API v3: there and back, and every tampering is seen."""

import string
from base64 import b64decode, b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import examples
from yinyi.wire.signing import wechatpay
from yinyi.wire.signing.wechatpay import Authorization, ReplySignature, Unreadable

API_KEY = b"0123456789abcdef0123456789ABCDEF"

names = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=40)
nonces = st.text(string.ascii_letters + string.digits, min_size=1, max_size=32)
timestamps = st.integers(0, 99_999_999_999)
signatures = st.binary(max_size=256).map(lambda raw: b64encode(raw).decode())
authorizations = st.builds(
    Authorization, mchid=names, nonce=nonces, signature=signatures, timestamp=timestamps, serial_no=names
)
replies = st.builds(ReplySignature, timestamp=timestamps, nonce=nonces, serial=names, signature=signatures)


@given(authorizations)
def test_an_authorization_is_read_as_it_was_written(fields: Authorization) -> None:
    assert wechatpay.read_authorization(wechatpay.write_authorization(fields)) == fields


@given(authorizations, st.permutations(range(5)), st.sampled_from([",", ", ", " , "]))
def test_order_and_spaces_of_the_fields_do_not_matter(fields: Authorization, order: list[int], separator: str) -> None:
    scheme, _, rest = wechatpay.write_authorization(fields).partition(" ")
    parts = rest.split(",")
    shuffled = separator.join(parts[index] for index in order)
    assert wechatpay.read_authorization(f"{scheme} {shuffled}") == fields


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, f"{wechatpay.SCHEME} {text}"):
        try:
            fields = wechatpay.read_authorization(candidate)
        except Unreadable:
            continue
        assert wechatpay.read_authorization(wechatpay.write_authorization(fields)) == fields


GOOD = 'mchid="1900000001",nonce_str="n0nce",signature="c2ln",timestamp="1700000000",serial_no="AB12"'


@pytest.mark.parametrize(
    "rest",
    [
        "",
        GOOD + ",",
        GOOD + ',mchid="1900000001"',
        GOOD + ',extra="1"',
        GOOD.replace(',serial_no="AB12"', ""),
        GOOD.replace('"1700000000"', '"now"'),
        GOOD.replace('"1700000000"', '"-1"'),
        GOOD.replace("1700000000", "1" * 12),
        GOOD.replace("n0nce", "n0\\nce"),
        GOOD.replace("n0nce", "n0\nce"),
        GOOD.replace("n0nce", ""),
        GOOD.replace("c2ln", "A" * 3000),
        GOOD.replace('"', "'"),
        GOOD.replace(",", ";"),
    ],
)
def test_an_authorization_out_of_form_is_refused(rest: str) -> None:
    with pytest.raises(Unreadable):
        wechatpay.read_authorization(f"{wechatpay.SCHEME} {rest}")


@pytest.mark.parametrize("scheme", ["", "Bearer", "wechatpay2-sha256-rsa2048", "WECHATPAY2-SM2-WITH-SM3"])
def test_another_scheme_is_refused(scheme: str) -> None:
    with pytest.raises(Unreadable):
        wechatpay.read_authorization(f"{scheme} {GOOD}")


@given(replies)
def test_the_headers_of_a_reply_are_read_as_they_were_written(signature: ReplySignature) -> None:
    headers = {name.lower(): value for name, value in wechatpay.write_reply_signature(signature).items()}
    assert wechatpay.read_reply_signature(headers) == signature


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wechatpay-timestamp", ""),
        ("wechatpay-timestamp", "１７"),  # full-width digits are digits to str.isdigit
        ("wechatpay-timestamp", "17\n"),
        ("wechatpay-nonce", ""),
        ("wechatpay-nonce", "a\nb"),
        ("wechatpay-serial", ""),
        ("wechatpay-serial", "AB/12"),
        ("wechatpay-signature-type", "WECHATPAY2-SM2-WITH-SM3"),
    ],
)
def test_headers_out_of_form_are_refused(name: str, value: str) -> None:
    good = ReplySignature(timestamp=17, nonce="n", serial="AB12", signature="c2ln")
    headers = {key.lower(): text for key, text in wechatpay.write_reply_signature(good).items()}
    with pytest.raises(Unreadable):
        wechatpay.read_reply_signature(headers | {name: value})


def test_a_missing_header_is_refused() -> None:
    with pytest.raises(Unreadable):
        wechatpay.read_reply_signature({})


def test_the_signed_bytes_are_the_documented_ones() -> None:
    assert (
        wechatpay.request_message("GET", "/v3/certificates?a=1", 1554208460, "593BEC0C930BF1AFEB40B4A08C8FB242", b"")
        == b"GET\n/v3/certificates?a=1\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n"
    )
    assert wechatpay.reply_message(1554209980, "c5ac", b'{"data":[]}') == b'1554209980\nc5ac\n{"data":[]}\n'


@given(st.binary(max_size=200), st.text(string.ascii_letters, min_size=12, max_size=12), st.text(max_size=16))
def test_a_resource_opens_with_its_own_key_only(plaintext: bytes, nonce: str, associated_data: str) -> None:
    sealed = wechatpay.seal(API_KEY, nonce, associated_data, plaintext)
    assert wechatpay.unseal(API_KEY, nonce, associated_data, sealed) == plaintext
    with pytest.raises(Unreadable):
        wechatpay.unseal(API_KEY[::-1], nonce, associated_data, sealed)
    with pytest.raises(Unreadable):
        wechatpay.unseal(API_KEY, nonce, associated_data + "x", sealed)


@given(st.binary(min_size=1, max_size=60), st.data())
@settings(max_examples=examples(60))
def test_a_flipped_bit_in_a_resource_is_seen(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(b64decode(wechatpay.seal(API_KEY, "twelve-bytes", "transaction", plaintext)))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(Unreadable):
        wechatpay.unseal(API_KEY, "twelve-bytes", "transaction", b64encode(sealed).decode())


@pytest.mark.parametrize("ciphertext", ["", "not base64!", "AAAA", "A"])
def test_nonsense_does_not_open(ciphertext: str) -> None:
    with pytest.raises(Unreadable):
        wechatpay.unseal(API_KEY, "twelve-bytes", "", ciphertext)
