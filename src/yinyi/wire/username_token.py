"""The password digest of WS-Security: ``Base64(SHA-1(nonce + created + password))`` over the nonce's bytes.

OASIS Web Services Security UsernameToken Profile 1.1.1, section 3.1. It says who asks, once; it does not cover what is
asked, so that only a line of its own or TLS keeps a request whole.
"""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime

_NONCE = re.compile(r"[0-9A-Za-z+/]{16,128}={0,2}")
_CREATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def instant_of(created: str) -> datetime:
    """``2026-11-23T08:00:00Z`` or with the distance from Greenwich, whole seconds count.

    Raises:
        ValueError: not in this form, or not in the calendar.
    """
    match = _CREATED.fullmatch(created)
    if match is None:
        raise ValueError("created")
    return datetime.fromisoformat(created[:19] + match[1])


def created_of(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def digest(secret: str, nonce: str, created: str) -> str:
    """``nonce`` in Base64, as it travels.

    Raises:
        ValueError: a part does not have its form.
    """
    if not _NONCE.fullmatch(nonce):
        raise ValueError("nonce")
    instant_of(created)
    try:
        plain = base64.b64decode(nonce, validate=True)
    except binascii.Error:
        raise ValueError("nonce") from None
    if base64.b64encode(plain).decode() != nonce:  # the same bytes are written one way: a nonce is good once
        raise ValueError("nonce")
    hashed = hashlib.sha1(plain + created.encode() + secret.encode(), usedforsecurity=False)
    return base64.b64encode(hashed.digest()).decode()


def verifies(secret: str, password_digest: str, nonce: str, created: str) -> bool:
    """Whether whoever made this digest has the secret, in constant time."""
    try:
        expected = digest(secret, nonce, created)
    except ValueError:
        return False
    return hmac.compare_digest(expected.encode(), password_digest.encode("utf-8", "replace"))
