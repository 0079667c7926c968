"""How a notification is signed: as institutions sign what they ask (see ``institution``), with the word WEBHOOK where
the method stands, so that nobody can send one back to us as a request."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from yinyi.wire import institution

METHOD = "WEBHOOK"
INSTITUTION = "X-Yinyi-Institution"
TIMESTAMP = "X-Yinyi-Timestamp"
NONCE = "X-Yinyi-Nonce"
SIGNATURE = "X-Yinyi-Signature"


def headers_of(
    institution_id: str,
    endpoint: str,
    secrets: Sequence[tuple[institution.Algorithm, str]],
    at: datetime,
    nonce: str,
    content: bytes,
) -> Mapping[str, str]:
    """secrets: algorithm and secret, all that are good now. While one is being replaced there are two, and a signature
    with each of them: ``HMAC-SHA256=…, HMAC-SHA256=…``.

    Raises:
        ValueError: the endpoint's path is not one that can be signed.
    """
    timestamp, path = institution.timestamp_of(at), path_of(endpoint)
    signatures = [
        f"{algorithm}={institution.sign(algorithm, secret, METHOD, path, timestamp, nonce, content)}"
        for algorithm, secret in secrets
    ]
    return {
        "Content-Type": "application/json",
        INSTITUTION: institution_id,
        TIMESTAMP: timestamp,
        NONCE: nonce,
        SIGNATURE: ", ".join(signatures),
    }


def path_of(endpoint: str) -> str:
    """As it stands in the request: with its query."""
    parts = urlsplit(endpoint)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def is_endpoint(address: str) -> bool:
    """Whether it can be told anything: a web address with a host, and a path that can be signed."""
    try:
        parts = urlsplit(address)
        port_is_one = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None and "#" not in address
    signable = institution.PATH.fullmatch(path_of(address)) is not None
    return parts.scheme in ("https", "http") and bool(parts.hostname) and port_is_one and plain and signable
