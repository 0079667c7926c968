"""People and the media that identify them. Plain data."""

from datetime import date, datetime
from typing import Literal

import msgspec

CredentialKind = Literal[
    "resident_card",  # 居民身份证, GB 11643
    "hmt_resident_card",  # 港澳台居民居住证, same number form (81/82/83…)
    "hmt_travel_permit",  # 来往内地通行证
    "permanent_resident_card",  # 外国人永久居留身份证
    "passport",  # at the window only
    "hospital_number",  # 就诊ID号
    "social_security_card",
    "insurance_code",  # 医保电子凭证
    "public_card",
    "bank_card",
    "alipay",
    "wechat",
    "face",
]
Sex = Literal["male", "female", "unknown"]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who a card says somebody is. ``number`` is the document's number, upper case."""

    kind: CredentialKind
    number: str
    name: str
    sex: Sex = "unknown"
    born_on: date | None = None
    nation: str = ""
    address: str = ""
    phone: str = ""


class PatientRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A patient as the hospital's master index (患者主索引) knows him."""

    patient_no: str
    name: str
    sex: Sex
    born_on: date | None
    phone: str = ""


class PatientFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A patient on record with us. ``patient_id`` is internal; the hospital knows him by ``patient_no``."""

    patient_id: int
    patient_no: str
    name: str
    sex: Sex
    born_on: date | None
    prefers_elder: bool | None = None


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A live session. ``expires_at``: when it ends if nothing more is asked."""

    session_id: int
    patient: PatientFacts
    expires_at: datetime


def age_on(day: date, born_on: date | None) -> int | None:
    """Whole years on that day; None when the birth date is not known. Never below 0."""
    if born_on is None:
        return None
    before_birthday = (day.month, day.day) < (born_on.month, born_on.day)
    return max(0, day.year - born_on.year - before_birthday)
