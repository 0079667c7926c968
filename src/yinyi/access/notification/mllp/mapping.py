"""A bulletin as a message of HL7 2.5.1: SIU^S12, and S15 or S17; DFT^P03, or BAR^P01, P05 and P06. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from yinyi.access.notification.mllp.config import MllpConfig, Receiver
from yinyi.business.news.bulletin_model import Bulletin, ChargeFacts, VisitFacts
from yinyi.kernel.money import yuan
from yinyi.wire.hl7.charset import NAMES
from yinyi.wire.hl7.codec import Message, Segment, segment
from yinyi.wire.hl7.values import instant_text

ZONE = ZoneInfo("Asia/Shanghai")
_STRUCTURES = {"S15": "SIU_S12", "S17": "SIU_S12", "P05": "BAR_P05"}
"""Of events whose structure is not called after them."""
_SEXES = {"male": "M", "female": "F", "unknown": "U"}


def message(bulletin: Bulletin, receiver: Receiver, config: MllpConfig) -> Message:
    kind, trigger = _event(bulletin, receiver)
    header = segment(
        "MSH",
        f3=config.application,
        f4=config.facility,
        f5=receiver.application,
        f6=receiver.facility,
        f7=_time(bulletin.made_at),
        f8=receiver.key,
        f9=(kind, trigger, _STRUCTURES.get(trigger, f"{kind}_{trigger}")),
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
        **({"f18": (bulletin.payment_no,)} if kind == "BAR" else {}),
    )
    if bulletin.visit is not None:
        return Message((header, *_visit(bulletin, bulletin.visit, whom, trigger)))
    assert bulletin.charge is not None
    happened = segment("EVN", f1=trigger, f2=_time(bulletin.made_at))
    if kind == "BAR":
        return Message((header, happened, whom, _account(bulletin.charge)))
    return Message((header, happened, whom, *_charge(bulletin, bulletin.charge)))


def _event(bulletin: Bulletin, receiver: Receiver) -> tuple[str, str]:
    """An account is of one payment: it is added with its first charge, and ends when nothing of it is left."""
    if bulletin.charge is None:
        return "SIU", "S12" if bulletin.event == "booked" else receiver.cancelled
    if receiver.charges == "DFT":
        return "DFT", "P03"
    stands_fen = bulletin.charge.stands_fen
    if stands_fen == 0:
        return "BAR", "P06"
    return "BAR", "P01" if bulletin.event == "charged" and stands_fen == bulletin.charge.amount_fen else "P05"


def _visit(bulletin: Bulletin, visit: VisitFacts, whom: Segment, trigger: str) -> list[Segment]:
    from_, until = _time(visit.starts_at), _time(visit.ends_at)
    booked = bulletin.event == "booked"
    ended = "Deleted" if trigger == "S17" else "Cancelled"
    about = segment(
        "SCH",
        f1=visit.reference,
        f6=("BOOK" if booked else "CANCEL", "挂号" if booked else "退号", "L"),
        f11=("", "", "", from_, until),
        f16=(visit.practitioner_id, visit.practitioner),
        f20=("YINYI",),
        f25="Booked" if booked else ended,
    )
    return [
        about,
        whom,
        segment("PV1", f1="1", f2="O", f3=(visit.department_id,), f7=(visit.practitioner_id, visit.practitioner)),
        segment("RGS", f1="1", f2="A" if booked else "D"),
        segment("AIS", f1="1", f3=(visit.schedule_id, visit.department, "L"), f4=from_),
        segment("AIP", f1="1", f3=(visit.practitioner_id, visit.practitioner), f4=("ATT", "Attending", "L")),
    ]


def _account(charge: ChargeFacts) -> Segment:
    """What was paid into it and not given back."""
    left = "" if charge.stands_fen is None else yuan(charge.stands_fen)
    return segment("PV1", f1="1", f2="I" if charge.purpose == "deposit" else "O", f49=left)


def _charge(bulletin: Bulletin, charge: ChargeFacts) -> list[Segment]:
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
    return [segment("PV1", f1="1", f2="I" if charge.purpose == "deposit" else "O"), paid]


def _time(at: datetime | None) -> str:
    return "" if at is None else instant_text(at, ZONE)
