"""What Alipay's open platform signs: parameters of requests, parts of replies, forms of notices.

Facts: opendocs.alipay.com, 签名与验签 (signing and verifying); PyPI python-alipay-sdk 3.4.0. RSA2 is SHA256withRSA in
base64.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from yinyi.wire.signing import rsa

SIGN_TYPE = "RSA2"
LONGEST_REPLY = 262_144
LONGEST_NOTICE = 65_536
MOST_FIELDS = 100

_SPACE = re.compile(r"[ \t\r\n]*")
_FAILURE = "error_response"
_json = json.JSONDecoder()


class Unreadable(ValueError):
    """A reply or a notice is not in the form of Alipay's open platform."""


@dataclass(frozen=True)
class Reply:
    """The part of a reply that is signed, byte for byte. ``signature``: empty where there is none.

    from_gateway: Alipay's gateway refused the call before it reached the business (``error_response``).
    """

    content: bytes
    signature: str
    from_gateway: bool


def text_to_sign(params: Mapping[str, str]) -> str:
    """What a merchant signs: every parameter that is not empty but ``sign``, in order, not encoded."""
    return _joined({name: value for name, value in params.items() if value and name != "sign"})


def sign(key: RSAPrivateKey, params: Mapping[str, str]) -> str:
    """The value of ``sign`` for these parameters."""
    return rsa.sign(key, text_to_sign(params).encode())


def verifies(key: RSAPublicKey, params: Mapping[str, str]) -> bool:
    """Whether the ``sign`` among a merchant's parameters is his."""
    return rsa.verifies(key, text_to_sign(params).encode(), params.get("sign", ""))


def response_name(method: str) -> str:
    """Where the reply to a method stands: ``alipay.trade.query`` → ``alipay_trade_query_response``."""
    return method.replace(".", "_") + "_response"


def write_reply(key: RSAPrivateKey, method: str, content: bytes) -> bytes:
    """A signed reply around its content, which is JSON."""
    return write_signed(response_name(method), content, rsa.sign(key, content))


def write_signed(name: str, content: bytes, signature: str) -> bytes:
    """A reply with this signature; none where it is empty."""
    ending = f',"sign":"{signature}"}}' if signature else "}"
    return f'{{"{name}":'.encode() + content + ending.encode()


def read_reply(body: bytes, method: str) -> Reply:
    """Takes the signed part out of a reply; nothing is verified yet.

    Raises:
        Unreadable: too long, not JSON, a name comes twice, or neither the reply to this method nor an error.
    """
    if len(body) > LONGEST_REPLY:
        raise Unreadable("the reply is too long")
    spans = _spans(_text(body))
    name = response_name(method)
    content = spans.get(name, spans.get(_FAILURE))
    if content is None:
        raise Unreadable("the reply is to something else")
    signature = spans.get("sign", '""')
    if not re.fullmatch(r'"(?:[A-Za-z0-9+/=]|\\/)*"', signature):
        raise Unreadable("the signature of the reply is out of form")
    plain = signature[1:-1].replace("\\/", "/")
    return Reply(content=content.encode(), signature=plain, from_gateway=name not in spans)


def reply_verifies(key: RSAPublicKey, reply: Reply) -> bool:
    """Whether Alipay signed exactly the part that was taken out."""
    return rsa.verifies(key, reply.content, reply.signature)


def read_notice(body: bytes) -> dict[str, str]:
    """The fields of a notice, decoded; nothing is verified yet.

    Raises:
        Unreadable: too long, too many fields, a field comes twice, or not a form in UTF-8.
    """
    if not 0 < len(body) <= LONGEST_NOTICE:
        raise Unreadable("the notice is empty or too long")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise Unreadable("the notice is not a form") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Unreadable("a field of the notice comes twice")
    return fields


def notice_text(fields: Mapping[str, str]) -> str:
    """What Alipay signs of a notice: all but ``sign`` and ``sign_type``, in order, decoded."""
    return _joined({name: value for name, value in fields.items() if name not in ("sign", "sign_type")})


def notice_verifies(key: RSAPublicKey, fields: Mapping[str, str]) -> bool:
    """Whether the ``sign`` among the fields is Alipay's."""
    is_ours = fields.get("sign_type") == SIGN_TYPE
    return is_ours and rsa.verifies(key, notice_text(fields).encode(), fields.get("sign", ""))


def _joined(params: Mapping[str, str]) -> str:
    return "&".join(f"{name}={params[name]}" for name in sorted(params))


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("the reply is not in UTF-8") from error


def _spans(text: str) -> dict[str, str]:
    """The members of a JSON object, each value as it is written."""
    spans: dict[str, str] = {}
    at = _past(text, 0, "{")
    while True:
        name, at = _value(text, at)
        if not isinstance(name, str) or name in spans:
            raise Unreadable("a name in the reply is out of form or comes twice")
        begin = _past(text, at, ":")
        _, at = _value(text, begin)
        spans[name] = text[begin:at]
        at = _skip(text, at)
        if text[at : at + 1] == "}":
            break
        at = _past(text, at, ",")
    if _skip(text, at + 1) != len(text):
        raise Unreadable("something follows the reply")
    return spans


def _value(text: str, at: int) -> tuple[object, int]:
    try:
        return _json.raw_decode(text, at)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the reply is not JSON") from error


def _past(text: str, at: int, sign: str) -> int:
    """Where the next value begins, after this sign."""
    at = _skip(text, at)
    if text[at : at + 1] != sign:
        raise Unreadable("the reply is not a JSON object")
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
