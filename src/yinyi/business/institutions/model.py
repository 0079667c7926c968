"""Institutions that ask over their own line: the hospital's systems, banks, vendors. Plain data."""

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

InstitutionKind = Literal["hospital", "bank", "vendor"]
"""``hospital``: the HIS, windows, doctors' rooms of the hospital itself."""

FrameAlgorithm = Literal["X9.19", "FRAME-HMAC-SM3", "FRAME-HMAC-SHA256"]
"""Of the MAC over each frame of a line."""
KeyAlgorithm = Literal["X9.19", "FRAME-HMAC-SM3"]
"""Those whose key may be brought at sign-on, under one in the key store; that of X9.19 always is."""
Algorithm = Literal[
    "HMAC-SHA256",  # over each request, by REST
    "HMAC-SM3",  # the same with the hash of GB/T 32905
    "UsernameToken",  # WS-Security's password digest, by SOAP
    "FRAME-HMAC-SM3",  # over each frame of a line
    "FRAME-HMAC-SHA256",
]
PER_MINUTE, PER_DAY = 6_000, 2_000_000
"""What an institution may ask, unless something else was agreed."""


class Institution(msgspec.Struct, frozen=True, kw_only=True):
    """Whose signature was found good. It speaks for one hospital only.

    operations: the names of those that it may ask; None: all that its kind may.
    """

    hospital_id: int
    institution_id: str
    kind: InstitutionKind
    name: str
    operations: tuple[str, ...] | None = None
    per_minute: int = PER_MINUTE
    per_day: int = PER_DAY


class SessionKey(NamedTuple):
    """A key that an institution has brought when it signed on, as the key store has wrapped it."""

    master_key_id: str
    wrapped: bytes
    check_value: bytes


class InstitutionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line on which an institution has signed on. key: that it has brought; None: its MACs are under a secret."""

    hospital_id: int
    institution_id: str
    line_no: int
    algorithm: FrameAlgorithm
    expires_at: datetime
    key: SessionKey | None = None


class SecretView(msgspec.Struct, frozen=True, kw_only=True):
    """A secret without itself. until: it is good for so long; None: until another one takes its place."""

    secret_no: int
    algorithm: Algorithm
    created_at: datetime
    until: datetime | None = None


class ClientCertificateView(msgspec.Struct, frozen=True, kw_only=True):
    """One that an institution connects with. fingerprint: its SHA-256. since, until: as it says itself. suffices: a
    request that comes with it needs no signature."""

    fingerprint: str
    subject: str
    since: datetime
    until: datetime
    suffices: bool


class InstitutionView(msgspec.Struct, frozen=True, kw_only=True):
    """requests_today: those that were granted, as of a second ago. closed_at: it may ask nothing any more."""

    institution_id: str
    kind: InstitutionKind
    name: str
    operations: list[str] | None
    per_minute: int
    per_day: int
    secrets: list[SecretView]
    requests_today: int
    closed_at: datetime | None = None
    certificates: list[ClientCertificateView] = []
