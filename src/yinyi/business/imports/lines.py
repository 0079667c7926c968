"""The two files of a former system, line by line: what each says, or why it says nothing. Docs: operate/import.md."""

import csv
import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from yinyi.business.identity.media import TYPED_FORMS
from yinyi.business.identity.model import CredentialKind, Sex
from yinyi.business.imports.errors import HeaderWrong
from yinyi.business.imports.model import WHOLE_LINE, BalanceLine, PatientLine, Problem, Reason
from yinyi.wire import gb11643

PERSON = ("patient_no", "name", "sex", "born_on", "phone")
BALANCE = ("patient_no", "balance_yuan")
CHECKED: tuple[CredentialKind, ...] = ("resident_card", "hmt_resident_card", "permanent_resident_card")
"""Of these nobody has two, and 18 places have a check digit."""
MOST_NUMBERS = 10
_UNCHANGED: tuple[CredentialKind, ...] = ("alipay", "wechat")
_SEXES: dict[str, Sex] = {
    "": "unknown",
    "unknown": "unknown",
    "未知": "unknown",
    "male": "male",
    "男": "male",
    "female": "female",
    "女": "female",
}
_HOSPITAL_NUMBER = re.compile(r"[0-9A-Z-]{1,32}")
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OLDEST = date(1880, 1, 1)
_AMOUNT = re.compile(r"(-?)([0-9]{1,12})\.([0-9]{2})")
_MOST_LETTERS = 100


class NotCsv(ValueError):
    """A line that is no CSV by itself."""


def fields_of(line: str) -> list[str]:
    """
    Raises:
        NotCsv: quotation marks without partners, or a field that goes on in the next line.
    """
    try:
        rows = list(csv.reader([line], strict=True))
    except csv.Error:
        raise NotCsv from None
    return [field.strip() for field in rows[0]] if rows else []


def patients_columns(header: str) -> list[str]:
    """
    Raises:
        HeaderWrong: a column is missing, named twice, or unknown.
    """
    return _columns(header, (*PERSON, *TYPED_FORMS), PERSON[:2])


def balances_columns(header: str) -> list[str]:
    """
    Raises:
        HeaderWrong: a column is missing, named twice, or unknown.
    """
    return _columns(header, BALANCE, BALANCE)


def _columns(header: str, known: tuple[str, ...], needed: tuple[str, ...]) -> list[str]:
    try:
        columns = fields_of(header)
    except NotCsv:
        raise HeaderWrong("not CSV") from None
    if len(set(columns)) < len(columns) or not set(needed) <= set(columns) <= set(known):
        raise HeaderWrong(f"needed: {', '.join(needed)}; known: {', '.join(known)}; each once")
    return columns


class Reading:
    """One line being read: its fields, and what is wrong with them. ``patient_no`` is empty if there is none."""

    def __init__(self, columns: list[str], number: int, text: str) -> None:
        self.number = number
        self.problems: list[Problem] = []
        self.patient_no = ""
        try:
            fields = fields_of(text)
        except NotCsv:
            self.wrong(WHOLE_LINE, "not_csv")
            fields = []
        else:
            if len(fields) != len(columns):
                self.wrong(WHOLE_LINE, "fields")
                fields = []
        self._fields: Mapping[str, str] = dict(zip(columns, fields, strict=False))
        if self._fields:
            self._read_patient_no()

    def wrong(self, field: str, reason: Reason) -> None:
        self.problems.append(Problem(line=self.number, field=field, reason=reason))

    def __getitem__(self, column: str) -> str:
        return self._fields.get(column, "")

    @property
    def is_readable(self) -> bool:
        return bool(self._fields)

    def _read_patient_no(self) -> None:
        patient_no = self["patient_no"].upper()
        if not patient_no:
            self.wrong("patient_no", "missing")
        elif not _HOSPITAL_NUMBER.fullmatch(patient_no):
            self.wrong("patient_no", "form")
        else:
            self.patient_no = patient_no


