"""Banks that ask badly over lines of their own: X9.19 over JSON behind two bytes, SM3 over XML behind four digits."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from bad_peers import SocketPeer, as_xml, damaged_message
from bad_requests import Attempt
from bank_hall import BROUGHT, SESSION_KEY
from bank_terminal import hmac_sm3, x9_19
from lxml import etree

from yinyi.business.institutions.model import Institution

MAY = ("GetPayment", "ListGiveBacks", "ReportTaken")
ICBC = Institution(hospital_id=1, institution_id="icbc", kind="bank", name="工商银行", operations=MAY)
CCB = Institution(hospital_id=1, institution_id="ccb", kind="bank", name="建设银行", operations=MAY)
TAKEN = {"payment_no": "7Q4-8XK9", "reference": "B-000001", "taken_at": "2026-11-22T08:00:00+08:00"}
CANNOT_SAY = frozenset({"oversize"})
"""Neither two bytes nor four digits say so much."""


def _a_banks(attempt: Attempt, bank: str) -> Attempt:
    """The hospital's own systems and banks may not ask the same."""
    numbers = {"taken_on": "2026-11-22", "amount_fen": attempt.fields.get("call_id", -1)}
    taken = replace(attempt, operation="ReportTaken", fields={**TAKEN, **numbers})
    theirs = {
        "AnswerCall": taken,
        "CollectHoldSlip": taken,
        "ListClosures": replace(attempt, operation="ListGiveBacks"),
        "RefundPayment": replace(attempt, operation="CancelPayment", fields={"payment_no": "7Q4-8XK9"}),
        "RegisterToday": replace(attempt, operation="CollectHoldSlip"),
    }
    own = theirs.get(attempt.operation, attempt)
    return replace(own, who=bank) if own.who == "his" else own


class X919Peer(SocketPeer):
    digits = 0
    algorithm = "X9.19"
    brings: ClassVar[Mapping[str, str]] = {**BROUGHT}

    def words(self, attempt: Attempt) -> Attempt:
        return _a_banks(attempt, "icbc")

    def mac(self, document: bytes, *, wrong: bool = False) -> str:
        return x9_19(SESSION_KEY[::-1] if wrong else SESSION_KEY, document)


class Sm3Peer(X919Peer):
    """Under a key of the key store, too."""

    algorithm = "FRAME-HMAC-SM3"

    def mac(self, document: bytes, *, wrong: bool = False) -> str:
        return hmac_sm3(SESSION_KEY[::-1] if wrong else SESSION_KEY, document)


class XmlPeer(SocketPeer):
    """It is answered in XML, and in its characters, by whoever could read who asks."""

    digits = 4
    characters: ClassVar[str] = "GB18030"

    def words(self, attempt: Attempt) -> Attempt:
        return _a_banks(attempt, "ccb")

    def mac(self, document: bytes, *, wrong: bool = False) -> str:
        return hmac_sm3("another" + self.secret if wrong else self.secret, document)

    def document(self, attempt: Attempt, head: dict[str, Any], fields: Mapping[str, Any]) -> bytes:
        begin = f'<?xml version="1.0" encoding="{self.characters}"?><message>'.encode()
        told = {name: value for name, value in head.items() if value not in ("", None)}
        whole = begin + f"<head>{as_xml(told)}</head><body>{as_xml(fields)}</body></message>".encode(self.characters)
        match attempt.damage:
            case "cut" | "slow":
                return whole[:-1]
            case "not_utf_8":
                return whole.replace(b"7Q4-8XK9", b"\xff\xff")
            case "deep":
                return begin + b"<head/><body>" + b"<a>" * 2500
            case "other_kind":
                return b"GetPayment|icbc|7Q4-8XK9"
            case "":
                return whole
            case _:
                return damaged_message(attempt, {})

    def opened(self, answer: str) -> str:
        line = etree.fromstring(answer.encode(self.characters)).findtext("{*}body/{*}line")
        assert line
        return line

    def code(self, answer: str) -> str:
        if answer.startswith("{"):
            return super().code(answer)
        assert answer.startswith(f'<?xml version="1.0" encoding="{self.characters}"?>')
        return etree.fromstring(answer.encode(self.characters)).findtext("{*}head/{*}code") or ""
