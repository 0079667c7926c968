"""Which kind of code somebody has held under a scanner: a table of plain rules, each hospital may have its own."""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import msgspec

from yinyi.kernel.ids import BOOKING_SLIP, PAYMENT_NUMBER, PAYMENT_SLIP

CodeKind = Literal[
    "payer_code",  # 付款码: on the payer's phone, to pay with
    "insurance_code",  # 医保电子凭证
    "hospital_number",  # 就诊ID号
    "request_form",  # 申请单二维码
    "tube",  # 采血条码
    "booking_slip",  # 预约单条码
    "payment_slip",  # any other slip of ours: it carries the payment's number
    "resident_number",  # an ID card's number, copied as a code: it proves nothing
]
CODE_KINDS: tuple[CodeKind, ...] = get_args(CodeKind)
Alphabet = Literal["digits", "capitals", "any"]
Check = Literal["", "luhn", "mod11_2"]

MOST_CHARACTERS = 128
_CAPITALS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset("0123456789")


class CodeRule(msgspec.Struct, frozen=True, kw_only=True):
    """A code is of this kind if it begins with one of ``prefixes`` (none: with anything), is so long, and is made of
    these characters. check: its last character follows from the others (``luhn``: as on bank cards; ``mod11_2``: as on
    ID cards)."""

    kind: CodeKind
    prefixes: tuple[str, ...] = ()
    alphabet: Alphabet = "digits"
    least: int
    most: int
    check: Check = ""

    def matches(self, text: str) -> bool:
        if not self.least <= len(text) <= self.most or not _made_of(text, self.alphabet):
            return False
        if self.prefixes and not text.startswith(self.prefixes):
            return False
        return not self.check or _checks(text, self.check)


_OLD_SLIPS: tuple[CodeKind, ...] = ("booking_slip", "payment_slip")
USUAL: tuple[CodeRule, ...] = (
    CodeRule(kind="payer_code", prefixes=("10", "11", "12", "13", "14", "15"), least=18, most=18),
    CodeRule(kind="payer_code", prefixes=("25", "26", "27", "28", "29", "30"), least=16, most=24),
    CodeRule(kind="insurance_code", least=28, most=28),
    CodeRule(kind="hospital_number", least=10, most=10),
    CodeRule(kind="request_form", prefixes=("RF",), alphabet="capitals", least=8, most=24),
    CodeRule(kind="tube", prefixes=("2",), least=13, most=13, check="luhn"),
    CodeRule(kind="booking_slip", prefixes=(BOOKING_SLIP,), alphabet="capitals", least=24, most=24),
    CodeRule(kind="payment_slip", prefixes=(PAYMENT_SLIP,), alphabet="capitals", least=24, most=24),
    *(CodeRule(kind=kind, alphabet="capitals", least=PAYMENT_NUMBER, most=PAYMENT_NUMBER) for kind in _OLD_SLIPS),
    CodeRule(kind="resident_number", alphabet="capitals", least=18, most=18, check="mod11_2"),
)
"""Unless a hospital says otherwise: its own rules for a kind take the place of these. A slip of ours that does not say
its kind is an older one, or for the window."""


def rules_of(own: Mapping[CodeKind, Sequence[CodeRule]]) -> tuple[CodeRule, ...]:
    """The rules of a hospital that has said this of some kinds; nothing at all of a kind: it has no such codes."""
    usual = (rule for rule in USUAL if rule.kind not in own)
    return (*usual, *(rule for rules in own.values() for rule in rules))


def kinds_of(text: str, rules: Sequence[CodeRule]) -> list[CodeKind]:
    """Which kinds it may be of, in the order of ``CODE_KINDS``. Several: people have to say; none: it is unknown."""
    if len(text) > MOST_CHARACTERS:
        return []
    found = {rule.kind for rule in rules if rule.matches(text)}
    return [kind for kind in CODE_KINDS if kind in found]


def _made_of(text: str, alphabet: Alphabet) -> bool:
    if alphabet == "any":
        return text.isprintable()
    return frozenset(text) <= (_DIGITS if alphabet == "digits" else _CAPITALS)


def _checks(text: str, check: Check) -> bool:
    body, last = text[:-1], text[-1]
    if not body.isascii() or not body.isdigit():
        return False
    if check == "luhn":
        total = sum(sum(divmod(int(digit) * (2 - at % 2), 10)) for at, digit in enumerate(reversed(body)))
        return last == str(-total % 10)
    total = sum(int(digit) * (2 ** (len(body) - at) % 11) for at, digit in enumerate(body))
    return last == "10X98765432"[total % 11]
