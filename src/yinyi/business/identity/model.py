"""People and the media that identify them. Plain data."""

from datetime import date, datetime
from typing import Annotated, Literal, get_args

import msgspec

from yinyi.kernel.money import Fen

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
    "birth_certificate",  # 出生医学证明, of a child
    "alipay",
    "wechat",
    "face",
]
PaymentCardKind = Literal["bank_card", "public_card", "social_security_card"]
"""What a card terminal reads."""
PAYMENT_CARDS: tuple[PaymentCardKind, ...] = get_args(PaymentCardKind)
InquiryPurpose = Literal["identify", "bind", "balance"]
InquiryState = Literal[
    "asked",  # no card was read yet
    "known",  # the card names a patient
    "unknown",  # it is bound to nobody here
    "checking",  # its bank is being asked whether the PIN is right
    "bound",
    "told",  # its issuer has said what is on it
    "taken",  # it is bound to somebody else
    "declined",  # by its bank; the answer's code says why
    "pin_again",  # typed under a key that had changed meanwhile
    "no_answer",  # the bank may have answered, and nothing is bound
    "unreachable",  # the bank was never asked
    "left",  # whoever wanted it had gone when the bank answered
    "expired",
    "stripe",  # not by its chip
    "too_many_tries",
]
"""How far an inquiry is; a card that never came is told by its reading."""
CheckOutcome = Literal["right", "declined", "pin_again", "no_answer", "unreachable"]
"""What a bank says of a card and its PIN."""
BALANCE_CARDS: tuple[PaymentCardKind, ...] = ("public_card",)
"""Whose issuers tell at a hospital's machine what is left on them."""
Relation = Literal["mother", "father", "grandparent", "other"]
"""What a guardian (监护人) is to a child."""
Sex = Literal["male", "female", "unknown"]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A bank's answer about a card. code: field 39, where it has declined or wants new keys first. balance_fen: what is
    on it, where the bank tells."""

    outcome: CheckOutcome
    code: str = ""
    balance_fen: Fen | None = None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who a card says somebody is. ``number`` is the document's number, upper case. guardian_name, guardian_phone: of
    whoever acts for a child."""

    kind: CredentialKind
    number: str
    name: str
    sex: Sex = "unknown"
    born_on: date | None = None
    nation: str = ""
    address: str = ""
    phone: str = ""
    guardian_name: str = ""
    guardian_phone: str = ""


class ChildRules(msgspec.Struct, frozen=True, kw_only=True):
    """Who is a child, and how many of them one guardian may act for."""

    below_age: int = 14
    at_most: int = 5


USUAL_CHILDREN = ChildRules()


class CardInHand(msgspec.Struct, frozen=True, kw_only=True):
    """What a card terminal has read, without what is only its bank's. Printed, it shows nothing. expiry: ``YYMM``, or
    empty: the card does not say."""

    kind: PaymentCardKind
    number: str
    expiry: str = ""
    by_stripe: bool = False

    def __repr__(self) -> str:
        return f"CardInHand({self.kind})"


CertificateRefused = Literal[
    "unreadable",  # no code that the decoder knows: something else was held there, or it was read wrongly
    "expired",
    "used",  # each code is good once
    "foreign",  # of another scheme, or of a place that is not served here
]
"""Why the code of an insurance certificate names nobody."""


class CertificateHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Whose insurance certificate it is: the number of his document, and his name. Printed, it shows nothing."""

    number: str
    name: str

    def __repr__(self) -> str:
        return "CertificateHolder(…)"


FaceRefused = Literal["no_face", "several_faces", "not_alive", "unreadable"]
"""``not_alive``: a picture or a mask before the camera. ``unreadable``: no picture, or none that shows enough."""


class FaceCompared(msgspec.Struct, frozen=True, kw_only=True):
    """score: from 0, somebody else, to 1, the same person. alive: a living person was before the camera; None: this
    connector cannot tell."""

    score: Annotated[float, msgspec.Meta(ge=0, le=1)]
    alive: bool | None = None


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
    """A live session. ``expires_at``: when it ends if nothing more is asked. guardian_id: the patient who acts for this
    one, a child; guardian_name: his name. opened_by: the one thing it is good for
    (see ``Principal``); empty: everything of this patient is open to it."""

    session_id: int
    patient: PatientFacts
    expires_at: datetime
    opened_by: str = ""
    guardian_id: int = 0
    guardian_name: str = ""


def age_on(day: date, born_on: date | None) -> int | None:
    """Whole years on that day; None when the birth date is not known. Never below 0."""
    if born_on is None:
        return None
    before_birthday = (day.month, day.day) < (born_on.month, born_on.day)
    return max(0, day.year - born_on.year - before_birthday)


def age_in_words(day: date, born_on: date | None) -> str:
    """As a sheet says it: under a year in months, under a month in days; a dash when the birth date is not known."""
    years = age_on(day, born_on)
    if years is None or born_on is None:
        return "—"
    months = 12 * (day.year - born_on.year) + day.month - born_on.month - (day.day < born_on.day)
    if years:
        return f"{years} 岁"
    return f"{months} 个月" if months > 0 else f"{max(0, (day - born_on).days)} 天"
