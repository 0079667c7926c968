"""The book of bad requests: what every interface gets, and the error underneath each of them, whatever its own form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Damage = Literal["", "cut", "not_utf_8", "unknown_charset", "oversize", "slow", "deep", "empty", "other_kind"]


@dataclass(frozen=True)
class Attempt:
    """One request. who, wrong_secret, age_s, twice, altered: of its signature; the last: the body is another one than
    was signed. damage: to its bytes. raw: fields as they are written, where no honest writer would."""

    operation: str = "GetPayment"
    fields: Mapping[str, Any] = field(default_factory=lambda: {"number": "7Q4-8XK9"})
    who: str = "his"
    wrong_secret: bool = False
    unsigned: bool = False
    age_s: int = 0
    twice: bool = False
    altered: bool = False
    damage: Damage = ""
    key: str = "key-of-a-bad-request"


REFUND = {"payment_no": "7Q4-8XK9", "reason": "病人要求", "amount_fen": 1}
SLIP = {"number": "7Q4-8XK9", "operator": "0417", "amount_fen": -1}
KIOSKS = {"department_id": "1", "schedule_id": "1"}
LONG = "9" * 40

BOOK: dict[str, tuple[Attempt, set[str]]] = {
    "signed with another secret": (Attempt(wrong_secret=True), {"SignatureRefused"}),
    "not signed": (Attempt(unsigned=True), {"SignatureRefused"}),
    "an hour old": (Attempt(age_s=3600), {"SignatureRefused"}),
    "an hour early": (Attempt(age_s=-3600), {"SignatureRefused"}),
    "sent twice": (Attempt(twice=True), {"SignatureRefused", "LineEnded"}),
    "altered on the way": (Attempt(altered=True), {"SignatureRefused"}),
    "by nobody known": (Attempt(who="stranger"), {"SignatureRefused"}),
    "by a name that is SQL": (Attempt(who="his' OR '1'='1"), {"SignatureRefused"}),
    "by a name without end": (Attempt(who="h" * 5000), {"SignatureRefused", "Invalid"}),
    "what was not granted": (Attempt("RefundPayment", REFUND), {"NotGranted"}),
    "what only kiosks may": (
        Attempt("RegisterToday", KIOSKS),
        {"OperationUnknown"},
    ),
    "what there is not": (Attempt("DropTables", {}), {"OperationUnknown"}),
    "somebody else's, or nobody's": (Attempt(fields={"number": "7Q4-8XK8"}), {"PaymentUnknown"}),
    "cut short": (Attempt(damage="cut"), {"Invalid"}),
    "empty": (Attempt(damage="empty"), {"Invalid", "InvalidField"}),
    "in other characters": (Attempt(damage="not_utf_8"), {"Invalid"}),
    "in characters nobody knows": (Attempt(damage="unknown_charset"), {"Invalid", "UnsupportedMediaType"}),
    "too large": (Attempt(damage="oversize"), {"TooLarge"}),
    "too slow": (Attempt(damage="slow"), {"TooSlow"}),
    "too deep": (Attempt(damage="deep"), {"Invalid", "InvalidField"}),
    "of another kind": (Attempt(damage="other_kind"), {"Invalid", "UnsupportedMediaType"}),
    "a field is missing": (Attempt(fields={}), {"InvalidField"}),
    "a field too many": (Attempt(fields={"number": "7Q4-8XK9", "hospital_id": 2}), {"InvalidField"}),
    "a number without end": (Attempt("AnswerCall", {"call_id": int(LONG)}), {"InvalidField"}),
    "a number below nothing": (Attempt("AnswerCall", {"call_id": -1}), {"InvalidField"}),
    "an amount below nothing": (Attempt("CollectHoldSlip", SLIP), {"InvalidField"}),
    "a text for a number": (Attempt("AnswerCall", {"call_id": "1; DROP TABLE payment"}), {"InvalidField"}),
    "a text with a NUL": (Attempt(fields={"number": "7Q4\0"}), {"Invalid", "InvalidField"}),
    "a text without end": (Attempt(fields={"number": "9" * 5000}), {"InvalidField"}),
    "no key for a change": (Attempt("AnswerCall", {"call_id": 1}, key=""), {"InvalidField"}),
    "a key with a line feed": (Attempt("AnswerCall", {"call_id": 1}, key="key of\ta change"), {"InvalidField"}),
}
"""By what is wrong: the request, and the codes that may come of it."""

LEAKS = ("Traceback", "asyncpg", "SELECT ", "INSERT ", "/src/", "site-packages", "psycopg", "line 1, column", ".py")
"""What no answer shows."""


def as_json(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()
