"""Lines of institutions: signing on, and whether what comes over one is theirs; what goes back over it is sealed here,
where the keys are."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, cast, get_args

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.envelope import ReplyEnvelope, RequestEnvelope, SealedReply, Signed
from yinyi.business.institutions import lines_store, store
from yinyi.business.institutions.errors import LineEnded, SequenceUsed
from yinyi.business.institutions.messages_lines import (
    CloseInstitutionLine,
    LineClosed,
    LineOpened,
    OpenInstitutionLine,
)
from yinyi.business.institutions.model import FrameAlgorithm, Institution, InstitutionLine, KeyAlgorithm, SessionKey
from yinyi.business.institutions.ports import SessionKeys
from yinyi.business.institutions.service import NOBODY, REMEMBERED_FOR, WINDOW, Institutions
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import InvalidField, NotGranted, SignatureRefused, error_named
from yinyi.kernel.ids import token
from yinyi.kernel.secrets import digest
from yinyi.wire import institution_message as wire
from yinyi.wire.institution_message import AnswerHead, Opened

LASTS = timedelta(hours=24)
FORGOTTEN_EVERY = timedelta(minutes=1)
X9_19 = "X9.19"
_BY_KEY: Mapping[str, KeyAlgorithm] = {name: name for name in get_args(KeyAlgorithm)}
SIGNING = frozenset({"OpenInstitutionLine", "CloseInstitutionLine"})
"""What every institution may ask."""
NOTHING = msgspec.Raw(b"null")
_MOST_REMEMBERED = 1000


class Verified(NamedTuple):
    """Whose request it is, and how its answer is sealed. key: that was brought; secret: without one."""

    institution: Institution
    algorithm: FrameAlgorithm
    opened: Opened
    line: InstitutionLine | None
    key: SessionKey | None
    secret: str


class InstitutionLines:
    """What it remembers of the database is a second old at most."""

    def __init__(self, institutions: Institutions, database: Database, keys: SessionKeys | None, clock: Clock) -> None:
        """``keys``: None where no key store is: nobody brings a key."""
        self._institutions = institutions
        self._database = database
        self._keys = keys
        self._clock = clock
        self._known: dict[bytes, tuple[datetime, InstitutionLine]] = {}
        self._forgot_at: dict[int, datetime] = {}

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(OpenInstitutionLine, self.open)
        dispatcher.asks(CloseInstitutionLine, self.close)

    # -- whose it is

    async def verify(
        self, signed: Signed, opened: Opened, operation: str, now: datetime, certificate: str = ""
    ) -> Verified:
        """
        Raises:
            SignatureRefused: unknown or closed institution, another key or algorithm, a wrong MAC, a certificate that
                is not its own, a clock more than five minutes apart, a sign-on sent before. Which of them is not told.
            LineEnded: signed off, run out, or never signed on.
            SequenceUsed: this number was used on this line for something else.
            NotGranted, AskedTooOften.
        """
        institution, secrets = await self._institutions.found(signed.institution_id, signed.algorithm, now, certificate)
        asked = _signing_on(opened) if operation == OpenInstitutionLine.__name__ else None
        line = await self._line(opened.head.line, now) if asked is None else None
        if line is None and asked is None:
            raise LineEnded
        if line is not None and (line.institution_id, line.algorithm) != (signed.institution_id, signed.algorithm):
            raise SignatureRefused
        key = line.key if line is not None else None
        by_key = key is not None or (asked is not None and _brings(signed, asked))
        if by_key and asked is not None and institution is not None:
            key = await self._delivered(institution, asked)
        secret = await self._fits_key(signed, key) if by_key else _fits_secret(signed, secrets)
        if institution is None or secret is None or _apart(opened.head.time, now):
            raise SignatureRefused
        granted = institution.operations is None or operation in institution.operations
        if not granted and operation not in SIGNING:
            raise NotGranted(operation)
        if asked is not None:
            await self._first_sign_on(institution, asked.nonce, now)
        elif line is not None:
            await self._first_time(line, opened.head.sequence, signed.body, now)
        await self._institutions.admit(institution, now)  # what somebody else sends again counts for nobody
        return Verified(institution, cast(FrameAlgorithm, signed.algorithm), opened, line, key, secret)

    async def _fits_key(self, signed: Signed, key: SessionKey | None) -> str | None:
        """No secret, if this MAC is right under the key; None: it is not."""
        made = await self._under_key(signed, key, signed.body)
        return "" if hmac.compare_digest(made, signed.signature) else None

    async def _under_key(self, signed: Signed, key: SessionKey | None, document: bytes) -> str:
        """Hexadecimal digits; empty: there is no such key, or none for MACs of this kind."""
        algorithm = _BY_KEY.get(signed.algorithm)
        if algorithm is None or key is None or self._keys is None or not document:
            return ""
        made = await self._keys.mac(signed.institution_id, key, algorithm, document)
        return made.hex().upper() if made is not None else ""

    async def _delivered(self, institution: Institution, asked: OpenInstitutionLine) -> SessionKey | None:
        if self._keys is None or not (asked.mac_key and asked.check_value):
            return None
        delivered, value = bytes.fromhex(asked.mac_key), bytes.fromhex(asked.check_value)
        return await self._keys.take(institution.hospital_id, institution.institution_id, delivered, value)

    async def _line(self, text: str, now: datetime) -> InstitutionLine | None:
        key = digest(text)
        known = self._known.get(key)
        if known is not None and timedelta(0) <= now - known[0] < REMEMBERED_FOR and now < known[1].expires_at:
            return known[1]
        async with self._database.read() as tx:
            found = await lines_store.find(tx, key, now)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        if found is None:
            self._known.pop(key, None)
        else:
            self._known[key] = (now, found)
        return found

    async def _first_sign_on(self, institution: Institution, nonce: str, now: datetime) -> None:
        async with self._database.read() as tx:
            if not await store.first_seen(tx, institution, store.NonceUse(nonce, now)):
                raise SignatureRefused

    async def _first_time(self, line: InstitutionLine, sequence: int, document: bytes, now: datetime) -> None:
        """The very same bytes under the same number are the same request, sent again."""
        said = hashlib.sha256(document).digest()[:16]
        async with self._database.read() as tx:
            first = await lines_store.remembered(tx, line.hospital_id, line.line_no, sequence, said, now)
            if now - self._forgot_at.get(line.hospital_id, now - FORGOTTEN_EVERY) >= FORGOTTEN_EVERY:
                self._forgot_at[line.hospital_id] = now
                await lines_store.forget(tx, line.hospital_id, now - 3 * WINDOW)
        if first != said:
            raise SequenceUsed(f"{sequence}")

    # -- what goes back

    async def sealed(self, request: RequestEnvelope, verified: Verified, reply: ReplyEnvelope) -> ReplyEnvelope:
        """The reply as the bytes that go back, under the key of the request."""
        signed = request.credentials.signed
        assert signed is not None, "it was verified"
        head, failure = verified.opened.head, reply.failure
        error = error_named(failure.code) if failure is not None else None
        answer = AnswerHead(
            institution=head.institution,
            operation=head.operation,
            line=head.line,
            sequence=head.sequence,
            time=wire.time_of(self._clock.now()),
            code=failure.code if failure is not None else "OK",
            title=error.sentence("en") if error is not None else "",
            title_zh=error.zh if error is not None else "",
            detail=failure.detail if failure is not None else "",
            correlation_id=reply.correlation_id,
        )
        document = wire.answer(verified.opened.charset, answer, b"" if failure is not None else bytes(reply.body))
        if verified.key is not None:
            mac = await self._under_key(signed, verified.key, document)
        else:
            mac = wire.hmac_of(signed.algorithm, verified.secret, document)
        told = SealedReply(algorithm=signed.algorithm, mac=mac, document=document)
        body = reply.body if verified.line is None else NOTHING  # whoever passes it on remembers which line was opened
        return msgspec.structs.replace(reply, body=body, sealed=told if mac else None)

    # -- signing on and off

    async def open(self, call: Call, message: OpenInstitutionLine) -> LineOpened:
        """
        Raises:
            SignatureRefused: it has not come over a line.
        """
        verified = _verified(call)
        fresh, expires_at = token(), call.now + LASTS
        who = (verified.institution.hospital_id, verified.institution.institution_id)
        async with self._database.transaction() as tx:
            how = (verified.algorithm, verified.key)
            await lines_store.open_line(tx, who, digest(fresh), *how, call.now, expires_at)
        return LineOpened(line=fresh, first_sequence=1, expires_at=expires_at)

    async def close(self, call: Call, message: CloseInstitutionLine) -> LineClosed:
        line = _verified(call).line
        if line is None:
            raise LineEnded
        async with self._database.transaction() as tx:
            await lines_store.end(tx, line.hospital_id, line.line_no, call.now)
        self._known.clear()
        return LineClosed()


def _verified(call: Call) -> Verified:
    shown = call.principal.shown
    if not isinstance(shown, Verified):
        raise SignatureRefused("only over a line")
    return shown


def _brings(signed: Signed, asked: OpenInstitutionLine) -> bool:
    """A key, which then counts and no secret does."""
    return signed.algorithm == X9_19 or bool(asked.mac_key or asked.check_value)


def _fits_secret(signed: Signed, secrets: list[str]) -> str | None:
    """The one under which this MAC is right."""
    found = [secret for secret in secrets or [NOBODY] if _is_hmac(secret, signed)]
    return found[0] if found and secrets else None


def _is_hmac(secret: str, signed: Signed) -> bool:
    try:
        made = wire.hmac_of(signed.algorithm, secret, signed.body)
    except KeyError:
        return False
    return hmac.compare_digest(made, signed.signature)


def _signing_on(opened: Opened) -> OpenInstitutionLine:
    try:
        return wire.fields(opened, OpenInstitutionLine)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvalidField(str(error)) from None


def _apart(time: str, now: datetime) -> bool:
    """Whether it was sealed by a clock that is too far from ours, or by none."""
    try:
        return abs(wire.instant_of(time) - now) > WINDOW
    except ValueError:
        return True