def patient_line(columns: list[str], number: int, text: str, today: date) -> tuple[PatientLine | None, list[Problem]]:
    """What the line says; also if something is wrong with it, as long as it names a patient: the import ends there, but
    what belongs to him is not reported as well. ``today``: nobody is born later."""
    it = Reading(columns, number, text)
    if not it.is_readable:
        return None, it.problems
    name, phone, born_on = _name(it), _phone(it), _born_on(it, today)
    sex = _SEXES.get(it["sex"])
    if sex is None:
        it.wrong("sex", "form")
    numbers: tuple[tuple[CredentialKind, str], ...] = tuple(
        (kind, each) for kind in TYPED_FORMS for each in _numbers(it, kind)
    )
    card = next((each for kind, each in numbers if kind in CHECKED and len(each) == 18), "")
    if card:
        on_card = gb11643.born_on(card)
        if on_card > today or (born_on and born_on != on_card):
            it.wrong("born_on", "not_of_card")
        born_on = born_on or on_card
        sex = gb11643.sex(card) if sex == "unknown" else sex
    if not it.patient_no:
        return None, it.problems
    said = PatientLine(
        line=number,
        patient_no=it.patient_no,
        name=name,
        sex=sex or "unknown",
        born_on=born_on,
        phone=phone,
        numbers=numbers,
    )
    return said, it.problems


def balance_line(columns: list[str], number: int, text: str, most_fen: int) -> tuple[BalanceLine | None, list[Problem]]:
    """The same of the balances file; ``amount_fen`` is 0 also where it cannot be read."""
    it = Reading(columns, number, text)
    amount_fen = _amount(it, most_fen) if it.is_readable else 0
    if not it.patient_no:
        return None, it.problems
    return BalanceLine(line=number, patient_no=it.patient_no, amount_fen=amount_fen), it.problems


# ---- fields; empty where something is wrong


def _name(it: Reading) -> str:
    name = it["name"]
    if not name:
        it.wrong("name", "missing")
    elif len(name) > _MOST_LETTERS:
        it.wrong("name", "too_long")
    elif any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        it.wrong("name", "control_character")
    else:
        return name
    return ""


def _phone(it: Reading) -> str:
    phone = it["phone"]
    if phone and not _PHONE.fullmatch(phone):
        it.wrong("phone", "form")
        return ""
    return phone


def _born_on(it: Reading, today: date) -> date | None:
    text = it["born_on"]
    if not text:
        return None
    try:
        born_on = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        born_on = None
    if born_on is None or not _OLDEST <= born_on <= today:
        it.wrong("born_on", "form")
        return None
    return born_on


def _numbers(it: Reading, kind: CredentialKind) -> list[str]:
    """Several are parted by ``;``."""
    parts = [part.strip() for part in it[kind].split(";")] if it[kind] else []
    if kind in CHECKED and len(parts) > 1:
        it.wrong(kind, "one_only")
        return []
    if len(parts) > MOST_NUMBERS:
        it.wrong(kind, "too_many")
        return []
    numbers = [part if kind in _UNCHANGED else part.upper() for part in parts]
    if not all(TYPED_FORMS[kind].fullmatch(number) for number in numbers):
        it.wrong(kind, "form")
        return []
    if kind in CHECKED and any(len(number) == 18 and not gb11643.is_valid(number) for number in numbers):
        it.wrong(kind, "check_digit")
        return []
    return numbers


def _amount(it: Reading, most_fen: int) -> int:
    match = _AMOUNT.fullmatch(it["balance_yuan"])
    if match is None:
        it.wrong("balance_yuan", "amount" if it["balance_yuan"] else "missing")
        return 0
    amount_fen = int(match[2]) * 100 + int(match[3])
    if match[1] and amount_fen:
        it.wrong("balance_yuan", "negative")
        return 0
    if amount_fen > most_fen:
        it.wrong("balance_yuan", "too_much")
        return 0
    return amount_fen
