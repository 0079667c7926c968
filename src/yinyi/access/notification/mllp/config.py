"""Settings of the hospital's systems that are told of visits and charges by HL7."""

from typing import Literal

import msgspec

from yinyi.business.news.bulletin_model import BulletinKind


class Receiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """name: as people and the record call it. host, port: where it listens. application, facility: MSH-5, MSH-6. wants:
    what it is told. key: MSH-8, where it asks for one. charges: as transactions (DFT^P03) or as accounts
    (BAR^P01, P05, P06), each of one payment. cancelled: how it hears of a visit that is given back: cancelled, or
    deleted."""

    name: str
    host: str
    port: int
    application: str
    wants: tuple[BulletinKind, ...]
    facility: str = ""
    key: str = ""
    charset: Literal["utf-8", "gb18030"] = "gb18030"
    charges: Literal["DFT", "BAR"] = "DFT"
    cancelled: Literal["S15", "S17"] = "S15"


class MllpConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """application, facility: MSH-3, MSH-4, as the platform calls itself. call_timeout_s: for a whole call."""

    receivers: list[Receiver] = []
    application: str = "YINYI"
    facility: str = ""
    call_timeout_s: float = 15.0
