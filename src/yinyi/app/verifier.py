"""Who asks: what callers show is checked by the domains that issued it, and becomes a ``Principal``."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Database
from yinyi.bus.envelope import ReplyEnvelope, RequestEnvelope, SessionView, Signed
from yinyi.bus.looks import Looks
from yinyi.bus.operation import Caller, OperationSpec
from yinyi.business.identity.model import SessionFacts
from yinyi.business.identity.sessions import session_view, verify_session
from yinyi.business.institutions.lines import InstitutionLines, Verified
from yinyi.business.institutions.model import FrameAlgorithm
from yinyi.business.institutions.service import Institutions
from yinyi.business.terminals.credentials import TerminalCredentials, admit
from yinyi.business.terminals.staff_pins import StaffPins
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import NotAllowed, SignatureRefused, TerminalNotEnrolled
from yinyi.kernel.secrets import digest
from yinyi.wire import client_certificate, institution, institution_message, xml, xml_shapes
from yinyi.wire.institution_message import NotAMessage, Opened

OPEN_TO_STRANGERS = frozenset({"EnrolTerminal", "PairBrowser", "GetHealth", "GetFigures"})
"""Their own code is the credential; or there is nothing in them to protect."""

CHANGES_SESSIONS = frozenset(
    {
        *("EndSession", "Identify", "IdentifyByCard", "IdentifyByNumber", "IdentifyByForm", "IdentifyByTube"),
        *("IdentifyBySlip", "IdentifyByCertificate", "IdentifyHolder"),
        *("ChoosePatient", "RegisterPatient", "PreferElder"),
        *("RegisterChild", "ActForChild", "ActForOneself"),
    }
)
FRAMED = frozenset(get_args(FrameAlgorithm))
UNCOVERED = ("UsernameToken", client_certificate.NAME)
"""They say who asks, and do not cover what is asked."""
REMEMBERED_FOR = timedelta(seconds=1)
"""So long, at most, another business process honours a session that has just been ended here."""
MOST_REMEMBERED = 5000


class Verifier:
    """Implements ``bus.dispatch.Verifies``."""

    def __init__(
        self,
        database: Database,
        terminals: TerminalCredentials,
        institutions: Institutions,
        lines: InstitutionLines,
        clock: Clock,
        zone: ZoneInfo,
        hospital_id: int,
        staff: Mapping[bytes, str],
        pins: StaffPins,
    ) -> None:
        """``hospital_id``: whose callbacks, news and staff these are; terminals and institutions carry their own.
        ``staff``: which account each token is, by its digest; ``pins``: who sits there."""
        self._looks = Looks(database)
        self._terminals = terminals
        self._institutions = institutions
        self._lines = lines
        self._clock = clock
        self._zone = zone
        self._hospital_id = hospital_id
        self._staff = dict(staff)
        self._pins = pins
        self._sessions: dict[tuple[str, bytes], tuple[datetime, SessionFacts]] = {}

    async def verify(self, caller: Caller, envelope: RequestEnvelope, spec: OperationSpec) -> Principal:
        """See ``Verifies``."""
        now = self._clock.now()
        match caller:
            case Caller.KIOSK | Caller.TERMINAL:
                return await self._terminal(caller, envelope, spec, now)
            case Caller.HOSPITAL | Caller.INSTITUTION:
                return await self._institution(caller, envelope, spec, now)
            case Caller.CALLBACKS | Caller.NEWS | Caller.ANYBODY:
                return Principal(caller=caller, hospital_id=self._hospital_id)
            case Caller.STAFF:
                return await self._staff_member(envelope, spec, now)
            case _:
                raise NotAllowed(f"{caller.value} is not open yet")

    async def _staff_member(self, envelope: RequestEnvelope, spec: OperationSpec, now: datetime) -> Principal:
        """The account; and who sits there, where he says so."""
        shown = envelope.credentials
        staff_id = self._staff.get(digest(shown.staff))
        if staff_id is None:
            raise NotAllowed("no such staff")
        who = Principal(caller=Caller.STAFF, hospital_id=self._hospital_id, staff_id=staff_id)
        if not shown.person:
            return who
        call = Call(principal=who, now=now, deadline=envelope.deadline, correlation_id=envelope.correlation_id)
        return replace(who, person=await self._pins.prove(call, shown, spec.path))

    async def seal(self, envelope: RequestEnvelope, principal: Principal, reply: ReplyEnvelope) -> ReplyEnvelope:
        """See ``bus.dispatch.Seals``."""
        shown = principal.shown
        return await self._lines.sealed(envelope, shown, reply) if isinstance(shown, Verified) else reply

    async def _terminal(
        self, caller: Caller, envelope: RequestEnvelope, spec: OperationSpec, now: datetime
    ) -> Principal:
        shown = envelope.credentials.terminal
        facts = await self._terminals.verify_terminal(shown) if shown else None
        if facts is None and spec.name in OPEN_TO_STRANGERS:
            return Principal(caller=caller, hospital_id=self._hospital_id)
        if facts is None:
            raise TerminalNotEnrolled
        admit(facts, caller, spec.name)
        who = Principal(caller=caller, hospital_id=facts.hospital_id, terminal_id=facts.terminal_id)
        if caller is not Caller.KIOSK or not envelope.credentials.session:
            return who
        return await self._with_patient(who, envelope.credentials.session, now, spec.name in CHANGES_SESSIONS)

    async def _with_patient(self, who: Principal, token: str, now: datetime, changes: bool) -> Principal:
        """The same with the patient whose session this is; an ended session is no session."""
        session = await self._session(who, token, now, changes)
        if session is None:
            return who
        view: SessionView = session_view(session, now.astimezone(self._zone).date())
        return replace(
            who,
            patient_id=session.patient.patient_id,
            session_id=session.session_id,
            guardian_id=session.guardian_id,
            opened_by=session.opened_by,
            session=view,
        )

    async def _session(self, who: Principal, token: str, now: datetime, changes: bool) -> SessionFacts | None:
        """Remembered for a second: a page and what it asks for next are one look-up. What changes sessions forgets."""
        if changes:
            self._sessions.clear()
        token_digest = digest(token)
        key = (who.place, token_digest)
        known = self._sessions.get(key)
        if known is not None and now - known[0] < REMEMBERED_FOR and now < known[1].expires_at:
            return known[1]
        session = await verify_session(self._looks.by(token_digest), who.hospital_id, token, who.place, now)
        if len(self._sessions) >= MOST_REMEMBERED:
            self._sessions.clear()
        if session is not None and not changes:
            self._sessions[key] = (now, session)
        return session

    async def _institution(
        self, caller: Caller, envelope: RequestEnvelope, spec: OperationSpec, now: datetime
    ) -> Principal:
        signed, certificate = envelope.credentials.signed, envelope.credentials.certificate
        shown: Verified | None = None
        if signed is not None and signed.algorithm in FRAMED:
            shown = await self._lines.verify(signed, _framed(signed, envelope, spec), spec.name, now, certificate)
            institution = shown.institution
        elif signed is not None and (_uncovered(signed) or _about(signed, envelope, spec)):
            institution = await self._institutions.verify(signed, spec.name, now, certificate)
        else:
            raise SignatureRefused
        if (institution.kind == "hospital") != (caller is Caller.HOSPITAL):
            raise NotAllowed(f"a {institution.kind} asks as {caller.value}")
        whose = (institution.hospital_id, institution.institution_id)
        who = Principal(caller=caller, hospital_id=whose[0], institution_id=whose[1], shown=shown)
        if caller is Caller.HOSPITAL or not envelope.credentials.session:
            return who
        return await self._with_patient(who, envelope.credentials.session, now, spec.name in CHANGES_SESSIONS)


def _uncovered(signed: Signed) -> bool:
    return signed.algorithm in UNCOVERED and signed.method != institution.SENT


def _about(signed: Signed, envelope: RequestEnvelope, spec: OperationSpec) -> bool:
    """What was signed is what is asked, whatever the interface in between has made of it."""
    try:
        told = _told(signed, spec)
        asked = msgspec.json.decode(envelope.body, type=spec.request)
    except (msgspec.MsgspecError, ValueError):
        return False
    return told == asked and _at(signed, envelope, spec)


def _told(signed: Signed, spec: OperationSpec) -> Any:
    if signed.method == institution.SENT and signed.body.lstrip().startswith(b"<"):
        return xml_shapes.read(xml.parsed(signed.body, signed.charset), spec.request)
    return msgspec.json.decode(signed.body or b"{}", type=spec.request)


def _at(signed: Signed, envelope: RequestEnvelope, spec: OperationSpec) -> bool:
    """Key and session are signed too: what comes again under another key would be done again."""
    session = envelope.credentials.session
    if signed.method == institution.SENT:
        return signed.path == institution.path_in_queue(spec.name, envelope.key, session)
    path = re.split("[#;]", signed.path, maxsplit=1)[0]
    asked = institution.path_of_request(path, session, envelope.key)
    return path.rsplit("/", 1)[-1] == spec.name and signed.path == asked


def _framed(signed: Signed, envelope: RequestEnvelope, spec: OperationSpec) -> Opened:
    """The document in which it was asked, if it says all that the interface in between has made of it.

    Raises:
        SignatureRefused
    """
    try:
        opened = institution_message.opened(signed.body)
        same = not opened.charset and bytes(opened.body) == bytes(envelope.body)
        same = same or institution_message.fields(opened, spec.request) == _decoded(envelope, spec)
    except (NotAMessage, msgspec.MsgspecError, ValueError, RecursionError):
        raise SignatureRefused from None
    head, shown = opened.head, envelope.credentials
    said = (head.institution, head.operation, head.key, head.patient, head.language)
    if not same or said != (signed.institution_id, spec.name, envelope.key, shown.session, envelope.language):
        raise SignatureRefused
    return opened


def _decoded(envelope: RequestEnvelope, spec: OperationSpec) -> object:
    return msgspec.json.decode(envelope.body, type=spec.request)
