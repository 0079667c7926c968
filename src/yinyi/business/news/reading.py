"""From the bytes that came to what they tell. Pure: the same bytes always tell the same."""

import hashlib
import hmac
from datetime import tzinfo
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from yinyi.business.news import codes
from yinyi.business.news.errors import NewsOfOtherKind, NewsUnreadable, SenderUnknown
from yinyi.business.news.model import NewsKind, NewsSettings, PatientNews, Sender, Told, VisitNews
from yinyi.business.news.reading_reports import limited, patient_no, reports
from yinyi.wire.hl7.charset import decoded
from yinyi.wire.hl7.codec import Message, read, written
from yinyi.wire.hl7.errors import CharsetUnknown, NotRead

_KINDS: dict[str, NewsKind] = {"ORU": "report", "ADT": "patient", "SIU": "visit"}
_EVENTS: dict[NewsKind, tuple[str, ...]] = {
    "report": ("R01",),
    "patient": ("A01", "A03", "A04", "A08", "A37", "A40"),
    "visit": tuple(codes.VISIT_EVENT.meant),
}
_VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2")
_NOBODYS = "0" * 64


class Envelope(NamedTuple):
    """What stands in MSH of a message whose sender may tell this. event: such as ``ORU^R01``. digest: of all that it
    says, whenever it was sent."""

    sender: Sender
    control_id: str
    kind: NewsKind
    event: str
    digest: bytes


def opened(data: bytes, settings: NewsSettings) -> Message:
    """
    Raises:
        NewsUnreadable: it is no message, or its characters are not what it says.
    """
    try:
        return read(decoded(data, settings.unnamed)[0])
    except (NotRead, CharsetUnknown) as error:
        raise NewsUnreadable(str(error)) from None


def envelope(message: Message, peer: str, settings: NewsSettings) -> Envelope:
    """
    Raises:
        SenderUnknown: nobody of these names sends from there with this key: which of them is not told.
        NewsOfOtherKind: it is not for the platform, or not for this sender to tell.
        NewsUnreadable: it has no number.
    """
    header = message.header
    sender = _sender(header.text(3), header.text(4), header.text(8), peer, settings)
    event = f"{header.text(9)}^{header.text(9, 2)}"
    kind = kind_of(message)
    if kind not in sender.tells or header.text(9, 2) not in _EVENTS[kind]:
        raise NewsOfOtherKind("MSH-9: not one that this sender may tell")
    if header.text(11) not in ("P", ""):
        raise NewsOfOtherKind("MSH-11: only production")
    if header.text(12) not in _VERSIONS:
        raise NewsOfOtherKind("MSH-12: versions 2.3 to 2.8.2")
    control_id = header.text(10)
    if not control_id:
        raise NewsUnreadable("MSH-10: empty")
    said = written(Message(message.segments[1:])) + event
    digest = hashlib.sha256(said.encode()).digest()
    return Envelope(sender, limited(control_id, 199, "MSH-10"), kind, event, digest)


def kind_of(message: Message) -> NewsKind:
    """
    Raises:
        NewsOfOtherKind: it is none that is taken here.
    """
    kind = _KINDS.get(message.header.text(9))
    if kind is None:
        raise NewsOfOtherKind("MSH-9: none of ORU, ADT, SIU")
    return kind


def _sender(application: str, facility: str, key: str, peer: str, settings: NewsSettings) -> Sender:
    shown = hashlib.sha256(key.encode()).hexdigest()
    for each in settings.senders:
        fits = hmac.compare_digest((each.key_digest or _NOBODYS).lower(), shown) or not each.key_digest
        named = (each.application, each.facility) == (application, facility)
        if named and fits and _within(peer, each.addresses):
            return each
    raise SenderUnknown("MSH-3, MSH-4, MSH-8 or the address")


def _within(peer: str, networks: list[str]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in ip_network(each) for each in networks)


def told(message: Message, kind: NewsKind, zone: tzinfo) -> list[Told]:
    """What it tells, and the number of what that is about first.

    Raises:
        NewsUnreadable, CodeUnknown: see there.
    """
    try:
        if kind == "report":
            return [*reports(message, zone)]
        return [patient(message) if kind == "patient" else _visit(message)]
    except NotRead as error:
        raise NewsUnreadable(str(error)) from None


def patient(message: Message) -> PatientNews:
    """
    Raises:
        NewsUnreadable: it does not say who, or of two numbers only one.
    """
    if message.header.text(9, 2) == "A37":
        return _apart(message)
    if message.header.text(9, 2) != "A40":
        return PatientNews(patient_no=patient_no(message))
    if len(message.named("PID")) > 1 or len(message.named("MRG")) > 1:
        raise NewsUnreadable("PID: more than one merge in one message")
    kept, old = patient_no(message), limited(message.first("MRG").text(1), 32, "MRG-1")
    if not old or old == kept:
        raise NewsUnreadable("MRG-1: empty, or the number that is left")
    return PatientNews(patient_no=kept, merged_no=old)


def _apart(message: Message) -> PatientNews:
    whose = [patient_no(Message((message.header, each))) for each in message.named("PID")]
    if len(whose) != 2 or whose[0] == whose[1]:
        raise NewsUnreadable("PID: not of two numbers")
    return PatientNews(patient_no=whose[0], apart_no=whose[1])


def _visit(message: Message) -> VisitNews:
    about = message.first("SCH")
    codes.VISIT_STATUS.of(about.text(25), "SCH-25")
    if not about.text(1) and not about.text(2):
        raise NewsUnreadable("SCH-1: empty")
    return VisitNews(
        reference=limited(about.text(1), 64, "SCH-1"),
        what=codes.VISIT_EVENT.of(message.header.text(9, 2), "MSH-9"),
        patient_no=patient_no(message) if message.named("PID") else "",
    )


def about(news: list[Told]) -> str:
    """The number under which people look it up."""
    first = news[0]
    if isinstance(first, PatientNews):
        return first.patient_no
    return first.reference if isinstance(first, VisitNews) else first.order_no
