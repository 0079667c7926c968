"""Words of imports: their states, what can be wrong with a line, the fingerprint. Plain data."""

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from yinyi.business.identity.model import CredentialKind, Sex
from yinyi.kernel.ids import ALPHABET, base32

ImportFile = Literal["patients", "balances"]
ImportState = Literal[
    "draft",  # lines are being checked; nobody has proposed it
    "proposed",  # the first person has; nothing is taken over yet
    "confirmed",  # the second person has; it is being taken over
    "done",  # all of it is taken over
    "withdrawn",  # nothing was taken over and nothing will be
]
Reason = Literal[
    "not_csv",
    "fields",
    "missing",
    "too_long",
    "control_character",
    "form",
    "check_digit",
    "not_of_card",
    "one_only",
    "too_many",
    "twice",
    "already_here",
    "bound_here",
    "bound_meanwhile",
    "patient_unknown",
    "amount",
    "negative",
    "too_much",
    "already_opened",
]
REASONS: dict[Reason, tuple[str, str]] = {
    "not_csv": ("is not CSV: a quotation mark has no partner", "不是合法的 CSV：引号不成对"),
    "fields": ("has more or fewer fields than the header", "字段数与表头不一致"),
    "missing": ("is empty", "不能为空"),
    "too_long": ("is too long", "太长"),
    "control_character": ("has a control character in it", "含有控制字符"),
    "form": ("does not have the form that the manual gives", "格式不符合说明"),
    "check_digit": ("has a wrong check digit or an impossible birth date in it", "校验码或其中的出生日期不对"),
    "not_of_card": ("is not the one in the number of the card in this line", "与本行证件号码中的不一致"),
    "one_only": ("names more than one, and nobody has two", "只能有一个号码"),
    "too_many": ("names more than ten", "最多十个号码"),
    "twice": ("stands in an earlier line already", "在前面的行里已经出现过"),
    "already_here": (
        "is on the platform already: take the line out, his balance may stay",
        "平台已有此患者：请删去本行，余额可保留",
    ),
    "bound_here": ("is bound on the platform already", "在平台上已绑定"),
    "bound_meanwhile": ("was bound to somebody else meanwhile, and stays with him", "期间已绑定给他人，保持不变"),
    "patient_unknown": ("is neither in the patients file nor on the platform", "患者文件和平台里都没有"),
    "amount": ("is not an amount in yuan with two decimals, such as 12.50", "不是带两位小数的元，例如 12.50"),
    "negative": ("is less than nothing", "不能为负"),
    "too_much": ("is more than the limit for one account", "超过单个账户的上限"),
    "already_opened": ("was opened by an earlier import", "此患者的余额以前已经导入过"),
}
"""In words, after the name of the field; English and Chinese."""

WHOLE_LINE = "line"
"""In place of a field's name: it is the line as a whole."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line cannot be taken over; never what stands in it. ``earlier_line``: 0, or where the same stands, too."""

    line: int
    field: str
    reason: Reason
    earlier_line: int = 0


class PatientLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a line of the patients file says. ``numbers``: of the documents and cards bound to this patient."""

    line: int
    patient_no: str
    name: str
    sex: Sex
    born_on: date | None
    phone: str
    numbers: tuple[tuple[CredentialKind, str], ...]


class BalanceLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a line of the balances file says."""

    line: int
    patient_no: str
    amount_fen: int


NO_LINES = bytes(32)
"""What the first line of a file follows."""


def chained(previous: bytes, lines: Iterable[str]) -> bytes:
    """SHA-256, line after line, each over the hash before it and its text without the line's end."""
    for line in lines:
        previous = hashlib.sha256(previous + line.encode()).digest()
    return previous


def fingerprint(patients: bytes, balances: bytes, most_fen: int) -> str:
    """Of both files, by the hashes of their last lines, and of the limit that was set for one account: 80 bits, to be
    read over the telephone: ``7Q4X-8XK9-…``."""
    number = int.from_bytes(hashlib.sha256(patients + balances + most_fen.to_bytes(8)).digest()[:10])
    text = base32(number, 16)
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def same_fingerprint(typed: str, known: str) -> bool:
    """Hyphens, blanks and capitals do not count."""
    plain = [[letter for letter in text.upper() if letter in ALPHABET] for text in (typed, known)]
    return plain[0] == plain[1]
