"""Which medium (身份介质) somebody holds against a terminal: cards and codes stand in one table of plain rules, and one
classifier reads it. Each hospital may have rules of its own.

What lies on the reader or in the card terminal has one number and one issuer: the longest beginning that fits decides.
A code under the scanner is whatever its maker wanted: where several rules fit, people are asked.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeGuard, get_args

import msgspec

from yinyi.kernel.ids import BOOKING_SLIP, PAYMENT_NUMBER, PAYMENT_SLIP

DocumentKind = Literal["resident_card", "hmt_resident_card", "permanent_resident_card"]
"""What the reader of documents reads: by the form that its chip names, and its number."""
CardKind = Literal["bank_card", "public_card", "social_security_card"]
"""What the card terminal reads."""
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
MediumKind = DocumentKind | CardKind | CodeKind
ReadBy = Literal["reader", "card_terminal", "scanner"]
DOCUMENT_KINDS: tuple[DocumentKind, ...] = get_args(DocumentKind)
CARD_KINDS: tuple[CardKind, ...] = get_args(CardKind)
CODE_KINDS: tuple[CodeKind, ...] = get_args(CodeKind)
MEDIUM_KINDS: tuple[MediumKind, ...] = (*DOCUMENT_KINDS, *CARD_KINDS, *CODE_KINDS)


def read_by(kind: MediumKind) -> ReadBy:
    """Where it is held."""
    if kind in DOCUMENT_KINDS:
        return "reader"
    return "card_terminal" if kind in CARD_KINDS else "scanner"


Alphabet = Literal["digits", "capitals", "any"]
Check = Literal["", "luhn", "mod11_2"]

MOST_CHARACTERS = 128
_CAPITALS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset("0123456789")


class MediumRule(msgspec.Struct, frozen=True, kw_only=True):
    """A number is of this kind if it begins with one of ``prefixes`` (none: with anything), is so long, and is made of
    these characters. check: its last character follows from the others (``luhn``: as on bank cards; ``mod11_2``: as on
    ID cards)."""

    kind: MediumKind
    prefixes: tuple[str, ...] = ()
    alphabet: Alphabet = "digits"
    least: int
    most: int
    check: Check = ""

    def fits(self, text: str) -> int | None:
        """With how long a beginning; None: it does not."""
        if not self.least <= len(text) <= self.most or not _made_of(text, self.alphabet):
            return None
        beginnings = [len(each) for each in self.prefixes if text.startswith(each)]
        if (self.prefixes and not beginnings) or (self.check and not _checks(text, self.check)):
            return None
        return max(beginnings, default=0)


_SHORTEST_CARD, _LONGEST_CARD = 8, 19
_OLD_SLIPS: tuple[CodeKind, ...] = ("booking_slip", "payment_slip")
_NUMBER_LENGTH = 18
_OLD_PERMANENT_LENGTH = 15


def _document(kind: DocumentKind, *prefixes: str) -> MediumRule:
    return MediumRule(
        kind=kind, prefixes=prefixes, alphabet="capitals", least=_NUMBER_LENGTH, most=_NUMBER_LENGTH, check="mod11_2"
    )


USUAL: tuple[MediumRule, ...] = (
    _document("resident_card", *"12345678"),
    _document("hmt_resident_card", "81", "82", "83"),
    _document("permanent_resident_card", "9"),
    MediumRule(
        kind="permanent_resident_card", alphabet="capitals", least=_OLD_PERMANENT_LENGTH, most=_OLD_PERMANENT_LENGTH
    ),
    MediumRule(kind="payer_code", prefixes=("10", "11", "12", "13", "14", "15"), least=18, most=18),
    MediumRule(kind="payer_code", prefixes=("25", "26", "27", "28", "29", "30"), least=16, most=24),
    MediumRule(kind="insurance_code", least=28, most=28),
    MediumRule(kind="hospital_number", least=10, most=10),
    MediumRule(kind="request_form", prefixes=("RF",), alphabet="capitals", least=8, most=24),
    MediumRule(kind="tube", prefixes=("2",), least=13, most=13, check="luhn"),
    MediumRule(kind="booking_slip", prefixes=(BOOKING_SLIP,), alphabet="capitals", least=24, most=24),
    MediumRule(kind="payment_slip", prefixes=(PAYMENT_SLIP,), alphabet="capitals", least=24, most=24),
    *(MediumRule(kind=kind, alphabet="capitals", least=PAYMENT_NUMBER, most=PAYMENT_NUMBER) for kind in _OLD_SLIPS),
    MediumRule(kind="resident_number", alphabet="capitals", least=18, most=18, check="mod11_2"),
)
"""Unless a hospital says otherwise: its own rules for a kind take the place of these. A slip of ours that does not say
its kind is an older one, or for the window. Cards: the lines to their banks know how they begin."""


def is_card(kind: str) -> TypeGuard[CardKind]:
    return kind in CARD_KINDS


def card_rule(kind: CardKind, prefixes: Sequence[str]) -> MediumRule:
    """Cards whose numbers begin so."""
    return MediumRule(kind=kind, prefixes=tuple(prefixes), least=_SHORTEST_CARD, most=_LONGEST_CARD)


class Media:
    """The table of one hospital, and its classifier. ``usual``: of kinds of which ``own`` says nothing. Nothing at all
    of a kind: the hospital has no such media."""

    def __init__(
        self, usual: Sequence[MediumRule] = USUAL, own: Mapping[MediumKind, Sequence[MediumRule]] | None = None
    ) -> None:
        said = own or {}
        self.own = frozenset(said)
        every = [*(rule for rule in usual if rule.kind not in said), *(rule for each in said.values() for rule in each)]
        self._rules: Mapping[MediumKind, tuple[MediumRule, ...]] = {
            kind: tuple(rule for rule in every if rule.kind == kind) for kind in MEDIUM_KINDS
        }

    def rules(self, kind: MediumKind) -> tuple[MediumRule, ...]:
        return self._rules[kind]

    def prefixes(self, kind: MediumKind) -> list[str]:
        return [each for rule in self._rules[kind] for each in rule.prefixes]

    def kinds(self, where: ReadBy, text: str) -> list[MediumKind]:
        """What it may be, in the order of ``MEDIUM_KINDS``. Several: people have to say; none: it is unknown here."""
        if len(text) > MOST_CHARACTERS:
            return []
        fitting = [
            (length, kind)
            for kind, rules in self._rules.items()
            if read_by(kind) == where
            for rule in rules
            if (length := rule.fits(text)) is not None
        ]
        if where != "scanner":
            longest = max((length for length, _ in fitting), default=0)
            fitting = [(length, kind) for length, kind in fitting if length == longest]
        found = {kind for _, kind in fitting}
        return [kind for kind in MEDIUM_KINDS if kind in found]

    def codes(self, text: str) -> list[CodeKind]:
        """What a scanner has read."""
        found = self.kinds("scanner", text)
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
