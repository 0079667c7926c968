"""What travels on the bus around a request and around its reply. JSON, so that it can be read at 2 a.m."""

from datetime import datetime
from typing import Annotated

import msgspec


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """An institution's signature over its request, as it came; verified in the business layer.

    algorithm: ``HMAC-SHA256``. body: the exact bytes that were signed. charset: of the body, where whoever carried it
    says so. delivery: by which a message that a queue delivers once more is told from another one with its signature.
    """

    institution_id: str
    algorithm: str
    timestamp: str
    nonce: str
    signature: str
    method: str
    path: str
    body: bytes
    charset: str = ""
    delivery: str = ""


class Credentials(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the caller shows. Interfaces pass it on and make no claim of their own, but for ``certificate``: the SHA-256
    of the one whose key the caller has proven to have. It is heard from accounts that may say so, and from no other.

    staff: the token of an account. person, pin: who of the staff sits there, by his staff number and the PIN of his
    staff card; here and not in a request, so that nothing that is kept of a request is made of a PIN."""

    terminal: str = ""
    session: str = ""
    staff: str = ""
    person: Annotated[str, msgspec.Meta(max_length=64)] = ""
    pin: Annotated[str, msgspec.Meta(max_length=64)] = ""
    signed: Signed | None = None
    certificate: str = ""


class RequestEnvelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """deadline: after this instant nobody waits for the answer any more. key: idempotency key, needed for changes.
    place: in the line, as whoever asks was told it by ``InLine``; empty: none yet; None: he would not ask again."""

    correlation_id: str
    deadline: datetime
    body: msgspec.Raw
    credentials: Credentials = Credentials()
    key: str = ""
    language: str = "zh-CN"
    place: str | None = None


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """Whose session travelled with the request: what every screen shows of the person."""

    patient_no_tail: str
    name_masked: str
    age: int | None
    expires_at: datetime
    elder: bool = False
    offer_elder: bool = False
    """65 or more, and never asked before."""
    guardian_masked: str = ""
    """Who acts for this patient, a child; empty: he himself is here."""
    of_specimen: bool = False
    """Only what is tested out of one tube is open to it."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error of the closed tree, by its code."""

    code: str
    detail: str = ""


class SealedReply(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes that go back to an institution, and their MAC: whoever passes them on changes nothing."""

    algorithm: str
    mac: str
    document: bytes


class ReplyEnvelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Either ``body`` or ``failure``; ``sealed``: what says it instead, where whoever has asked wants a seal."""

    correlation_id: str
    body: msgspec.Raw = msgspec.Raw(b"null")
    failure: Failure | None = None
    session: SessionView | None = None
    sealed: SealedReply | None = None
