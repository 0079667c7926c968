"""Certificates that institutions show when they connect (RFC 8446, 4.4.2): by which digest one is known, and what goes
with a request that nothing but the connection vouches for."""

import hashlib
import re
from datetime import datetime
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from yinyi.wire import institution, username_token

NAME: Final = "Certificate"
"""Instead of an algorithm: no part of the request is signed, whoever has the certificate's key has sent all of it."""

_NONCE = re.compile(r"[0-9A-Za-z+/=_-]{16,128}")


class NotACertificate(Exception):
    """The text is not one certificate in PEM."""


class CertificateFacts(NamedTuple):
    """fingerprint: SHA-256 of its DER form, 64 hexadecimal digits. subject: RFC 4514. until: not a moment longer."""

    fingerprint: str
    subject: str
    since: datetime
    until: datetime


def fingerprint(der: bytes) -> str:
    """64 hexadecimal digits, lower case."""
    return hashlib.sha256(der).hexdigest()


def facts_of(pem: str) -> CertificateFacts:
    """
    Raises:
        NotACertificate: it is none, or there are several.
    """
    try:
        [found] = x509.load_pem_x509_certificates(pem.encode())
        since, until = (found.not_valid_before_utc, found.not_valid_after_utc)
        digest = found.fingerprint(SHA256())
        return CertificateFacts(digest.hex(), found.subject.rfc4514_string()[:200], since, until)
    except (ValueError, UnicodeError):
        raise NotACertificate from None


def instant_of(timestamp: str) -> datetime:
    """As REST writes it or as SOAP does.

    Raises:
        ValueError: in neither form.
    """
    return institution.instant_of(timestamp) if timestamp.isdigit() else username_token.instant_of(timestamp)


def well_formed(timestamp: str, nonce: str) -> bool:
    """Whether these can be told from others, and from one another."""
    try:
        instant_of(timestamp)
    except ValueError:
        return False
    return _NONCE.fullmatch(nonce) is not None
