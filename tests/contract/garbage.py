"""What may come over HTTP to any address: hypothesis makes it, from nothing and from requests that were good once."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from bad_peers import SoapPeer
from bad_requests import Attempt
from hypothesis import strategies as st

End = Literal["whole", "gone", "endless"]
"""How a body ends: as it should, because its sender has gone, or not before it is too large."""
ADDRESSES = (
    "/",
    "/api/v1/GetPayment",
    "/callbacks/",
    "/callbacks/alipay",
    "/callbacks/wechatpay",
    "/healthz",
    "/metrics",
    "/soap",
    "/soap/hip",
    "/soap/process",
    "/verify/",
)
METHODS = ("POST", "POST", "POST", "POST", "POST", "POST", "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "BREW")
CHARSETS = (
    "",
    "utf-8",
    "gbk",
    "utf-16",
    "klingon",
    "base64",
    "idna",
    "punycode",
    "utf-7",
    "zlib",
    "undefined",
    "a\xff",
)
KINDS = ("text/xml", "application/soap+xml", "application/json", "application/x-www-form-urlencoded", "", "/;=;")
LENGTHS = (b"", b"0", b"-1", b"+7", b"1e3", b"x", b"9" * 20, b"9" * 5000)
NAMES = (
    b"accept-language",
    b"authorization",
    b"content-length",
    b"content-type",
    b"cookie",
    b"host",
    b"idempotency-key",
    b"soapaction",
    b"wechatpay-nonce",
    b"wechatpay-serial",
    b"wechatpay-signature",
    b"wechatpay-timestamp",
    b"x-correlation-id",
    b"x-yinyi-algorithm",
    b"x-yinyi-institution",
    b"x-yinyi-nonce",
    b"x-yinyi-signature",
    b"x-yinyi-timestamp",
)
QUERIES = (b"", b"", b"wsdl", b"WSDL=1", b"a=b&a=%00&&=", b"%", b"wsdl=%ff%fe")
ALIPAY = b"notify_id=1&out_trade_no=P1&total_amount=1.00&sign_type=RSA2&sign=AAAA&notify_time=2026-11-23+10%3A00%3A00"
WECHATPAY = (
    b'{"id": "1", "event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource", "resource": {"algorithm": '
    b'"AEAD_AES_256_GCM", "ciphertext": "AAAA", "nonce": "123456789012", "associated_data": "transaction"}}'
)


ENDS: Sequence[End] = ("whole", "whole", "whole", "gone", "endless")


class Garbage(NamedTuple):
    """One request, as a web server hands it on. pieces: of its body."""

    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    pieces: list[bytes]
    end: End

    def scope(self) -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": self.method,
            "path": self.path,
            "raw_path": quote(self.path).encode(),
            "query_string": self.query,
            "root_path": "",
            "headers": self.headers,
            "client": ("192.0.2.1", 4711),
            "server": ("127.0.0.1", 80),
        }


_said = st.binary(max_size=80).map(lambda raw: bytes(each for each in raw if each >= 0x20 or each == 0x09).strip())
"""What a parser of HTTP lets through as a value: neither control characters nor spaces at its ends."""
_named = st.sampled_from(NAMES) | st.from_regex(rb"[a-z][a-z0-9-]{0,20}", fullmatch=True)
_typed = [f"{kind}; charset={each}".encode("latin-1") for kind in KINDS for each in CHARSETS]
_kinds = st.sampled_from(_typed).map(lambda kind: (b"content-type", kind))
_lengths = st.sampled_from(LENGTHS).map(lambda length: (b"content-length", length))
_hosts = st.sampled_from((b"[::", b"a:b:c", b"\xff", b"]", b"x:99999999", b"//")).map(lambda host: (b"host", host))
_headers = st.lists(_kinds | _kinds | _hosts | _lengths | st.tuples(_named, _said), max_size=8)
_tails = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
_paths = st.builds(str.__add__, st.sampled_from(ADDRESSES), st.just("") | st.just("") | _tails)
_texts = st.text(max_size=40) | st.sampled_from(
    ("7Q4-8XK9", "9" * 300, "'; DROP TABLE payment --", "\0", "&k;", "<a/>")
)


def _attempts(secret_fits: bool) -> st.SearchStrategy[Attempt]:
    """Fields, names and keys of any kind, in a request that is otherwise well-made."""
    fields = st.just({"number": "7Q4-8XK8"}) | st.dictionaries(
        st.sampled_from(("number", "payment_no", "call_id", "a")), _texts, max_size=3
    )
    operations = st.sampled_from(("GetPayment", "AnswerCall", "ListClosures", "CollectHoldSlip", "DropTables", ""))
    keys = st.sampled_from(("key-of-a-request", "", "short", "k" * 80))
    return st.builds(Attempt, operations, fields, wrong_secret=st.just(not secret_fits), key=keys)


@st.composite
def _damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """As it was, or a part of it is another one."""
    start = draw(st.integers(0, len(good)))
    end = draw(st.just(start) | st.integers(start, len(good)))
    return good[:start] + draw(st.just(b"") | st.binary(max_size=20)) + good[end:]


@st.composite
def _pieces(draw: st.DrawFn, body: bytes) -> list[bytes]:
    cut = draw(st.integers(0, len(body)))
    return [body[:cut], body[cut:]]


@st.composite
def garbage(draw: st.DrawFn, peers: Sequence[SoapPeer]) -> Garbage:
    """``peers``: who writes requests that are good."""
    headers = draw(_headers)
    if draw(st.booleans()):
        path, told, good = draw(st.sampled_from(peers)).request(draw(_attempts(draw(st.booleans()))))
        headers = [*((name.encode(), value.encode()) for name, value in told.items()), *headers]
    else:
        path = draw(_paths)
        good = draw(st.sampled_from((ALIPAY, WECHATPAY, b'{"number": "7Q4-8XK9"}', b"")) | st.binary(max_size=200))
    pieces = draw(_pieces(draw(st.just(good) | _damaged(good))))
    method, query = draw(st.sampled_from(METHODS)), draw(st.sampled_from(QUERIES))
    return Garbage(method, path, query, headers, pieces, draw(st.sampled_from(ENDS)))
