"""What WeChat Pay API v3 signs and seals: header texts, the bytes under a signature, AES-256-GCM resources.

Facts: https://pay.weixin.qq.com/doc/v3/merchant/4012365342 (signing), 4012365343 (verifying), 4012071382 (sealed
resources).
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCHEME = "WECHATPAY2-SHA256-RSA2048"
RESOURCE_ALGORITHM = "AEAD_AES_256_GCM"
API_KEY_BYTES = 32

_FIELD = re.compile(r'\s*([a-z_]+)="([^"\\\x00-\x1f\x7f]*)"\s*(?:,|$)')
_TIMESTAMP = re.compile(r"[0-9]{1,11}")
_NONCE = re.compile(r"[\x21-\x7e]{1,64}")
_SERIAL = re.compile(r"[0-9A-Za-z_]{1,64}")
_AUTHORIZATION_FIELDS = frozenset({"mchid", "nonce_str", "signature", "timestamp", "serial_no"})
_LONGEST_AUTHORIZATION = 2048


class Unreadable(ValueError):
    """A header or a sealed resource is not in the form of WeChat Pay API v3, or was tampered with."""


@dataclass(frozen=True)
class Authorization:
    """The fields of a merchant's ``Authorization`` header. ``timestamp``: seconds since 1970."""

    mchid: str
    nonce: str
    signature: str
    timestamp: int
    serial_no: str


@dataclass(frozen=True)
class ReplySignature:
    """The ``Wechatpay-*`` headers of a reply or a callback. ``timestamp``: seconds since 1970."""

    timestamp: int
    nonce: str
    serial: str
    signature: str


def request_message(method: str, target: str, timestamp: int, nonce: str, body: bytes) -> bytes:
    """The bytes a merchant signs. ``target``: path and query exactly as they are sent."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def reply_message(timestamp: int, nonce: str, body: bytes) -> bytes:
    """The bytes WeChat Pay signs, in replies and in callbacks."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def write_authorization(fields: Authorization) -> str:
    """The value of the ``Authorization`` header."""
    return (
        f'{SCHEME} mchid="{fields.mchid}",nonce_str="{fields.nonce}",signature="{fields.signature}",'
        f'timestamp="{fields.timestamp}",serial_no="{fields.serial_no}"'
    )


def read_authorization(text: str) -> Authorization:
    """Reads the value of an ``Authorization`` header; the order of its fields does not matter.

    Raises:
        Unreadable: another scheme, a field is missing, doubled, unknown or out of form.
    """
    scheme, _, rest = text.partition(" ")
    if scheme != SCHEME or len(text) > _LONGEST_AUTHORIZATION:
        raise Unreadable("not an authorization of WeChat Pay API v3")
    fields = _quoted_fields(rest)
    if fields.keys() != _AUTHORIZATION_FIELDS:
        raise Unreadable("the authorization has other fields than it should")
    return Authorization(
        mchid=_in_form(_SERIAL, fields["mchid"], "mchid"),
        nonce=_in_form(_NONCE, fields["nonce_str"], "nonce_str"),
        signature=fields["signature"],
        timestamp=int(_in_form(_TIMESTAMP, fields["timestamp"], "timestamp")),
        serial_no=_in_form(_SERIAL, fields["serial_no"], "serial_no"),
    )


def write_reply_signature(signature: ReplySignature) -> dict[str, str]:
    """The headers of a signed reply or callback."""
    return {
        "Wechatpay-Timestamp": str(signature.timestamp),
        "Wechatpay-Nonce": signature.nonce,
        "Wechatpay-Serial": signature.serial,
        "Wechatpay-Signature": signature.signature,
        "Wechatpay-Signature-Type": SCHEME,
    }


def read_reply_signature(headers: Mapping[str, str]) -> ReplySignature:
    """Reads the signature of a reply or a callback; header names are lower case.

    Raises:
        Unreadable: a header is missing or out of form, or the signature is of another type.
    """
    if headers.get("wechatpay-signature-type", SCHEME) != SCHEME:
        raise Unreadable("the signature is of another type")
    return ReplySignature(
        timestamp=int(_in_form(_TIMESTAMP, headers.get("wechatpay-timestamp", ""), "wechatpay-timestamp")),
        nonce=_in_form(_NONCE, headers.get("wechatpay-nonce", ""), "wechatpay-nonce"),
        serial=_in_form(_SERIAL, headers.get("wechatpay-serial", ""), "wechatpay-serial"),
        signature=headers.get("wechatpay-signature", ""),
    )


def seal(key: bytes, nonce: str, associated_data: str, plaintext: bytes) -> str:
    """AES-256-GCM, tag appended, in base64. ``key``: the 32 bytes of the APIv3 key; ``nonce``: 12 characters."""
    return b64encode(AESGCM(key).encrypt(nonce.encode(), plaintext, associated_data.encode())).decode("ascii")


def unseal(key: bytes, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """The plaintext of a sealed resource.

    Raises:
        Unreadable: another key sealed it, or it was tampered with.
    """
    try:
        sealed = b64decode(ciphertext, validate=True)
        return AESGCM(key).decrypt(nonce.encode(), sealed, associated_data.encode())
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise Unreadable("the sealed resource does not open") from error


def _quoted_fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    if text.rstrip().endswith(","):
        raise Unreadable("the authorization ends in a comma")
    at = 0
    while at < len(text):
        match = _FIELD.match(text, at)
        if match is None or match[1] in fields:
            raise Unreadable("the authorization is out of form")
        fields[match[1]] = match[2]
        at = match.end()
    return fields


def _in_form(form: re.Pattern[str], text: str, name: str) -> str:
    if not form.fullmatch(text):
        raise Unreadable(f"{name} is missing or out of form")
    return text
