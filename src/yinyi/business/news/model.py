"""What the hospital's systems tell by themselves (医院消息): reports, patients and stays, visits. Plain data."""

from datetime import datetime
from typing import Literal

import msgspec

from yinyi.business.reports.model import Observation, ReportKind

NewsKind = Literal["report", "patient", "visit"]
NewsState = Literal[
    "waiting",  # taken, and not seen to yet
    "done",
    "parked",  # people have to look into it
    "set_aside",  # they have, and nothing is to be done
]
Ending = Literal[
    "told",  # our patients see it
    "nobody_here",  # it concerns nobody whom the platform knows
    "known",  # it was known already, or something later is
    "unfinished",  # it says that something is not ready yet
    "noted",  # nothing follows from it here
]
"""What has become of news that are done."""
Trouble = Literal[
    "other_patient",  # the hospital's own system says that it is somebody else's
    "wrong_result",  # the laboratory takes a value back that stood in the wrong report
    "still_stands",  # the hospital's own system does not confirm it
    "merge",  # two numbers are one person: people decide what is whose
    "apart",  # two numbers are two people, and have been put together here: people decide what is whose
    "unreadable",  # this release reads less than the one that took it
    "too_long",  # whoever has to be asked has not answered for a day
    "failed",  # our mistake
]
"""Why people have to look into news."""
BODY = "hospital_news.body"
"""What bodies of news are sealed for."""


class Sender(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may tell what.

    name: as people and the record call it. application, facility: MSH-3, MSH-4. addresses: networks that it sends from,
    such as ``10.1.2.0/24``. key_digest: SHA-256 of the key in MSH-8, hexadecimal; empty: it has none.
    """

    name: str
    application: str
    facility: str
    addresses: list[str]
    key_digest: str = ""
    tells: tuple[NewsKind, ...] = ("report", "patient", "visit")


class NewsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """unnamed: the characters of a message that names none."""

    unnamed: Literal["ascii", "utf-8", "gb18030"] = "ascii"
    senders: list[Sender] = []


class ReportNews(msgspec.Struct, frozen=True, kw_only=True):
    """A report, as its sender has it. ready: False: it is under way. corrected: something before it was wrong.
    taken_back: values of it were somebody else's."""

    order_no: str
    patient_no: str
    kind: ReportKind
    item_code: str
    name: str
    ready: bool
    issued_at: datetime
    name_en: str = ""
    modality: str = ""
    specimen: str = ""
    barcode: str = ""
    sensitive: bool = False
    corrected: bool = False
    taken_back: bool = False
    requested_at: datetime | None = None
    sampled_at: datetime | None = None
    department_id: str = ""
    practitioner_id: str = ""
    findings: str = ""
    impression: str = ""
    remark: str = ""
    reported_by: str = ""
    reviewed_by: str = ""
    observations: list[Observation] = []


class PatientNews(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody was registered, admitted, discharged, or what is known of him has changed. merged_no: another number
    that was his all along. apart_no: another number that was taken for his, and is not."""

    patient_no: str
    merged_no: str = ""
    apart_no: str = ""


class VisitNews(msgspec.Struct, frozen=True, kw_only=True):
    """reference: ours, of the hold; empty, or not one of ours: the visit was not made here."""

    reference: str
    what: Literal["made", "moved", "changed", "gone", "missed"]
    patient_no: str = ""


Told = ReportNews | PatientNews | VisitNews


class NewsView(msgspec.Struct, frozen=True, kw_only=True):
    """News as people who look after the platform see them. about: the number of what they concern. why: an ``Ending``
    or a ``Trouble``, or why it waits."""

    news_no: int
    sender: str
    control_id: str
    kind: NewsKind
    event: str
    about: str
    state: NewsState
    why: str
    tries: int
    received_at: datetime
    handled_at: datetime | None = None
