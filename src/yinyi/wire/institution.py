"""How institutions (the HIS, banks) sign what they ask: HMAC with SHA-256 or SM3, hexadecimal, over five lines.

``METHOD \\n path \\n timestamp \\n nonce \\n hash of the body in hexadecimal``, without a last line feed; both times
the same hash. The path is as sent, with what ``path_of_request`` puts behind it; no operation has a query. The time
is in whole seconds since 1970; the nonce is 16 to 64 letters, digits, ``-`` or ``_``, never used twice.

A message of a queue is signed in the same way. Its method is ``SEND``, its path names the operation and the key under
which it changes something: ``/queue/v1/GetPayment``, ``/queue/v1/CollectHoldSlip?key=w3-20261123-000123``.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

Algorithm = Literal["HMAC-SHA256", "HMAC-SM3"]
"""SM3: GB/T 32905-2016."""

SENT = "SEND"
"""The method of what may lie in a queue for a while before anybody reads it."""

_HASHES: Mapping[str, hashes.HashAlgorithm] = {"HMAC-SHA256": hashes.SHA256(), "HMAC-SM3": hashes.SM3()}

_METHOD = re.compile(r"[A-Z]{1,16}")
PATH = re.compile(r"/[\x21-\x7e]{0,1023}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NONCE = re.compile(r"[0-9A-Za-z_-]{16,64}")


def path_in_queue(operation: str, key: str, session: str = "") -> str:
    """``key``: empty where nothing is changed. ``session``: the patient's, letters, digits, - and _; empty: it is about
    none."""
    query = "&".join(f"{name}={value}" for name, value in (("patient", session), ("key", key)) if value)
    return f"/queue/v1/{operation}" + (f"?{query}" if query else "")


def path_of_request(path: str, session: str = "", key: str = "") -> str:
    """The second line of a REST request: ``path`` as it is sent, behind ``#`` the patient's session that goes with it,
    if one does, and behind ``;`` its idempotency key, if it has one."""
    return path + (f"#{session}" if session else "") + (f";{key}" if key else "")


def timestamp_of(at: datetime) -> str:
    return str(int(at.timestamp()))


def instant_of(timestamp: str) -> datetime:
    """
    Raises:
        ValueError: not whole seconds since 1970, or beyond the calendar.
    """
    if not _TIMESTAMP.fullmatch(timestamp):
        raise ValueError("timestamp")
    try:
        return datetime.fromtimestamp(int(timestamp), UTC)
    except (OverflowError, OSError):
        raise ValueError("timestamp") from None


def signed_text(algorithm: Algorithm, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """The exact bytes under the signature.

    Raises:
        ValueError: a part does not have its form, so that two requests could read alike. Names the part.
    """
    parts = {"method": (_METHOD, method), "path": (PATH, path), "nonce": (_NONCE, nonce)}
    for name, (form, text) in parts.items():
        if not form.fullmatch(text):
            raise ValueError(name)
    instant_of(timestamp)
    hashed = hashes.Hash(_HASHES[algorithm])
    hashed.update(body)
    return "\n".join((method, path, timestamp, nonce, hashed.finalize().hex())).encode("ascii")


def sign(algorithm: Algorithm, secret: str, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> str:
    """64 hexadecimal digits, lower case.

    Raises:
        ValueError: see ``signed_text``.
    """
    code = HMAC(secret.encode(), _HASHES[algorithm])
    code.update(signed_text(algorithm, method, path, timestamp, nonce, body))
    return code.finalize().hex()


def verifies(
    algorithm: Algorithm,
    secret: str,
    signature: str,
    method: str,
    path: str,
    timestamp: str,
    nonce: str,
    body: bytes,
) -> bool:
    """Whether the signature is this secret's over exactly this request, in constant time."""
    try:
        expected = sign(algorithm, secret, method, path, timestamp, nonce, body)
    except ValueError:
        return False
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
