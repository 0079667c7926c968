"""What Alipay signs: the documented texts, found again byte for byte; every tampering is seen, every limit holds."""

import json
import string
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import examples
from yinyi.wire import beijing_time
from yinyi.wire.signing import alipay
from yinyi.wire.signing.alipay import Unreadable
from yinyi.wire.signing.rsa import sign

KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = KEY.public_key()
QUERY = "alipay.trade.query"

names = st.text(string.ascii_lowercase + "_", min_size=1, max_size=12).filter(lambda name: "sign" not in name)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def test_the_signed_text_is_the_documented_one() -> None:
    params = {"version": "1.0", "app_id": "2099", "sign": "x", "notify_url": "", "biz_content": '{"a":"b=c&d 元"}'}
    assert alipay.text_to_sign(params) == 'app_id=2099&biz_content={"a":"b=c&d 元"}&version=1.0'
    notice = {"sign_type": "RSA2", "sign": "x", "b": "1 2", "a": "é&=", "empty": ""}
    assert alipay.notice_text(notice) == "a=é&=&b=1 2&empty="
    assert alipay.response_name("alipay.trade.fastpay.refund.query") == "alipay_trade_fastpay_refund_query_response"


@given(st.dictionaries(names, texts, max_size=6), names, texts)
@settings(max_examples=examples(40))
def test_any_change_of_a_parameter_is_seen(params: dict[str, str], name: str, value: str) -> None:
    signed = params | {"sign": alipay.sign(KEY, params)}
    assert alipay.verifies(PUBLIC, signed)
    changed = signed | {name: value}
    same = alipay.text_to_sign(changed) == alipay.text_to_sign(signed)
    assert alipay.verifies(PUBLIC, changed) == same


@given(st.dictionaries(texts, values, max_size=5), st.sampled_from([None, 1]), st.booleans(), st.booleans())
def test_the_signed_part_of_a_reply_is_found_as_it_was_written(
    content: dict[str, object], indent: int | None, ascii_only: bool, sign_first: bool
) -> None:
    written = json.dumps(content, indent=indent, ensure_ascii=ascii_only).encode()
    parts = [b'"alipay_trade_query_response" : ' + written, b'"sign":"c2ln\\/+=" ', b'"alipay_cert_sn":"a5"']
    body = b" {" + b" ,\n".join(reversed(parts) if sign_first else parts) + b"}\n"
    reply = alipay.read_reply(body, QUERY)
    assert (reply.content, reply.signature, reply.from_gateway) == (written, "c2ln/+=", False)


def test_a_reply_is_believed_as_it_is_written_only() -> None:
    content = b'{"code":"10000","qr_code":"https:\\/\\/qr.alipay.com\\/x","subject":"}\\"{"}'
    reply = alipay.read_reply(alipay.write_reply(KEY, QUERY, content), QUERY)
    assert alipay.reply_verifies(PUBLIC, reply)
    other = json.dumps(json.loads(content), separators=(",", ":")).encode()
    assert other != content
    forged = alipay.write_signed(alipay.response_name(QUERY), other, sign(KEY, content))
    assert not alipay.reply_verifies(PUBLIC, alipay.read_reply(forged, QUERY))
    unsigned = alipay.read_reply(alipay.write_signed(alipay.response_name(QUERY), content, ""), QUERY)
    assert not alipay.reply_verifies(PUBLIC, unsigned)


def test_an_error_of_the_gateway_is_told_apart() -> None:
    body = b'{"error_response":{"code":"40002"},"sign":"c2ln"}'
    assert alipay.read_reply(body, QUERY).from_gateway
    both = b'{"error_response":{"code":"1"},"alipay_trade_query_response":{"code":"2"}}'
    assert alipay.read_reply(both, QUERY) == alipay.Reply(b'{"code":"2"}', "", False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b"[]",
        b"{}",
        b'{"alipay_trade_pay_response":{}}',
        b'{"alipay_trade_query_response":{}',
        b'{"alipay_trade_query_response":{},}',
        b'{"alipay_trade_query_response":{}}x',
        b'{"alipay_trade_query_response":{}} {}',
        b'{"alipay_trade_query_response":{},"alipay_trade_query_response":{}}',
        b'{"alipay_trade_query_response":{},"sign":"a","sign":"b"}',
        b'{"alipay_trade_query_response":{},"sign":7}',
        b'{"alipay_trade_query_response":{},"sign":"\\u0041"}',
        b'{"alipay_trade_query_response":"\xff"}',
        b'{1:{}}',
        b'{"alipay_trade_query_response":' + b"[" * 100_000 + b"}",
        b'{"alipay_trade_query_response":' + b"7" * 100_000 + b"}",
        b'{"alipay_trade_query_response":{}}' + b" " * alipay.LONGEST_REPLY,
    ],
)  # fmt: skip
def test_a_reply_out_of_form_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        alipay.read_reply(body, QUERY)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for candidate in (body, b'{"alipay_trade_query_response":' + body + b"}"):
        try:
            reply = alipay.read_reply(candidate, QUERY)
        except Unreadable:
            continue
        assert reply.content in candidate


@given(st.dictionaries(names, texts, min_size=1, max_size=6), st.data())
@settings(max_examples=examples(60))
def test_a_notice_is_read_as_it_was_signed(fields: dict[str, str], data: st.DataObject) -> None:
    signed = fields | {"sign_type": "RSA2", "sign": sign(KEY, alipay.notice_text(fields).encode())}
    body = urlencode(signed).encode()
    assert alipay.read_notice(body) == signed
    assert alipay.notice_verifies(PUBLIC, signed)
    name = data.draw(st.sampled_from(sorted(signed)))
    assert not alipay.notice_verifies(PUBLIC, signed | {name: signed[name] + "0"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"a",
        b"a=1&a=2",
        b"a=%ff",
        "a=元".encode(),
        b"&".join(b"a%d=1" % number for number in range(alipay.MOST_FIELDS + 1)),
        b"a=" + b"1" * alipay.LONGEST_NOTICE,
    ],
)
def test_a_notice_out_of_form_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        alipay.read_notice(body)


def test_another_kind_of_signature_is_refused() -> None:
    fields = {"a": "1"}
    signature = sign(KEY, alipay.notice_text(fields).encode())
    assert not alipay.notice_verifies(PUBLIC, fields | {"sign": signature})
    assert not alipay.notice_verifies(PUBLIC, fields | {"sign": signature, "sign_type": "RSA"})


def test_times_are_beijings() -> None:
    instant = beijing_time.read("2026-11-23 10:00:00")
    assert instant.isoformat() == "2026-11-23T10:00:00+08:00"
    assert beijing_time.write(instant) == "2026-11-23 10:00:00"
    for text in ("", "2026-11-23", "2026-11-23T10:00:00", "2026-13-23 10:00:00"):
        with pytest.raises(ValueError):
            beijing_time.read(text)
