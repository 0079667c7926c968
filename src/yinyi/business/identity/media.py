"""The media that identify people: which are taken here, and who a card on a reader says somebody is.

============================  ===================================================================================
resident card, residence      read here. The number's check digit and birth date have to fit (GB 11643); residence
permit of Hong Kong (81),     permits begin with 81, 82 or 83, permanent-resident cards since 2023 with 9; those of
Macao (82), Taiwan (83),      2017 are three letters and twelve digits.
permanent-resident card
hospital number               typed or scanned, with a proof (``numbers``)
insurance certificate         the code on a phone, decoded outside (``certificates``); it names an ID card's holder
passport, travel permit       at a window only
all others                    modelled; their readers come with their domains
============================  ===================================================================================

A card that has run out still names its holder: whoever is on record is served as ever, since care does not wait for
an office. What a card is taken as *proof* for, a first record or a new binding, needs a valid one: window.
"""

import re
import unicodedata
from datetime import date

import msgspec

from yinyi.business.identity.errors import CardUnreadable, CheckDigitWrong, WindowOnly
from yinyi.business.identity.model import CredentialKind, Person
from yinyi.wire import gb11643, resident_card
from yinyi.wire.resident_card import CardText, Form

_KINDS: dict[Form, CredentialKind] = {
    "resident": "resident_card",
    "hmt": "hmt_resident_card",
    "permanent_2017": "permanent_resident_card",
    "permanent_2023": "permanent_resident_card",
}
_STARTS: dict[Form, tuple[str, ...]] = {
    "resident": tuple("12345678"),
    "hmt": ("81", "82", "83"),
    "permanent_2023": ("9",),
}
_OLD_PERMANENT = re.compile(r"[A-Z]{3}[0-9]{12}")
_HMT = "|".join(_STARTS["hmt"])
_WALLET = re.compile(r"[0-9A-Za-z_-]{10,64}")
TYPED_FORMS: dict[CredentialKind, re.Pattern[str]] = {
    "resident_card": re.compile(rf"(?!{_HMT})[1-8][0-9]{{16}}[0-9X]"),
    "hmt_resident_card": re.compile(rf"(?:{_HMT})[0-9]{{15}}[0-9X]"),
    "permanent_resident_card": re.compile(r"[A-Z]{3}[0-9]{12}|9[0-9]{16}[0-9X]"),
    "hmt_travel_permit": re.compile(r"[A-Z]?[0-9]{8,10}"),
    "passport": re.compile(r"[A-Z0-9]{5,17}"),
    "social_security_card": re.compile(r"[A-Z0-9]{6,32}"),
    "public_card": re.compile(r"[A-Z0-9-]{4,32}"),
    "bank_card": re.compile(r"[0-9]{12,19}"),
    "alipay": _WALLET,
    "wechat": _WALLET,
}
"""Of numbers that no reader has read: another system's, upper case but for wallets. Eighteen places also have a check
digit: ``gb11643``. A number has the form of one kind only: a reader would find it under no other."""
_BIRTH_CERTIFICATE = re.compile(r"[A-Z][0-9]{9}")
_IN_NAMES_ONLY_FOR_THE_EYE = re.compile(r"[\s·•・.'’-]")


_READ_HERE: tuple[CredentialKind, ...] = ("resident_card", "hmt_resident_card", "permanent_resident_card")


class CardRead(msgspec.Struct, frozen=True, kw_only=True):
    """``valid_to``: the last day the card is valid; None: for ever."""

    person: Person
    valid_to: date | None


def read_card(block: bytes) -> CardRead:
    """Who the card of this block (256 bytes) names.

    Raises:
        CardUnreadable: not a card's block, or no name on it.
        CheckDigitWrong: the number does not have the form of its kind, or contradicts the birth date.
    """
    try:
        card = resident_card.decode(block)
    except resident_card.CardUnreadable as error:
        raise CardUnreadable(str(error)) from None
    name = card.name or card.name_en
    for field, text in (("name", name), ("address", card.address)):
        if any(unicodedata.category(letter) == "Cc" for letter in text):
            raise CardUnreadable(field)
    if not name:
        raise CardUnreadable("name")
    if not _number_fits(card):
        raise CheckDigitWrong("number")
    person = Person(
        kind=_KINDS[card.form],
        number=card.number,
        name=name,
        sex=card.sex,
        born_on=card.born_on,
        nation=resident_card.nation_name(card.nation),
        address=card.address,
    )
    return CardRead(person=person, valid_to=card.valid_to)


def person_of_number(number: str, name: str) -> Person | None:
    """Whom another system names by the number of his document, which says his sex and birth date where it has eighteen
    places. None: it has not the form of a document that is read here."""
    for kind in _READ_HERE:
        if TYPED_FORMS[kind].fullmatch(number) and name:
            break
    else:
        return None
    if _OLD_PERMANENT.fullmatch(number):
        return Person(kind=kind, number=number, name=name)
    if not gb11643.is_valid(number):
        return None
    return Person(kind=kind, number=number, name=name, sex=gb11643.sex(number), born_on=gb11643.born_on(number))


def has_form(kind: CredentialKind, number: str) -> bool:
    """Whether a document of this kind can have this number, as far as a number says that."""
    form = _BIRTH_CERTIFICATE if kind == "birth_certificate" else TYPED_FORMS.get(kind)
    if form is None or not form.fullmatch(number):
        return False
    return kind not in _READ_HERE or bool(_OLD_PERMANENT.fullmatch(number)) or gb11643.is_valid(number)


def require_valid(card: CardRead, today: date) -> None:
    """
    Raises:
        WindowOnly: the card has run out.
    """
    if card.valid_to is not None and card.valid_to < today:
        raise WindowOnly("the card has run out")


def same_name(one: str, other: str) -> bool:
    """Whether two spellings name the same: width, case, blanks and dots between parts do not count."""
    return _plain(one) == _plain(other)


def _number_fits(card: CardText) -> bool:
    if card.form == "permanent_2017":
        return bool(_OLD_PERMANENT.fullmatch(card.number))
    return (
        gb11643.is_valid(card.number)
        and card.number.startswith(_STARTS[card.form])
        and gb11643.born_on(card.number) == card.born_on
    )


def _plain(name: str) -> str:
    return _IN_NAMES_ONLY_FOR_THE_EYE.sub("", unicodedata.normalize("NFKC", name)).casefold()
