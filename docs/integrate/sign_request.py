"""Asks the platform as an institution, with nothing but Python's standard library.

python3 sign_request.py http://127.0.0.1:8080 his var/secrets/institution-his GetPayment '{"number": "7Q4-8XK9"}'
"""

import hashlib
import hmac
import secrets
import sys
import time
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit


def signed_headers(institution: str, secret: str, method: str, path: str, body: bytes) -> dict[str, str]:
    """The four headers that go with this request, and no other."""
    timestamp = str(int(time.time()))
    nonce = secrets.token_hex(16)
    text = "\n".join((method, path, timestamp, nonce, hashlib.sha256(body).hexdigest()))
    return {
        "X-Yinyi-Institution": institution,
        "X-Yinyi-Timestamp": timestamp,
        "X-Yinyi-Nonce": nonce,
        "X-Yinyi-Signature": hmac.new(secret.encode(), text.encode("ascii"), hashlib.sha256).hexdigest(),
    }


def ask(base: str, institution: str, secret: str, operation: str, body: bytes, key: str = "") -> tuple[int, str]:
    """HTTP status and JSON text. ``key``: the idempotency key, for an operation that changes something."""
    path = f"/api/v1/{operation}"
    signed = f"{path};{key}" if key else path
    headers = signed_headers(institution, secret, "POST", signed, body) | {"Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    address = urlsplit(base)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.netloc, timeout=10)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


if __name__ == "__main__":
    base, institution, secret_file, operation, body, *key = sys.argv[1:]
    secret = Path(secret_file).read_text(encoding="ascii").strip()
    sys.stdout.write("{} {}\n".format(*ask(base, institution, secret, operation, body.encode(), *key)))
