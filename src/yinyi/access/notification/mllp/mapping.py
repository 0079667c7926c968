"""A bulletin as a message of HL7 2.5.1: SIU^S12 and S15, DFT^P03. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from yinyi.access.notification.mllp.config import MllpConfig, Receiver
from yinyi.business.news.bulletin_model import Bulletin, BulletinEvent, ChargeFacts, VisitFacts
from yinyi.kernel.money import yuan
from yinyi.wire.hl7.charset import NAMES
from yinyi.wire.hl7.codec import Message, Segment, segment
from yinyi.wire.hl7.values import instant_text

ZONE = ZoneInfo("Asia/Shanghai")
_EVENTS: dict[BulletinEvent, tuple[str, str, str]] = {
    "booked": ("SIU", "S12", "SIU_S12"),
    "cancelled": ("SIU", "S15", "SIU_S12"),
    "charged": ("DFT", "P03", "DFT_P03"),
    "credited": ("DFT", "P03", "DFT_P03"),
}
_SEXES = {"male": "M", "female": "F", "unknown": "U"}


def message(bulletin: Bulletin, receiver: Receiver, config: MllpConfig) -> Message:
    header = segment(
        "MSH",
        f3=config.application,
        f4=config.facility,
        f5=receiver.application,
        f6=receiver.facility,
        f7=_time(bulletin.made_at),
        f8=receiver.key,
        f9=_EVENTS[bulletin.event],
        f10=bulletin.control_id,
        f11="P",
        f12="2.5.1",
        f18=NAMES[receiver.charset],
    )
    whom = segment(
        "PID",
        f1="1",
        f3=[(bulletin.patient_no, "", "", receiver.facility, "MR")],
        f5=(bulletin.name,),
        f7=f"{bulletin.born_on:%Y%m%d}" if bulletin.born_on else "",
        f8=_SEXES[bulletin.sex],
    )
    if bulletin.visit is not None:
        return Message((header, *_visit(bulletin, bulletin.visit, whom)))
    assert bulletin.charge is not None
    return Message((header, *_charge(bulletin, bulletin.charge, whom)))


def _visit(bulletin: Bulletin, visit: VisitFacts, whom: Segment) -> list[Segment]:
    from_, until = _time(visit.starts_at), _time(visit.ends_at)
    booked = bulletin.event == "booked"
    about = segment(
        "SCH",
        f1=visit.reference,
        f6=("BOOK" if booked else "CANCEL", "挂号" if booked else "退号", "L"),
        f11=("", "", "", from_, until),
        f16=(visit.practitioner_id, visit.practitioner),
        f20=("YINYI",),
        f25="Booked" if booked else "Cancelled",
    )
    return [
        about,
        whom,
        segment("PV1", f1="1", f2="O", f3=(visit.department_id,), f7=(visit.practitioner_id, visit.practitioner)),
        segment("RGS", f1="1", f2="A" if booked else "D"),
        segment("AIS", f1="1", f3=(visit.schedule_id, visit.department, "L"), f4=from_),
        segment("AIP", f1="1", f3=(visit.practitioner_id, visit.practitioner), f4=("ATT", "Attending", "L")),
    ]


def _charge(bulletin: Bulletin, charge: ChargeFacts, whom: Segment) -> list[Segment]:
    at = _time(charge.at)
    paid = segment(
        "FT1",
        f1="1",
        f2=bulletin.control_id,
        f4=at,
        f6="CG" if bulletin.event == "charged" else "CD",
        f7=(charge.purpose, charge.description, "L"),
        f10="1",
        f11=((yuan(charge.amount_fen), "CNY"),),
        f23=bulletin.payment_no,
        f25=(charge.tender, charge.tender, "L"),
    )
    return [segment("EVN", f1="P03", f2=_time(bulletin.made_at)), whom, segment("PV1", f1="1", f2="O"), paid]


def _time(at: datetime | None) -> str:
    return "" if at is None else instant_text(at, ZONE)
